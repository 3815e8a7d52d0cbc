from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.callers import called_of, caller_of, may_be_called


@pytest.mark.parametrize(
    "raw",
    ["+77010000001", "77010000001", "87010000001", "7010000001", "0077010000001",
     "+7 (701) 000-00-01", "sip:+77010000001@gw.example.kz;user=phone", "tel:+7-701-000-00-01"],
)  # fmt: skip
def test_one_subscriber_has_one_normal_form(raw: str) -> None:
    assert caller_of(raw) == "77010000001"


def test_a_foreign_number_keeps_its_country_code() -> None:
    assert caller_of("+15306666666") == "15306666666"
    assert caller_of("+79161234567") == "79161234567"
    assert caller_of("00998901234567") == caller_of("+998901234567") == "998901234567"


@pytest.mark.parametrize("raw", ["+6591234567", "+6041234567", "sip:+6493001234@gw.example.sg"])
def test_ten_digits_behind_a_plus_are_of_no_subscriber_here(raw: str) -> None:
    """Singapore, Malaysia, New Zealand: a call-back to 7 659... would reach somebody else."""
    assert caller_of(raw) in {"6591234567", "6041234567", "6493001234"}
    assert not may_be_called(caller_of(raw))


def test_a_plus_and_the_trunk_prefix_8_do_not_go_together() -> None:
    assert caller_of("+86123456789") == "86123456789"


@pytest.mark.parametrize(
    "raw",
    ["", "anonymous", "Anonymous", "unavailable", "Restricted", "+266696687", "266696687",
     "+7378742833", "1414", "+112", "client:web", "sip:alice@gw.example.kz", "7" * 200,
     "٧٧٠١٠٠٠٠٠٠١", "1234567890123456", "0000000000", "0123456789"],
)  # fmt: skip
def test_who_hides_has_no_number(raw: str) -> None:
    assert caller_of(raw) == ""


@pytest.mark.parametrize(
    ("msisdn", "may"),
    [
        ("77010000001", True),
        ("77172000000", True),
        ("67010000001", False),
        ("79161234567", False),
        ("491701234567", False),
        ("7701000000", False),
        ("", False),
    ],
)
def test_people_of_this_country_may_be_called_back(msisdn: str, may: bool) -> None:
    assert may_be_called(msisdn) is may


def test_the_number_called_is_spelled_as_in_the_settings() -> None:
    numbers = ("1414", "88000807777", "+77001414141")
    assert called_of("1414", numbers) == "1414"
    assert called_of("+78000807777", numbers) == "88000807777"
    assert called_of("87001414141", numbers) == "+77001414141"
    assert called_of("+18005551212", numbers) == "18005551212"
    assert called_of("nonsense", numbers) == ""


@given(st.text(max_size=200))
def test_a_caller_is_digits_or_nobody(raw: str) -> None:
    caller = caller_of(raw)
    assert caller == "" or (caller.isascii() and caller.isdigit() and 7 <= len(caller) <= 15)
    assert len(called_of(raw, ("1414",))) <= 15
