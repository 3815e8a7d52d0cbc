"""Ids of responses and of receipts, and which form an operator's receipts have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp.message_ids import (
    ID_DIGITS_MAX,
    JOINS_TO_LEARN,
    RATE_GOOD,
    RATE_LOW,
    RECEIPTS_MEASURED,
    RECEIPTS_MEASURED_MIN,
    IdMatches,
    canonical_id,
    response_id,
)
from smpp.operators import MessageIdForm

LEARN, AS_IS, HEX_TO_DEC, DEC_TO_HEX = MessageIdForm
UUID = "6BA7B810-9dad-11d1-80b4-00c04fd430c8"


@pytest.mark.parametrize(
    ("form", "in_response", "in_receipt"),
    [
        (AS_IS, "00123", "123"),
        (AS_IS, "0123", "00123"),
        (AS_IS, "AbCd", "aBcD"),
        (AS_IS, "0", "00"),
        (AS_IS, " 12 ", "12"),
        (AS_IS, "0x7B", "7b"),
        (LEARN, "00123", "123"),
        (HEX_TO_DEC, "7b", "123"),
        (HEX_TO_DEC, "0x7B", "0000000123"),
        (HEX_TO_DEC, "FFFFFFFFFFFFFFFF", "18446744073709551615"),
        (HEX_TO_DEC, UUID, UUID.upper()),
        (DEC_TO_HEX, "123", "7B"),
        (DEC_TO_HEX, "0000000123", "0000007b"),
        (DEC_TO_HEX, "123", "0x7B"),
    ],
)
def test_rows_r5_r6_the_two_sides_meet(
    form: MessageIdForm, in_response: str, in_receipt: str
) -> None:
    stored = canonical_id(in_response)
    assert stored
    assert response_id(canonical_id(in_receipt), form) == stored


def test_row_r5_what_is_stored_of_a_response_knows_nothing_of_the_form() -> None:
    """A form learnt today fits the messages of last week."""
    assert canonical_id("000123") == "123"
    assert [response_id("123", form) for form in MessageIdForm] == ["123", "123", "7b", "291"]


def test_row_r5_a_hexadecimal_id_is_not_taken_for_a_decimal_one() -> None:
    assert response_id("7b", HEX_TO_DEC) == "7b"


@pytest.mark.parametrize("form", MessageIdForm)
@pytest.mark.parametrize(
    "message_id", [UUID, "a" * 65, "1" * (ID_DIGITS_MAX + 1), "0x", "12_3", "-12", "", "٣٤٥"]
)
def test_row_r7_ids_that_are_no_numbers_stay_whole(form: MessageIdForm, message_id: str) -> None:
    canonical = canonical_id(message_id)
    assert canonical == message_id.lower().lstrip("0")
    assert response_id(canonical, form) == canonical


@given(st.integers(1, 10**ID_DIGITS_MAX - 1))
def test_the_two_forms_undo_each_other(number: int) -> None:
    decimal, hexadecimal = str(number), f"{number:x}"
    assert response_id(decimal, HEX_TO_DEC) == hexadecimal
    assert response_id(hexadecimal, DEC_TO_HEX) == decimal


@given(st.text(max_size=70))
def test_no_id_raises_and_a_canonical_id_stays_as_it_is(text: str) -> None:
    canonical = canonical_id(text)
    for form in MessageIdForm:
        response_id(canonical, form)
        IdMatches(form).candidates(canonical)
    if not canonical.startswith("x"):  # "0x0x1": a prefix a time
        assert canonical_id(canonical) == canonical


# -- what to look for


@pytest.mark.parametrize(
    ("form", "canonical", "expected"),
    [
        (AS_IS, "12345", ("12345", ())),
        (HEX_TO_DEC, "3039", ("3039", ())),
        (DEC_TO_HEX, "58", ("58", ())),
        (LEARN, "12345", ("12345", ("74565", "3039"))),
        (LEARN, "3a", ("3a", ("58",))),
        (LEARN, "7", ("7", ())),
        (LEARN, UUID.lower(), (UUID.lower(), ())),
        (LEARN, "1" * (ID_DIGITS_MAX + 1), ("1" * (ID_DIGITS_MAX + 1), ())),
        (LEARN, "٣٤٥", ("٣٤٥", ())),
        (LEARN, "", ("", ())),
    ],
)
def test_a_receipt_may_name_a_message_in_these_ways(
    form: MessageIdForm, canonical: str, expected: tuple[str, tuple[str, ...]]
) -> None:
    assert IdMatches(form).candidates(canonical) == expected


def test_once_learnt_the_new_form_goes_first() -> None:
    matches = learnt(HEX_TO_DEC)
    assert matches.candidates("12345") == ("3039", ("12345", "74565"))
    assert matches.candidates("3a") == ("3a", ("58",))
    matches = learnt(DEC_TO_HEX)
    assert matches.candidates("12345") == ("74565", ("12345", "3039"))
    assert matches.candidates("3a") == ("58", ("3a",))


@given(st.text("0123456789abcdefx-", max_size=50), st.sampled_from([HEX_TO_DEC, DEC_TO_HEX, None]))
def test_candidates_are_what_the_forms_tell_each_once(
    text: str, form: MessageIdForm | None
) -> None:
    canonical = canonical_id(text)
    matches = learnt(form) if form else IdMatches(LEARN)
    preferred, others = matches.candidates(canonical)
    assert preferred == response_id(canonical, matches.form)
    told = {response_id(canonical, each) for each in MessageIdForm}
    assert sorted((preferred, *others)) == sorted(told)


# -- learning


def learnt(form: MessageIdForm) -> IdMatches:
    matches = IdMatches(LEARN)
    for _ in range(JOINS_TO_LEARN):
        matches.learn("12345", response_id("12345", form))
    assert matches.form is form
    return matches


@pytest.mark.parametrize("form", [HEX_TO_DEC, DEC_TO_HEX])
def test_row_r5_a_form_is_learnt_by_its_joins(form: MessageIdForm) -> None:
    matches = IdMatches(LEARN)
    joined_as = response_id("12345", form)
    told = [matches.learn("12345", joined_as) for _ in range(JOINS_TO_LEARN + 1)]
    assert told == [None] * (JOINS_TO_LEARN - 1) + [form, None]
    assert matches.form is form


def test_row_r5_a_form_is_unlearnt_when_the_operator_changes_it() -> None:
    matches = learnt(HEX_TO_DEC)
    told = [matches.learn("12345", "12345") for _ in range(JOINS_TO_LEARN)]
    assert told[-1] is AS_IS
    assert matches.candidates("12345")[0] == "12345"


def test_a_join_by_the_believed_form_begins_the_count_anew() -> None:
    matches = IdMatches(LEARN)
    for _ in range(3):
        for _ in range(JOINS_TO_LEARN - 1):
            matches.learn("12345", "3039")
        matches.believe()
    assert matches.form is AS_IS


def test_two_other_forms_do_not_add_up() -> None:
    matches = IdMatches(LEARN)
    for joined_as in ["3039", "74565"] * (JOINS_TO_LEARN - 1):
        matches.learn("12345", joined_as)
    assert matches.form is AS_IS


@pytest.mark.parametrize("joined_as", ["", "else"])
def test_a_join_by_other_proof_than_the_id_teaches_nothing(joined_as: str) -> None:
    matches = learnt(DEC_TO_HEX)
    for _ in range(2 * JOINS_TO_LEARN):
        assert matches.learn("12345", joined_as) is None
    assert matches.form is DEC_TO_HEX


@pytest.mark.parametrize("form", [AS_IS, HEX_TO_DEC, DEC_TO_HEX])
def test_a_form_of_the_profile_is_never_unlearnt(form: MessageIdForm) -> None:
    matches = IdMatches(form)
    for joined_as in ["12345", "3039", "74565"]:
        for _ in range(2 * JOINS_TO_LEARN):
            assert matches.learn("12345", joined_as) is None
    assert matches.form is form


# -- how many match


def noted(matches: IdMatches, matched: int, unmatched: int) -> None:
    for _ in range(matched):
        matches.note(matched=True)
    for _ in range(unmatched):
        matches.note(matched=False)


def test_the_rate_is_that_of_the_latest_receipts() -> None:
    matches = IdMatches(LEARN)
    assert matches.rate == 1
    noted(matches, 3, 1)
    assert matches.rate == 0.75
    noted(matches, RECEIPTS_MEASURED, 0)
    assert matches.rate == 1
    noted(matches, 0, RECEIPTS_MEASURED // 2)
    assert matches.rate == 0.5


def test_a_fall_of_the_rate_is_told_once_until_it_has_been_good() -> None:
    matches = IdMatches(LEARN)
    noted(matches, RECEIPTS_MEASURED, 0)
    assert not matches.fell()
    falls = 0
    for _ in range(RECEIPTS_MEASURED):
        matches.note(matched=False)
        falls += matches.fell()
        assert falls == (matches.rate < RATE_LOW)
    while matches.rate < RATE_GOOD - 0.1:
        matches.note(matched=True)
        assert not matches.fell()
    noted(matches, 0, RECEIPTS_MEASURED)
    assert not matches.fell()
    noted(matches, RECEIPTS_MEASURED, 0)
    assert not matches.fell()
    noted(matches, 0, RECEIPTS_MEASURED)
    assert matches.fell()


def test_few_receipts_are_no_rate() -> None:
    matches = IdMatches(LEARN)
    noted(matches, 0, RECEIPTS_MEASURED_MIN - 1)
    assert not matches.fell()
    noted(matches, 0, 1)
    assert matches.fell()


@given(st.lists(st.booleans(), max_size=3 * RECEIPTS_MEASURED))
def test_the_rate_is_counted_right(seen: list[bool]) -> None:
    matches = IdMatches(AS_IS)
    for matched in seen:
        matches.note(matched=matched)
    latest = seen[-RECEIPTS_MEASURED:]
    assert matches.rate == (sum(latest) / len(latest) if latest else 1.0)
