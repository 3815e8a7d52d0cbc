from __future__ import annotations

from gateway import config
from gateway.core.kinds import Kinds
from gateway.core.number_words import NumberWords
from gateway.core.spoken_number import DIGITS_MAX, Fit, SpokenNumber, fitting, take_down

WORDS = NumberWords.from_table(config.table("spoken_number.toml"))
KINDS = Kinds.from_table(config.table("kinds.toml"))


def taken(text: str, *groups: str, language: str = "ru") -> SpokenNumber:
    return take_down(groups, text, language, WORDS, KINDS)


def fits(digits: str) -> dict[str, tuple[int, bool]]:
    return {fit.kind: (fit.missing, fit.more) for fit in fitting(digits, KINDS.rules)}


def test_a_number_grows_by_what_is_said() -> None:
    first = taken("семьсот пятьдесят, сто")
    second = taken("ноль ноль ноль", *first.groups)
    assert (first.digits, second.digits) == ("750100", "750100000")


def test_it_is_read_back_in_the_groups_in_which_it_was_said() -> None:
    assert taken("семьсот пятьдесят, ноль пять").say == (
        "Повторяю: семь пять ноль, ноль пять. Верно?"
    )
    assert taken("750", language="kk").say == "Қайталаймын: жеті бес нөл. Дұрыс па?"
    assert taken("750", language="en").say == "I repeat: seven five zero. Is that right?"


def test_before_the_first_digit_it_is_asked_for() -> None:
    assert taken("").say == "Назовите номер талона по три цифры."


def test_a_whole_number_fits_its_kinds() -> None:
    found = fits("061200000012345678")
    assert found["appeal"] == (0, False)
    assert found["inspection"] == (0, True)
    assert "crime_report" not in found


def test_the_beginning_of_a_number_tells_what_is_missing() -> None:
    assert fits("0612000000")["appeal"] == (8, False)
    assert fits("0612000000")["crime_report"] == (5, False)
    assert fits("12345")["inspection"] == (1, True)


def test_whole_numbers_come_first() -> None:
    assert [fit.missing for fit in fitting("263100030000001", KINDS.rules)] == sorted(
        fit.missing for fit in fitting("263100030000001", KINDS.rules)
    )
    assert fitting("263100030000001", KINDS.rules)[0] == Fit("crime_report", 0, more=False)


def test_too_many_digits_fit_nothing_and_are_bounded() -> None:
    assert fits("1" * 22) == {}
    assert len(taken("123 " * 100).digits) == DIGITS_MAX


def test_unknown_words_are_told() -> None:
    assert taken("ну семь").unread == ("НУ",)
