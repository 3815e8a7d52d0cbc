from __future__ import annotations

from typing import Any

import pytest

from gateway import config
from gateway.core.folding import capitals
from gateway.core.kinds import BadTableError
from gateway.core.number_words import NumberWord, NumberWords, Sense


def table() -> dict[str, Any]:
    return dict(config.table("spoken_number.toml"))


def word(spelling: str) -> NumberWord | None:
    return NumberWords.from_table(table()).words.get(capitals(spelling))


@pytest.mark.parametrize(
    ("spelling", "value", "room"),
    [
        ("нөл", 0, 0), ("zero", 0, 0), ("oh", 0, 0), ("сегіз", 8, 0), ("две", 2, 0),
        ("десять", 10, 0), ("он", 10, 10), ("eleven", 11, 0), ("twenty", 20, 10),
        ("тоқсан", 90, 10), ("сто", 100, 100), ("девятьсот", 900, 100),
    ],
)  # fmt: skip
def test_numerals_are_known_and_what_may_be_added_to_them(
    spelling: str, value: int, room: int
) -> None:
    assert word(spelling) == NumberWord(Sense.VALUE, value, room)


@pytest.mark.parametrize(
    ("spelling", "sense"),
    [
        ("жүз", Sense.HUNDRED), ("hundred", Sense.HUNDRED), ("тысяч", Sense.THOUSAND),
        ("мың", Sense.THOUSAND), ("нулей", Sense.ZEROS), ("жоқ", Sense.NO), ("не", Sense.NOT),
        ("емес", Sense.NOT_AFTER), ("сначала", Sense.AGAIN), ("then", Sense.THEN),
        ("номер", Sense.ASIDE),
    ],
)  # fmt: skip
def test_other_words_are_those_of_the_file(spelling: str, sense: Sense) -> None:
    assert word(spelling) == NumberWord(sense)


def test_a_kazakh_word_may_be_spelled_with_russian_letters() -> None:
    assert word("токсан") == word("тоқсан") != None  # noqa: E711  a chain of three


def test_no_word_of_another_kind_is_known() -> None:
    assert word("талоны") is None


@pytest.mark.parametrize(
    ("language", "key", "value", "told"),
    [
        ("ru", "value", {"сто": 5}, "means something else"),
        ("ru", "value", {"пол": 1_000}, "0 to 999"),
        ("en", "repeat", {"double": 1}, "2 to 9"),
        ("kk", "no", ["жоқ жоқ"], "not one word"),
        ("kk", "read_back", "?", "{digits}"),
        ("en", "ask", "", "write a text"),
        ("en", "hm", ["hm"], "unknown key"),
    ],
)
def test_a_bad_table_is_told(language: str, key: str, value: object, told: str) -> None:
    data = table()
    data[language] = {**data[language], key: value}
    with pytest.raises(BadTableError, match=told):
        NumberWords.from_table(data)
