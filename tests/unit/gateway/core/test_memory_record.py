from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.memory_record import (
    EMPTY,
    EXCHANGES_MAX,
    MISSES_MAX,
    TAILS_MAX,
    Memory,
    Pending,
    from_json,
    to_json,
)

WORDS = st.text(min_size=1, max_size=21)
WHOLE = st.integers(0, 2**60)
MEMORIES = st.builds(
    Memory,
    language=st.sampled_from([None, "kk", "ru", "en"]),
    language_chosen=st.booleans(),
    last_number=st.none() | WORDS,
    last_kind=st.none() | WORDS,
    last_asked_us=WHOLE,
    replies_day=WHOLE,
    replies_today=WHOLE,
    texts=WHOLE,
    exchanges=st.lists(WHOLE, max_size=EXCHANGES_MAX).map(tuple),
    misses=st.lists(WHOLE, max_size=5).map(tuple),
    misses_day=WHOLE,
    misses_today=WHOLE,
    strangers_day=WHOLE,
    strangers_today=WHOLE,
    locked_until_us=WHOLE,
    lock_level=WHOLE,
    lock_told=st.booleans(),
    help_day=WHOLE,
    pending=st.none()
    | st.builds(Pending, WORDS, st.lists(WORDS, min_size=1, max_size=3).map(tuple), WHOLE),
    tails=st.lists(st.tuples(WORDS, WHOLE), max_size=TAILS_MAX).map(tuple),
)


@given(MEMORIES)
def test_a_memory_survives_its_json(memory: Memory) -> None:
    assert from_json(to_json(memory)) == memory


def test_only_what_differs_from_an_empty_memory_is_kept() -> None:
    assert to_json(EMPTY) == to_json(Memory()) == "{}"
    assert to_json(Memory(language="kk", replies_today=2)) == '{"l":"kk","r":2}'
    assert to_json(Memory(last_number="ЖТ-2026-01234567")) == '{"n":"ЖТ-2026-01234567"}'


def test_an_empty_memory_knows_nothing() -> None:
    assert not any(EMPTY)


def test_the_longest_word_and_the_most_kinds_are_still_read() -> None:
    longest = Memory(last_number="1" * 64, pending=Pending("1", ("a",) * TAILS_MAX, 5))
    assert from_json(to_json(longest)) == longest


@pytest.mark.parametrize("text", ["", "{}"])
def test_a_phone_never_heard_of_is_empty(text: str) -> None:
    assert from_json(text) is EMPTY


@pytest.mark.parametrize("text", ["[]", "7", "null", "{", "no", "[" * 100_000])
def test_what_is_no_memory_reads_as_an_empty_one(text: str) -> None:
    assert from_json(text) == EMPTY


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("l", 7),
        ("l", ""),
        ("n", "1" * 65),
        ("c", 1),
        ("r", "3"),
        ("r", True),
        ("r", 1.5),
        ("r", -1),
        ("r", 2**62),
        ("x", 5),
        ("x", [1, "2"]),
        ("m", [-1]),
        ("p", {}),
        ("p", ["1", ["a"]]),
        ("p", [1, ["a"], 5]),
        ("p", ["1", ["a"], "5"]),
        ("p", ["1", "ab", 5]),
        ("p", ["1", [], 5]),
        ("p", ["1", [7], 5]),
        ("p", ["1", ["a"] * 13, 5]),
        ("e", {}),
        ("e", ["12"]),
        ("e", [["1"]]),
        ("e", [[1, 5]]),
        ("e", [["1", None]]),
    ],
)
def test_a_field_that_makes_no_sense_has_its_default_and_the_others_stay(
    key: str, value: Any
) -> None:
    assert from_json(json.dumps({"h": 5, key: value})) == Memory(help_day=5)


def test_unknown_fields_are_skipped() -> None:
    assert from_json('{"zz":[1,2],"h":5,"":null}') == Memory(help_day=5)


def test_lists_longer_than_any_limit_lose_their_oldest() -> None:
    memory = from_json(
        json.dumps({
            "x": list(range(500)),
            "m": list(range(500)),
            "e": [[str(n), n] for n in range(500)],
        })
    )  # fmt: skip
    assert memory.exchanges == tuple(range(500 - EXCHANGES_MAX, 500))
    assert memory.misses == tuple(range(500 - MISSES_MAX, 500))
    assert len(memory.tails) == TAILS_MAX
    assert memory.tails[-1] == ("499", 499)


@given(st.text() | st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner)
    | st.dictionaries(st.sampled_from("lcnkadrxmuvthpe"), inner),
).map(json.dumps))  # fmt: skip
def test_any_text_reads_as_a_memory_that_can_be_written_again(text: str) -> None:
    memory = from_json(text)
    assert from_json(to_json(memory)) == memory
