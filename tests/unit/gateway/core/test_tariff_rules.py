from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from gateway.core.cdr import ChargePoint
from gateway.core.tariff_row import FIRST_DAY, LAST_DAY, TariffError
from gateway.core.tariff_rules import (
    PartsRule,
    Trigger,
    check_rules,
    read_example,
    read_rule,
)

PAID = {
    "id": "sms",
    "operators": "*",
    "channels": ["sms"],
    "price_tiyn": 1500,
    "charge_point": "mo",
}
REST = {
    "id": "rest",
    "operators": "*",
    "channels": "*",
    "price_tiyn": 0,
    "charge_point": "none",
}
EXAMPLE = {"operator": "any", "on": date(2026, 1, 1), "gross_tiyn": 1500}


def paid(**changes: Any) -> dict[str, Any]:
    return {key: value for key, value in (PAID | changes).items() if value is not None}


def test_a_rule_has_the_defaults_of_its_table() -> None:
    rule = read_rule("rule 1", PAID)
    assert rule.operators is None
    assert rule.channels == frozenset({"sms"})
    assert rule.results is None
    assert (rule.valid_from, rule.valid_to) == (FIRST_DAY, LAST_DAY)
    assert rule.charge_point is ChargePoint.MO
    assert rule.trigger is None
    assert rule.parts is PartsRule.PER_QUESTION
    assert rule.credit_results == frozenset()


