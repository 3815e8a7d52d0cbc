from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core import memory as remembering
from gateway.core.memory import EMPTY, Limits, Memory, Verdict

LIMITS = Limits()
S = 1_000_000
MIN = 60 * S
HOUR = 60 * MIN
NOW = 1_795_150_800_000_000
DAY = 20261120
NUMBER = "061200000012345678"


def missed(memory: Memory, times: int, now_us: int = NOW, day: int = DAY) -> Memory:
    for _ in range(times):
        memory = remembering.after_miss(memory, LIMITS, now_us, day)
    return memory


def admitted(memory: Memory, now_us: int = NOW) -> Verdict:
    return remembering.admit(memory, LIMITS, now_us)


# -- locks


def test_a_new_phone_is_answered() -> None:
    assert admitted(EMPTY) is Verdict.ANSWER


def test_the_fifth_miss_of_an_hour_locks_for_an_hour() -> None:
    assert admitted(missed(EMPTY, 4)) is Verdict.ANSWER
    memory = missed(EMPTY, 5)
    assert remembering.locked(memory, NOW)
    assert admitted(memory) is Verdict.TELL_LOCKED
    assert admitted(memory, NOW + HOUR - 1) is Verdict.TELL_LOCKED
    assert admitted(memory, NOW + HOUR) is Verdict.ANSWER
    assert remembering.locked(memory, NOW + HOUR - 1)
    assert not remembering.locked(memory, NOW + HOUR)


def test_a_lock_is_told_once_with_the_minutes_left_rounded_up() -> None:
    memory, minutes = remembering.tell_lock(missed(EMPTY, 5), NOW + 1)
    assert minutes == 60
    assert remembering.tell_lock(memory, NOW + HOUR - 1)[1] == 1
    assert remembering.tell_lock(memory, NOW + 2 * HOUR)[1] == 1
    assert admitted(memory, NOW + 2) is Verdict.SILENT_LOCKED
    again = missed(memory, 5, NOW + HOUR)
    assert admitted(again, NOW + HOUR) is Verdict.TELL_LOCKED


def test_misses_an_hour_apart_do_not_lock() -> None:
    memory = EMPTY
    for hour in range(14):
        memory = missed(memory, 1, NOW + hour * 15 * MIN)
    assert not remembering.locked(memory, NOW + 14 * 15 * MIN)


def test_the_fifteenth_miss_of_a_day_locks_whatever_its_pace() -> None:
    memory = EMPTY
    for step in range(15):
        assert not remembering.locked(memory, NOW + step * 20 * MIN)
        memory = missed(memory, 1, NOW + step * 20 * MIN)
    assert remembering.locked(memory, NOW + 14 * 20 * MIN)


def test_misses_of_a_day_are_counted_anew_the_next() -> None:
    memory = EMPTY
    for step in range(28):
        memory = missed(memory, 1, NOW + step * 20 * MIN, DAY + (step >= 14))
    assert not remembering.locked(memory, NOW + 28 * 20 * MIN)


