from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import config
from gateway.core import copied
from gateway.core.kinds import Kinds
from gateway.core.reading import Asked, Intent, Reading

KINDS = Kinds.from_table(config.table("kinds.toml"))
APPEAL = "061200000012345678"


@given(
    st.text("0123456789", max_size=30),
    st.sampled_from([None, "appeal", "inspection", "fine"]),
    st.sampled_from([None, "crime_report", "investigation"]),
    st.sampled_from(["kk", "ru", "en"]),
)
def test_what_is_stored_is_read_as_the_call_had_it(
    digits: str, menu: str | None, kind: str | None, language: str
) -> None:
    text = copied.write(digits, menu, kind, language)
    assert copied.read(text, KINDS) == copied.keyed(digits, menu, kind, language, KINDS)


def test_a_number_is_looked_up_in_the_language_of_the_call() -> None:
    reading = copied.keyed(APPEAL, None, None, "ru", KINDS)
    assert (reading.intent, reading.language) == (Intent.LOOKUP, "ru")
    assert reading.asked[0].number == APPEAL


def test_the_kind_chosen_is_the_only_one_asked_for() -> None:
    reading = copied.keyed(APPEAL, None, "investigation", "kk", KINDS)
    assert reading.asked == (Asked(APPEAL, ("investigation",)),)


def test_a_number_of_no_kind_is_told_by_its_digits() -> None:
    assert copied.keyed("123", None, None, "kk", KINDS) == Reading(
        Intent.BAD_LENGTH, language="kk", digits_got=3
    )


@pytest.mark.parametrize("text", ["", "{", "[]", '["1", 2, 3, 4]', "7", '["1","2","3","4","5"]'])
def test_anything_else_is_malformed(text: str) -> None:
    assert copied.read(text, KINDS) == Reading(Intent.MALFORMED)


@given(st.text())
def test_no_text_is_too_strange_to_be_read(text: str) -> None:
    assert isinstance(copied.read(text, KINDS), Reading)
