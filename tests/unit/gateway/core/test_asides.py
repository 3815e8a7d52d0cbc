from __future__ import annotations

import re

import pytest

from gateway.core.asides import TAIL, aside_pattern
from gateway.core.folding import capitals, fold
from gateway.core.words import Words
from tests.support.rules import rules


def set_aside(text: str, pattern: re.Pattern[str] | None = None) -> list[str]:
    return [found[0] for found in (pattern or rules().aside).finditer(capitals(fold(text)))]


@pytest.mark.parametrize(
    "text",
    [
        "15.12.2026",
        "5.1.26",
        "15/12/2026",
        "15-12-26",
        "2026-12-15",
        "2026.12.15",
        "15.12",
        "14:30",
        "9:05:10",
        "15 декабря 2026 года",
        "15 желтоқсан",
        "1 мая 2026 г",
        "3 june, 2026",
        "2026 жылы",
        "500 тг",
        "150 000 теңге",
        "1 500 000.50 KZT",
        "12000₸",
        "*5678",
        "*345678",
    ],
)
def test_a_date_a_time_or_a_sum_is_set_aside_whole(text: str) -> None:
    assert set_aside(text) == [capitals(text)]
    assert set_aside(f"0612 0000 {text}, 5") == [capitals(text)]


@pytest.mark.parametrize(
    "text",
    [
        "06.12.00.00.00.12",
        "06-12-00-00-00-12-34-56-78",
        "26/31/00/03/00",
        "45.13.2026",
        "15.12.20261",
        "061200000012345678",
        "263100030000001 тгк",
        "12:345",
        "10:20:30:40",
        "*123",
        "*1234567",
        "0612 0000 0012 345678",
        "5 январяяяяяяяяяяяяяя",
    ],
)
def test_groups_of_a_number_are_left_alone(text: str) -> None:
    assert set_aside(text) == []


def test_marks_of_a_list_are_set_aside() -> None:
    assert set_aside("1. 0612 0000 2) 0612") == ["1. ", "2) "]
    assert set_aside("0612.0000 12.0000") == []


def test_the_tail_of_our_own_reply_is_named() -> None:
    found = rules().aside.search("*5678: ...")
    assert found is not None
    assert found.lastgroup == TAIL


def test_without_words_only_figures_are_set_aside() -> None:
    pattern = aside_pattern(Words.from_table({}))
    assert set_aside("15 декабря, 500 тг, 15.12.2026", pattern) == ["15.12.2026"]
