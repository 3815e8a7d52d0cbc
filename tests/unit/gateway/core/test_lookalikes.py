from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.lookalikes import holds_card, holds_iin, is_reserved, phone_groups


@pytest.mark.parametrize(
    "written",
    [
        "87011234567",
        "8 7011234567",
        "8 701 1234567",
        "8 701 123 4567",
        "8 701 123 45 67",
        "8 701 12 34 567",
        "8701 1234567",
        "8701 123 4567",
        "8701 123 45 67",
        "7 7172 12 34 56",
    ],
)
def test_a_phone_is_known_by_its_first_digit_and_grouping(written: str) -> None:
    groups = written.split()
    assert phone_groups([*groups, "061200000012345678"], plus=False) == len(groups)


@pytest.mark.parametrize(
    "written", ["61200000012", "8701123456", "870 112 345 67", "0612 0000 001", "8", "1 8"]
)
def test_other_digits_are_no_phone(written: str) -> None:
    assert phone_groups(written.split(), plus=False) == 0


@pytest.mark.parametrize(
    ("written", "count"),
    [
        ("7 70 11 23 45 67 12", 6),  # ours, in any grouping
        ("998 90 123 45 67", 5),
        ("998 90 123 45 67 061200000012345678", 5),
        ("4917612345678", 1),
        ("4912345678", 1),
        ("491761234567890", 1),
        ("4917612345678901", 0),
        ("9", 0),
        ("12345 6789", 0),
    ],
)
def test_behind_a_plus_any_country_is_a_phone(written: str, count: int) -> None:
    assert phone_groups(written.split(), plus=True) == count


@pytest.mark.parametrize(
    ("digits", "reserved"),
    [
        ("87011234567", True),
        ("97011234567", False),
        ("850101300124", True),
        ("790010260077", False),
        ("4400430012345671", True),
        ("061200000012345678", False),
    ],
)
def test_what_may_be_a_phone_an_iin_or_a_card_is_reserved(digits: str, reserved: bool) -> None:
    assert is_reserved(digits) is reserved


@pytest.mark.parametrize(
    "written", ["850101300124", "850101 300124", "8501 0130 0124", "15 850101300124 7"]
)
def test_an_iin_is_found_in_its_groupings(written: str) -> None:
    assert holds_iin(written.split())


def test_pieces_of_a_longer_number_are_no_iin() -> None:
    assert not holds_iin(["8501", "0130", "0124", "5"])
    assert not holds_iin(["850101300125"])


@pytest.mark.parametrize(
    "written",
    ["4400430012345671", "4400 4300 1234 5671", "44004300 12345671", "4400 4300 1234 5671 12 28"],
)
def test_a_card_is_found_with_what_is_printed_beside_it(written: str) -> None:
    assert holds_card(written.split())


@given(st.lists(st.text("0123456789", min_size=1, max_size=20), min_size=1), st.booleans())
def test_a_phone_never_takes_more_groups_than_there_are(groups: list[str], plus: bool) -> None:
    assert 0 <= phone_groups(groups, plus=plus) <= len(groups)
