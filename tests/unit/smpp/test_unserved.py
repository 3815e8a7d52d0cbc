"""Requests that an ESME does not serve: who gets which answer, and who none."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp import unserved

RINVCMDID = 3


def header(octets: bytes | None) -> tuple[int, ...]:
    assert octets is not None
    return struct.unpack(">4I", octets[:16])


@pytest.mark.parametrize("command", [0x01, 0x02, 0x03, 0x07, 0x08, 0x09, 0x21])
def test_a_known_request_gets_its_own_response(command: int) -> None:
    length, response, status, sequence = header(unserved.answer(command, 9))
    assert (response, status, sequence) == (command | 0x80000000, RINVCMDID, 9)
    assert length in (16, 17)


def test_a_submit_to_us_gets_a_response_with_an_empty_message_id() -> None:
    octets = unserved.answer(0x04, 9)
    assert header(octets) == (17, 0x80000004, RINVCMDID, 9)
    assert octets is not None
    assert octets[16:] == b"\0"


@pytest.mark.parametrize("command", [0x00, 0x0A, 0x112, 0x7FFFFFFF])
def test_an_unknown_request_gets_generic_nack(command: int) -> None:
    assert header(unserved.answer(command, 9)) == (16, 0x80000000, RINVCMDID, 9)


@pytest.mark.parametrize("command", [0x102, 0x0B])
def test_what_has_no_response_gets_none(command: int) -> None:
    assert unserved.answer(command, 9) is None


@given(command=st.integers(0x80000000, 0xFFFFFFFF), sequence=st.integers(0, 0xFFFFFFFF))
def test_a_response_is_never_answered(command: int, sequence: int) -> None:
    assert unserved.answer(command, sequence) is None


@given(command=st.integers(0, 0x7FFFFFFF), sequence=st.integers(0, 0xFFFFFFFF))
def test_every_answer_echoes_the_number_and_has_its_true_length(
    command: int, sequence: int
) -> None:
    octets = unserved.answer(command, sequence)
    if octets is not None:
        assert header(octets)[0] == len(octets)
        assert header(octets)[3] == sequence


@pytest.mark.parametrize("command", [0x01, 0x02, 0x09])
def test_a_bind_request_gets_the_status_that_the_side_has_for_it(command: int) -> None:
    assert header(unserved.answer(command, 9, 0x05)) == (16, command | 0x80000000, 0x05, 9)
    assert header(unserved.answer(0x03, 9, 0x05))[2] == RINVCMDID


@pytest.mark.parametrize(
    ("command", "response"),
    [(0x04, 0x80000004), (0x06, 0x80000006), (0x103, 0x80000103), (0x0A, 0x80000000)],
)
def test_a_refusal_of_what_comes_too_early_has_no_body(command: int, response: int) -> None:
    assert header(unserved.refusal(command, 0x04, 9, b"")) == (16, response, 0x04, 9)
