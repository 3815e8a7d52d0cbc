"""One SMS through the whole program: three operators with their own ways, the console script as a
process, its store read beside it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from gateway.core.records import Chain, ReplyState
from gateway.store import Journal, open_store
from smpp.simulator import (
    Alphabet,
    IdForm,
    Mo,
    MoResult,
    ReceiptForm,
    ReceiptPolicy,
    ReceiptTime,
    Smsc,
    SplitForm,
)
from smpp.simulator.delivery import Delivery
from smpp.simulator.mo import compose_mo
from tests.support.service import SECRET, LinkTo, Service, a_look, serving, write_open_tickets
from tests.support.wording import table

pytestmark = pytest.mark.asyncio(loop_scope="module")

FIRST = 61_200_000_040_000_000
NUMBERS = [f"{FIRST + n:018d}" for n in range(100)]
ANY_DAY = (20_000_101, 29_991_231)
PRICE_TIYN = 1_500
FINAL = {ReplyState.DELIVERED, ReplyState.UNDELIVERED, ReplyState.FAILED, ReplyState.EXPIRED}


@dataclass
class World:
    """The running service, its operators, and its books."""

    service: Service
    beeline: Smsc
    kcell: Smsc
    tele2: Smsc
    journal: Journal

    def operator(self, name: str) -> Smsc:
        smsc = getattr(self, name)
        assert isinstance(smsc, Smsc)
        return smsc

    async def chains(self, msisdn: str) -> list[Chain]:
        chains = [chain async for chain in self.journal.chains(*ANY_DAY)]
        return [chain for chain in chains if chain.msisdn == msisdn]

    async def settled(self, msisdn: str, count: int = 1) -> list[Chain]:
        """This phone's questions, once there are so many and every reply of them is final."""
        async with asyncio.timeout(10):
            while True:
                chains = await self.chains(msisdn)
                states = {reply.state for chain in chains for reply in chain.replies}
                if len(chains) >= count and states <= FINAL:
                    return chains
                await a_look()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    folder = tmp_path_factory.mktemp("world")
    feed = write_open_tickets(folder / "feed.ndjson", FIRST, len(NUMBERS))
    other_base = ReceiptPolicy(form=ReceiptForm.HEX_ID)
    early = ReceiptPolicy(when=ReceiptTime.BEFORE, form=ReceiptForm.TLV_ONLY)
    async with (
        Smsc(password=SECRET, ids=IdForm.HEX, receipts=other_base, enquire_link_s=0.2) as beeline,
        Smsc(
            password=SECRET, dc0=Alphabet.LATIN1, form=SplitForm.SAR, receipts=other_base
        ) as kcell,
        Smsc(password=SECRET, form=SplitForm.UDH16, ids=IdForm.UUID, receipts=early) as tele2,
    ):
        links = (
            LinkTo("beeline", beeline.port, profile="beeline"),
            LinkTo("kcell", kcell.port, profile="kcell", bind="pair"),
            LinkTo("tele2", tele2.port, binds=2),
        )
        async with serving(folder, *links, tickets=[feed]) as service:
            await tele2.bound(2)
            journal = await open_store(f"sqlite://{folder}/journal.db")
            yield World(service, beeline, kcell, tele2, journal)
            await journal.close()
            assert await service.stop() == 0
            assert (await service.verify())["findings"] == []
            for smsc in (beeline, kcell, tele2):
                assert_no_objection(smsc)


def assert_no_objection(smsc: Smsc) -> None:
    """What the operator counted is all usual: inspection.py names what it would object to."""
    usual = {
        "bind_timeout", "deliveries", "late_response", "receipts", "redelivered", "refused",
        "submits", "taken",
    }  # fmt: skip
    assert {name for name, count in smsc.counters.items() if count} <= usual, smsc.counters


def like(language: str, key: str, number: str) -> str:
    """A regular expression of a text in a language, about this number."""
    section, name = key.split(".")
    text = re.escape(table(f"replies/{language}.toml")[section][name])
    text = text.replace(r"\{n\}", re.escape(f"*{number[-4:]}"))
    return re.sub(r"\\\{\w+\\\}", ".+", text)


ASKED = [
    ("beeline", "77770000101", "{}", "kk"),
    ("beeline", "77770000102", "Сәлеметсіз бе, {} өтінішім қайда?", "kk"),
    ("kcell", "77010000103", "Здравствуйте! Что с обращением {}?", "ru"),
    ("kcell", "77010000104", "hello, where is {}", "en"),
    ("tele2", "77070000105", "Добрый день, номер {}", "ru"),
    ("tele2", "77070000106", "Please tell me about {}", "en"),
]


