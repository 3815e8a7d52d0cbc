from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core import ledger
from gateway.core.records import Chain
from gateway.core.results import Result
from gateway.core.tariff import Tariffs
from gateway.core.tariff_reasons import (
    DAYS,
    Asked,
    AskedLeg,
    Compared,
    Credit,
    Miss,
    Passed,
    Why,
    compare,
    compare_call,
    explain,
    explain_call,
)
from gateway.core.tariff_rules import CHANNELS
from tests.support import chains, legs

SHIPPED = tomllib.loads(
    (Path(__file__).parents[4] / "config" / "tariffs.toml").read_text(encoding="utf-8")
)
REST = {"id": "rest", "operators": "*", "channels": "*", "price_tiyn": 0, "charge_point": "none"}
ON = chains.ON
STAFF = chains.question().msisdn


def sms(**changes: Any) -> dict[str, Any]:
    return {
        "id": "sms", "operators": "*", "channels": ["sms"], "price_tiyn": 1500,
        "charge_point": "mo",
    } | changes  # fmt: skip


def table(*rules: dict[str, Any], **top: Any) -> Tariffs:
    vat = [{"rate_bp": 1200}, {"from": date(2026, 1, 1), "rate_bp": 1600}]
    return Tariffs.from_table({"currency": "KZT", "rule": [*rules, REST], "vat": vat} | top)


def why(tariffs: Tariffs, **changes: Any) -> Why:
    return explain(tariffs, Asked("north", "sms", ON, "status")._replace(**changes))


# -- the rule


def test_each_row_before_the_one_that_prices_says_what_it_lacked() -> None:
    tariffs = table(
        sms(id="south", operators=["south", "east"], price_tiyn=900),
        sms(id="help", results=["help"], valid_to=date(2026, 6, 30)),
        sms(id="calls", channels=["ivr"], valid_from=date(2026, 1, 1), valid_to=date(2026, 6, 30)),
        sms(),
    )
    choice = why(tariffs).choice
    assert (choice.row, choice.rule) == (4, "sms")
    assert choice.passed == (
        Passed(1, "south", (Miss("operators", "east, south", "north"),)),
        Passed(
            2,
            "help",
            (Miss("results", "help", "status"), Miss(DAYS, "to 2026-06-30", "2026-11-20")),
        ),
        Passed(
            3,
            "calls",
            (
                Miss("channels", "ivr", "sms"),
                Miss(DAYS, "from 2026-01-01 to 2026-06-30", "2026-11-20"),
            ),
        ),
    )


@pytest.mark.parametrize(
    ("rule", "asked", "credit"),
    [
        (sms(), {}, Credit.KEPT),
        (sms(credit_results=["help"]), {"result": "help"}, Credit.GIVEN_BACK),
        (
            sms(charge_point="mt", trigger="delivered", credit_results=["help"]),
            {"result": "help"},
            Credit.NOT_CHARGED,
        ),
        (sms(), {"msisdn": STAFF}, Credit.FREE_NUMBER),
        (sms(charge_point="none", price_tiyn=0), {"msisdn": STAFF}, Credit.NO_PRICE),
    ],
)
def test_it_says_why_money_stays_or_goes_back(
    rule: dict[str, Any], asked: dict[str, Any], credit: Credit
) -> None:
    assert why(table(rule, free_numbers=[STAFF]), **asked).credit is credit


def test_parts_count_by_their_rule() -> None:
    once, each = why(table(sms()), parts=3), why(table(sms(parts="per_part")), parts=3)
    assert (once.counted, once.rated.gross_tiyn) == (1, 1500)
    assert (each.counted, each.price_tiyn, each.rated.gross_tiyn) == (3, 1500, 4500)


def test_vat_is_told_with_the_day_it_began() -> None:
    now, before = why(table(sms())), why(table(sms()), on=date(2025, 12, 31))
    assert (now.vat.rate_bp, now.vat.first_day, now.vat_tiyn) == (1600, date(2026, 1, 1), 207)
    assert (before.vat.rate_bp, before.vat_tiyn) == (1200, 161)


def test_the_share_is_explained_like_the_price() -> None:
    shares = [
        {"id": "south", "operators": ["south"], "owner_gets_bp": 1},
        {"id": "all", "operators": "*", "operator_keeps_bp": 4000},
    ]
    found = why(table(sms(), share=shares))
    assert found.share.part_bp == 4000
    assert found.share_choice.passed == (
        Passed(1, "south", (Miss("operators", "south", "north"),)),
    )


@given(
    st.sampled_from(["north", "south", ""]),
    st.sampled_from([*CHANNELS, "fax"]),
    st.dates(),
    st.sampled_from([str(result) for result in Result]),
    st.integers(0, 5),
    st.sampled_from(["", STAFF]),
)
def test_the_reasons_are_those_of_the_price(
    operator: str, channel: str, on: date, result: str, parts: int, msisdn: str
) -> None:
    tariffs = table(
        sms(id="south", operators=["south"], price_tiyn=900, valid_from=date(2026, 3, 1)),
        sms(id="each", parts="per_part", results=["status", "help"], credit_results=["help"]),
        sms(id="mt", channels=["copy", "push"], charge_point="mt", trigger="delivered",
            credit_results=["not_found"]),
        sms(),
        free_numbers=[STAFF],
    )  # fmt: skip
    found = explain(tariffs, Asked(operator, channel, on, result, parts, msisdn))
    assert found.rated == tariffs.rate(
        operator=operator, channel=channel, on=on, result=result, parts=parts, msisdn=msisdn
    )
    assert found.choice.rule == found.rated.rule_id
    assert found.vat.rate_bp == found.rated.vat_bp
    if found.rated.credit_cause is not None:
        assert found.credit in {Credit.GIVEN_BACK, Credit.FREE_NUMBER}
    elif found.rated.gross_tiyn:
        assert found.credit is Credit.KEPT
        assert found.rated.gross_tiyn == found.price_tiyn * found.counted
    else:
        assert found.credit in {Credit.NO_PRICE, Credit.NOT_CHARGED, Credit.FREE_NUMBER}


