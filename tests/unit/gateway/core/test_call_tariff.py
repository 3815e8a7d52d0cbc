from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.call_tariff import (
    CALL_S_MAX,
    UNPRICED,
    CallRated,
    CallTariffs,
    billed_s,
    check_call_rules,
    read_call_example,
    read_call_rule,
)
from gateway.core.tariff import TariffError, Tariffs
from gateway.core.tariff_vat import VatFrom

SHIPPED = tomllib.loads(
    (Path(__file__).parents[4] / "config" / "tariffs.toml").read_text(encoding="utf-8")
)
ON = date(2026, 11, 20)
VAT = (VatFrom(date.min, 1200), VatFrom(date(2026, 1, 1), 1600))
REST = {"id": "rest", "links": "*", "numbers": "*", "legs": "*", "payer": "owner"}


def row(**changes: Any) -> dict[str, Any]:
    return REST | {"price_tiyn": 600, "per": "minute"} | changes


def tariffs(*rows: dict[str, Any]) -> CallTariffs:
    return CallTariffs(
        tuple(read_call_rule(f"call {n}", r) for n, r in enumerate(rows)), VAT, "KZT"
    )


def rate(of: CallTariffs, **changes: Any) -> CallRated:
    asked: dict[str, Any] = {
        "link": "1414", "number": "1414", "leg": "caller", "on": ON, "platform_s": None,
        "measured_s": 61,
    }  # fmt: skip
    return of.rate(**asked | changes)


# -- the price


@pytest.mark.parametrize(
    ("rule", "seconds", "billable_s", "amount_tiyn"),
    [
        (row(), 61, 61, 610),  # by the second, priced by the minute
        (row(step_s=60), 61, 120, 1200),
        (row(step_s=60), 60, 60, 600),
        (row(step_s=60), 0, 0, 0),
        (row(step_s=6, minimum_s=30), 1, 30, 300),
        (row(step_s=6, minimum_s=30), 31, 36, 360),
        (row(minimum_s=30, step_s=60), 1, 60, 600),
        (row(free_s=10), 10, 0, 0),
        (row(free_s=10), 11, 1, 10),
        (row(free_s=10, step_s=60), 71, 120, 1200),  # a minute and a second are left
        (row(per="second", price_tiyn=7), 9, 9, 63),
        (row(price_tiyn=100), 1, 1, 2),  # 1.67 tiyn
        (row(price_tiyn=30), 1, 1, 1),  # half a tiyn goes up
        (row(price_tiyn=29), 1, 1, 0),
    ],
)
def test_a_leg_is_billed_in_steps_after_the_free_seconds(
    rule: dict[str, Any], seconds: int, billable_s: int, amount_tiyn: int
) -> None:
    rated = rate(tariffs(rule), measured_s=seconds)
    assert (rated.billable_s, rated.amount_tiyn) == (billable_s, amount_tiyn)


def test_the_platforms_seconds_count_where_it_told_them() -> None:
    assert rate(tariffs(row()), platform_s=30, measured_s=61).billable_s == 30
    assert rate(tariffs(row()), platform_s=None, measured_s=61).billable_s == 61
    ours = tariffs(row(seconds_by="measured"))
    assert rate(ours, platform_s=30, measured_s=61).billable_s == 61


def test_a_platform_that_says_more_than_a_day_is_not_believed() -> None:
    assert rate(tariffs(row()), platform_s=10**9).billable_s == CALL_S_MAX


def test_the_first_rule_that_covers_link_number_leg_and_day_prices() -> None:
    table = tariffs(
        row(id="a", links=["8800"]),
        row(id="b", numbers=["88000807777"]),
        row(id="c", legs=["operator"]),
        row(id="old", valid_to=date(2025, 12, 31)),
        row(id="new", valid_from=date(2027, 1, 1)),
        REST | {"price_tiyn": 0, "per": "second"},
    )
    assert rate(table, link="8800").rule_id == "a"
    assert rate(table, number="88000807777").rule_id == "b"
    assert rate(table, leg="operator").rule_id == "c"
    assert rate(table, on=date(2025, 12, 31)).rule_id == "old"
    assert rate(table, on=date(2027, 1, 1)).rule_id == "new"
    assert rate(table) == CallRated("rest", "owner", 61, 0, 1600)


def test_the_vat_is_that_of_the_day() -> None:
    assert rate(tariffs(row()), on=date(2025, 12, 31)).vat_bp == 1200
    assert rate(tariffs(row()), on=date(2026, 1, 1)).vat_bp == 1600


def test_a_table_without_calls_prices_none() -> None:
    table = SHIPPED | {"call": [], "call_example": []}
    rated = rate(Tariffs.from_table(table).calls)
    assert (rated.rule_id, rated.amount_tiyn, rated.billable_s) == ("unpriced", 0, 61)


