"""Kannel bound to the whole program: a text of its subscriber's is answered through it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.foreign.kannel import (
    ALL_RECEIPTS,
    DELIVERED,
    SUBMITTED,
    Kannel,
    KannelSettings,
    kannel,
)
from tests.support.service import SECRET, Service, serving, write_open_tickets

pytestmark = pytest.mark.asyncio(loop_scope="module")

FIRST = 61_200_000_040_000_000
NUMBERS = [f"{FIRST + n:018d}" for n in range(20)]
FILL = "Өтінішіме әлі жауап алған жоқпын, айтыңызшы, ол қазір қайда және қашан дайын болады? "
GSM, UCS2 = 0, 2  # Kannel's numbers of them


@dataclass
class World:
    """The service and its one account."""

    service: Service
    boxes: Kannel

    async def answer(self, phone: str, number: str, coding: int) -> str:
        """What reached this phone about this ticket."""
        mo = await self.boxes.callbacks.mo(to=f"+{phone}")  # as Kannel writes TON 1
        assert (mo["from"], mo["coding"]) == ("1012", str(coding))
        assert mo["text"].startswith(f"*{number[-4:]}")
        return mo["text"]


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["transceiver", "pair"])
async def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    folder: Path = tmp_path_factory.mktemp("kannel")
    feed = write_open_tickets(folder / "feed.ndjson", FIRST, len(NUMBERS))
    async with serving(folder, accounts=[{"name": "kannel"}], tickets=[feed]) as service:
        settings = KannelSettings(service.smsc_port, "kannel", SECRET, pair=request.param == "pair")
        async with kannel(folder / "boxes", settings) as boxes:
            yield World(service, boxes)
        assert await service.stop() == 0
        assert (await service.verify())["findings"] == []
        books = await service.export()
        assert {row["outcome"] for row in books.replies} <= {"submitted"}
        assert {row["charge_state"] for row in books.questions} <= {"charged"}


async def test_a_text_in_latin_letters_is_answered(world: World) -> None:
    phone = "77010000201"
    await world.boxes.send(f"hello, where is {NUMBERS[1]}", source=phone)
    assert (await world.answer(phone, NUMBERS[1], GSM)).isascii()


async def test_a_text_in_kazakh_is_answered_in_kazakh(world: World) -> None:
    phone = "77010000202"
    text = f"Сәлеметсіз бе, {NUMBERS[2]} өтінішім қайда?"
    await world.boxes.send(text, source=phone, coding=UCS2)
    answer = await world.answer(phone, NUMBERS[2], UCS2)
    assert any(letter in answer for letter in "әғқңөұүһі")


async def test_a_text_that_kannel_cuts_into_parts_is_one_question(world: World) -> None:
    phone = "77010000203"
    await world.boxes.send(FILL * 2 + NUMBERS[3], source=phone, coding=UCS2)
    await world.answer(phone, NUMBERS[3], UCS2)


# Over the two sockets of a pair a receipt may outrun its response, and Kannel keeps none that does.
@pytest.mark.parametrize("world", ["transceiver"], indirect=True)
async def test_kannel_calls_out_our_receipt(world: World) -> None:
    phone = "77010000204"
    await world.boxes.send(f"where is {NUMBERS[4]}", source=phone, mask=ALL_RECEIPTS)
    await world.boxes.callbacks.receipt(type=str(SUBMITTED), mark=phone)
    receipt = await world.boxes.callbacks.receipt(type=str(DELIVERED), mark=phone)
    assert "stat:DELIVRD err:000" in receipt["reply"]
    await world.answer(phone, NUMBERS[4], GSM)


async def test_many_texts_at_once_are_all_answered(world: World) -> None:
    phones = [f"770100003{n:02d}" for n in range(20)]
    for phone, number in zip(phones, NUMBERS, strict=True):
        await world.boxes.send(f"where is {number}", source=phone)
    for phone, number in zip(phones, NUMBERS, strict=True):
        await world.answer(phone, number, GSM)
