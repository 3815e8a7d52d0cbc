"""Servers for Asterisk from settings."""

from __future__ import annotations

import ipaddress

import pytest

from gateway.calls.fastagi import bind, make_fastagi
from gateway.settings import IvrSettings, SettingsError
from ivr.attendant.attendant import Attendant
from ivr.dialects import DIALECTS
from ivr.webhook import make_webhook
from tests.support.call_desk import Counted, Desk, voice_texts

SECRET = "0123456789abcdef"


def attended(name: str, **settings: object) -> tuple[IvrSettings, Attendant]:
    table = {"dialect": "fastagi", "path": f"/ivr/{name}", "secret_env": "S", **settings}
    webhook = make_webhook(
        link=name, dialect=DIALECTS["fastagi"], secrets=[SECRET], public_url="http://gw",
        desk=Desk(), voice=voice_texts(), prompt_url=lambda _: None, numbers=[name],
        operator_target=None, now_us=lambda: 0, loop_time=lambda: 0.0, counters=Counted(),
        nonce_secret="ours",
    )  # fmt: skip
    return IvrSettings(name=name, **table), webhook.attendant  # type: ignore[arg-type]  # of a test


async def test_tables_of_one_address_share_its_server() -> None:
    servers = make_fastagi(
        [
            attended("1414"),
            attended("1415", peers=("10.0.0.0/8",)),
            attended("1416", listen="127.0.0.1:4574"),
            attended("1417", dialect="json"),
        ],
        Counted(),
    )
    assert [(server.host, server.port) for server in servers] == [
        ("127.0.0.1", 4573),
        ("127.0.0.1", 4574),
    ]
    tables = servers[0].tables
    assert sorted(tables) == ["1414", "1415"]
    assert tables["1415"].peers == [ipaddress.ip_network("10.0.0.0/8")]
    assert tables["1415"].admits("10.1.2.3")
    assert not tables["1415"].admits("127.0.0.1")
    assert not tables["1415"].admits("")
    assert not tables["1415"].admits("::1")


async def test_a_port_that_is_taken_is_said_so() -> None:
    first = make_fastagi([attended("1414", listen="127.0.0.1:0")], Counted())
    (address,) = bind(first)
    second = make_fastagi([attended("1414", listen=address)], Counted())
    try:
        with pytest.raises(SettingsError, match=rf"listen = '{address}'.*choose another"):
            bind(second)
    finally:
        first[0].close()