def test_a_rule_takes_all_its_keys() -> None:
    rule = read_rule(
        "rule 1",
        paid(
            operators=["north"],
            charge_point="mt",
            trigger="delivered",
            results=["status"],
            valid_from=date(2026, 1, 1),
            valid_to=date(2026, 6, 30),
            parts="per_part",
            credit_results=["not_found"],
        ),
    )
    assert rule.operators == frozenset({"north"})
    assert rule.trigger is Trigger.DELIVERED
    assert rule.parts is PartsRule.PER_PART
    assert rule.credit_results == frozenset({"not_found"})
    assert rule.covers("north", "sms", date(2026, 1, 1), "status")
    assert rule.covers("north", "sms", date(2026, 6, 30), "status")
    assert not rule.covers("north", "sms", date(2026, 7, 1), "status")
    assert not rule.covers("north", "sms", date(2025, 12, 31), "status")
    assert not rule.covers("south", "sms", date(2026, 1, 1), "status")
    assert not rule.covers("north", "ivr", date(2026, 1, 1), "status")
    assert not rule.covers("north", "sms", date(2026, 1, 1), "help")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"pricetiyn": 5}, "unknown key 'pricetiyn'; did you mean 'price_tiyn'?"),
        ({"zzz": 5}, "unknown key 'zzz'; known are"),
        ({"id": None}, "id = None, expected a word"),
        ({"id": "  "}, "expected a word"),
        ({"id": 7}, "expected a word"),
        ({"price_tiyn": 15.0}, "a whole number from 0 to 1000000; without a decimal point"),
        ({"price_tiyn": 1500.5}, "a tiyn has no parts"),
        ({"price_tiyn": True}, "expected a whole number"),
        ({"price_tiyn": "1500"}, "expected a whole number"),
        ({"price_tiyn": -1}, "expected a whole number"),
        ({"price_tiyn": 1_000_001}, "to 1000000"),
        ({"price_tiyn": None}, "price_tiyn = None"),
        ({"operators": None}, "operators is missing"),
        ({"operators": []}, "operators is missing"),
        ({"operators": "north"}, "expected a list of words"),
        ({"operators": [1]}, "expected a list of words"),
        ({"channels": ["smss"]}, "channels has 'smss'; did you mean 'sms'?"),
        ({"results": ["statuss"]}, "did you mean 'status'?"),
        ({"credit_results": ["found_not"]}, "credit_results has 'found_not'"),
        ({"charge_point": "mx"}, "expected one of mo, mt, none"),
        ({"charge_point": None}, "expected one of mo, mt, none"),
        ({"charge_point": "mt"}, "trigger = None, expected one of submitted, delivered"),
        ({"trigger": "delivered"}, "trigger = 'delivered', expected none"),
        ({"parts": "each"}, "expected one of per_question, per_part"),
        ({"valid_from": "2026-01-01"}, "a date such as 2026-01-01, without quotes"),
        ({"valid_from": datetime(2026, 1, 1)}, "a date such as"),  # noqa: DTZ001  what TOML gives
        ({"valid_from": date(2026, 2, 1), "valid_to": date(2026, 1, 1)}, "lies after valid_to"),
        ({"price_tiyn": 0}, 'a price of 0 has charge_point = "none"'),
        ({"charge_point": "none"}, 'a price of 0 has charge_point = "none"'),
        (
            {"charge_point": "none", "price_tiyn": 0, "credit_results": ["help"]},
            "credit_results where nothing is charged",
        ),
    ],
)
def test_a_wrong_rule_is_refused_with_its_remedy(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(TariffError) as refused:
        read_rule("rule 3", paid(**changes))
    assert says in str(refused.value)
    assert str(refused.value).startswith("rule 3")


def test_a_row_that_is_no_table_is_refused() -> None:
    with pytest.raises(TariffError, match="rule 1: expected a table"):
        read_rule("rule 1", "sms")


@pytest.mark.parametrize(
    "changes",
    [
        {"price_tiyn": 1},
        {"price_tiyn": 1_000_000},
        {"valid_from": date(2026, 1, 1), "valid_to": date(2026, 1, 1)},
    ],
)
def test_bounds_belong_to_what_is_allowed(changes: dict[str, Any]) -> None:
    rule = read_rule("rule 1", paid(**changes))
    assert rule.price_tiyn == changes.get("price_tiyn", 1500)
    assert rule.valid_from == changes.get("valid_from", FIRST_DAY)


@pytest.mark.parametrize(
    "changes",
    [
        {"operators": ["north"]},
        {"channels": ["sms", "ivr", "web"]},
        {"results": ["status"]},
        {"valid_from": date(2026, 1, 1)},
        {"valid_to": date(2026, 1, 1)},
    ],
)
def test_the_last_rule_must_cover_everything(changes: dict[str, Any]) -> None:
    check_rules([read_rule("rule 1", REST)])
    with pytest.raises(TariffError, match="the last rule must price whatever is left"):
        check_rules([read_rule("rule 1", REST | changes)])


def test_a_table_without_rules_is_refused() -> None:
    with pytest.raises(TariffError, match="the last rule"):
        check_rules([])


def test_rows_of_one_id_may_follow_each_other() -> None:
    old = read_rule("rule 1", paid(valid_to=date(2026, 1, 31)))
    new = read_rule("rule 2", paid(valid_from=date(2026, 2, 1), price_tiyn=2000))
    check_rules([old, new, read_rule("rule 3", REST)])


def test_rows_of_one_id_must_not_share_a_day() -> None:
    old = read_rule("rule 1", paid(valid_to=date(2026, 2, 1)))
    new = read_rule("rule 2", paid(valid_from=date(2026, 2, 1)))
    rest = read_rule("rule 3", REST)
    for rows in ([old, new, rest], [new, old, rest]):
        with pytest.raises(TariffError, match="rule sms: two rows of this id are valid on one day"):
            check_rules(rows)


def test_rows_of_one_id_must_be_due_at_the_same_point() -> None:
    old = read_rule("rule 1", paid(valid_to=date(2026, 1, 31)))
    new = read_rule(
        "rule 2", paid(valid_from=date(2026, 2, 1), charge_point="mt", trigger="submitted")
    )
    with pytest.raises(TariffError, match="give the new contract an id of its own"):
        check_rules([old, new, read_rule("rule 3", REST)])


def test_an_example_has_the_defaults_of_a_plain_question() -> None:
    example = read_example("example 1", EXAMPLE)
    assert (example.channel, example.result, example.parts) == ("sms", "status", 1)
    assert example.credit is False
    assert example.vat_bp is None


def test_an_example_may_expect_a_vat_rate_and_a_credit() -> None:
    example = read_example("example 1", EXAMPLE | {"vat_bp": 0, "credit": True, "parts": 255})
    assert example.vat_bp == 0
    assert example.parts == 255
    assert example.credit is True


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"on": None}, "`on` is missing"),
        ({"credit": "yes"}, "expected true or false"),
        ({"parts": 0}, "parts = 0"),
        ({"price": 1}, "unknown key 'price'"),
    ],
)
def test_a_wrong_example_is_refused(changes: dict[str, Any], says: str) -> None:
    table = {key: value for key, value in (EXAMPLE | changes).items() if value is not None}
    with pytest.raises(TariffError) as refused:
        read_example("example 2", table)
    assert says in str(refused.value)
