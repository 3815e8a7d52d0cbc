"""Questions and their ledger entries as the rows of the billing file. No I/O.

One row for the question and one for each segment of its replies, joined by `exchange_id`; all
money stands in the question's row, for a question is charged once. The file goes to outsiders:
no text, no ticket number, no kind of ticket (who asked after a report of an offence is nobody's
business), no text id. docs/reference/ledger-export.md lists the columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple, get_type_hints

from gateway.core.cdr import Entry, EntryKind
from gateway.core.ledger import ChainState, state_of
from gateway.core.records import Chain, QuestionState, ReplyState, ReplyTrace

RECORD_TYPES = {
    "sms": "mo",
    "ivr": "call_question",
    "copy": "copy",
}  # record type of a question by channel, else the channel
REPLY_TYPE = "mt"
TRAILER_TYPE = "trailer"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE_US = 60_000_000
_OFFSET_SIGNS = len("+00:00")


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
    sealed_head: str | None = None  # in the trailer alone: gateway.billing.sealed.heads


NUMBERS = frozenset(name for name, kind in get_type_hints(Row).items() if kind in (int, int | None))
TEXTS = frozenset(
    name for name in Row._fields if name not in NUMBERS and name != "day" and name[-3:] != "_at"
)  # fields that hold neither a number nor a time


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


_NO_MONEY = Money(ChainState.NEW)
_STATES = {state: state.name.lower() for state in QuestionState}
_OUTCOMES = {state: state.name.lower() for state in ReplyState} | dict.fromkeys(
    (ReplyState.QUEUED, ReplyState.SUBMITTING), "waiting"
)
_OF_NO_CALL = (None,) * (len(Row._fields) - Row._fields.index("vat_tiyn"))
_OF_NO_QUESTION = (None,) * (len(Row._fields) - Row._fields.index("duplicates"))
_row = Row._make


def money_of(entries: tuple[Entry, ...]) -> Money:
    """Sums by kind of entry; currency and VAT rate are those of the first."""
    if not entries:
        return _NO_MONEY
    gross = charged = credited = adjusted = 0
    for entry in entries:
        kind = entry.kind
        if kind is EntryKind.RATED:
            gross += entry.amount_tiyn
        elif kind is EntryKind.CHARGED:
            charged += entry.amount_tiyn
        elif kind is EntryKind.CREDITED:
            credited += entry.amount_tiyn
        elif kind is EntryKind.ADJUSTED:
            adjusted += entry.amount_tiyn
    first = entries[0]
    return Money(
        state_of(entries), gross, charged, credited, adjusted, first.currency, first.vat_bp
    )


def rows_of(chain: Chain, money: Money, seq: int = 1) -> Iterator[Row]:
    """The question's row, whose number is `seq`, then those of its reply segments."""
    # Hot: a month has millions. Each row is made once, from its cells in their order.
    (
        question_id, link, operator, channel, party, msisdn, short_code, received_us, day, _,
        state, _, result, _, parts, duplicates, answered_us, replies, entries,
    ) = chain  # fmt: skip
    on = iso_day(day)
    point = rule = reasons = corrects = None
    if entries:
        first = entries[0]
        point, rule = first.charge_point, first.tariff
        if entries[-1].corrects is not None:  # corrections stand behind what they correct
            corrections = [entry for entry in entries if entry.corrects is not None]
            reasons = ";".join(entry.reason or "" for entry in corrections) or None
            corrects = corrections[0].corrects
    state_of_money, gross, charged, credited, adjusted, currency, vat_bp = money
    yield _row(
        (
            RECORD_TYPES.get(channel, channel), question_id, question_id, seq, operator, on, link,
            msisdn, party, short_code, iso_time(received_us), None, iso_time(answered_us), None,
            parts, None, None, None, _STATES[state], None, None, None, None, duplicates, result,
            point, state_of_money, rule, gross, charged, credited, adjusted, currency, vat_bp,
            reasons, corrects, *_OF_NO_CALL,
        )
    )  # fmt: skip
    for reply in replies:
        (
            reply_id, ordinal, seg, segs, _, _, _, _, message_id, status, submitted_us, done_us,
            receipt, stat, error,
        ) = reply  # fmt: skip
        seq += 1
        yield _row(
            (
                REPLY_TYPE, reply_id, question_id, seq, operator, on, link, msisdn, party,
                short_code, None, iso_time(submitted_us), iso_time(done_us), message_id, None, seg,
                segs, ordinal, outcome_of(reply), stat, error, status, int(receipt),
                *_OF_NO_QUESTION,
            )
        )  # fmt: skip


def outcome_of(reply: ReplyTrace) -> str:
    """What became of a reply segment, in the words of the billing file."""
    if reply.state is ReplyState.SUBMITTED and reply.maybe_sent:
        return "submitted-after-resend"
    return _OUTCOMES[reply.state]


@lru_cache(maxsize=64)
def iso_day(day: int) -> str:
    """YYYYMMDD with its dashes."""
    digits = f"{day:08d}"
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"


def iso_time(at_us: int | None) -> str | None:
    """ISO 8601 in UTC, to the microsecond; None of None."""
    if at_us is None:
        return None
    minute, rest_us = divmod(at_us, _MINUTE_US)
    return f"{_iso_minute(minute)}:{rest_us // 1_000_000:02}.{rest_us % 1_000_000:06}+00:00"


@lru_cache(maxsize=4_096)
def _iso_minute(minute: int) -> str:
    """The times of a file lie close together: few minutes are written anew."""
    return (_EPOCH + timedelta(minutes=minute)).isoformat(timespec="minutes")[:-_OFFSET_SIGNS]
