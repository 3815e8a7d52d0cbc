"""What becomes of a reply after its submit or its receipt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core import delivery
from gateway.core.delivery import Policy, Verdict
from gateway.core.records import Reply, ReplyState
from smpp.messages import ReceiptState, SubmitEnd, SubmitResult
from smpp.operators import DEFAULT
from smpp.status import Action, retry_delay_s

NOW = 1_000_000_000
MO = Policy(resend_unknown=True, charge_on_submit=False)
MT = Policy(resend_unknown=False, charge_on_submit=True)
REPLY = Reply(
    7, 5, 0, 1, 1, "beeline", "77010000001", "1012", "words", "gen.help", 0,
    ReplyState.SUBMITTING, NOW, NOW + 600_000_000, True,
)  # fmt: skip


def ended(end: SubmitEnd, status: int = 0, message_id: str = "a1") -> SubmitResult:
    return SubmitResult(7, end, status, message_id, message_id)


def test_an_accepted_submit_is_submitted_with_its_id() -> None:
    outcome = delivery.after_result(REPLY, ended(SubmitEnd.ANSWERED), Verdict(Action.SENT), MO, NOW)
    assert outcome.state is ReplyState.SUBMITTED
    assert (outcome.message_id, outcome.canonical_id, outcome.charge) == ("a1", "a1", None)


def test_an_accepted_submit_charges_only_where_the_tariff_says_so() -> None:
    outcome = delivery.after_result(REPLY, ended(SubmitEnd.ANSWERED), Verdict(Action.SENT), MT, NOW)
    assert outcome.charge == delivery.CHARGED


def test_an_empty_message_id_leaves_nothing_to_match() -> None:
    result = ended(SubmitEnd.ANSWERED, message_id="")
    outcome = delivery.after_result(REPLY, result, Verdict(Action.SENT), MO, NOW)
    assert (outcome.message_id, outcome.canonical_id) == (None, None)


@pytest.mark.parametrize("end", [SubmitEnd.EXPIRED, SubmitEnd.LOST])
def test_no_response_is_unknown_and_settles_nothing(end: SubmitEnd) -> None:
    outcome = delivery.after_result(REPLY, ended(end), Verdict(Action.SENT), MT, NOW)
    assert (outcome.state, outcome.charge) == (ReplyState.UNKNOWN, None)


def test_what_was_never_written_is_queued_again_at_once() -> None:
    outcome = delivery.after_result(REPLY, ended(SubmitEnd.UNSENT), Verdict(Action.SENT), MO, NOW)
    assert (outcome.state, outcome.next_us, outcome.attempts) == (ReplyState.QUEUED, NOW, 0)


def test_a_temporary_refusal_is_retried_with_growing_delays_then_fails() -> None:
    reply, waits = REPLY._replace(expires_us=NOW + 10**12), []
    while True:
        result = ended(SubmitEnd.ANSWERED, 0x64)
        verdict = Verdict(Action.RETRY, retry_delay_s(0x64, reply.attempts + 1, DEFAULT))
        outcome = delivery.after_result(reply, result, verdict, MO, NOW)
        if outcome.state is not ReplyState.QUEUED:
            break
        waits.append((outcome.next_us - NOW) // 1_000_000)
        reply = reply._replace(attempts=outcome.attempts)
    assert waits == [5, 30, 120, 120, 120]
    assert (outcome.state, outcome.charge, outcome.status) == (
        ReplyState.FAILED, delivery.VOIDED, 0x64,
    )  # fmt: skip


def test_a_throttled_reply_waits_without_using_up_its_attempts() -> None:
    result = ended(SubmitEnd.ANSWERED, 0x58)
    outcome = delivery.after_result(REPLY, result, Verdict(Action.THROTTLE), MO, NOW)
    assert (outcome.state, outcome.attempts) == (ReplyState.QUEUED, 0)
    assert outcome.next_us > NOW


def test_a_retry_that_would_come_too_late_fails_instead() -> None:
    reply = REPLY._replace(expires_us=NOW + 2_000_000)
    outcome = delivery.after_result(
        reply, ended(SubmitEnd.ANSWERED, 0x08), Verdict(Action.RETRY, 5), MO, NOW
    )
    assert outcome.state is ReplyState.FAILED


@pytest.mark.parametrize(
    "action",
    [Action.FAIL, Action.FAIL_NUMBER, Action.FAIL_ALARM, Action.FAIL_CONFIGURATION],
)
def test_a_refusal_for_good_fails_and_voids(action: Action) -> None:
    outcome = delivery.after_result(
        REPLY, ended(SubmitEnd.ANSWERED, 0x0B), Verdict(action), MT, NOW
    )
    assert (outcome.state, outcome.charge) == (ReplyState.FAILED, delivery.VOIDED)


def test_an_unknown_reply_is_sent_again_once() -> None:
    again = delivery.resend(REPLY, MO, NOW)
    assert again is not None
    assert (again.state, again.maybe_sent) == (ReplyState.QUEUED, True)
    assert delivery.resend(REPLY._replace(maybe_sent=True), MO, NOW) is None


def test_an_unknown_reply_goes_again_as_often_as_the_policy_says() -> None:
    often = MO._replace(resends_max=3)
    reply, times = REPLY, 0
    while (again := delivery.resend(reply, often, NOW)) is not None:
        times += 1
        reply = reply._replace(maybe_sent=again.maybe_sent, attempts=again.attempts)
    assert times == 3


def test_an_unknown_reply_is_held_where_each_message_costs() -> None:
    assert delivery.resend(REPLY, MT, NOW) is None


def test_an_unknown_reply_past_its_time_is_not_sent_again() -> None:
    assert delivery.resend(REPLY, MO, REPLY.expires_us) is None


def test_an_expired_repeat_stays_unsettled() -> None:
    assert delivery.expired(REPLY, NOW).charge == delivery.VOIDED
    assert delivery.expired(REPLY._replace(maybe_sent=True), NOW).charge is None


@pytest.mark.parametrize(
    ("state", "after", "charge", "charge_on_submit"),
    [
        (ReceiptState.DELIVERED, ReplyState.DELIVERED, "charged", "charged"),
        (ReceiptState.UNDELIVERED, ReplyState.UNDELIVERED, "voided", "charged"),
        (ReceiptState.ENROUTE, None, None, "charged"),
    ],
)
def test_a_receipt_settles_by_its_state_and_proves_the_submit(
    state: ReceiptState,
    after: ReplyState | None,
    charge: str | None,
    charge_on_submit: str,
) -> None:
    assert delivery.after_receipt(state, MO) == (after, charge)
    assert delivery.after_receipt(state, MT) == (after, charge_on_submit)


@given(
    end=st.sampled_from(SubmitEnd),
    action=st.sampled_from(Action),
    attempts=st.integers(0, 5),
    maybe=st.booleans(),
    left_s=st.integers(1, 900),
    retry_s=st.none() | st.integers(1, 300),
)
def test_every_end_keeps_the_reply_and_never_queues_past_its_time(
    end: SubmitEnd, action: Action, attempts: int, maybe: bool, left_s: int, retry_s: int | None
) -> None:
    reply = REPLY._replace(attempts=attempts, maybe_sent=maybe, expires_us=NOW + left_s * 1_000_000)
    outcome = delivery.after_result(reply, ended(end, 1), Verdict(action, retry_s), MO, NOW)
    assert outcome.reply_id == reply.id
    assert outcome.maybe_sent == maybe
    if outcome.state is ReplyState.QUEUED:
        assert NOW <= outcome.next_us < reply.expires_us
        assert outcome.attempts <= attempts + 1
