from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.actions import LANGUAGES
from ivr.dialogue.state import TEXTS_NEEDED, TRIES_MAX, Phase, enter, new_call, number_in
from tests.support.call_desk import voice_texts
from tests.support.dialogues import shown

ENTRIES = {
    "7501": "7501",
    "7501#": "7501",
    "111*7501#": "7501",
    "1*2*7501": "7501",
    "7501#99": "7501",
    "7501*": "",
    "*": "",
    "#": "",
    "": "",
    "75#01*2": "75",
    "7A5 ٣": "75",
}


@pytest.mark.parametrize("keys", ENTRIES)
def test_what_counts_of_an_entry(keys: str) -> None:
    assert number_in(keys) == ENTRIES[keys]


@given(st.text(), st.text(alphabet="0123456789"), st.text())
def test_the_number_is_what_stands_between_the_last_clear_and_the_finish_key(
    before: str, digits: str, after: str
) -> None:
    assert number_in(before.replace("#", "") + "*" + digits + "#" + after) == digits


@given(st.text(alphabet="0123456789*#A \n", max_size=70))
def test_a_number_is_digits_alone(keys: str) -> None:
    number = number_in(keys)
    assert number == "" or (number.isascii() and number.isdigit())
    assert number in keys.replace("A", "").replace(" ", "").replace("\n", "")


def test_the_hint_comes_on_the_last_try() -> None:
    state = new_call("en", operator=True)
    for tries in range(TRIES_MAX):
        _, actions = enter(state._replace(tries=tries), "silence")
        hint = "+no_slip" if tries == TRIES_MAX - 1 else ""
        assert shown(actions) == f"en:silence{hint} number?"


def test_a_call_starts_with_nothing_asked() -> None:
    state = new_call("kk", operator=False, step=4, notice=True)
    assert (state.phase, state.step, state.asked) == (Phase.NEW, 4, ())


def test_every_text_needed_is_written_in_every_language() -> None:
    texts = voice_texts()
    assert all(texts[text_id].keys() == set(LANGUAGES) for text_id in TEXTS_NEEDED)
