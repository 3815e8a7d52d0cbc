"""A link's settings: what cannot work is refused when they are made."""

from __future__ import annotations

import pytest

from smpp.links import RECEIVER, TRANSCEIVER, TRANSMITTER, LinkSettings, roles
from smpp.operators import BindForm

PLAIN = {"name": "north", "host": "127.0.0.1", "port": 2775, "system_id": "1012"}


@pytest.mark.parametrize("field", ["binds", "window"])
def test_a_count_below_one_is_refused_by_name(field: str) -> None:
    with pytest.raises(ValueError, match=f"link north: {field} is 0"):
        LinkSettings(**PLAIN, **{field: 0})


def test_a_negative_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="link north: tps_max is -1"):
        LinkSettings(**PLAIN, tps_max=-1)


def test_a_server_name_that_no_certificate_can_hold_is_refused() -> None:
    with pytest.raises(ValueError, match=r"link north: tls_server_name is '\.kz'"):
        LinkSettings(**PLAIN, tls_server_name=".kz")


def test_the_defaults_are_mild() -> None:
    settings = LinkSettings(**PLAIN)
    assert (settings.binds, settings.window, settings.tps_max) == (1, 10, 100)
    assert settings.tls is None


def test_a_pair_is_a_transmitter_and_a_receiver() -> None:
    assert roles(BindForm.TRANSCEIVER) == (TRANSCEIVER,)
    assert roles(BindForm.PAIR) == (TRANSMITTER, RECEIVER)
    assert [role.sends for role in (TRANSCEIVER, TRANSMITTER, RECEIVER)] == [True, True, False]


def test_the_form_of_bind_may_come_as_the_word_of_a_settings_file() -> None:
    assert roles(BindForm("pair")) == roles("pair")  # type: ignore[arg-type]  # on purpose
    with pytest.raises(ValueError, match="duplex"):
        roles("duplex")  # type: ignore[arg-type]  # on purpose
