from __future__ import annotations

import json
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookup.feed.times import KAZAKHSTAN
from lookup.foreign.forms import LIST_MAX, Form, Reading, read
from lookup.foreign.times import Unfit, times_of


def reading(form: Form, *, amount_parts: int = 1, parted_by: str | None = None) -> Reading:
    words = {"на рассмотрении": "in_review", "да": True, "нет": False, "—": ""}
    times = times_of(("iso",), KAZAKHSTAN, "", "")
    return Reading(form, words, times, parted_by, amount_parts)


@pytest.mark.parametrize(
    ("form", "theirs", "ours"),
    [
        (Form.NUMBER, " 7501 0000\u00a000 00431215", "750100000000431215"),
        (Form.NUMBER, 750100000000431215, "750100000000431215"),
        (Form.NUMBER, "жт-2026-00431220", "ЖТ-2026-00431220"),
        (Form.KIND, "FINE", "fine"),
        (Form.STATUS, " На Рассмотрении ", "in_review"),
        (Form.STATUS, "In_Review", "in_review"),
        (Form.CODE, "Post", "post"),
        (Form.TEXT, "  KZ-4412 ", "KZ-4412"),
        (Form.TEXT, 4412, "4412"),
        (Form.TEXT, Decimal("4412.0"), "4412"),
        (Form.TEXT, 4412.0, "4412"),
        (Form.TEXT, UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Form.COUNT, "3", 3),
        (Form.COUNT, 3.0, 3),
        (Form.FLAG, "Да", True),
        (Form.FLAG, "НЕТ", False),
        (Form.FLAG, 0, False),
        (Form.FLAG, "true", True),
        (Form.DAY, "2026-11-20T20:00:00Z", "2026-11-21"),
        (Form.MOMENT, "2026-11-20", "2026-11-20"),
        (Form.LIST, ["+77010000012", None, 77010000013, ""], ["+77010000012", "77010000013"]),
        (Form.LIST, "+77010000012", ["+77010000012"]),
        (Form.TEXT, "—", None),
        (Form.DAY, " ", None),
    ],
)
def test_what_is_only_spelt_otherwise_is_understood(
    form: Form, theirs: object, ours: object
) -> None:
    assert read(theirs, reading(form), "appeal") == ours


@pytest.mark.parametrize(
    ("form", "theirs"),
    [
        (Form.NUMBER, 7.5e17),  # a float that large has lost digits
        (Form.NUMBER, 1.5),
        (Form.NUMBER, None),
        (Form.KIND, "кража"),
        (Form.STATUS, "paid"),  # a fine's, and this is an appeal
        (Form.STATUS, "На доработке"),
        (Form.CODE, "почтой"),
        (Form.TEXT, True),
        (Form.TEXT, {"a": 1}),
        (Form.TEXT, b"a"),
        (Form.COUNT, "3,5"),
        (Form.COUNT, 3.5),
        (Form.COUNT, True),
        (Form.FLAG, "может быть"),
        (Form.FLAG, 2),
        (Form.LIST, [["a"]]),
        (Form.LIST, ["a"] * (LIST_MAX + 1)),
    ],
)
def test_what_might_mean_something_else_is_refused(form: Form, theirs: object) -> None:
    with pytest.raises(Unfit):
        read(theirs, reading(form), "appeal")


@pytest.mark.parametrize(
    ("theirs", "unit", "tenge"),
    [
        (19660, 1, 19660),
        ("19 660,00", 1, 19660),
        ("19\u00a0660.5", 1, 19661),
        (Decimal("19660.01"), 1, 19661),
        (19660.000000001, 1, 19660),  # dust of a float
        (0.1 + 0.2, 1, 1),
        (1966000, 100, 19660),
        (1966001, 100, 19661),
        ("1966050", 100, 19661),
        (0, 100, 0),
    ],
)
def test_amounts_become_whole_tenge_rounded_up(theirs: object, unit: int, tenge: int) -> None:
    assert read(theirs, reading(Form.AMOUNT, amount_parts=unit), "fine") == tenge


@pytest.mark.parametrize(
    "theirs",
    [
        *("1,966,000", "19.660,00", "-5", "19660 тг", "1e5", "1.234"),
        *(-5, 10**15, True, [], float("inf"), float("nan")),
        *(Decimal("Infinity"), Decimal("1e40"), Decimal("sNaN")),
    ],
)
def test_amounts_that_can_be_read_in_two_ways_are_refused(theirs: object) -> None:
    with pytest.raises(Unfit):
        read(theirs, reading(Form.AMOUNT), "fine")


def test_a_list_in_one_text_is_parted_by_the_sign_the_map_tells() -> None:
    form = reading(Form.LIST, parted_by=";")
    assert read("87010000012; +77010000013;;", form, None) == ["87010000012", "+77010000013"]


_any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals()
    | st.binary() | st.uuids() | st.datetimes() | st.dates(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=3),
)  # fmt: skip


@given(st.sampled_from(Form), _any, st.sampled_from(["appeal", "fine", None]))
def test_any_value_is_read_or_refused_without_being_quoted(
    form: Form, value: object, kind: str | None
) -> None:
    told = ""
    try:
        json.dumps(read(value, reading(form, parted_by=","), kind))
    except Unfit as unfit:
        told = unfit.reason
    assert not (isinstance(value, str) and len(value) > 30 and value in told)
