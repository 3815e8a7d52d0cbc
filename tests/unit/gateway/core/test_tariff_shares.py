from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.tariff import Tariffs
from gateway.core.tariff_row import TariffError
from gateway.core.tariff_shares import (
    UNSHARED,
    Shares,
    Side,
    Split,
    check_share_rules,
    outsized,
    read_share_rule,
    read_shares,
)
from gateway.core.tariff_vat import vat_of

SHIPPED = tomllib.loads(
    (Path(__file__).parents[4] / "config" / "tariffs.toml").read_text(encoding="utf-8")
)
MONTH = date(2026, 11, 1)
REST: dict[str, Any] = {"id": "rest", "operators": "*", "owner_gets_bp": 0}
MILLION = {1600: 1_500_000_000}  # tiyn of a million questions
NET_TIYN = 1_293_103_448


def row(**changes: Any) -> dict[str, Any]:
    return {"id": "north", "operators": ["north"]} | changes


def shares(*rows: dict[str, Any]) -> Shares:
    return read_shares([*rows, REST], [])


# -- the split


@pytest.mark.parametrize(
    ("terms", "owner_tiyn"),
    [
        ({"operator_keeps_bp": 4000}, NET_TIYN - 517_241_379),
        ({"owner_gets_bp": 4000}, 517_241_379),
        ({"operator_keeps_bp": 10_000}, 0),
        ({"owner_gets_bp": 10_000}, NET_TIYN),
        ({"operator_keeps_tiyn": 300}, NET_TIYN - 300_000_000),
        ({"owner_gets_tiyn": 300}, 300_000_000),
        ({"owner_gets_tiyn": 0}, 0),
    ],
)
def test_the_named_side_gets_its_part_of_the_sum_without_vat_and_the_other_the_rest(
    terms: dict[str, int], owner_tiyn: int
) -> None:
    split = shares(row(**terms)).split("north", MONTH, MILLION, 1_000_000)
    assert split == Split(owner_tiyn, NET_TIYN - owner_tiyn, "north")
    assert split.net_tiyn == NET_TIYN


def test_half_a_tiyn_goes_up_for_the_side_that_is_named() -> None:
    kept = {0: 1}
    assert shares(row(operator_keeps_bp=5000)).split("north", MONTH, kept, 1)[:2] == (0, 1)
    assert shares(row(owner_gets_bp=5000)).split("north", MONTH, kept, 1)[:2] == (1, 0)


def test_sums_of_two_vat_rates_are_freed_of_vat_each_by_its_own() -> None:
    split = shares(row(owner_gets_bp=10_000)).split("north", MONTH, {1200: 1500, 1600: 1500}, 2)
    assert split.owner_tiyn == 1500 - 161 + 1500 - 207


def test_what_a_later_month_takes_back_is_taken_back_from_both() -> None:
    for terms in ({"operator_keeps_bp": 4000}, {"operator_keeps_tiyn": 300}):
        of = shares(row(**terms))
        there = of.split("north", MONTH, {1600: 4500}, 3)
        back = of.split("north", MONTH, {1600: -4500}, -3)
        assert (back.owner_tiyn, back.operator_tiyn) == (-there.owner_tiyn, -there.operator_tiyn)


def test_a_flat_sum_above_what_was_kept_is_owed() -> None:
    split = shares(row(operator_keeps_tiyn=2000)).split("north", MONTH, {1600: 1500}, 1)
    assert (split.owner_tiyn, split.operator_tiyn) == (1293 - 2000, 2000)


def test_the_first_row_that_covers_operator_and_month_wins() -> None:
    of = shares(
        row(operator_keeps_bp=4000, valid_to=date(2026, 6, 30)),
        row(operator_keeps_bp=3500, valid_from=date(2026, 7, 1)),
        row(id="south", operators=["south"], owner_gets_bp=1000),
    )
    assert of.rule("north", date(2026, 6, 30)).part_bp == 4000
    assert of.rule("north", date(2026, 7, 1)).part_bp == 3500
    assert of.rule("south", MONTH).side is Side.OWNER
    assert of.split("east", MONTH, MILLION, 1).rule_id == "rest"


def test_without_rows_whoever_took_the_money_has_it() -> None:
    of = read_shares([], [])
    assert of.rules == (UNSHARED,)
    assert of.split("north", MONTH, MILLION, 1_000_000) == Split(0, NET_TIYN, "unshared")


@given(
    st.sampled_from(
        ["operator_keeps_bp", "operator_keeps_tiyn", "owner_gets_bp", "owner_gets_tiyn"]
    ),
    st.integers(0, 10_000),
    st.dictionaries(st.integers(0, 10_000), st.integers(-(10**13), 10**13), max_size=3),
    st.integers(-(10**6), 10**6),
)
def test_both_parts_are_always_the_sum_without_vat(
    key: str, value: int, kept: dict[int, int], messages: int
) -> None:
    split = shares(row(**{key: value})).split("north", MONTH, kept, messages)
    assert split.net_tiyn == sum(tiyn - vat_of(tiyn, vat_bp) for vat_bp, tiyn in kept.items())
    if key.endswith("_bp") and split.net_tiyn >= 0:
        assert min(split[:2]) >= 0


