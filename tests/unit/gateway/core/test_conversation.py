"""From a classed text and what the lookup said to the words of the answer."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.core import memory as remembering
from gateway.core.conversation import Moment, Turn
from gateway.core.memory import Limits, Memory, Verdict
from gateway.core.results import Result
from gateway.rules import load_rules
from gateway.settings import Settings
from lookup.status import Found, NotFound, Partial, Status, TicketRecord, Unavailable
from tests.support.wording import ticket as a_ticket

RULES = load_rules(Settings())
TALK = RULES.conversation
NOW = 1_763_600_000_000_000
NUMBER = "061200000012345678"


def moment(now_us: int = NOW, *, owner: bool = False) -> Moment:
    return Moment(now_us, 20_261_120, date(2026, 11, 20), 15, lambda _: owner)


def say(
    text: str | None, *statuses: Status, memory: Memory = remembering.EMPTY, now_us: int = NOW,
    owner: bool = False,
) -> Turn | None:  # fmt: skip
    plan = TALK.plan(RULES.read(text), memory, now_us)
    assert len(plan.asked) == len(statuses)
    return TALK.turn(plan, statuses, moment(now_us, owner=owner))


def told(text: str | None, *statuses: Status, memory: Memory = remembering.EMPTY) -> Turn:
    turn = say(text, *statuses, memory=memory)
    assert turn is not None
    return turn


def appeal(number: str = NUMBER) -> TicketRecord:
    return a_ticket(kind="appeal", number=number, status="in_review", due_on=date(2026, 12, 1))


def ids(turn: Turn) -> list[str]:
    return [words.text_id for words in turn.words]


def test_a_found_number_is_told_in_one_reply() -> None:
    turn = told(NUMBER, Found((appeal(),)))
    assert (turn.result, turn.language, ids(turn)) == (Result.STATUS, "kk", ["appeal.in_review"])
    assert turn.words[0].text.startswith("*5678")


@pytest.mark.parametrize(
    ("text", "text_id", "result"),
    [
        ("КӨМЕК", "gen.help", Result.HELP),
        ("ДА", "gen.help", Result.HELP),
        ("1", "gen.help", Result.HELP),
        ("?", "gen.help", Result.HELP),
        ("РУС", "gen.lang_set", Result.LANGUAGE),
        ("СТОП", "gen.unsubscribed_all", Result.STOP),
        (f"СТОП {NUMBER}", "gen.unsubscribed", Result.STOP),
        ("850101300124", "gen.looks_like_iin", Result.IIN),
        ("4400430012345671", "gen.looks_like_card", Result.CARD),
        ("06120000001234567", "gen.bad_length", Result.BAD_LENGTH),
        ("мне звонят с 1414 просят код", "gen.scam", Result.SCAM),
        ("муж бьет спасите", "gen.emergency", Result.EMERGENCY),
    ],
)
def test_a_text_without_a_number_has_its_answer(text: str, text_id: str, result: Result) -> None:
    turn = told(text)
    assert (ids(turn), turn.result) == ([text_id], result)


@pytest.mark.parametrize("text", [f"ЖАЗЫЛУ {NUMBER}", f"ШАҒЫМ {NUMBER}", "ЗАҢСЫЗ Абай 10"])
def test_nothing_is_said_to_be_taken_that_is_not(text: str) -> None:
    turn = told(text)
    assert ids(turn) == ["gen.wrong_place"]


@pytest.mark.parametrize("text", ["рахмет", None])
def test_thanks_and_binary_get_no_reply(text: str | None) -> None:
    assert told(text).words == ()


def test_an_empty_text_is_helped_once_a_day() -> None:
    first = told("")
    assert ids(first) == ["gen.help"]
    assert told("", memory=first.memory).words == ()


def test_three_numbers_and_a_notice_are_four_replies_and_one_result() -> None:
    numbers = [f"06120000001234567{n}" for n in range(5)]
    turn = told(" ".join(numbers), Found((appeal(numbers[0]),)), NotFound(), NotFound())
    assert turn.result is Result.STATUS
    assert ids(turn) == [
        "appeal.in_review", "gen.not_found", "gen.not_found", "gen.too_many_numbers",
    ]  # fmt: skip


def test_no_source_answering_leaves_the_answer_owed() -> None:
    assert say(NUMBER, Unavailable(("registry",))) is None


def test_a_silent_source_is_never_told_as_not_found() -> None:
    turn = told(f"{NUMBER} 061200000012345679", Found((appeal(),)), Unavailable(("registry",)))
    assert ids(turn) == ["appeal.in_review", "gen.base_silent_number"]
    assert turn.result is Result.STATUS


def test_a_partial_answer_is_told() -> None:
    assert told(NUMBER, Partial((appeal(),), ("other",))).result is Result.STATUS


def two_kinds() -> Found:
    return Found(
        tuple(
            a_ticket(kind=kind, number="263100030000001", status="registered")
            for kind in ("crime_report", "investigation")
        )
    )


def test_a_number_of_two_kinds_is_asked_back_and_resolved_by_its_digit() -> None:
    first = told("263100030000001", two_kinds())
    assert (ids(first), first.result) == (["gen.ambiguous"], Result.AMBIGUOUS)
    plan = TALK.plan(RULES.read("2"), first.memory, NOW + 1)
    assert [(asked.number, asked.kinds) for asked in plan.asked] == [
        ("263100030000001", ("investigation",))
    ]


def test_a_new_command_cancels_the_pending_choice() -> None:
    first = told("263100030000001", two_kinds())
    second = told("РУС", memory=first.memory)
    assert TALK.plan(RULES.read("2"), second.memory, NOW + 1).asked == ()


def test_a_kind_word_narrows_and_gives_way_when_nothing_matches() -> None:
    turn = told("ЕРДР 263100030000001", two_kinds())
    assert turn.ticket_kind == "investigation"


def test_a_question_mark_repeats_the_last_ticket_of_a_day() -> None:
    first = told(NUMBER, Found((appeal(),)))
    plan = TALK.plan(RULES.read("?"), first.memory, NOW + 3_600_000_000)
    assert [asked.number for asked in plan.asked] == [NUMBER]
    assert TALK.plan(RULES.read("?"), first.memory, NOW + 90_000_000_000).asked == ()


def test_a_chosen_language_stays_whatever_is_written_later() -> None:
    memory = told("ENG").memory
    turn = told(f"сәлем {NUMBER}", Found((appeal(),)), memory=memory)
    assert turn.language == "en"


def test_the_language_of_a_text_is_used_until_one_is_chosen() -> None:
    memory = told(f"Здравствуйте, где обращение {NUMBER}", Found((appeal(),))).memory
    assert told("061200000012345679", NotFound(), memory=memory).language == "ru"


def test_misses_lock_a_phone_which_is_told_once_and_then_met_with_silence() -> None:
    memory, now = remembering.EMPTY, NOW
    for n in range(5):
        now += 700_000_000
        turn = say(f"06120000009999999{n}", NotFound(), memory=memory, now_us=now)
        assert turn is not None
        memory = turn.memory
    locked = say(NUMBER, memory=memory, now_us=now + 700_000_000)
    assert locked is not None
    assert (ids(locked), locked.result) == (["gen.too_many_wrong"], Result.LOCKED)
    silent = say(NUMBER, memory=locked.memory, now_us=now + 700_000_001)
    assert silent is not None
    assert (silent.words, silent.result) == ((), Result.SILENT_LOCKED)


def test_a_locked_phone_may_still_stop_and_call_for_help() -> None:
    memory = remembering.EMPTY._replace(locked_until_us=NOW * 2, lock_told=True)
    assert TALK.plan(RULES.read("СТОП"), memory, NOW).verdict is Verdict.ANSWER
    assert ids(told("муж бьет спасите", memory=memory)) == ["gen.emergency"]


def test_a_number_read_from_letters_is_shown_whole() -> None:
    turn = told("06120000001234567З", Found((appeal("061200000012345673"),)))
    assert "061200000012345673" in turn.words[0].text or "*345673" in turn.words[0].text


def test_only_the_owner_learns_of_a_report() -> None:
    ticket = a_ticket(kind="crime_report", number="263100030000001", status="checking")
    stranger = say("263100030000001", Found((ticket,)))
    owner = say("263100030000001", Found((ticket,)), owner=True)
    assert stranger is not None
    assert owner is not None
    assert ids(stranger) == ["crime.neutral"]
    assert ids(owner) != ["crime.neutral"]


def test_a_promise_and_its_end_are_worded() -> None:
    plan = TALK.plan(RULES.read(NUMBER), remembering.EMPTY, NOW)
    assert ids(TALK.later(plan, moment())) == ["gen.later"]
    assert ids(TALK.gave_up(plan, moment())) == ["gen.unavailable"]


# -- silent bases

REPORT = a_ticket(kind="crime_report", number="263100030000001", status="checking")
NUMBERS = (NUMBER, "061200000012345679", "061200000012345680")


def test_what_was_found_is_told_and_the_silent_base_in_a_second_reply() -> None:
    turn = told(f"дело {REPORT.number}", Partial((REPORT,), ("erdr",)))
    assert ids(turn) == ["crime.neutral", "gen.base_silent"]
    assert (turn.result, turn.ticket_kind) == (Result.STATUS, "crime_report")
    assert "прокуратура" in turn.words[1].text
    assert turn.silent_base is not None
    assert turn.silent_base["en"] == "prosecutor"


def test_the_notice_is_one_of_the_replies_of_the_day() -> None:
    day = moment().day
    memory = remembering.EMPTY
    for _ in range(remembering.replies_left(memory, Limits(), day) - 1):
        memory = remembering.after_reply(memory, 1, NOW - 7_200_000_000, day)
    turn = told(NUMBER, Partial((appeal(),), ("aikyn",)), memory=memory)
    assert ids(turn) == ["appeal.in_review"]


def test_a_status_that_finds_no_room_among_the_replies_of_the_day_is_not_the_result() -> None:
    memory = remembering.EMPTY
    for _ in range(Limits().replies_day_max - 1):
        memory = remembering.after_reply(memory, 1, NOW - 7_200_000_000, moment().day)
    text = f"{NUMBER} {NUMBERS[1]}"
    turn = told(text, Unavailable(("x",)), Found((appeal(NUMBERS[1]),)), memory=memory)
    assert ids(turn) == ["gen.base_silent_number"]
    assert (turn.result, turn.ticket_kind) == (Result.UNAVAILABLE, None)
    assert turn.memory.last_number is None


def test_three_numbers_have_one_notice() -> None:
    partial = [Partial((appeal(number),), ("aikyn",)) for number in NUMBERS]
    turn = told(" ".join(NUMBERS) + " 061200000012345681", *partial)
    assert ids(turn) == ["appeal.in_review"] * 3 + ["gen.base_silent"]
    assert turn.result is Result.STATUS


def test_of_several_numbers_the_silent_one_is_named_with_its_base() -> None:
    turn = told(f"{NUMBER} обращение 061200000012345679", Found((appeal(),)), Unavailable(("x",)))
    assert ids(turn)[1] == "gen.base_silent_number"
    assert turn.words[1].text.startswith("*5679")
    assert turn.silent_base is None


def test_a_question_back_has_no_notice() -> None:
    either = (REPORT, REPORT._replace(kind="investigation"))
    turn = told(REPORT.number, Partial(either, ("fines",)))
    assert (turn.result, ids(turn)) == (Result.AMBIGUOUS, ["gen.ambiguous"])
    assert turn.silent_base is None


@pytest.mark.parametrize("other", [Found((appeal(),)), NotFound(), Partial((appeal(),), ("a",))])
def test_nothing_is_told_while_a_source_is_still_being_asked(other: Status) -> None:
    pending = Unavailable(("slow",), pending=True)
    assert say(f"{NUMBER} 061200000012345679", other, pending) is None
    assert say(NUMBER, pending) is None
