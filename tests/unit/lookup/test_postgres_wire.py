from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookup import postgres_wire
from lookup.postgres_wire import MESSAGE_OCTETS_MAX, Framing

TYPES = "123ACDEGHIKNRSTVWZcdnstv"


def message(kind: str, content: bytes = b"", length: int | None = None) -> bytes:
    told = len(content) + 4 if length is None else length
    return kind.encode("latin-1") + told.to_bytes(4, "big", signed=True) + content


def in_parts(octets: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(octets), *(cut % (len(octets) + 1) for cut in cuts)})
    return [octets[start:end] for start, end in pairwise(places)]


messages = st.lists(st.builds(message, st.sampled_from(TYPES), st.binary(max_size=40)), max_size=12)
cuts = st.lists(st.integers(0, 2_000), max_size=30)


@given(messages, cuts)
def test_whatever_a_server_may_say_is_let_through_in_any_parts(
    said: list[bytes], cuts: list[int]
) -> None:
    framing = Framing()
    assert all(framing.holds(part) for part in in_parts(b"".join(said), cuts))


@given(
    messages,
    cuts,
    st.sampled_from([*range(256)]).map(chr).filter(lambda kind: kind not in TYPES),
)
def test_a_type_that_no_server_has_is_refused_wherever_it_stands(
    said: list[bytes], cuts: list[int], kind: str
) -> None:
    framing = Framing()
    octets = b"".join(said) + message(kind)
    assert not all(framing.holds(part) for part in in_parts(octets, cuts))


@pytest.mark.parametrize("length", [-(2**31), -1, 0, 3, MESSAGE_OCTETS_MAX + 1, 2**31 - 1])
def test_a_length_that_cannot_be_is_refused_before_it_is_waited_for(length: int) -> None:
    assert not Framing().holds(message("D", length=length))


def test_an_answer_without_end_is_refused_and_one_that_ends_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(postgres_wire, "ANSWER_OCTETS_MAX", 1_000)
    row, ready = message("D", bytes(96)), message("Z", b"I")
    framing = Framing()
    for _ in range(5):
        assert framing.holds(row * 9 + ready)
    assert framing.holds(row * 10)
    assert not framing.holds(row)