# -- calls


def test_a_call_is_explained_by_its_own_rows() -> None:
    found = explain_call(
        Tariffs.from_table(SHIPPED), AskedLeg("1414", "88000807777", "caller", ON, None, 33)
    )
    assert found.choice.rule == found.rated.rule_id == "call-toll-free"
    assert found.choice.passed == (
        Passed(1, "call-1414", (Miss("numbers", "1414", "88000807777"),)),
    )
    assert (found.rated.billable_s, found.rated.amount_tiyn, found.vat_tiyn) == (30, 450, 62)


def test_the_seconds_that_counted_are_those_of_the_rule() -> None:
    call = {"id": "all", "links": "*", "numbers": "*", "legs": "*", "payer": "owner",
            "price_tiyn": 10, "per": "second"}  # fmt: skip
    for seconds_by, counted in (("platform", 30), ("measured", 61)):
        tariffs = table(call=[call | {"seconds_by": seconds_by}])
        found = explain_call(tariffs, AskedLeg("1414", "1414", "caller", ON, 30, 61))
        assert (found.seconds, found.rated.billable_s) == (counted, counted)


def test_a_leg_that_is_priced_otherwise_now_is_told_point_by_point() -> None:
    tariffs = Tariffs.from_table(SHIPPED)
    same = legs.record(legs.leg())  # 60 s of 1414
    assert compare_call(tariffs, same, ON).differences == ()
    other = same._replace(tariff="old", billable_s=61, amount_tiyn=610, payer="us", vat_bp=1200)
    assert [line.partition(":")[0] for line in compare_call(tariffs, other, ON).differences] == [
        "rule", "payer", "billable_s", "amount_tiyn", "vat_bp",
    ]  # fmt: skip


# -- against the ledger


def chain(tariffs: Tariffs, result: str = "status") -> Chain:
    """The question of one of the staff, answered and rated by that table."""
    asked = chains.question()
    rated = tariffs.rate(
        operator=asked.operator, channel="sms", on=ON, result=result, msisdn=asked.msisdn
    )
    entries = ledger.open_chain(asked, rated, result, chains.AT_US)
    return chains.chain(result=result, entries=entries)


def compared(tariffs: Tariffs, of: Chain) -> Compared:
    found = compare(tariffs, of, ON)
    assert found is not None
    return found


def test_the_table_that_rated_it_still_agrees() -> None:
    for rule in (
        sms(credit_results=["help"]),
        sms(charge_point="mt", trigger="delivered", credit_results=["help"]),
        sms(charge_point="none", price_tiyn=0),
    ):
        for result in ("status", "help", "promised"):
            tariffs = table(rule)
            assert compared(tariffs, chain(tariffs, result)).differences == ()


def test_a_table_that_has_changed_is_told_point_by_point() -> None:
    old = chain(table(sms(id="old")))
    now = compared(table(sms(id="new", price_tiyn=2000, credit_results=["status"])), old)
    assert now.differences == (
        "rule: the ledger has old, the table gives new now",
        "gross_tiyn: the ledger has 1500, the table gives 2000 now",
        "credit: the ledger has None, the table gives status now",
    )
    none = compared(table(sms(id="old", charge_point="none", price_tiyn=0)), old)
    assert [line.partition(":")[0] for line in none.differences] == ["gross_tiyn", "charge_point"]


def test_a_credit_of_before_that_the_table_would_not_give_is_told() -> None:
    old = chain(table(sms(credit_results=["help"])), "help")
    (told,) = compared(table(sms()), old).differences
    assert told == "credit: the ledger has help, the table gives None now"


def test_what_a_late_answer_gave_back_is_no_difference() -> None:
    tariffs = table(sms(credit_results=["not_found"]))
    promised = chain(tariffs, "promised")
    rated = tariffs.rate(operator="north", channel="sms", on=ON, result="promised")
    late = tariffs.rate(operator="north", channel="sms", on=ON, result="not_found")
    back = ledger.late_credit(
        chains.question(), rated, late, "not_found", day=20261121, at_us=chains.AT_US
    )
    assert back
    found = compared(tariffs, promised._replace(entries=promised.entries + back))
    assert found.differences == ()
    assert found.asked.result == "promised"


def test_a_free_number_is_known_by_the_phone_and_once_erased_by_the_ledger() -> None:
    for rule in (sms(), sms(charge_point="mt", trigger="submitted")):
        free, paid = table(rule, free_numbers=[STAFF]), table(rule)
        staff = chain(free)
        assert compared(free, staff).differences == ()
        assert compared(free, staff).why.credit is Credit.FREE_NUMBER
        erased = compared(free, staff._replace(msisdn=None))
        assert (erased.why.credit, erased.differences) == (Credit.FREE_NUMBER, ())
        other = compared(free, chain(paid)._replace(msisdn=None))
        assert (other.why.credit, other.differences) == (Credit.KEPT, ())


def test_a_question_that_is_not_rated_yet_has_no_reasons() -> None:
    tariffs = table(sms())
    assert compare(tariffs, chain(tariffs)._replace(entries=()), ON) is None
