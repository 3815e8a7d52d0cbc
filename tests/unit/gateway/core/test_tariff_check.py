from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from gateway.core.tariff import Tariffs
from gateway.core.tariff_check import Checked, check, unknown_names

SHIPPED = tomllib.loads(
    (Path(__file__).parents[4] / "config" / "tariffs.toml").read_text(encoding="utf-8")
)
REST = {"id": "rest", "operators": "*", "channels": "*", "price_tiyn": 0, "charge_point": "none"}
ALL_SHARES = {"id": "all", "operators": "*", "owner_gets_bp": 0}
VAT = [{"rate_bp": 1200}, {"from": date(2026, 1, 1), "rate_bp": 1600}]
TODAY = date(2026, 11, 20)


def sms(**changes: Any) -> dict[str, Any]:
    return {
        "id": "sms", "operators": "*", "channels": ["sms"], "price_tiyn": 1500,
        "charge_point": "mo",
    } | changes  # fmt: skip


def share(**changes: Any) -> dict[str, Any]:
    return {"id": "north", "operators": ["north"]} | changes


def tariffs(*rules: dict[str, Any], **top: Any) -> Tariffs:
    return Tariffs.from_table({"currency": "KZT", "rule": [*rules, REST], "vat": VAT} | top)


def test_the_shipped_table_has_nothing_to_tell() -> None:
    assert check(Tariffs.from_table(SHIPPED)) == Checked((), ())
    assert unknown_names(Tariffs.from_table(SHIPPED), {"web"}, [], TODAY) == []


def test_a_rule_that_can_never_match_is_a_problem() -> None:
    of = check(tariffs(sms(), sms(id="north", operators=["north"], price_tiyn=900)))
    assert of.problems[0].startswith("rule 2 (north) can never match")
    assert len(of.problems) == 1


def test_a_new_price_above_the_old_one_is_none() -> None:
    of = check(tariffs(sms(id="new", valid_from=date(2027, 1, 1), price_tiyn=2000), sms()))
    assert of == Checked((), ())


def test_a_new_price_that_begins_before_the_old_one_ends_is_a_problem() -> None:
    of = check(
        tariffs(
            sms(id="old", valid_to=date(2026, 12, 31)),
            sms(id="new", valid_from=date(2026, 12, 15), price_tiyn=2000),
        )
    )
    assert len(of.problems) == 1
    assert "channels sms; from 2026-12-15 to 2026-12-31; end one" in of.problems[0]


def test_rules_that_cross_are_a_warning() -> None:
    north = {"id": "north", "operators": ["north"], "channels": "*", "price_tiyn": 0}
    of = check(tariffs(north | {"charge_point": "none"}, sms()))
    assert of.problems == ()
    assert of.warnings[0].startswith("rule 1 (north) and rule 2 (sms) both cover operators north; ")


def test_calls_and_shares_are_looked_at_too() -> None:
    call = {"links": "*", "numbers": "*", "legs": "*", "payer": "owner", "price_tiyn": 600,
            "per": "minute"}  # fmt: skip
    of = check(
        tariffs(
            call=[call | {"id": "one", "legs": ["caller", "operator"]}, call | {"id": "two"},
                  call | {"id": "three"}],
            share=[ALL_SHARES, share(owner_gets_bp=1), ALL_SHARES | {"id": "last"}],
        )
    )  # fmt: skip
    assert [line.partition(" can never")[0] for line in of.problems] == [
        "call 2 (two)",
        "share 2 (north)",
    ]


@pytest.mark.parametrize("channel", ["copy", "push"])
def test_nothing_is_taken_with_a_question_nobody_sent(channel: str) -> None:
    (told,) = check(tariffs(sms(channels=["sms", channel]))).problems
    assert told.startswith('rule 1 (sms) has charge_point = "mo" and covers ' + channel)
    free = REST | {"id": "free", "channels": [channel]}
    assert check(tariffs(free, sms(channels=["sms", channel]))).problems == ()


