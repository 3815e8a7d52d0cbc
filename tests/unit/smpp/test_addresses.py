"""Subscribers and short codes in all spellings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp.addresses import short_code, subscriber


@pytest.mark.parametrize("ton", [0, 1, 2, 3, 7])
@pytest.mark.parametrize(
    "address", [b"77011234567", b"+77011234567", b"87011234567", b"7011234567", b"0077011234567"]
)
def test_row_a1_every_spelling_of_a_kazakh_number_is_one_key(address: bytes, ton: int) -> None:
    assert subscriber(address, ton) == ("77011234567", True)


def test_row_a1_both_ranges_of_kazakhstan() -> None:
    assert subscriber(b"87172500500", 2) == ("77172500500", True)
    assert subscriber(b"87770000001", 1) == ("77770000001", True)
    assert subscriber(b"86170000001", 1) == ("76170000001", True)


@pytest.mark.parametrize(
    "address", [b"+79261234567", b"79261234567", b"+4915112345678", b"998901234567"]
)
def test_row_a1_other_countries_are_untouched(address: bytes) -> None:
    assert subscriber(address, 1) == (address.decode(), True)


@pytest.mark.parametrize(
    ("address", "ton"),
    [
        (b"Bank", 5),
        (b"77011234567", 5),
        (b"", 1),
        (b"7" * 21, 1),
        (b"+7701123456\xff", 1),
        (b"7701 123 45 67", 1),
        ("٧٧٠".encode(), 1),
        (b"+", 1),
        (b"anything", 0),
    ],
)
def test_row_a3_such_a_source_is_kept_but_not_answered(address: bytes, ton: int) -> None:
    assert subscriber(address, ton) == (address.decode("latin-1"), False)


def test_the_shortest_and_the_longest_that_are_answered() -> None:
    assert subscriber(b"1234567", 0) == ("1234567", True)
    assert subscriber(b"9" * 20, 1) == ("9" * 20, True)


@pytest.mark.parametrize("address", [b"1012", b"+1414", b"103", b"123456"])
def test_row_a4_a_short_code_is_not_answered(address: bytes) -> None:
    assert subscriber(address, 3) == (address.decode(), False)


def test_row_a2_the_aliases_of_a_short_code_are_the_short_code() -> None:
    aliases = {"71012": "1012", "+1012": "1012"}
    for spelling in (b"1012", b"71012", b"+1012"):
        assert short_code(spelling, aliases) == "1012"
    assert short_code(b"1414", aliases) == "1414"
    assert short_code(b"\xff", {}) == "\xff"


@given(st.binary(max_size=40), st.integers(0, 255))
def test_no_address_raises_and_a_normal_form_is_its_own(address: bytes, ton: int) -> None:
    text, _ = subscriber(address, ton)
    assert subscriber(text.encode("latin-1"), ton)[0] == text
