"""Who may do what, and the form of names and keys."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.staff import (
    ALLOWED,
    KEY_FILE,
    SECRET_OCTETS,
    Acting,
    Action,
    Person,
    Role,
    engineers,
    is_key,
    is_name,
    make_key,
)

AT = 1_795_150_800_000_000
MONEY = {Action.CREDIT, Action.CREDIT_FAILED, Action.ADJUST}
STAFF = {Action.STAFF_ADD, Action.STAFF_DISABLE}
LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


def person(role: str, name: str = "aigul", *, enabled: bool = True) -> Person:
    return Person(AT, name, role, "ab", enabled, "dana")


def test_every_role_is_told_what_it_may() -> None:
    """Nobody who gives money back changes the staff, and the other way round."""
    assert {role: set(actions) for role, actions in ALLOWED.items()} == {
        Role.ACCOUNTANT: MONEY,
        Role.AUDITOR: set(),
        Role.ENGINEER: STAFF | {Action.ACCEPT_LOSS},
        Role.TIMER: {Action.CREDIT_FAILED},
    }


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("role", [*Role, "operator", ""])
def test_what_is_not_allowed_is_refused(role: str, action: Action) -> None:
    assert person(role).may(action) == (action in ALLOWED.get(role, ()))
    assert not person(role, enabled=False).may(action)


def test_engineers_who_are_here_are_counted() -> None:
    people = [person(Role.ENGINEER), person(Role.ENGINEER, enabled=False), person(Role.AUDITOR)]
    assert engineers(people) == 1


def test_a_record_has_its_name_and_role() -> None:
    found = Acting("aigul", "accountant").record(
        AT, Action.CREDIT, "question 5", "booked", case="dispute"
    )
    assert found[:7] == (
        AT, "aigul", "accountant", "credit", "question 5", "booked", {"case": "dispute"},
    )  # fmt: skip


@pytest.mark.parametrize("text", ["aigul", "a.b-c_d", "desk-2", "ab", "n123456", "a" * 40])
def test_names(text: str) -> None:
    assert is_name(text)


@pytest.mark.parametrize(
    "text",
    ["", "a", "Aigul", "айгуль", "2aigul", "a b", "a;b", "a" * 41, "a77010001234", "aigul\n",
     KEY_FILE],
)  # fmt: skip
def test_what_is_no_name(text: str) -> None:
    assert not is_name(text)


@given(secret=st.binary(min_size=SECRET_OCTETS, max_size=SECRET_OCTETS))
def test_a_key_that_was_made_is_one(secret: bytes) -> None:
    key = make_key(secret)
    assert is_key(key)
    assert len(key) == 71
    assert key.startswith("jauap-staff-")


@given(
    secret=st.binary(min_size=SECRET_OCTETS, max_size=SECRET_OCTETS),
    place=st.integers(12, 70),
    letter=st.sampled_from(LETTERS),
)
def test_a_typing_error_is_seen(secret: bytes, place: int, letter: str) -> None:
    key = make_key(secret)
    wrong = key[:place] + letter + key[place + 1 :]
    assert is_key(wrong) == (wrong == key)


@given(text=st.text(max_size=80))
def test_whatever_is_typed_is_looked_at(text: str) -> None:
    assert not is_key(text)
    is_name(text)
