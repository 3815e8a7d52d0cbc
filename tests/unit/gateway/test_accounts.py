"""Accounts from settings: what the gateway sees of them, and what is refused before it starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import argon2
import pytest

from gateway.accounts import ServerPart, heed
from gateway.carriers import Carriers, make_carriers
from gateway.clock import Clock, Ids, fixed
from gateway.core.records import RECEIPT_ORDINAL, Reply, ReplyState
from gateway.core.tariff import Tariffs
from gateway.rules import load_rules
from gateway.settings import (
    LinkSettings,
    ServerTlsSettings,
    Settings,
    SettingsError,
    SmscAccountSettings,
    SmscSettings,
)
from smpp.operators import DEFAULT, ReplyCommand
from tests.support.inside import profiled

TLS = Path(__file__).parents[2] / "support" / "tls"
HOUR_US = 3_600_000_000


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "s3cret")
    monkeypatch.setenv("OUTBIND", "0utb1nd")


def account(**changes: Any) -> SmscAccountSettings:
    given: dict[str, Any] = {"name": "altel", "system_id": "altel", "password_env": "SECRET"}
    return SmscAccountSettings(**given | changes)


def carriers(*accounts: SmscAccountSettings, **changes: Any) -> Carriers:
    smsc = {"listen": "127.0.0.1:0", "account": accounts, "tls": None}
    links = changes.pop("link", ())
    settings = Settings(smsc=SmscSettings(**smsc | changes), link=links)
    clock = Clock(fixed("2026-11-20T10:00:00+05:00"))
    owner: Any = None
    return make_carriers(settings, tariffs(), owner, Ids(clock.now_us), lambda: 0.5, clock)


def tariffs() -> Tariffs:
    return load_rules(Settings()).tariffs


def server(*accounts: SmscAccountSettings, **changes: Any) -> ServerPart:
    part = carriers(*accounts, **changes).server
    assert part is not None
    return part


async def test_without_an_address_nobody_can_bind() -> None:
    assert carriers(listen=None).server is None


async def test_an_account_is_a_port_beside_the_links() -> None:
    link = LinkSettings(name="beeline", host="127.0.0.1", system_id="1012", password_env="SECRET")
    made = carriers(account(queue_max=7, reply_hours=2, receipt_hours=3), link=(link,))
    assert list(made.ports) == ["beeline", "altel"]
    port = made.ports["altel"]
    assert (port.operator, port.server_role, port.queue_max) == ("altel", True, 7)
    assert (port.reply_validity_us, port.receipt_validity_us) == (2 * HOUR_US, 3 * HOUR_US)
    assert (port.bound, port.room) == (False, 0)
    beeline = made.ports["beeline"]
    assert (beeline.server_role, beeline.queue_max) == (False, 0)
    assert beeline.reply_validity_us == 600_000_000


async def test_a_receipt_is_asked_for_only_where_replies_are_submitted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (port,) = server(account()).ports
    assert not port.receipts
    profiled(monkeypatch, reply_command=ReplyCommand.SUBMIT_SM)
    (port,) = server(account()).ports
    assert port.receipts
    (port,) = server(account(receipts=False)).ports
    assert not port.receipts


async def test_a_receipt_of_ours_is_packed_as_ascii_and_marked() -> None:
    (port,) = server(account()).ports
    reply = Reply(
        5, 4, RECEIPT_ORDINAL, 1, 1, "altel", "77010000001", "1012", "id:4 stat:DELIVRD", "receipt",
        0, ReplyState.QUEUED, 0, HOUR_US, False,
    )  # fmt: skip
    submit = port.pack(reply)
    assert (submit.report, submit.octets, submit.data_coding) == (True, b"id:4 stat:DELIVRD", 0)
    assert (submit.source, submit.destination) == ("1012", "77010000001")
    answer = port.pack(reply._replace(ordinal=0, text="қ", session=9))
    assert (answer.report, answer.session, answer.data_coding) == (False, 9, 8)


async def test_busy_is_told_in_the_words_of_a_submit_response() -> None:
    (port,) = server(account()).ports
    assert DEFAULT.busy_status == 0x64
    assert port.busy_status == 0x14


async def test_a_password_may_be_a_hash() -> None:
    phc = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("s3cret")
    made = server(account(password_env=None, password_hash=phc))
    password = made.smsc.accounts["altel"].settings.password
    assert password.matches("s3cret")
    assert not password.matches("s3cre")


async def test_what_cannot_work_is_refused_with_its_place() -> None:
    with pytest.raises(SettingsError, match=r"smsc.account.* 'altel': .*hash"):
        server(account(password_env=None, password_hash="$argon2id$v=19$nonsense"))
    with pytest.raises(SettingsError, match=r"'altel'.*NOT_THERE is not set"):
        server(account(password_env="NOT_THERE"))
    with pytest.raises(SettingsError, match=r"'altel', outbind: no secret is given"):
        server(account(outbind="127.0.0.1:1"))
    with pytest.raises(SettingsError, match=r"\[smsc\]: .*none.pem"):
        server(tls=ServerTlsSettings(cert_file="none.pem"))


async def test_the_listener_s_certificate_is_watched() -> None:
    made = carriers(tls=ServerTlsSettings(cert_file=str(TLS / "smsc.pem")))
    assert list(made.tls()) == ["smsc"]


async def test_a_taken_port_is_told_with_its_remedy() -> None:
    first = carriers()
    address = await first.listen()
    assert address is not None
    second = carriers(listen=address)
    with pytest.raises(SettingsError, match=rf"smsc.listen = '{address}'.*choose another"):
        await second.listen()
    for made in (first, second):
        assert made.server is not None
        made.server.smsc._listener.close()


async def test_row_b11_an_outbind_of_an_operator_wakes_the_link_it_is_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = {"outbind_system_id": "theirs", "outbind_password_env": "OUTBIND"}
    common = {"host": "127.0.0.1", "system_id": "1012", "password_env": "SECRET"}
    links = (
        LinkSettings(name="beeline", **common, **known),
        LinkSettings(name="kcell", **common),
    )
    made = carriers(link=links)
    woken = []
    for part in made.links:
        monkeypatch.setattr(part.link, "bind_now", lambda name=part.port.name: woken.append(name))
    assert not heed(made.links, "theirs", "wrong")
    assert not heed(made.links, "", "")
    assert woken == []
    assert heed(made.links, "theirs", "0utb1nd")
    assert woken == ["beeline"]