@pytest.mark.parametrize(("operator", "phone", "words", "language"), ASKED)
async def test_a_question_is_answered_in_its_language_and_booked(
    world: World, operator: str, phone: str, words: str, language: str
) -> None:
    smsc = world.operator(operator)
    number = NUMBERS[int(phone[-2:])]
    result = await smsc.send_mo(phone, words.format(number))
    assert result.ok
    mt = await smsc.next_mt(phone)
    assert re.fullmatch(like(language, "appeal.in_review", number), mt.text), mt.text
    assert (mt.source, mt.segments) == ("1012", 1)

    (chain,) = await world.settled(phone)
    assert (chain.operator, chain.language, chain.result) == (operator, language, "status")
    assert chain.parts == result.attempts == 1
    (reply,) = chain.replies
    assert (reply.state, reply.stat, reply.status) == (ReplyState.DELIVERED, reply.stat, 0)
    assert reply.message_id == mt.message_id
    assert [(entry.kind, entry.amount_tiyn) for entry in chain.entries] == [
        ("rated", PRICE_TIYN), ("charged", PRICE_TIYN),
    ]  # fmt: skip


async def test_a_number_that_no_register_knows_is_given_back(world: World) -> None:
    phone = "77770000111"
    await world.beeline.send_mo(phone, "талон 061200000099999999")
    assert "9999" in (await world.beeline.next_mt(phone)).text
    (chain,) = await world.settled(phone)
    assert chain.result == "not_found"
    assert [(entry.kind, entry.amount_tiyn) for entry in chain.entries] == [
        ("rated", PRICE_TIYN), ("charged", PRICE_TIYN), ("credited", -PRICE_TIYN),
    ]  # fmt: skip


async def test_the_export_has_a_row_for_the_question_and_one_for_its_reply(world: World) -> None:
    phone = "77770000112"
    await world.beeline.send_mo(phone, NUMBERS[12])
    mt = await world.beeline.next_mt(phone)
    await world.settled(phone)
    books = await world.service.export()
    (question,) = [row for row in books.questions if row["msisdn"] == phone]
    (reply,) = [row for row in books.replies if row["exchange_id"] == question["exchange_id"]]
    assert (question["charge_state"], question["charged_tiyn"]) == ("charged", PRICE_TIYN)
    assert (question["operator"], question["result_code"]) == ("beeline", "status")
    assert (reply["outcome"], reply["smsc_message_id"]) == ("delivered", mt.message_id)
    sums = (row["charged_tiyn"] for row in books.questions)
    assert sum(sums) == books.trailer["charged_tiyn"]


async def test_row_m1_a_redelivered_mo_is_answered_and_charged_once(world: World) -> None:
    """Over every bind of the operator, and long after the first answer."""
    phone = "77070000113"
    mo = world.tele2.compose(phone, NUMBERS[13])
    for _ in range(5):
        assert (await world.tele2.redeliver(mo)).ok
    await world.tele2.send_mo(phone, NUMBERS[14])
    texts = [(await world.tele2.next_mt(phone)).text for _ in range(2)]
    assert [text[:5] for text in texts] == [f"*{NUMBERS[13][-4:]}", f"*{NUMBERS[14][-4:]}"]
    first, second = await world.settled(phone, 2)
    assert (first.duplicates, second.duplicates) == (4, 0)
    assert [len(chain.entries) for chain in (first, second)] == [2, 2]
    assert await world.service.metric("jauap_duplicates_total") >= 4


async def test_copies_that_come_at_the_same_moment_are_one_question(world: World) -> None:
    phone = "77070000115"
    mo = world.tele2.compose(phone, NUMBERS[15])
    results = await asyncio.gather(*(world.tele2.redeliver(mo) for _ in range(10)))
    assert all(result.ok for result in results)
    (chain,) = await world.settled(phone)
    assert chain.duplicates == 9
    assert len(world.tele2.inbox(phone)) == 1


