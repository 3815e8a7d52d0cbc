"""Questions of the ledger as the messages that an operator counts. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from gateway.billing.months import Month
from gateway.billing.reconcile.file_map import Record
from gateway.billing.reconcile.month import place_in
from gateway.billing.reconcile.records import Ours
from gateway.core.cdr import ChargePoint, EntryKind
from gateway.core.records import RECEIPT_ORDINAL, Chain, ReplyState, ReplyTrace
from smpp.message_ids import canonical_id

_SMS: Final = "sms"
_TAKEN: Final = frozenset((ReplyState.SUBMITTED, ReplyState.DELIVERED, ReplyState.UNDELIVERED))
_PERHAPS: Final = frozenset((ReplyState.SUBMITTING, ReplyState.UNKNOWN, ReplyState.EXPIRED))
_RECEIVED: Final = frozenset((ReplyState.DELIVERED, ReplyState.UNDELIVERED))


def rows_of_chain(
    chain: Chain, operator: str, month: Month, compared: frozenset[Record]
) -> Iterator[Ours]:
    """The question, and each reply, as far as the operator's file holds such records."""
    replies = [each for each in chain.replies if each.ordinal != RECEIPT_ORDINAL]
    plain = Ours(
        party=bytes.fromhex(chain.party),
        at_us=chain.received_us,
        record=Record.MO,
        code=chain.short_code,
        own=chain.operator == operator,
        counted=True,
        place=place_in(month, chain.day),
        question_id=chain.question_id,
        record_id=chain.question_id,
        parts=chain.parts,
        gross_tiyn=_taken_with_question(chain),
        msisdn=chain.msisdn or "",
        refs="",
        reply_refs=_refs(replies),
        duplicates=chain.duplicates,
        receipts_us=_receipts(replies),
    )
    if Record.MO in compared and chain.channel == _SMS:
        yield plain
    if Record.MT in compared:
        tiyn = _taken_with_replies(chain)
        ordered = sorted(replies, key=lambda each: (each.ordinal, each.seg))
        for _, group in groupby(ordered, key=lambda each: each.ordinal):
            row = _reply(plain, list(group), tiyn)
            if row is not None:
                yield row
                tiyn = 0  # a question is charged once


def _taken_with_question(chain: Chain) -> int:
    """What the operator took from the citizen, whether or not it is given back."""
    first = chain.entries[0] if chain.entries else None
    if first is None or first.charge_point is not ChargePoint.MO:
        return 0
    return first.amount_tiyn


def _taken_with_replies(chain: Chain) -> int:
    return sum(
        entry.amount_tiyn
        for entry in chain.entries
        if entry.charge_point is ChargePoint.MT and entry.kind is EntryKind.CHARGED
    )


def _reply(question: Ours, segments: Sequence[ReplyTrace], tiyn: int) -> Ours | None:
    counted = any(each.state in _TAKEN for each in segments)
    if not counted and not any(each.state in _PERHAPS for each in segments):
        return None
    first = segments[0]
    return question._replace(
        at_us=first.submitted_us or question.at_us,
        record=Record.MT,
        counted=counted,
        record_id=first.id,
        parts=first.segs,
        gross_tiyn=tiyn,
        refs=_refs(segments),
        reply_refs="",
        duplicates=0,
        receipts_us=_receipts(segments),
    )


def _refs(replies: Sequence[ReplyTrace]) -> str:
    return " ".join(
        canonical_id(each.message_id).replace(" ", "_") for each in replies if each.message_id
    )


def _receipts(replies: Sequence[ReplyTrace]) -> str:
    return " ".join(
        str(each.done_us) for each in replies if each.done_us and each.state in _RECEIVED
    )
