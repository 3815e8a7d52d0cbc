from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core import tariff
from gateway.core.cdr import ChargePoint
from gateway.core.results import Result
from gateway.core.tariff import FREE_NUMBER, TariffError, Tariffs, Trigger

SHIPPED = tomllib.loads(
    (Path(__file__).parents[4] / "config" / "tariffs.toml").read_text(encoding="utf-8")
)
REST = {"id": "rest", "operators": "*", "channels": "*", "price_tiyn": 0, "charge_point": "none"}
VAT = [{"rate_bp": 1200}, {"from": date(2026, 1, 1), "rate_bp": 1600}]
ON = date(2026, 11, 20)


def table(*rules: dict[str, Any], **top: Any) -> dict[str, Any]:
    return {"currency": "KZT", "rule": [*rules, REST], "vat": VAT} | top


def sms(**changes: Any) -> dict[str, Any]:
    return {
        "id": "sms",
        "operators": "*",
        "channels": ["sms"],
        "price_tiyn": 1500,
        "charge_point": "mo",
    } | changes


def rate(tariffs: Tariffs, **changes: Any) -> tariff.Rated:
    asked: dict[str, Any] = {"operator": "north", "channel": "sms", "on": ON, "result": "status"}
    return tariffs.rate(**asked | changes)


# -- the shipped table


def test_the_shipped_examples_come_out_as_written() -> None:
    tariffs = Tariffs.from_table(SHIPPED)
    assert len(tariffs.examples) >= 10
    assert tariffs.check_examples() == []


def test_the_shipped_table_gives_back_whatever_is_no_answer() -> None:
    tariffs = Tariffs.from_table(SHIPPED)
    kept = {result for result in Result if not rate(tariffs, result=result).credit_cause}
    assert kept == {Result.STATUS, Result.UNREGISTERED, Result.PROMISED}


def test_the_shipped_price_is_fifteen_tenge_for_an_sms_and_nothing_for_a_call() -> None:
    tariffs = Tariffs.from_table(SHIPPED)
    assert rate(tariffs).gross_tiyn == 1500
    assert rate(tariffs, channel="ivr").gross_tiyn == 0


# -- rating


def test_the_first_rule_that_matches_wins() -> None:
    tariffs = Tariffs.from_table(
        table(sms(id="north", operators=["north"], price_tiyn=900), sms(id="others"))
    )
    assert rate(tariffs).rule_id == "north"
    assert rate(tariffs, operator="south").rule_id == "others"
    assert rate(tariffs, channel="fax").rule_id == "rest"


def test_a_question_is_priced_by_the_day_it_was_received() -> None:
    tariffs = Tariffs.from_table(
        table(
            sms(valid_to=date(2025, 12, 31)),
            sms(valid_from=date(2026, 1, 1), price_tiyn=2000),
        )
    )
    old, new = rate(tariffs, on=date(2025, 12, 31)), rate(tariffs, on=date(2026, 1, 1))
    assert (old.gross_tiyn, old.vat_bp) == (1500, 1200)
    assert (new.gross_tiyn, new.vat_bp) == (2000, 1600)


def test_a_result_that_is_free_is_given_back_where_the_operator_has_the_money() -> None:
    tariffs = Tariffs.from_table(table(sms(credit_results=["not_found"])))
    rated = rate(tariffs, result=Result.NOT_FOUND)
    assert (rated.gross_tiyn, rated.charge_point) == (1500, ChargePoint.MO)
    assert rated.credit_cause == "not_found"
    assert rate(tariffs).credit_cause is None


def test_a_result_that_is_free_is_not_charged_where_the_reply_is() -> None:
    rule = sms(charge_point="mt", trigger="delivered", credit_results=["not_found"])
    tariffs = Tariffs.from_table(table(rule))
    free = rate(tariffs, result=Result.NOT_FOUND)
    assert free == ("sms", 0, "KZT", 1600, ChargePoint.NONE, None, None)
    paid = rate(tariffs)
    assert (paid.gross_tiyn, paid.charge_point) == (1500, ChargePoint.MT)
    assert paid.trigger is Trigger.DELIVERED


def test_a_test_phone_never_pays() -> None:
    tariffs = Tariffs.from_table(table(sms(), free_numbers=["77010000001"]))
    assert rate(tariffs, msisdn="77010000001").credit_cause == FREE_NUMBER
    assert rate(tariffs, msisdn="77010000002").credit_cause is None
    assert rate(tariffs, msisdn="77010000001", channel="ivr").credit_cause is None


def test_a_long_question_costs_by_its_rule() -> None:
    once = Tariffs.from_table(table(sms()))
    each = Tariffs.from_table(table(sms(parts="per_part")))
    assert rate(once, parts=3).gross_tiyn == 1500
    assert rate(each, parts=3).gross_tiyn == 4500
    assert rate(each, parts=0).gross_tiyn == 1500