async def test_replies_come_in_the_order_of_the_questions(world: World) -> None:
    phones = [f"777700001{n}" for n in range(20, 25)]
    done = asyncio.Event()
    left = 4 * len(phones)

    def answered(result: MoResult) -> None:
        nonlocal left
        assert result.ok
        left -= 1
        if not left:
            done.set()

    for n in range(4):
        for phone in phones:
            world.beeline.post(world.beeline.compose(phone, NUMBERS[40 + n]), answered)
    async with asyncio.timeout(10):
        await done.wait()
    for phone in phones:
        texts = [(await world.beeline.next_mt(phone)).text for _ in range(4)]
        assert [text[:5] for text in texts] == [f"*{NUMBERS[40 + n][-4:]}" for n in range(4)]


async def test_enquire_link_is_answered_among_all_this(world: World) -> None:
    session = world.beeline.sessions[0]
    for _ in range(100):
        session.enquire()
    phone = "77770000126"
    await world.beeline.send_mo(phone, NUMBERS[26])
    await world.beeline.next_mt(phone)
    assert world.beeline.sessions == [session]
    assert not world.beeline.counters["silent_peer"]


# Long questions -------------------------------------------------------------------------------

FILL = "Пишу уже второй раз, в прошлый раз ответа не получил, а прошло много недель. "


def parted(
    phone: str, content: str | bytes, reference: int, form: SplitForm = SplitForm.UDH8
) -> Mo:
    """A long message with that reference."""
    return compose_mo(
        content, msisdn=phone, short_code="1012", data_coding=8, form=form, reference=reference,
        dc0=Alphabet.GSM,
    )  # fmt: skip


async def deliver(smsc: Smsc, *bodies: tuple[Mo, int]) -> None:
    """Parts, each named by its message and its place in it, in this order; all acknowledged."""
    for mo, index in bodies:
        result = await smsc.redeliver(mo._replace(bodies=(mo.bodies[index],)))
        assert result.ok


async def one_answer(world: World, smsc: Smsc, phone: str, number: str, parts: int) -> Chain:
    mt = await smsc.next_mt(phone)
    assert f"*{number[-4:]}" in mt.text
    (chain,) = await world.settled(phone)
    assert (chain.parts, chain.result) == (parts, "status")
    assert [entry.kind for entry in chain.entries] == ["rated", "charged"]
    assert chain.entries[0].amount_tiyn == PRICE_TIYN, "a long question costs once"
    assert len(smsc.inbox(phone)) == 1
    return chain


@pytest.mark.parametrize("form", [SplitForm.UDH8, SplitForm.UDH16, SplitForm.SAR])
async def test_row_l8_parts_out_of_order_are_one_question(world: World, form: SplitForm) -> None:
    phone = f"7707000013{list(SplitForm).index(form)}"
    mo = parted(phone, FILL * 2 + NUMBERS[30], 7, form)
    assert len(mo.bodies) == 3
    await deliver(world.tele2, (mo, 2), (mo, 0), (mo, 1))
    await one_answer(world, world.tele2, phone, NUMBERS[30], 3)


@pytest.mark.parametrize("form", [SplitForm.PAYLOAD, SplitForm.DATA_SM])
async def test_a_long_question_in_one_pdu_is_one_question(world: World, form: SplitForm) -> None:
    phone = f"7707000014{list(SplitForm).index(form)}"
    await world.tele2.send_mo(phone, FILL + NUMBERS[31], form=form)
    await one_answer(world, world.tele2, phone, NUMBERS[31], 1)


async def test_row_l9_a_part_that_comes_twice_counts_once(world: World) -> None:
    phone = "77070000150"
    mo = parted(phone, FILL * 2 + NUMBERS[32], 9)
    await deliver(world.tele2, (mo, 0), (mo, 0), (mo, 1), (mo, 0), (mo, 2), (mo, 2), (mo, 1))
    await one_answer(world, world.tele2, phone, NUMBERS[32], 3)


async def test_row_l11_one_reference_of_two_subscribers_is_two_questions(world: World) -> None:
    phones = ("77070000151", "77070000152")
    one, other = (
        parted(phone, FILL + NUMBERS[n], 11) for phone, n in zip(phones, (33, 34), strict=True)
    )
    await deliver(world.tele2, (one, 0), (other, 1), (one, 1), (other, 0))
    await one_answer(world, world.tele2, phones[0], NUMBERS[33], 2)
    await one_answer(world, world.tele2, phones[1], NUMBERS[34], 2)