def test_each_lock_doubles_up_to_a_day() -> None:
    memory, now_us, hours = EMPTY, NOW, []
    for _ in range(7):
        memory = missed(memory, 5, now_us)
        hours.append((memory.locked_until_us - now_us) // HOUR)
        now_us = memory.locked_until_us
    assert hours == [1, 2, 4, 8, 16, 24, 24]


def test_a_lock_is_forgotten_after_a_day_without_one() -> None:
    memory = missed(missed(EMPTY, 5), 5, NOW + HOUR)
    assert memory.lock_level == 2
    ended_us = memory.locked_until_us
    assert missed(memory, 5, ended_us + 24 * HOUR - 1, DAY + 1).lock_level == 3
    assert missed(memory, 5, ended_us + 24 * HOUR, DAY + 1).lock_level == 1


def test_several_misses_in_one_question_are_one_step() -> None:
    memory = missed(missed(EMPTY, 4), 3)
    assert memory.lock_level == 1
    assert memory.locked_until_us == NOW + HOUR


def test_the_tenth_stranger_of_a_day_is_the_last_for_a_day() -> None:
    memory = EMPTY
    for _ in range(9):
        memory = remembering.after_hit(memory, LIMITS, NOW, DAY, linked=False)
        assert admitted(memory) is Verdict.ANSWER
    memory = remembering.after_hit(memory, LIMITS, NOW, DAY, linked=False)
    assert admitted(memory) is Verdict.TELL_LOCKED
    assert admitted(memory, NOW + 24 * HOUR) is Verdict.ANSWER
    next_day = remembering.after_hit(memory, LIMITS, NOW + 24 * HOUR, DAY + 1, linked=False)
    assert next_day.strangers_today == 1


def test_tickets_of_the_phone_itself_are_not_counted() -> None:
    assert remembering.after_hit(EMPTY, LIMITS, NOW, DAY, linked=True) is EMPTY


# -- replies and loops


def test_the_twentieth_reply_is_the_last_until_a_day_has_passed() -> None:
    memory = remembering.after_reply(EMPTY, 19, NOW, DAY)
    assert remembering.replies_left(memory, LIMITS, DAY) == 1
    assert admitted(memory) is Verdict.ANSWER
    memory = remembering.after_reply(memory, 1, NOW, DAY)
    assert remembering.replies_left(memory, LIMITS, DAY) == 0
    assert admitted(memory) is Verdict.SILENT_LIMIT
    assert admitted(memory, NOW + 24 * HOUR) is Verdict.ANSWER
    assert remembering.replies_left(memory, LIMITS, DAY + 1) == 20
    assert remembering.after_reply(memory, 1, NOW + 24 * HOUR, DAY + 1).replies_today == 1


def test_row_l22_texts_of_one_phone_are_numbered_one_after_another() -> None:
    seen = []
    memory = EMPTY
    for day, count in ((DAY, 1), (DAY, 3), (DAY + 1, 1), (DAY + 2, 0), (DAY + 3, 2)):
        memory = remembering.after_reply(memory, count, NOW, day)
        first = remembering.first_reference(memory, count)
        seen += range(first, first + count)
    assert seen == list(range(7))


def test_row_l22_the_number_of_a_text_begins_anew_after_65_535() -> None:
    memory = remembering.after_reply(EMPTY._replace(texts=0xFFFE), 3, NOW, DAY)
    assert memory.texts == 1
    assert remembering.first_reference(memory, 3) == 0xFFFE


def test_a_phone_out_of_replies_is_not_even_told_of_its_lock() -> None:
    memory = remembering.after_reply(missed(EMPTY, 5), 20, NOW, DAY)
    assert admitted(memory) is Verdict.SILENT_LIMIT


def test_the_sixth_exchange_in_ten_minutes_is_taken_for_a_machine() -> None:
    memory = EMPTY
    for step in range(5):
        assert admitted(memory, NOW + step * S) is Verdict.ANSWER
        memory = remembering.after_reply(memory, 1, NOW + step * S, DAY)
    assert admitted(memory, NOW + 5 * S) is Verdict.SILENT_LOOP
    assert admitted(memory, NOW + 600 * S - 1) is Verdict.SILENT_LOOP
    assert admitted(memory, NOW + 600 * S) is Verdict.ANSWER


def test_a_person_with_many_slips_is_no_machine() -> None:
    memory = EMPTY
    for step in range(9):
        assert admitted(memory, NOW + step) is Verdict.ANSWER
        _, memory = remembering.tail_shown(memory, f"{step:018d}", NOW + step)
        memory = remembering.after_reply(memory, 1, NOW + step, DAY)


def test_a_machine_that_echoes_one_number_is_one() -> None:
    memory = EMPTY
    for step in range(6):
        _, memory = remembering.tail_shown(memory, NUMBER, NOW + step)
        memory = remembering.after_reply(memory, 1, NOW + step, DAY)
    assert admitted(memory, NOW + 6) is Verdict.SILENT_LOOP


def test_exchanges_are_remembered_up_to_a_bound() -> None:
    memory = EMPTY
    for step in range(100):
        memory = remembering.after_reply(memory, 0, NOW + step, DAY)
    assert memory.exchanges == tuple(NOW + step for step in range(92, 100))


# -- language, choices, tails, last ticket


def test_what_the_person_chose_outlasts_every_guess() -> None:
    guessed = remembering.with_language(EMPTY, "ru", chosen=False)
    assert (guessed.language, guessed.language_chosen) == ("ru", False)
    assert remembering.with_language(guessed, "ru", chosen=False) is guessed
    assert remembering.with_language(guessed, "kk", chosen=False).language == "kk"
    chosen = remembering.with_language(guessed, "ru", chosen=True)
    assert chosen.language_chosen
    assert remembering.with_language(chosen, "en", chosen=False) is chosen
    assert remembering.with_language(chosen, "ru", chosen=False) is chosen
    assert remembering.with_language(chosen, "en", chosen=True).language == "en"


@pytest.mark.parametrize(("choice", "kind"), [(1, "report"), (2, "case")])
def test_a_choice_is_taken_once(choice: int, kind: str) -> None:
    asked = remembering.with_pending(EMPTY, NUMBER, ("report", "case"), NOW)
    memory, taken = remembering.take_choice(asked, choice, NOW + 10 * MIN - 1)
    assert taken == (NUMBER, kind)
    assert remembering.take_choice(memory, choice, NOW + 10 * MIN - 1) == (EMPTY, None)


@pytest.mark.parametrize(
    ("choice", "after_us"), [(0, 1), (3, 1), (-1, 1), (1, 10 * MIN), (1, 11 * MIN)]
)
def test_a_choice_that_is_none_or_comes_late_takes_nothing(choice: int, after_us: int) -> None:
    asked = remembering.with_pending(EMPTY, NUMBER, ("report", "case"), NOW)
    assert remembering.take_choice(asked, choice, NOW + after_us) == (EMPTY, None)


def test_something_else_cancels_a_choice() -> None:
    asked = remembering.with_pending(EMPTY, NUMBER, ("report", "case"), NOW)
    assert remembering.without_pending(asked) == EMPTY
    assert remembering.without_pending(EMPTY) is EMPTY


def test_two_numbers_with_one_tail_in_a_day_are_shown_longer() -> None:
    long, memory = remembering.tail_shown(EMPTY, "110000000000125678", NOW)
    assert not long
    long, memory = remembering.tail_shown(memory, "110000000000345678", NOW + HOUR)
    assert long
    long, memory = remembering.tail_shown(memory, "110000000000340000", NOW + HOUR)
    assert not long
    long, _ = remembering.tail_shown(memory, "110000000000125678", NOW + 25 * HOUR - 1)
    assert long
    long, _ = remembering.tail_shown(memory, "110000000000125678", NOW + 25 * HOUR)
    assert not long


def test_the_same_number_again_is_shown_as_before() -> None:
    _, memory = remembering.tail_shown(EMPTY, NUMBER, NOW)
    long, memory = remembering.tail_shown(memory, NUMBER, NOW + 1)
    assert not long
    assert len(memory.tails) == 1


def test_tails_are_remembered_up_to_a_bound() -> None:
    memory = EMPTY
    for number in range(100):
        _, memory = remembering.tail_shown(memory, f"{number:018d}", NOW)
    assert [tail for tail, _ in memory.tails] == [f"{number:06d}" for number in range(88, 100)]


def test_the_last_ticket_is_remembered() -> None:
    memory = remembering.with_last(EMPTY, NUMBER, "appeal", NOW)
    assert (memory.last_number, memory.last_kind, memory.last_asked_us) == (NUMBER, "appeal", NOW)


# -- senders


@pytest.mark.parametrize(
    ("msisdn", "answerable"),
    [
        ("77010000001", True),
        ("77470000001", True),
        ("77780000001", True),
        ("79161234567", True),  # Russia: served
        ("48221234567", True),
        ("7711234", True),  # too short to be a Kazakh number of either sort
        ("77172000001", False),  # Astana, landline
        ("77273000001", False),  # Almaty, landline
        ("1012", False),
        ("123456", False),
        ("", False),
        ("EGOV", False),
        ("+77010000001", False),
        ("٧٧٠١٠٠٠٠٠٠١", False),
        ("77009998877", False),  # ours
    ],
)
def test_only_senders_that_an_sms_reaches_are_answered(msisdn: str, answerable: bool) -> None:
    assert remembering.answerable_source(msisdn, frozenset({"77009998877"})) is answerable


# -- limits


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"misses_hour_max": 0}, "misses_hour_max: must be at least 1"),
        ({"loop_window_s": -5}, "loop_window_s: must be at least 1"),
        ({"lock_longest_min": 30}, "lock_longest_min: shorter than lock_first_min"),
        ({"loop_exchanges_max": 9}, "loop_exchanges_max: at most 8"),
        ({"misses_hour_max": 65}, "misses_hour_max: at most 64"),
    ],
)
def test_an_impossible_limit_is_refused(changes: dict[str, int], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Limits(**changes)


def test_limits_may_be_as_strict_or_as_wide_as_what_is_remembered() -> None:
    assert Limits(lock_first_min=90, lock_longest_min=90, misses_day_max=1).misses_day_max == 1
    assert Limits(loop_exchanges_max=8, misses_hour_max=64).loop_exchanges_max == 8


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["miss", "stranger", "own", "words"]),
            st.integers(0, 3),  # which of a few numbers
            st.sampled_from([0, S, MIN, 10 * MIN, HOUR, 9 * HOUR]),  # since the one before
        ),
        max_size=120,
    )
)
def test_no_order_of_questions_exceeds_a_limit(steps: list[tuple[str, int, int]]) -> None:
    memory, now_us = EMPTY, 0
    misses: list[int] = []
    replies: Counter[int] = Counter()
    strangers: Counter[int] = Counter()
    told_locks = locks = 0
    for what, which, pause_us in steps:
        now_us += pause_us
        day = now_us // (24 * HOUR)
        memory = remembering.from_json(remembering.to_json(memory))
        verdict = admitted(memory, now_us)
        if verdict is Verdict.TELL_LOCKED:
            memory, minutes = remembering.tell_lock(memory, now_us)
            assert 1 <= minutes <= 24 * 60
            told_locks += 1
        elif verdict is not Verdict.ANSWER:
            continue
        else:
            was_locked = memory.locked_until_us
            if what == "miss":
                memory = remembering.after_miss(memory, LIMITS, now_us, day)
                misses.append(now_us)
            elif what != "words":
                _, memory = remembering.tail_shown(memory, f"{which:018d}", now_us)
                linked = what == "own"
                memory = remembering.after_hit(memory, LIMITS, now_us, day, linked=linked)
                strangers[day] += not linked
            locks += memory.locked_until_us != was_locked
        count = min(1 + which, remembering.replies_left(memory, LIMITS, day))
        memory = remembering.after_reply(memory, count, now_us, day)
        replies[day] += count
    assert all(count <= LIMITS.replies_day_max for count in replies.values())
    assert all(count <= LIMITS.strangers_day_max for count in strangers.values())
    assert told_locks <= locks
    for first, sixth in zip(misses, misses[LIMITS.misses_hour_max :], strict=False):
        assert sixth - first >= HOUR
