"""Questions and their ledger entries as the rows of the billing file. No I/O.

One row for the question and one for each segment of its replies, joined by `exchange_id`; all
money stands in the question's row, for a question is charged once. The file goes to outsiders:
no text, no ticket number, no kind of ticket (who asked after a report of an offence is nobody's
business), no text id. docs/reference/ledger-export.md lists the columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from gateway.core.cdr import Entry, EntryKind
from gateway.core.ledger import ChainState, state_of
from gateway.core.records import Chain, ReplyState, ReplyTrace

RECORD_TYPES = {
    "sms": "mo",
    "ivr": "call_question",
    "copy": "copy",
}  # record type of a question by channel, else the channel
REPLY_TYPE = "mt"
TRAILER_TYPE = "trailer"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WAITING = frozenset((ReplyState.QUEUED, ReplyState.SUBMITTING))


class Row(NamedTuple):
    """One record; names after 3GPP SMS charging where it has them. The order is the file's."""

    record_type: str  # mo, call_question, copy, web, mt, call (a leg), trailer
    record_id: int | None  # the question's id, the reply segment's, the call record's
    exchange_id: int | None  # the question's id, or the leg's
    seq: int  # from 1 for each operator and day; in the trailer: number of rows
    operator: str | None
    day: str | None  # civil day in Kazakhstan on which the question was received
    bind_id: str | None  # the link
    msisdn: str | None  # None once erased
    party: str | None  # keyed hash of the MSISDN
    short_code: str | None
    received_at: str | None
    submitted_at: str | None
    done_at: str | None  # answered, for a question; final, for a reply
    smsc_message_id: str | None
    mo_parts: int | None  # segments of the question
    part_no: int | None  # of the reply, from 1
    parts: int | None
    reply_no: int | None  # which reply of the question, from 0
    outcome: str | None
    status: str | None  # the operator's word in the receipt
    error_code: str | None
    submit_status: int | None  # command_status of submit_sm_resp
    receipt_requested: int | None
    duplicates: int | None  # redeliveries of the question, none of them charged
    result_code: str | None
    charge_point: str | None
    charge_state: str | None  # new, free, rated (provisional), charged, voided
    price_rule_id: str | None
    gross_tiyn: int | None
    charged_tiyn: int | None
    credited_tiyn: int | None  # negative
    adjusted_tiyn: int | None
    currency: str | None
    vat_rate_bp: int | None
    credit_reason: str | None
    corrects: str | None
    vat_tiyn: int | None = None  # in the trailer alone: VAT is taken out of sums, never of rows
    # Of calls alone (gateway.billing.call_rows), and sums of theirs in the trailer.
    leg: str | None = None
    direction: str | None = None
    platform_call_id: str | None = None
    answered_at: str | None = None
    closed_by: str | None = None
    platform_s: int | None = None
    measured_s: int | None = None
    billable_s: int | None = None
    payer: str | None = None
    payer_tiyn: int | None = None
    payer_vat_tiyn: int | None = None  # in the trailer alone


class Money(NamedTuple):
    """What a chain's entries say of money, in tiyn."""

    state: ChainState
    gross_tiyn: int = 0
    charged_tiyn: int = 0
    credited_tiyn: int = 0
    adjusted_tiyn: int = 0
    currency: str | None = None
    vat_bp: int = 0

    @property
    def kept_tiyn(self) -> int:
        return self.charged_tiyn + self.credited_tiyn + self.adjusted_tiyn


def money_of(entries: tuple[Entry, ...]) -> Money:
    """Sums by kind of entry; currency and VAT rate are those of the first."""
    if not entries:
        return Money(ChainState.NEW)
    sums = dict.fromkeys(EntryKind, 0)
    for entry in entries:
        sums[entry.kind] += entry.amount_tiyn
    return Money(
        state_of(entries),
        sums[EntryKind.RATED],
        sums[EntryKind.CHARGED],
        sums[EntryKind.CREDITED],
        sums[EntryKind.ADJUSTED],
        entries[0].currency,
        entries[0].vat_bp,
    )


def rows_of(chain: Chain, money: Money) -> Iterator[Row]:
    """The question's row, then those of its reply segments; `seq` is still 0."""
    question = Row(
        record_type=RECORD_TYPES.get(chain.channel, chain.channel),
        record_id=chain.question_id,
        exchange_id=chain.question_id,
        seq=0,
        operator=chain.operator,
        day=iso_day(chain.day),
        bind_id=chain.link,
        msisdn=chain.msisdn,
        party=chain.party,
        short_code=chain.short_code,
        received_at=iso_time(chain.received_us),
        submitted_at=None,
        done_at=iso_time(chain.answered_us),
        smsc_message_id=None,
        mo_parts=chain.parts,
        part_no=None,
        parts=None,
        reply_no=None,
        outcome=chain.state.name.lower(),
        status=None,
        error_code=None,
        submit_status=None,
        receipt_requested=None,
        duplicates=chain.duplicates,
        result_code=chain.result,
        charge_point=None,
        charge_state=money.state,
        price_rule_id=None,
        gross_tiyn=money.gross_tiyn,
        charged_tiyn=money.charged_tiyn,
        credited_tiyn=money.credited_tiyn,
        adjusted_tiyn=money.adjusted_tiyn,
        currency=money.currency,
        vat_rate_bp=money.vat_bp,
        credit_reason=None,
        corrects=None,
    )
    if chain.entries:
        corrections = [entry for entry in chain.entries if entry.corrects is not None]
        question = question._replace(
            charge_point=chain.entries[0].charge_point,
            price_rule_id=chain.entries[0].tariff,
            credit_reason=";".join(entry.reason or "" for entry in corrections) or None,
            corrects=corrections[0].corrects if corrections else None,
        )
    yield question
    for reply in chain.replies:
        yield _reply_row(question, reply)


def _reply_row(question: Row, reply: ReplyTrace) -> Row:
    return question._replace(
        record_type=REPLY_TYPE,
        record_id=reply.id,
        received_at=None,
        submitted_at=iso_time(reply.submitted_us),
        done_at=iso_time(reply.done_us),
        smsc_message_id=reply.message_id,
        mo_parts=None,
        part_no=reply.seg,
        parts=reply.segs,
        reply_no=reply.ordinal,
        outcome=outcome_of(reply),
        status=reply.stat,
        error_code=reply.error,
        submit_status=reply.status,
        receipt_requested=int(reply.receipt),
        duplicates=None,
        result_code=None,
        charge_point=None,
        charge_state=None,
        price_rule_id=None,
        gross_tiyn=None,
        charged_tiyn=None,
        credited_tiyn=None,
        adjusted_tiyn=None,
        currency=None,
        vat_rate_bp=None,
        credit_reason=None,
        corrects=None,
    )


def outcome_of(reply: ReplyTrace) -> str:
    """What became of a reply segment, in the words of the billing file."""
    if reply.state in _WAITING:
        return "waiting"
    if reply.state is ReplyState.SUBMITTED and reply.maybe_sent:
        return "submitted-after-resend"
    return reply.state.name.lower()


def iso_day(day: int) -> str:
    """YYYYMMDD with its dashes."""
    digits = f"{day:08d}"
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"


def iso_time(at_us: int | None) -> str | None:
    """ISO 8601 in UTC, to the microsecond; None of None."""
    if at_us is None:
        return None
    return (_EPOCH + timedelta(microseconds=at_us)).isoformat(timespec="microseconds")