async def test_row_l12_a_reference_used_again_is_another_question(world: World) -> None:
    phone = "77070000153"
    first = parted(phone, FILL + NUMBERS[35], 12)
    second = parted(phone, FILL.upper() + NUMBERS[36], 12)
    await deliver(world.tele2, (first, 0), (first, 1), (second, 0), (second, 1))
    for n in (35, 36):
        assert f"*{NUMBERS[n][-4:]}" in (await world.tele2.next_mt(phone)).text
    chains = await world.settled(phone, 2)
    assert [(chain.parts, len(chain.entries)) for chain in chains] == [(2, 2), (2, 2)]


async def test_row_l13_twelve_parts_are_joined_in_the_order_of_their_numbers(world: World) -> None:
    """The number is cut by the border between part 9 and part 10."""
    phone = "77070000154"
    head = (FILL * 20)[: 67 * 9 - 9]
    mo = parted(phone, head + NUMBERS[37] + (" " + FILL * 20)[: 67 * 3 - 9], 13)
    assert len(mo.bodies) == 12
    await deliver(world.tele2, *((mo, index) for index in (11, 9, 8, 0, 10, *range(1, 8))))
    await one_answer(world, world.tele2, phone, NUMBERS[37], 12)


class Part:
    """The owner of one delivery that a test puts on a session by hand."""

    def __init__(self) -> None:
        self.status: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()

    def settled(self, delivery: Delivery) -> None:
        self.status.set_result(delivery.status)

    def repeated(self, delivery: Delivery) -> None:
        raise AssertionError("it is delivered once")


async def test_row_l14_parts_over_two_binds_meet(world: World) -> None:
    phone = "77070000155"
    mo = parted(phone, FILL * 4 + NUMBERS[38], 14)
    assert len(mo.bodies) == 5
    assert len(world.tele2.sessions) == 2
    for index in (4, 1, 0, 3, 2):
        part = Part()
        world.tele2.sessions[index % 2].deliver(Delivery(mo.bodies[index], part))
        async with asyncio.timeout(5):
            assert await part.status == 0
    await one_answer(world, world.tele2, phone, NUMBERS[38], 5)


async def test_row_l16_a_character_cut_between_two_parts_is_whole_again(world: World) -> None:
    phone = "77070000156"
    octets = ("Добрый день! " * 6)[:66].encode("utf-16-be") + "😀 ".encode("utf-16-be")
    mo = parted(phone, octets + NUMBERS[39].encode("utf-16-be"), 16)
    assert len(mo.bodies) == 2
    assert mo.bodies[0].endswith("😀".encode("utf-16-be")[:2])
    await deliver(world.tele2, (mo, 1), (mo, 0))
    await one_answer(world, world.tele2, phone, NUMBERS[39], 2)


# Octets that are no message -------------------------------------------------------------------


async def test_a_pdu_beyond_repair_is_refused_alone(world: World) -> None:
    """sm_length says more than there is: RINVMSGLEN for it, and the next question is served."""
    session = world.kcell.sessions[-1]
    broken = b"\0\1\1" + b"77010000160\0" + b"\0\1" + b"1012\0" + bytes(9) + b"\xc8text"
    head = (16 + len(broken)).to_bytes(4, "big") + b"\0\0\0\5" + bytes(4) + b"\7\0\0\1"
    for each in world.kcell.sessions:
        each.send_raw(head + broken)
    phone = "77010000161"
    await world.kcell.send_mo(phone, NUMBERS[61])
    await world.kcell.next_mt(phone)
    assert session in world.kcell.sessions
    assert not await world.chains("77010000160")
    world.kcell.counters.pop("unmatched_response", None)  # to what was no request of its own


async def test_a_text_of_any_octets_is_acknowledged_and_booked(world: World) -> None:
    phone = "77010000162"
    for data_coding in (0, 1, 3, 4, 8, 0xF1, 0x7E):
        result = await world.kcell.send_mo(phone, bytes(range(128, 168)), data_coding=data_coding)
        assert result.ok
    chains = await world.settled(phone, 7)
    assert len(chains) == 7
    assert all(chain.entries for chain in chains)


async def test_a_phone_that_cannot_be_answered_is_booked_and_left_alone(world: World) -> None:
    assert (await world.kcell.send_mo("Kaspi", NUMBERS[63], source_ton=5)).ok
    assert (await world.kcell.send_mo("1012", NUMBERS[63], source_ton=0)).ok
    for source in ("Kaspi", "1012"):
        (chain,) = await world.settled(source)
        assert (chain.result, chain.replies) == ("unanswerable", ())
        assert sum(entry.amount_tiyn for entry in chain.entries if entry.kind != "rated") == 0
