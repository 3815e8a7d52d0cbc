"""Questions as the desk may see them in a dispute: no phone, no text, no number or kind of ticket.

For programs times are UTC, for people those of Kazakhstan.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from gateway.billing.months import Month, act_of
from gateway.clock import KAZAKHSTAN
from gateway.core.cdr import Entry, EntryKind
from gateway.core.civil import Civil
from gateway.core.ledger import kept_tiyn
from gateway.core.records import Chain, ReplyTrace

_CORRECTIONS = frozenset((EntryKind.CREDITED, EntryKind.ADJUSTED))
_CIVIL = Civil(KAZAKHSTAN)


def masked(msisdn: str) -> str:
    """*0001"""
    return f"*{msisdn[-4:]}"


def question_told(chain: Chain) -> dict[str, object]:
    """A question with its replies and its ledger entries."""
    return {
        "question_id": chain.question_id,
        "received_at": _utc(chain.received_us),
        "day": chain.day,
        "operator": chain.operator,
        "channel": chain.channel,
        "parts": chain.parts,
        "duplicates": chain.duplicates,
        "state": chain.state.name.lower(),
        "result": chain.result,
        "answered_at": _utc(chain.answered_us),
        "kept_tiyn": kept_tiyn(chain.entries),
        "replies": [_reply_told(reply) for reply in chain.replies],
        "entries": [entry_told(entry) for entry in chain.entries],
    }


def entry_told(entry: Entry) -> dict[str, object]:
    """`act`: the month in whose act it stands."""
    return {
        "key": entry.key,
        "kind": str(entry.kind),
        "amount_tiyn": entry.amount_tiyn,
        "currency": entry.currency,
        "tariff": entry.tariff,
        "reason": entry.reason,
        "corrects": entry.corrects,
        "day": entry.day,
        "at": _utc(entry.at_us),
        "act": str(_act(entry)),
    }


def lines_of_chain(chain: Chain) -> Iterator[str]:
    """The same for people."""
    state = chain.state.name.lower()
    yield (
        f"question {chain.question_id}  {_local(chain.received_us)}  {chain.operator}  "
        f"{chain.channel}  {state}  {chain.result or '-'}  kept {kept_tiyn(chain.entries)} tiyn"
    )
    for reply in chain.replies:
        yield (
            f"  reply {reply.ordinal} part {reply.seg}/{reply.segs}  {reply.state.name.lower()}  "
            f"{_local(reply.done_us or reply.submitted_us)}"
        )
    for entry in chain.entries:
        line = f"  {entry.kind} {entry.amount_tiyn} by {entry.tariff}"
        if entry.kind in _CORRECTIONS:
            line += f"  {_local(entry.at_us)}"
        line += f"  act {_act(entry)}"
        yield line + (f"  {entry.reason}" if entry.reason else "")


def _reply_told(reply: ReplyTrace) -> dict[str, object]:
    return {
        "reply_no": reply.ordinal,
        "part_no": reply.seg,
        "parts": reply.segs,
        "state": reply.state.name.lower(),
        "submitted_at": _utc(reply.submitted_us),
        "done_at": _utc(reply.done_us),
        "smsc_message_id": reply.message_id,
        "status": reply.stat,
        "error_code": reply.error,
    }


def _act(entry: Entry) -> Month:
    return act_of(entry.day, entry.at_us, _CIVIL.midnight_us)


def _utc(at_us: int | None) -> str | None:
    if at_us is None:
        return None
    return datetime.fromtimestamp(at_us // 1_000_000, UTC).isoformat()


def _local(at_us: int | None) -> str:
    if at_us is None:
        return "-"
    return f"{datetime.fromtimestamp(at_us // 1_000_000, KAZAKHSTAN):%Y-%m-%d %H:%M:%S}"
