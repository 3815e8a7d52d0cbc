"""What becomes of a reply after its submit or its receipt: the decision, without doing it. Pure.

The classes of command_status are smpp.status's; what each means for the reply and its charge is
decided here (docs/reference/states.md draws the moves).
"""

from __future__ import annotations

from typing import NamedTuple

from gateway.core.records import Outcome, Reply, ReplyState
from smpp.messages import ReceiptState, SubmitEnd, SubmitResult
from smpp.status import Action

CHARGED = "charged"
VOIDED = "voided"


class Policy(NamedTuple):
    """How a link treats replies; durations in seconds."""

    resend_unknown: bool  # False: hold, where each MT costs
    charge_on_submit: bool  # True: an accepted submit charges; False: only its receipt does
    throttle_delay_s: int = 1
    rebind_delay_s: int = 2
    resends_max: int = 1  # of a reply of unknown fate, each after a new bind


class Verdict(NamedTuple):
    """What a command_status asks for, by the link's profile; `retry_s` None: tried enough."""

    action: Action
    retry_s: int | None = None


def after_result(
    reply: Reply, result: SubmitResult, verdict: Verdict, policy: Policy, now_us: int
) -> Outcome:
    """The reply's next state. QUEUED asks for another try at `next_us`."""
    if result.end is SubmitEnd.ANSWERED:
        if verdict.action is Action.SENT:
            return Outcome(
                reply.id,
                ReplyState.SUBMITTED,
                status=0,
                message_id=result.message_id or None,
                canonical_id=result.canonical_id or None,
                attempts=reply.attempts,
                maybe_sent=reply.maybe_sent,
                charge=CHARGED if policy.charge_on_submit else None,
                at_us=now_us,
            )
        return _after_refusal(reply, result.status, verdict, policy, now_us)
    if result.end is SubmitEnd.UNSENT:
        return _again(reply, None, now_us, now_us, reply.attempts)
    return Outcome(
        reply.id,
        ReplyState.UNKNOWN,
        attempts=reply.attempts,
        maybe_sent=reply.maybe_sent,
        at_us=now_us,
    )


def _after_refusal(
    reply: Reply, status: int, verdict: Verdict, policy: Policy, now_us: int
) -> Outcome:
    attempts, delay_s = reply.attempts, None
    if verdict.action is Action.RETRY:
        attempts, delay_s = attempts + 1, verdict.retry_s
    elif verdict.action is Action.THROTTLE:  # the link's trouble: the reply uses up no attempt
        delay_s = policy.throttle_delay_s
    elif verdict.action is Action.REBIND:
        delay_s = policy.rebind_delay_s
    if delay_s is not None:
        next_us = now_us + delay_s * 1_000_000
        if next_us < reply.expires_us:
            return _again(reply, status, next_us, now_us, attempts)
    return failed(reply, status, now_us)


def failed(reply: Reply, status: int | None, now_us: int) -> Outcome:
    """Refused for good: nothing reached the subscriber, so nothing is charged on it."""
    return Outcome(
        reply.id,
        ReplyState.FAILED,
        status=status,
        attempts=reply.attempts,
        maybe_sent=reply.maybe_sent,
        charge=VOIDED,
        at_us=now_us,
    )


def expired(reply: Reply, now_us: int) -> Outcome:
    """Its time is over before it could be sent; a repeat of unknown fate stays unsettled."""
    return Outcome(
        reply.id,
        ReplyState.EXPIRED,
        attempts=reply.attempts,
        maybe_sent=reply.maybe_sent,
        charge=None if reply.maybe_sent else VOIDED,
        at_us=now_us,
    )


def answered_late(result: SubmitResult, policy: Policy, now_us: int) -> Outcome:
    """A positive response after its timer: what was unknown is submitted."""
    return Outcome(
        result.reply_id,
        ReplyState.SUBMITTED,
        status=0,
        message_id=result.message_id or None,
        canonical_id=result.canonical_id or None,
        charge=CHARGED if policy.charge_on_submit else None,
        at_us=now_us,
    )


def resend(reply: Reply, policy: Policy, now_us: int) -> Outcome | None:
    """An unknown reply once more, under the same reply_id; None: it stays unknown.

    `maybe_sent` marks the first repeat; `attempts` counts those after it.
    """
    attempts = reply.attempts + reply.maybe_sent
    used_up = reply.maybe_sent and attempts >= policy.resends_max
    if not policy.resend_unknown or used_up or reply.expires_us <= now_us:
        return None
    return Outcome(
        reply.id,
        ReplyState.QUEUED,
        next_us=now_us,
        attempts=attempts,
        maybe_sent=True,
        at_us=now_us,
    )


def after_receipt(state: ReceiptState, policy: Policy) -> tuple[ReplyState | None, str | None]:
    """(the reply's state, how its charge settles); None: not final, not yet.

    Any receipt proves that the reply was submitted, even one without a response.
    """
    on_submit = CHARGED if policy.charge_on_submit else None
    if state is ReceiptState.DELIVERED:
        return ReplyState.DELIVERED, CHARGED
    if state is ReceiptState.UNDELIVERED:
        return ReplyState.UNDELIVERED, on_submit or VOIDED
    return None, on_submit


def _again(reply: Reply, status: int | None, next_us: int, now_us: int, attempts: int) -> Outcome:
    return Outcome(
        reply.id,
        ReplyState.QUEUED,
        status=status,
        next_us=next_us,
        attempts=attempts,
        maybe_sent=reply.maybe_sent,
        at_us=now_us,
    )
