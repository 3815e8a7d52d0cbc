"""Foreign ESMEs bound to the whole program: each asks as its own library writes, and reads what we
answer with its own decoder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio

from tests.support.foreign.esmes import KINDS
from tests.support.foreign.scripts import Script, script
from tests.support.service import SECRET, Service, serving, write_open_tickets

pytestmark = pytest.mark.asyncio(loop_scope="module")

FIRST = 61_200_000_040_000_000
NUMBERS = [f"{FIRST + n:018d}" for n in range(20)]
FILL = "Өтінішіме әлі жауап алған жоқпын, айтыңызшы, ол қазір қайда және қашан дайын болады? "
GSM, UCS2 = 0, 8
PART_CHARACTERS = 66
RINVBNDSTS, RINVPASWD, RBINDFAIL = 0x04, 0x0E, 0x0D
DELIVERED = 2
RECEIPT = 0x04


each_kind = pytest.mark.parametrize("name", KINDS)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    folder = tmp_path_factory.mktemp("esmes")
    feed = write_open_tickets(folder / "feed.ndjson", FIRST, len(NUMBERS))
    accounts = [{"name": name} for name in KINDS]
    async with serving(folder, accounts=accounts, tickets=[feed]) as running:
        yield running
        assert await running.stop() == 0
        assert (await running.verify())["findings"] == []
        books = await running.export()
        assert {row["outcome"] for row in books.replies} <= {"submitted"}
        assert {row["charge_state"] for row in books.questions} <= {"charged"}


@asynccontextmanager
async def started(
    service: Service, name: str, command: str = "bind_transceiver", password: str = SECRET
) -> AsyncIterator[tuple[Script, dict[str, Any]]]:
    """The peer, and how its bind was answered."""
    port = str(service.smsc_port)
    async with script(KINDS[name].script, port, name, password, command) as esme:
        yield esme, await esme.event("bind_answered")


@asynccontextmanager
async def bound(
    service: Service, name: str, command: str = "bind_transceiver"
) -> AsyncIterator[Script]:
    async with started(service, name, command) as (esme, answer):
        assert answer["status"] == 0
        yield esme
        if not esme.seen("closed"):  # so that all it was given is answered
            esme.tell("unbind")
            await esme.event("closed")
        assert not esme.seen("error")


async def taken(esme: Script, phone: str, text: str, data_coding: int, **fields: object) -> str:
    """One submit_sm, answered ROK; its message_id."""
    esme.tell("submit", source=phone, text=text, data_coding=data_coding, mark=phone, **fields)
    answer = await esme.event("submit_answered", mark=phone)
    assert (answer["status"], bool(answer["message_id"])) == (0, True)
    message_id: str = answer["message_id"]
    return message_id


async def answered(esme: Script, phone: str, number: str, data_coding: int) -> dict[str, Any]:
    """The answer to this phone, about this ticket."""
    reply = await esme.event("deliver", destination=phone, esm_class=0)
    assert (reply["source"], reply["data_coding"]) == ("1012", data_coding)
    assert reply["text"].startswith(f"*{number[-4:]}")
    return reply


@each_kind
async def test_the_bind_is_answered_with_our_name_and_version(service: Service, name: str) -> None:
    async with started(service, name) as (_, answer):
        assert answer["status"] == 0
        if KINDS[name].tells_version:
            assert (answer["system_id"], answer["version"]) == ("jauap", 0x34)


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.tells_refusal])
async def test_a_wrong_password_is_refused(service: Service, name: str) -> None:
    async with started(service, name, password="wrong") as (_, answer):
        assert answer["status"] in (RINVPASWD, RBINDFAIL)


@each_kind
async def test_a_question_in_latin_letters_is_answered(service: Service, name: str) -> None:
    phone = "77010000101"
    async with bound(service, name) as esme:
        await taken(esme, phone, f"hello, where is {NUMBERS[1]}", GSM)
        reply = await answered(esme, phone, NUMBERS[1], GSM)
        assert reply["text"].isascii()


@each_kind
async def test_a_question_in_kazakh_is_answered_in_kazakh(service: Service, name: str) -> None:
    phone = "77010000102"
    async with bound(service, name) as esme:
        await taken(esme, phone, f"Сәлеметсіз бе, {NUMBERS[2]} өтінішім қайда?", UCS2)
        reply = await answered(esme, phone, NUMBERS[2], UCS2)
        assert any(letter in reply["text"] for letter in "әғқңөұүһі")


@each_kind
async def test_a_long_question_is_one_question(service: Service, name: str) -> None:
    phone, text = "77010000103", FILL + NUMBERS[3]
    async with bound(service, name) as esme:
        if KINDS[name].splits:
            await taken(esme, phone, text, UCS2)
        else:
            parts = [text[at : at + PART_CHARACTERS] for at in range(0, len(text), PART_CHARACTERS)]
            for number, part in enumerate(parts, 1):
                udh = f"050003a7{len(parts):02x}{number:02x}"
                await taken(esme, phone, part, UCS2, udh=udh)
        await answered(esme, phone, NUMBERS[3], UCS2)


@each_kind
async def test_our_receipt_names_the_id_of_our_response(service: Service, name: str) -> None:
    phone = "77010000104"
    async with bound(service, name) as esme:
        message_id = await taken(esme, phone, f"where is {NUMBERS[4]}", GSM, registered_delivery=1)
        receipt = await esme.event("deliver", esm_class=RECEIPT)
        assert receipt["text"].startswith(f"id:{message_id} sub:001 dlvrd:001 ")
        assert "stat:DELIVRD err:000" in receipt["text"]
        assert receipt["receipted_message_id"] == message_id
        assert receipt["message_state"] == DELIVERED
        if name == "aiosmpplib":
            assert receipt["correlated"] == phone, "it found the text that the receipt is of"
        await answered(esme, phone, NUMBERS[4], GSM)


@each_kind
async def test_a_question_that_asks_for_no_receipt_gets_none(service: Service, name: str) -> None:
    phone = "77010000105"
    async with bound(service, name) as esme:
        await taken(esme, phone, f"where is {NUMBERS[5]}", GSM)
        await answered(esme, phone, NUMBERS[5], GSM)
        mine = [each for each in esme.seen("deliver") if each["destination"] == phone]
        assert [each["esm_class"] for each in mine] == [0]


@each_kind
async def test_the_answer_goes_to_the_receiver_of_a_pair(service: Service, name: str) -> None:
    phone = "77010000106"
    async with AsyncExitStack() as stack:
        receiver = await stack.enter_async_context(bound(service, name, "bind_receiver"))
        transmitter = await stack.enter_async_context(bound(service, name, "bind_transmitter"))
        await taken(transmitter, phone, f"where is {NUMBERS[6]}", GSM)
        await answered(receiver, phone, NUMBERS[6], GSM)
        assert not transmitter.seen("deliver")


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.enquires])
async def test_an_enquire_link_is_answered(service: Service, name: str) -> None:
    async with bound(service, name) as esme:
        esme.tell("enquire")  # aiosmpplib asks by itself, every half second
        assert (await esme.event("enquiry_answered"))["status"] == 0


@each_kind
async def test_an_unbind_is_answered_and_the_line_closed(service: Service, name: str) -> None:
    async with bound(service, name) as esme:
        esme.tell("unbind")
        if name in ("npm", "smpplib"):
            assert (await esme.event("unbind_answered"))["status"] == 0
        await esme.event("closed")


async def test_a_command_that_we_do_not_serve_is_refused_by_name(service: Service) -> None:
    async with bound(service, "npm") as esme:
        esme.tell("query")
        answer = await esme.event("query_answered")
        assert (answer["command"], answer["status"]) == ("query_sm_resp", 0x03)
        await taken(esme, "77010000108", f"where is {NUMBERS[8]}", GSM)
        await answered(esme, "77010000108", NUMBERS[8], GSM)


async def test_a_question_in_message_payload_is_read(service: Service) -> None:
    phone = "77010000109"
    async with bound(service, "npm") as esme:
        await taken(esme, phone, FILL * 3 + NUMBERS[9], UCS2, payload=True)
        await answered(esme, phone, NUMBERS[9], UCS2)
