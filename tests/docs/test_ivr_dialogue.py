"""docs/reference/ivr-dialogue.md against the dialogue itself; the table of the how-to is one that
can be read."""

from __future__ import annotations

import tomllib

import msgspec
import pytest

from gateway.settings import Settings
from ivr.dialects import DIALECTS
from ivr.dialogue import people, state, step
from ivr.dialogue.state import Phase
from ivr.switch import Wish
from tests.support.call_desk import voice_texts
from tests.support.pages import DOCS, blocks, read, rows, section

PAGE = read("reference/ivr-dialogue.md")
HOW_TO = "how-to/connect-a-voice-platform.md"
KEYS = ("0", "1", "2", "3", "5", "6", "9", "*")


def test_every_key_of_every_question_is_in_the_table() -> None:
    told = {
        Phase(name): {key for key, meaning in zip(KEYS, cells, strict=False) if meaning != "-"}
        for name, *cells in rows(section(PAGE, "Keys").body)
    }
    assert told == {phase: set(keys) for phase, keys in step._KEYS.items()}


@pytest.mark.parametrize("row", list(rows(section(PAGE, "Tries, steps and time").body)), ids=str)
def test_every_limit_is_told_as_it_is(row: list[str]) -> None:
    name = row[0].strip("`")
    module = people if hasattr(people, name) else state
    assert getattr(module, name) == int(row[1])


def test_every_wish_is_in_the_table() -> None:
    told = [row[0].strip("`") for row in rows(section(PAGE, "People").body)]
    assert told == list(Wish)


def test_the_page_names_texts_that_there_are_and_all_of_the_fixed_ones() -> None:
    named = {
        word
        for heading in ("The way of a call", "Keys", "Tries, steps and time", "What is told",
                        "By SMS", "People")
        for word in section(PAGE, heading).body.split("`")[1::2]
    }  # fmt: skip
    fixed = {each for each in state.TEXTS_NEEDED if "_" in each}
    assert fixed <= named
    assert fixed <= voice_texts().keys()


def test_the_table_of_the_how_to_is_read() -> None:
    (block,) = (each for each in blocks(DOCS / HOW_TO) if each.info == ("toml",))
    (call,) = msgspec.convert(tomllib.loads(block.body), Settings).ivr
    assert call.text_link == "north"


def test_every_dialect_can_be_chosen_in_the_how_to() -> None:
    chosen = section(read(HOW_TO), "1. Choose the dialect").body
    assert DIALECTS.keys() <= set(chosen.split("`")[1::2])
