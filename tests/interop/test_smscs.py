"""The whole program as an ESME of foreign SMSCs: checked at the operator's end and in our books."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from tests.support.foreign.scripts import Script, script
from tests.support.service import SECRET, LinkTo, Service, serving, write_open_tickets

pytestmark = pytest.mark.asyncio(loop_scope="module")

FIRST = 61_200_000_040_000_000
NUMBERS = [f"{FIRST + n:018d}" for n in range(20)]
FILL = "Өтінішіме әлі жауап алған жоқпын, айтыңызшы, ол қазір қайда және қашан дайын болады? "
GSM, UCS2 = 0, 8
BINDS = {"transceiver": ["bind_transceiver"], "pair": ["bind_receiver", "bind_transmitter"]}
SMSCS = {  # script, form of the bind
    "npm": ("npm/smsc.js", "transceiver"),
    "npm pair": ("npm/smsc.js", "pair"),
    "smpp34": ("peers/smpp34_smsc.py", "transceiver"),
}


@dataclass
class World:
    """The service and its one operator."""

    smsc: Script
    service: Service

    async def asks(self, phone: str, text: str, data_coding: int = GSM, udh: str = "") -> None:
        """One deliver_sm, answered ROK with the body that the standard has."""
        self.smsc.tell(
            "deliver", source=phone, text=text, data_coding=data_coding, udh=udh, mark=phone + udh
        )
        response = await self.smsc.event("delivered", mark=phone + udh)
        assert (response["status"], response.get("octets", 17)) == (0, 17)

    async def gets(self, phone: str) -> dict[str, Any]:
        """The answer at this phone, whose receipt we have taken."""
        submit = await self.smsc.event("submit", destination=phone)
        taken = await self.smsc.event("receipt_answered", message_id=submit["message_id"])
        assert (taken["status"], taken.get("octets", 17)) == (0, 17)
        return submit


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=SMSCS)
async def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    name, form = SMSCS[request.param]
    folder = tmp_path_factory.mktemp("smsc")
    feed = write_open_tickets(folder / "feed.ndjson", FIRST, len(NUMBERS))
    async with script(name, "1012", SECRET) as smsc:
        port = (await smsc.event("listening"))["port"]
        link = LinkTo("peer", port, bind=form)
        async with serving(folder, link, tickets=[feed]) as service:
            binds = BINDS[form]
            for command in binds:
                bound = await smsc.event("bound", command=command, system_id="1012")
                assert bound.get("version", 0x34) == 0x34
            yield World(smsc, service)
            assert await service.stop() == 0
            for _ in binds:
                await smsc.event("unbound")
            assert not smsc.seen("error")
            await booked(service, len(smsc.seen("submit")))


async def booked(service: Service, replies: int) -> None:
    """Every answer delivered, and every question charged."""
    assert (await service.verify())["findings"] == []
    books = await service.export()
    assert len(books.replies) == replies > 0
    assert {row["outcome"] for row in books.replies} == {"delivered"}
    assert {row["charge_state"] for row in books.questions} == {"charged"}


async def test_a_question_in_gsm_is_answered_in_gsm(world: World) -> None:
    await world.asks("77070000101", f"hello, where is {NUMBERS[1]}")
    answer = await world.gets("77070000101")
    assert (answer["source"], answer["source_ton"], answer["data_coding"]) == ("1012", 0, GSM)
    assert (answer["registered_delivery"], answer["esm_class"]) == (1, 0)
    assert answer["text"].startswith(f"*{NUMBERS[1][-4:]}")
    assert answer["text"].isascii()


async def test_a_question_in_kazakh_is_answered_in_kazakh(world: World) -> None:
    await world.asks("77070000102", f"Сәлеметсіз бе, {NUMBERS[2]} өтінішім қайда?", UCS2)
    answer = await world.gets("77070000102")
    assert answer["data_coding"] == UCS2
    assert answer["text"].startswith(f"*{NUMBERS[2][-4:]}")
    assert any(letter in answer["text"] for letter in "әғқңөұүһі")


@pytest.mark.parametrize(
    ("phone", "header"), [("77070000103", "05000307"), ("77070000104", "0608041234")]
)
async def test_parts_in_any_order_are_one_question(world: World, phone: str, header: str) -> None:
    text = FILL + NUMBERS[3]
    parts = [text[at : at + 66] for at in range(0, len(text), 66)]
    for number in range(len(parts), 0, -1):
        udh = f"{header}{len(parts):02x}{number:02x}"
        await world.asks(phone, parts[number - 1], UCS2, udh)
    assert (await world.gets(phone))["text"].startswith(f"*{NUMBERS[3][-4:]}")


async def test_a_question_that_comes_again_is_answered_once(world: World) -> None:
    for _ in range(3):
        await world.asks("77070000105", f"where is {NUMBERS[5]}")
    await world.asks("77070000105", f"where is {NUMBERS[6]}")
    texts = [(await world.gets("77070000105"))["text"][:5] for _ in range(2)]
    assert texts == [f"*{NUMBERS[5][-4:]}", f"*{NUMBERS[6][-4:]}"]


@pytest.mark.parametrize("world", ["npm", "npm pair"], indirect=True)
async def test_an_enquire_link_is_answered(world: World) -> None:
    world.smsc.tell("enquire")
    assert (await world.smsc.event("enquiry_answered"))["status"] == 0


async def test_after_an_unbind_of_the_smsc_the_link_binds_again(world: World) -> None:
    world.smsc.tell("unbind")
    assert (await world.smsc.event("unbind_answered"))["status"] == 0
    bound = await world.smsc.event("bound")
    assert bound["command"] in ("bind_transceiver", "bind_receiver")
    await world.asks("77070000107", f"where is {NUMBERS[7]}")
    await world.gets("77070000107")