rules = st.builds(
    lambda price, per, step_s, minimum_s, free_s: row(
        price_tiyn=price, per=per, step_s=step_s, minimum_s=minimum_s, free_s=free_s
    ),
    st.integers(0, 10_000),
    st.sampled_from(["second", "minute"]),
    st.integers(1, 120),
    st.integers(0, 120),
    st.integers(0, 120),
)


@given(rules, st.integers(0, 100_000), st.integers(0, 1_000))
def test_a_longer_call_is_never_billed_less(rule: dict[str, Any], seconds: int, more: int) -> None:
    short = rate(tariffs(rule), measured_s=seconds)
    long = rate(tariffs(rule), measured_s=seconds + more)
    assert short.billable_s <= long.billable_s
    assert short.amount_tiyn <= long.amount_tiyn


@given(rules, st.integers(-5, 100_000))
def test_what_is_billed_are_whole_steps_that_cover_the_call(
    rule: dict[str, Any], seconds: int
) -> None:
    read = read_call_rule("call", rule)
    billed = billed_s(read, seconds)
    assert billed % read.step_s == 0
    paid_for = min(seconds, CALL_S_MAX) - read.free_s
    if paid_for <= 0:
        assert billed == 0
    else:
        assert billed >= max(paid_for, read.minimum_s)
        assert billed - max(paid_for, read.minimum_s) < read.step_s


# -- the table


def test_the_shipped_examples_come_out_as_written() -> None:
    shipped = Tariffs.from_table(SHIPPED)
    assert len(shipped.calls.examples) >= 3
    assert shipped.check_examples() == []


def test_the_shipped_table_prices_what_the_platform_is_paid_for() -> None:
    shipped = Tariffs.from_table(SHIPPED).calls
    assert rate(shipped).amount_tiyn > 0
    assert rate(shipped, leg="operator").amount_tiyn == 0


def test_an_example_that_comes_out_otherwise_is_told() -> None:
    table = SHIPPED | {"call_example": [SHIPPED["call_example"][0] | {"amount_tiyn": 1}]}
    (problem,) = Tariffs.from_table(table).check_examples()
    assert problem.startswith("call_example 1: expected billable_s = 120 and amount_tiyn = 1")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"price": 3}, "call 1 (rest): unknown key 'price'; did you mean 'price_tiyn'"),
        ({"per": "hour"}, "call 1 (rest): per = 'hour', expected one of second, minute"),
        ({"payer": " "}, "call 1 (rest): payer = ' ', expected a word"),
        ({"legs": ["third"]}, "call 1 (rest): legs has 'third'"),
        ({"links": None}, "call 1 (rest): links is missing"),
        ({"step_s": 0}, "step_s = 0, expected a whole number from 1"),
        ({"price_tiyn": 1.5}, "price_tiyn = 1.5, expected a whole number"),
        ({"seconds_by": "us"}, "seconds_by = 'us', expected one of platform, measured"),
        (
            {"valid_from": date(2026, 2, 1), "valid_to": date(2026, 1, 1)},
            "valid_from lies after valid_to",
        ),
    ],
)
def test_a_wrong_row_is_told_with_its_place_and_remedy(changes: dict[str, Any], told: str) -> None:
    table = {key: value for key, value in row(**changes).items() if value is not None}
    with pytest.raises(TariffError) as problem:
        read_call_rule("call 1", table)
    assert told in str(problem.value)


def test_the_last_row_prices_whatever_is_left() -> None:
    with pytest.raises(TariffError, match=r"the last \[\[call\]\] must price whatever is left"):
        check_call_rules([read_call_rule("call 1", row(numbers=["1414"]))])
    check_call_rules([])
    check_call_rules([UNPRICED])


def test_two_rows_of_one_id_do_not_overlap() -> None:
    first = read_call_rule("call 1", row(id="a", valid_to=date(2026, 6, 30)))
    second = read_call_rule("call 2", row(id="a", valid_from=date(2026, 6, 30)))
    later = read_call_rule("call 2", row(id="a", valid_from=date(2026, 7, 1)))
    with pytest.raises(TariffError, match="two rows of this id are valid on one day"):
        check_call_rules([first, second, UNPRICED])
    check_call_rules([first, later, UNPRICED])


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"leg": "third"}, "leg = 'third', expected one of caller, operator"),
        ({"on": None}, "`on` is missing"),
        ({"seconds": 3}, "unknown key 'seconds'"),
    ],
)
def test_a_wrong_example_is_told(changes: dict[str, Any], told: str) -> None:
    example = {
        "link": "1414", "on": ON, "measured_s": 1, "billable_s": 1, "amount_tiyn": 1,
    }  # fmt: skip
    table = {key: value for key, value in (example | changes).items() if value is not None}
    with pytest.raises(TariffError) as problem:
        read_call_example("call_example 1", table)
    assert told in str(problem.value)
