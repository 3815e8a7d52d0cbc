from __future__ import annotations

import re
from datetime import date

import pytest

from gateway.core.tariff_row import FIRST_DAY, LAST_DAY, Row, TariffError


def test_money_with_more_digits_than_it_has_is_refused_with_the_remedy() -> None:
    with pytest.raises(TariffError) as refused:
        Row("call 1", {"price_tiyn": 12.5}).integer("price_tiyn", 0, 100)
    assert str(refused.value) == (
        "call 1: price_tiyn = 12.5, expected a whole number from 0 to 100; a tiyn has no parts: "
        "name the price of more, as of a minute and not a second"
    )


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("rate_bp", 12.345, "a basis point is the smallest part: 1 % is 100, 0.01 % is 1"),
        ("rate_bp", 1600.0, "without a decimal point"),
        ("price_tiyn", 1e3, "without a decimal point"),
        ("step_s", 0.5, "without a decimal point"),
        ("price_tiyn", float("nan"), "a tiyn has no parts"),
        ("price_tiyn", float("inf"), "a tiyn has no parts"),
    ],
)
def test_no_number_with_a_point_is_taken(key: str, value: float, says: str) -> None:
    with pytest.raises(TariffError, match=re.escape(says)):
        Row("row", {key: value}).integer(key, 0, 10_000)


def test_days_hold_for_ever_where_none_are_given() -> None:
    assert Row("row", {}).days() == (FIRST_DAY, LAST_DAY)
    given = Row("row", {"valid_from": date(2026, 1, 1), "valid_to": date(2026, 1, 1)})
    assert given.days() == (date(2026, 1, 1), date(2026, 1, 1))


def test_a_key_that_was_asked_for_is_known() -> None:
    row = Row("row", {"flat": 1})
    assert row.has("flat")
    assert not row.has("part")
    with pytest.raises(TariffError, match="unknown key 'flat'"):
        row.done()
    row.integer("flat", 0, 1)
    row.done()