def test_a_rule_for_all_channels_covers_those_too() -> None:
    told = check(tariffs(sms(channels="*"))).problems
    assert [line.split(" covers ")[1].split(",")[0] for line in told] == ["copy", "push"]
    mt = sms(id="mt", channels=["copy", "push"], charge_point="mt", trigger="submitted")
    assert check(tariffs(mt, sms(channels="*"))).problems == ()
    for some in ({"operators": ["north"]}, {"results": ["status"]}, {"valid_from": TODAY}):
        assert len(check(tariffs(mt | some, sms(channels="*"))).problems) == 2


def test_a_flat_share_above_the_price_without_vat_is_a_problem() -> None:
    fits = [share(operator_keeps_tiyn=1293), ALL_SHARES]
    assert check(tariffs(sms(), share=fits)).problems == ()
    more = [share(operator_keeps_tiyn=1294), ALL_SHARES]
    assert check(tariffs(sms(), share=more)).problems == (
        "share 1 (north): 1294 tiyn are more than a message by rule sms leaves without VAT "
        "(1500 tiyn with 1600 bp)",
    )


@pytest.mark.parametrize(
    ("rule", "of"),
    [
        (sms(operators=["south"]), share(operator_keeps_tiyn=1400)),
        (sms(valid_from=date(2026, 7, 1)), share(owner_gets_tiyn=1400, valid_to=date(2026, 6, 30))),
        (sms(), share(operator_keeps_tiyn=1300, valid_to=date(2025, 12, 31))),  # VAT was 12 %
    ],
)
def test_a_price_and_a_share_that_never_meet_are_not_compared(
    rule: dict[str, Any], of: dict[str, Any]
) -> None:
    assert check(tariffs(rule, share=[of, ALL_SHARES])).problems == ()


def test_a_share_is_held_against_the_rate_it_ends_with() -> None:
    of = [share(operator_keeps_tiyn=1300, valid_to=date(2026, 1, 31)), ALL_SHARES]
    assert "(1500 tiyn with 1600 bp)" in check(tariffs(sms(), share=of)).problems[0]


def test_a_rate_that_was_over_before_does_not_count() -> None:
    falling = [{"rate_bp": 2000}, {"from": date(2026, 1, 1), "rate_bp": 1200}]
    later = share(operator_keeps_tiyn=1300, valid_from=date(2026, 2, 1))
    assert check(tariffs(sms(), vat=falling, share=[later, ALL_SHARES])).problems == ()
    always = share(operator_keeps_tiyn=1300)
    assert len(check(tariffs(sms(), vat=falling, share=[always, ALL_SHARES])).problems) == 1


def test_an_operator_nobody_knows_is_told_with_the_nearest() -> None:
    of = tariffs(
        sms(id="north", operators=["nort", "south"]),
        sms(id="gone", operators=["west"], valid_to=date(2026, 11, 19)),
        sms(id="last-day", operators=["west"], valid_to=TODAY),
        share=[share(operators=["east"], owner_gets_bp=1), ALL_SHARES],
    )
    assert unknown_names(of, {"north", "south", "web"}, [], TODAY) == [
        "rule 1 (north): operators has 'nort', unknown to the settings; is 'north' meant?",
        "rule 3 (last-day): operators has 'west', unknown to the settings",
        "share 1 (north): operators has 'east', unknown to the settings",
    ]


def test_links_of_calls_are_looked_at_where_there_are_any() -> None:
    call = {"numbers": "*", "legs": "*", "payer": "owner", "price_tiyn": 0, "per": "second"}
    of = tariffs(call=[call | {"id": "x", "links": ["1415"]}, call | {"id": "r", "links": "*"}])
    assert unknown_names(of, {"north"}, [], TODAY) == []
    assert unknown_names(of, {"north"}, ["1414"], TODAY) == [
        "call 1 (x): links has '1415', unknown to the settings; is '1414' meant?"
    ]
