from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.segments import (
    GSM7_BASIC,
    GSM7_EXTENSION,
    fits_one_part,
    units,
    utf16_units,
)


def test_the_alphabet_has_the_sizes_of_the_standard() -> None:
    assert len(set(GSM7_BASIC)) == len(GSM7_BASIC) == 127  # 128 places, one is the escape
    assert len(set(GSM7_EXTENSION)) == len(GSM7_EXTENSION) == 10
    assert not set(GSM7_BASIC) & set(GSM7_EXTENSION)


@pytest.mark.parametrize(
    ("text", "count", "gsm7"),
    [
        ("", 0, True),
        ("*5678: under review", 19, True),
        ("@£$_\r\n", 6, True),
        ("[x] 5€", 9, True),  # the extension table takes two septets a sign
        ("`", 1, False),
        ("қаралуда", 8, False),
        ("No № here", 9, False),
        ("ok 🙏", 5, False),  # beyond U+FFFF: two units
        ("\ud800", 1, False),
    ],
)
def test_a_text_is_counted_in_the_units_it_travels_in(text: str, count: int, gsm7: bool) -> None:
    assert units(text) == (count, gsm7)


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("x" * 160, True),
        ("x" * 161, False),
        ("€" * 80, True),
        ("€" * 81, False),
        ("ә" * 70, True),
        ("ә" * 71, False),
        ("x" * 70 + "ә", False),
        ("🙏" * 35, True),
        ("🙏" * 36, False),
    ],
)
def test_a_part_holds_160_septets_or_70_units(text: str, fits: bool) -> None:
    assert fits_one_part(text) is fits


@given(st.text())
def test_the_short_way_and_the_count_agree(text: str) -> None:
    count, gsm7 = units(text)
    assert fits_one_part(text) == (count <= (160 if gsm7 else 70))


@given(st.text())
def test_units_are_those_of_utf_16(text: str) -> None:
    assert utf16_units(text) == sum(2 if ord(sign) > 0xFFFF else 1 for sign in text)
