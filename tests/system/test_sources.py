"""Five sources of different type behind one short code, two of them failing: what citizens get over
real SMPP, and what they never get."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from smpp.simulator import Smsc
from tests.support.feed import PHONE
from tests.support.five_sources import (
    ACT,
    BOTH,
    CASE,
    FINE,
    REPORT,
    WALKED,
    Five,
    five_sources,
)
from tests.support.service import SECRET, LinkTo, Service, serving, write_open_tickets
from tests.support.wording import table

OWNER = PHONE.lstrip("+")
APPEAL = f"{61_200_000_040_000_000:018d}"
UNKNOWN_APPEAL = "061200000099999999"
FALSE = ("gen.not_found", "insp.unregistered")
ARRIVES_S = 30.0  # sweeps of owed answers stand up to 10 s apart


@dataclass
class Gateway:
    """The service as a process, the operator whose citizens ask, the bodies behind it."""

    service: Service
    smsc: Smsc
    five: Five

    async def told(self, text: str, count: int, phone: str = OWNER) -> list[str]:
        """The ids of the replies to this text."""
        await self.ask(text, phone)
        return [await self.reply(phone) for _ in range(count)]

    async def ask(self, text: str, phone: str = OWNER) -> None:
        assert (await self.smsc.send_mo(phone, text)).ok

    async def reply(self, phone: str = OWNER) -> str:
        return text_id((await self.smsc.next_mt(phone, timeout_s=ARRIVES_S)).text)


@asynccontextmanager
async def gateway(folder: Path, more: str = "") -> AsyncIterator[Gateway]:
    feed = write_open_tickets(folder / "feed.ndjson", int(APPEAL), 1)
    async with five_sources(folder) as five, Smsc(password=SECRET) as smsc:
        link = LinkTo("beeline", smsc.port)
        async with serving(folder, link, tickets=[feed], more=five.settings + more) as service:
            await service.logged("delivery_done")
            yield Gateway(service, smsc, five)
            assert await service.stop() == 0
            assert (await service.verify())["findings"] == []


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Gateway]:
    async with gateway(tmp_path) as running:
        yield running


def text_id(text: str) -> str:
    """Which text of the catalogue this is, in Kazakh."""
    found = [
        f"{section}.{name}"
        for section, texts in table("replies/kk.toml").items()
        if isinstance(texts, dict)
        for name, form in texts.items()
        if re.fullmatch(re.sub(r"\\\{\w+\\\}", ".+", re.escape(form)), text)
    ]
    assert found, text
    return found[0]


async def test_every_source_answers_for_its_own_kinds(world: Gateway) -> None:
    assert await world.told(APPEAL, 1) == ["appeal.in_review"]
    assert await world.told(REPORT["number"], 1) == ["crime.registered"]
    assert await world.told(CASE["number"], 1) == ["crime.opened"]
    assert await world.told(f"айыппұл {FINE['number']}", 1) == ["fine.unpaid"]
    assert await world.told(f"акт {ACT['number']}", 1) == ["insp.refused"]
    assert await world.told(UNKNOWN_APPEAL, 1) == ["gen.not_found"]
    assert await world.told(BOTH, 1, phone="77010000901") == ["gen.ambiguous"]
    assert await world.told("2", 1, phone="77010000901") == ["crime.neutral"]
    ready = await world.service.readiness(200)
    assert ready["sources"] == dict.fromkeys(("registry", "acts", "kui", "erdr", "erap"), True)


async def test_with_two_of_them_failing_the_others_answer_and_nothing_false_is_said(
    world: Gateway,
) -> None:
    world.five.police.hangs = True
    world.five.prosecutor_lies()

    # nobody else is held up, and whom the silent ones do not concern hears nothing of them
    assert await world.told(APPEAL, 1) == ["appeal.in_review"]
    assert await world.told(f"акт {ACT['number']}", 1) == ["insp.refused"]
    assert await world.told(f"айыппұл {FINE['number']}", 1) == ["fine.unpaid"]
    assert await world.told(UNKNOWN_APPEAL, 1) == ["gen.not_found"]

    # found by nobody, while one that could know is silent: owed
    owed = {"77010000903": REPORT["number"], "77010000904": CASE["number"], "77010000905": BOTH}
    for phone, number in owed.items():
        await world.ask(number, phone)
    await world.service.counted("jauap_source_numbers_total", 1)
    await world.service.logged("source_left_alone")
    ready = await world.service.readiness(200)
    assert ready["sources"]["registry"]
    assert not ready["sources"]["kui"]
    for phone in owed:
        assert not world.smsc.inbox(phone)

    # one is repaired: what both know is told as one report, and the other is named
    world.five.police.hangs = False
    world.five.police.over.set()
    assert await world.reply("77010000903") == "crime.neutral"
    notice = (await world.smsc.next_mt("77010000903", timeout_s=ARRIVES_S)).text
    assert text_id(notice) == "gen.base_silent"
    assert table("bases.toml")["prosecutor"]["kk"] in notice
    assert await world.reply("77010000905") == "crime.neutral"
    assert await world.reply("77010000905") == "gen.base_silent"

    # the other too
    world.five.prosecutor_answers()
    assert await world.reply("77010000904") == "crime.neutral"
    assert await world.told(BOTH, 1, phone="77010000906") == ["gen.ambiguous"]

    known = [*owed, OWNER, "77010000906"]
    said = [text_id(mt.text) for phone in known for mt in world.smsc.inbox(phone)]
    assert [each for each in said if each in FALSE] == ["gen.not_found"]  # of the unknown appeal
    books = await world.service.export()
    charged = {row["msisdn"]: row for row in books.questions if row["msisdn"] in owed}
    assert {row["result_code"] for row in charged.values()} == {"status"}
    assert len([row for row in books.questions if row["msisdn"] in owed]) == len(owed)


async def test_what_circulates_elsewhere_is_listed_once_somebody_asked_for_it(
    tmp_path: Path,
) -> None:
    async with gateway(tmp_path) as world:
        assert await world.told(REPORT["number"], 1) == ["crime.registered"]
        assert await world.told(WALKED["number"], 1) == ["crime.passed"]
    settings = str(world.service.settings)
    done = await world.service.command("tickets", "circulating", "-c", settings, "--json")
    assert done.code == 1, done.err
    (walk,) = json.loads(done.out)["listed"]
    assert (walk["kind"], walk["number"], walk["forwards"]) == (
        "crime_report",
        WALKED["number"],
        3,
    )
    assert walk["seen_at"] is not None


async def test_a_slow_source_delays_only_what_it_is_asked_for(world: Gateway) -> None:
    world.five.police.hangs = True
    phones = [f"770100009{n}" for n in range(10, 40)]
    for phone in phones[::2]:
        await world.ask(REPORT["number"], phone)
    for phone in phones[1::2]:
        await world.ask(APPEAL, phone)
    for phone in phones[1::2]:
        assert await world.reply(phone) == "appeal.in_review"
    assert not [mt for phone in phones[::2] for mt in world.smsc.inbox(phone)]
    world.five.police.hangs = False
    world.five.police.over.set()
    for phone in phones[::2]:
        assert await world.reply(phone) == "crime.neutral"
