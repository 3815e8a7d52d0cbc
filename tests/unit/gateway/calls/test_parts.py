"""Texts of calls are refused at start where the tariff or the link could not settle them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from gateway.calls.parts import make_calls
from gateway.clock import Clock
from gateway.core.delivery import Policy
from gateway.core.tariff import Tariffs
from gateway.keys import Keys
from gateway.rules import load_rules
from gateway.settings import IvrSettings, LinkSettings, Settings, SettingsError
from ivr.switch import TextOffer
from tests.support.call_gateway import IVR, LINK, question
from tests.support.journal import AT

SETTINGS = Settings(
    link=(LinkSettings(name=LINK, host="127.0.0.1", system_id="1012", short_codes=("1012",)),),
    ivr=(
        IvrSettings(
            name=IVR, dialect="json", path=f"/ivr/{IVR}", secret_env="S", numbers=("1414",),
            text_link=LINK,
        ),
    ),
)  # fmt: skip
RULES = load_rules(SETTINGS)
NOTHING = cast(Any, None)


def tariffs(**copy: Any) -> Tariffs:
    rest = {"id": "rest", "operators": "*", "channels": "*", "price_tiyn": 0}
    rule = {"id": "copy", "operators": "*", "channels": ["copy"], "price_tiyn": 500} | copy
    return Tariffs.from_table(
        {
            "currency": "KZT",
            "vat": [{"rate_bp": 1600}],
            "rule": [rule, rest | {"charge_point": "none"}],
        }
    )


def make(priced: Tariffs, *, on_submit: bool = False, receipts: bool = True) -> Any:
    port = SimpleNamespace(
        operator=LINK,
        receipts=receipts,
        policy=Policy(resend_unknown=True, charge_on_submit=on_submit),
    )
    return make_calls(
        SETTINGS, journal=NOTHING, desk=NOTHING, answers=NOTHING, memories=NOTHING,
        rules=RULES._replace(tariffs=priced), ports=cast(Any, {LINK: port}), keys=Keys(b"k" * 32),
        clock=Clock(lambda: AT), next_id=lambda: 1, counters=NOTHING,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("copy", "rest", "tenge"),
    [
        ({"charge_point": "mt", "trigger": "delivered"}, {}, 5),
        ({"charge_point": "mt", "trigger": "submitted"}, {"on_submit": True}, 5),
        ({"charge_point": "none", "price_tiyn": 0}, {"receipts": False}, 0),
    ],
)
def test_a_text_that_can_be_settled_is_offered_at_its_price(
    copy: dict[str, Any], rest: dict[str, Any], tenge: int
) -> None:
    calls = make(tariffs(**copy), **rest)
    assert calls._copies.offer(question()) == TextOffer(tenge)


@pytest.mark.parametrize(
    ("copy", "rest", "told"),
    [
        ({"charge_point": "mo"}, {}, "charges a text by the question's SMS, and there is none"),
        (
            {"charge_point": "mt", "trigger": "submitted"},
            {},
            'must have trigger = "delivered", as its replies have',
        ),
        (
            {"charge_point": "mt", "trigger": "delivered"},
            {"on_submit": True},
            'must have trigger = "submitted", as its replies have',
        ),
        (
            {"charge_point": "mt", "trigger": "delivered"},
            {"receipts": False},
            "set receipts = true on [[link]] 'north'",
        ),
    ],
)
def test_one_that_could_not_be_is_refused_with_its_remedy(
    copy: dict[str, Any], rest: dict[str, Any], told: str
) -> None:
    with pytest.raises(SettingsError) as problem:
        make(tariffs(**copy), **rest)
    assert told in str(problem.value)
    assert "[[ivr]] '1414': text_link = 'north'" in str(problem.value)
