"""When to ask, when to give up: neither clock nor socket is needed to know."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from smpp.timers import Due, TimerLimits, Timers

LIMITS = TimerLimits(session_init_s=10.0, enquire_link_s=20.0)


def bound(limits: TimerLimits = LIMITS) -> Timers:
    timers = Timers(limits, 0.0)
    timers.bind(0.0)
    return timers


def test_a_session_that_is_not_bound_in_time_ends_and_asks_nothing_before() -> None:
    timers = Timers(LIMITS, 100.0)
    assert timers.check(109.9) is Due.NOTHING
    assert timers.next_s() == 110.0
    assert timers.check(110.0) is Due.NOT_BOUND


def test_enquire_link_is_due_after_silence_only() -> None:
    timers = bound()
    assert timers.next_s() == 20.0
    timers.heard_s = 15.0
    assert timers.check(20.0) is Due.NOTHING
    assert timers.next_s() == 35.0
    assert timers.check(35.0) is Due.ENQUIRE_LINK


def test_two_silent_intervals_end_the_session() -> None:
    timers = bound()
    timers.asked(20.0)
    assert timers.check(30.0) is Due.NOTHING
    assert timers.next_s() == 40.0
    assert timers.check(40.0) is Due.SILENT


def test_any_pdu_after_the_question_shows_life() -> None:
    timers = bound()
    timers.asked(20.0)
    timers.heard_s = 25.0
    assert timers.check(40.0) is Due.NOTHING
    assert timers.check(45.0) is Due.ENQUIRE_LINK


def test_responses_of_ours_that_nothing_proves_are_asked_about_though_pdus_flow() -> None:
    timers = bound()
    timers.doubted(5.0)
    timers.doubted(15.0)
    timers.heard_s = 24.0
    assert timers.next_s() == 25.0
    assert timers.check(25.0) is Due.ENQUIRE_LINK
    timers.asked(25.0)
    timers.heard_s = 26.0
    assert timers.check(30.0) is Due.NOTHING


def test_a_proof_ends_the_doubt() -> None:
    timers = bound()
    timers.doubted(5.0)
    timers.proved()
    timers.heard_s = 24.0
    assert timers.check(25.0) is Due.NOTHING
    assert timers.next_s() == 44.0


def test_only_transactions_count_as_activity() -> None:
    timers = bound(TimerLimits(enquire_link_s=20.0, inactivity_s=60.0))
    timers.heard_s = 50.0
    assert timers.next_s() == 60.0
    assert timers.check(60.0) is Due.INACTIVE
    timers.transacted(59.0)
    assert timers.check(60.0) is Due.NOTHING
    assert timers.next_s() == 70.0


def test_without_an_inactivity_limit_a_receiver_waits_for_ever() -> None:
    timers = bound()
    timers.heard_s = 1e6
    assert timers.check(1e6) is Due.NOTHING


def test_a_pdu_that_breaks_off_ends_the_session_bound_or_not() -> None:
    for timers in (bound(), Timers(LIMITS, 0.0)):
        timers.part_s = 3.0
        timers.heard_s = 6.0
        assert timers.next_s() == min(13.0, 10.0 if not timers.bound else 13.0)
        assert timers.check(9.9) is Due.NOTHING
        timers.part_s = -1.0
        assert timers.next_s() == 9.0
        assert timers.check(9.0) is Due.TORN
        timers.part_s = None
        assert timers.check(9.0) is Due.NOTHING


def test_a_closing_session_ends_when_its_time_is_up_and_asks_nothing_more() -> None:
    timers = bound()
    timers.close_by(2.0)
    assert timers.check(1.9) is Due.NOTHING
    assert timers.next_s() == 2.0
    assert timers.check(2.0) is Due.LINGERED


@given(
    events=st.lists(
        st.tuples(st.floats(0.1, 30.0), st.sampled_from(["heard", "doubted", "proved", "nothing"])),
        max_size=40,
    )
)
def test_whatever_happens_a_dead_peer_is_found_within_two_intervals(
    events: list[tuple[float, str]],
) -> None:
    timers, now_s = bound(), 0.0
    for step, event in [*events, (1_000.0, "nothing")]:
        until_s = now_s + step
        # A shell that wakes whenever `next_s` says so.
        while timers.next_s() <= until_s:
            assert timers.next_s() > now_s or timers.check(now_s) is not Due.NOTHING
            now_s = max(now_s, timers.next_s())
            due = timers.check(now_s)
            if due is Due.SILENT:
                assert now_s - timers.heard_s <= 2 * LIMITS.enquire_link_s + 1e-6
                return
            if due is Due.ENQUIRE_LINK:
                timers.asked(now_s)
        now_s = until_s
        if event == "heard":
            timers.heard_s = now_s
        elif event == "doubted":
            timers.doubted(now_s)
        elif event == "proved":
            timers.proved()
    raise AssertionError("a peer silent for 1,000 s was not found")
