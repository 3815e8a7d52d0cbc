"""Questions and calls as the desk may see them in a dispute: no phone, no text, no number or kind
of ticket.

For programs times are UTC, for people those of Kazakhstan.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from gateway.billing.months import Month, act_of
from gateway.clock import KAZAKHSTAN
from gateway.core.call_records import CallTrace
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


def leg_told(trace: CallTrace) -> dict[str, object]:
    """A leg of a call by what counts, the restated record where there is one. The caller pays
    nothing for a call."""
    leg, last = trace.leg, trace.last
    return {
        "id": leg.id,
        "started_at": _utc(leg.started_us),
        "day": leg.day,
        "link": leg.link,
        "called": leg.called,
        "leg": leg.leg,
        "outcome": last.outcome if last else "open",
        "answered_at": _utc(last.answered_us) if last else None,
        "ended_at": _utc(last.ended_us) if last else None,
        "closed_by": last.closed_by if last else None,
        "platform_s": last.platform_s if last else None,
        "measured_s": last.measured_s if last else None,
        "restated": len(trace.records) > 1,
        "caller_tiyn": 0,
        "payer": last.payer if last else None,
        "payer_tiyn": last.amount_tiyn if last else None,
        "tariff": last.tariff if last else None,
    }


def line_of_leg(trace: CallTrace) -> str:
    """The same for people."""
    leg, last = trace.leg, trace.last
    begun = f"call {leg.id}  {_local(leg.started_us)}  {leg.link}  {leg.leg}"
    if last is None:
        return f"{begun}  open  caller pays 0"
    paid = f"{last.payer} {last.amount_tiyn} tiyn by {last.tariff} for {last.billable_s} s"
    return f"{begun}  {last.outcome}  {last.measured_s} s  caller pays 0, {paid}"


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