# -- reading


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, "give one of operator_keeps_bp, operator_keeps_tiyn, owner_gets_bp"),
        ({"operator_keeps_bp": 1, "owner_gets_bp": 1}, "give one of operator_keeps_bp"),
        ({"operator_keeps_bp": 10_001}, "expected a whole number from 0 to 10000"),
        ({"operator_keeps_bp": 33.33}, "a basis point is the smallest part"),
        ({"operator_keeps_tiyn": 2.5}, "a tiyn has no parts"),
        ({"operator_keeps_tiyn": -1}, "expected a whole number"),
        ({"operator_keep_bp": 1}, "give one of operator_keeps_bp"),
        ({"operator_keeps_bp": 1, "rate": 1}, "unknown key 'rate'"),
        ({"operators": [], "operator_keeps_bp": 1}, "operators is missing"),
        (
            {"operator_keeps_bp": 1, "valid_from": date(2026, 7, 15)},
            "valid_from = 2026-07-15, expected the first day of a month",
        ),
        (
            {"operator_keeps_bp": 1, "valid_to": date(2026, 2, 27)},
            "valid_to = 2026-02-27, expected the last day of a month",
        ),
        (
            {"owner_gets_bp": 1, "valid_from": date(2026, 7, 1), "valid_to": date(2026, 6, 30)},
            "valid_from lies after valid_to",
        ),
    ],
)
def test_a_wrong_share_is_refused_with_its_remedy(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(TariffError) as refused:
        read_share_rule("share 2", row(**changes))
    assert says in str(refused.value)
    assert str(refused.value).startswith("share 2 (north)")


def test_a_share_may_hold_for_one_month() -> None:
    rule = read_share_rule(
        "share 1",
        row(owner_gets_bp=1, valid_from=date(2028, 2, 1), valid_to=date(2028, 2, 29)),
    )
    assert rule.covers("north", date(2028, 2, 29))
    assert not rule.covers("north", date(2028, 3, 1))
    assert not rule.covers("south", date(2028, 2, 29))


@pytest.mark.parametrize(
    "changes",
    [
        {"operators": ["north"]},
        {"valid_from": date(2026, 1, 1)},
        {"valid_to": date(2026, 1, 31)},
    ],
)
def test_the_last_share_must_cover_everything(changes: dict[str, Any]) -> None:
    check_share_rules([read_share_rule("share 1", REST)])
    with pytest.raises(TariffError, match="the last \\[\\[share\\]\\] must cover whatever is left"):
        check_share_rules([read_share_rule("share 1", REST | changes)])


def test_rows_of_one_id_must_not_share_a_day() -> None:
    rows = [
        row(owner_gets_bp=1, valid_to=date(2026, 7, 31)),
        row(owner_gets_bp=2, valid_from=date(2026, 7, 1)),
    ]
    with pytest.raises(TariffError, match="share north: two rows of this id are valid on one day"):
        shares(*rows)


# -- examples


def example(**changes: Any) -> dict[str, Any]:
    return {
        "operator": "north", "on": MONTH, "kept_tiyn": 1500, "vat_bp": 1600, "messages": 1,
        "owner_tiyn": 993, "operator_tiyn": 300,
    } | changes  # fmt: skip


def test_an_example_that_does_not_come_out_is_told_with_those_of_the_table() -> None:
    table = SHIPPED | {
        "share": [row(operator_keeps_tiyn=300), REST],
        "share_example": [example(), example(owner_tiyn=994), example(operator="south")],
    }
    told = Tariffs.from_table(table).check_examples()
    assert [line.split(":")[0] for line in told] == ["share_example 2", "share_example 3"]
    assert told[0].endswith("share north gives 993 and 300")


def test_the_shipped_shares_come_out_as_written() -> None:
    of = Tariffs.from_table(SHIPPED).shares
    assert of.examples
    assert of.check_examples() == []


def test_an_example_needs_its_day() -> None:
    wrong = example()
    del wrong["on"]
    with pytest.raises(TariffError, match="share_example 1: `on` is missing"):
        read_shares([REST], [wrong])


# -- against prices


def test_a_flat_sum_is_outsized_above_the_price_without_vat() -> None:
    flat = shares(row(operator_keeps_tiyn=1293)).rules[0]
    assert not outsized(flat, 1500, 1600)
    assert outsized(flat._replace(flat_tiyn=1294), 1500, 1600)
    assert not outsized(shares(row(operator_keeps_bp=10_000)).rules[0], 1, 1600)