def test_the_rules_that_charge_the_reply_tell_their_trigger() -> None:
    rule = sms(id="mt", charge_point="mt", trigger="submitted", operators=["north"])
    assert Tariffs.from_table(table(rule, sms())).triggers == {"mt": Trigger.SUBMITTED}


def test_rating_remembers_no_more_than_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tariff, "CACHE_ROWS_MAX", 3)
    tariffs = Tariffs.from_table(table(sms(parts="per_part")))
    for parts in (1, 2, 3, 4, 5, 4, 3, 2, 1):
        assert rate(tariffs, parts=parts).gross_tiyn == 1500 * parts
        assert len(tariffs._cache) <= 3


def test_the_same_question_is_rated_once() -> None:
    tariffs = Tariffs.from_table(table(sms(parts="per_part")))
    first = rate(tariffs)
    assert first.gross_tiyn == 1500
    rate(tariffs, operator="south")
    assert rate(tariffs) is first


# -- reading


@pytest.mark.parametrize(
    ("top", "says"),
    [
        ({"currency": 398}, "currency = 398, expected a word"),
        ({"free_numbers": ["+77010000001"]}, "digits alone"),
        ({"rule": "sms"}, "rows that begin with [[rule]]"),
        ({"rules": []}, "unknown key 'rules'; did you mean 'rule'?"),
        ({"vat": []}, "every day has a rate"),
        ({"rule": []}, "the last rule must price whatever is left"),
        ({"rule": [sms(price=1), REST]}, "rule 1 (sms): unknown key 'price'"),
        ({"example": [{"operator": "x", "on": ON}]}, "example 1: gross_tiyn"),
    ],
)
def test_a_wrong_table_is_refused(top: dict[str, Any], says: str) -> None:
    with pytest.raises(TariffError) as refused:
        Tariffs.from_table(table(**top))
    assert says in str(refused.value)


def test_an_example_that_does_not_come_out_is_told() -> None:
    wrong = [
        {"operator": "any", "on": ON, "gross_tiyn": 1600},
        {"operator": "any", "on": ON, "gross_tiyn": 1500, "credit": True},
        {"operator": "any", "on": ON, "gross_tiyn": 1500, "vat_bp": 1200},
        {"operator": "any", "on": ON, "gross_tiyn": 1500, "vat_bp": 1600},
    ]
    told = Tariffs.from_table(table(sms(), example=wrong)).check_examples()
    assert [line.split(":")[0] for line in told] == ["example 1", "example 2", "example 3"]
    assert "rule sms gives 1500 and False" in told[0]
    assert told[2] == "example 3: expected vat_bp = 1200, got 1600"


# -- properties

ANY_TABLE = st.builds(
    lambda rules, free: Tariffs.from_table(table(*rules, free_numbers=free)),
    st.lists(
        st.fixed_dictionaries(
            {
                "operators": st.one_of(st.just("*"), st.just(["north"])),
                "channels": st.lists(st.sampled_from(["sms", "ivr", "web"]), min_size=1),
                "price_tiyn": st.integers(1, 5_000),
                "parts": st.sampled_from(["per_question", "per_part"]),
                "valid_from": st.dates(),
                "results": st.lists(st.sampled_from([str(result) for result in Result])),
                "credit_results": st.lists(st.sampled_from([str(result) for result in Result])),
            }
        ),
        max_size=4,
    ).flatmap(
        lambda rules: st.lists(
            st.sampled_from(
                [
                    {"charge_point": "mo"},
                    {"charge_point": "mt", "trigger": "submitted"},
                    {"charge_point": "mt", "trigger": "delivered"},
                ]
            ),
            min_size=len(rules),
            max_size=len(rules),
        ).map(
            lambda points: [
                rule | point | {"id": f"r{number}"}
                for number, (rule, point) in enumerate(zip(rules, points, strict=True))
            ]
        )
    ),
    st.lists(st.sampled_from(["77010000001", "77010000002"])),
)


ANY_QUESTION = st.fixed_dictionaries(
    {
        "operator": st.sampled_from(["north", "south", ""]),
        "channel": st.sampled_from(["sms", "ivr", "web", "?"]),
        "on": st.dates(),
        "result": st.one_of(st.sampled_from(Result), st.text(max_size=5)),
        "msisdn": st.sampled_from(["77010000001", "77020000009", ""]),
    }
)


@given(ANY_TABLE, ANY_QUESTION, st.integers(-1, 255))
def test_every_question_has_a_price_and_more_parts_never_a_lower_one(
    tariffs: Tariffs, asked: dict[str, Any], parts: int
) -> None:
    rated = tariffs.rate(**asked, parts=parts)
    assert rated.gross_tiyn >= 0
    assert (rated.gross_tiyn == 0) == (rated.charge_point is ChargePoint.NONE)
    assert (rated.trigger is None) == (rated.charge_point is not ChargePoint.MT)
    if rated.credit_cause is not None:
        assert rated.charge_point is ChargePoint.MO
    assert tariffs.rate(**asked, parts=parts + 1).gross_tiyn >= rated.gross_tiyn
