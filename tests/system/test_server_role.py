"""An operator that binds to us: the console script as a process, an ESME of plain octets."""

from __future__ import annotations

import asyncio
import re
import shutil
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.raw_esme import (
    DELIVER,
    ENQUIRE,
    RESP,
    RX,
    SUBMIT,
    TRX,
    TX,
    UNBIND,
    Delivered,
    Pdu,
    RawEsme,
    bind_body,
    read_deliver,
    submit_body,
)
from tests.support.service import SECRET, Service, serving, write_open_tickets

FIRST = 61_200_000_050_000_000
NUMBERS = [f"{FIRST + n:018d}" for n in range(20)]
PRICE_TIYN = 1_500
RMSGQFUL = 0x14
OUTBIND = 0x0B
TLS = Path(__file__).parent.parent / "support" / "tls"
ALTEL = {"name": "altel"}


class Peer(RawEsme):
    """altel's ESME: takes what it is delivered, in whatever order it comes."""

    def __init__(self, *where: Any) -> None:
        super().__init__(*where)
        self.delivered: list[Delivered] = []

    async def bound(self, mode: int = TRX) -> Peer:
        got = await self.bind(mode, bind_body("altel", SECRET))
        assert (got.command, got.status) == (mode | RESP, 0)
        return self

    async def ask(self, msisdn: str, number: str, *, registered: int = 1) -> Pdu:
        """A question, and the response to it."""
        body = submit_body(number.encode(), "1012", source=msisdn, registered=registered)
        sequence = self.send(SUBMIT, body)
        got = await self.response(SUBMIT)
        assert got.sequence == sequence
        return got

    async def response(self, command: int) -> Pdu:
        while (got := await self.read()).command != command | RESP:
            self._take(got)
        return got

    async def fetch(self, count: int) -> list[Delivered]:
        """What it was delivered since the last call, so many."""
        while len(self.delivered) < count:
            self._take(await self.read())
        found, self.delivered = self.delivered, []
        assert len(found) == count
        return found

    def _take(self, got: Pdu) -> None:
        if got.command == DELIVER:
            self.answer(got)
            self.delivered.append(read_deliver(got.body))

    async def leave(self) -> None:
        self.send(UNBIND)
        await self.response(UNBIND)


def message_id(response: Pdu) -> str:
    assert response.status == 0
    assert response.body.endswith(b"\0")
    return response.body[:-1].decode("ascii")


def parted(got: Sequence[Delivered]) -> tuple[list[Delivered], dict[str, Delivered]]:
    """Answers, and receipts by the id that they name."""
    answers = [each for each in got if not each.esm_class & 0x3C]
    receipts = {
        re.match(rb"id:(\S+) ", each.text)[1].decode(): each  # type: ignore[index]  # or it fails
        for each in got
        if each.esm_class & 0x3C == 0x04
    }
    assert len(answers) + len(receipts) == len(got)
    return answers, receipts


@asynccontextmanager
async def server(folder: Path, **options: Any) -> AsyncIterator[Service]:
    feed = write_open_tickets(folder / "feed.ndjson", FIRST, len(NUMBERS))
    options = {"accounts": [ALTEL]} | options
    async with serving(folder, tickets=[feed], **options) as service:
        yield service


async def closed(service: Service) -> None:
    assert await service.stop() == 0
    assert (await service.verify())["findings"] == []


async def test_a_question_that_is_submitted_to_us_is_answered_booked_and_receipted(
    tmp_path: Path,
) -> None:
    async with server(tmp_path) as service:
        async with Peer(service.smsc_port) as peer:
            await peer.bound()
            id_ = message_id(await peer.ask("77010000001", NUMBERS[1]))
            (answer,), receipts = parted(await peer.fetch(2))
            assert (answer.source, answer.destination) == ("1012", "77010000001")
            assert f"*{NUMBERS[1][-4:]}" in answer.text.decode("utf-16-be")
            (receipt,) = receipts.values()
            assert list(receipts) == [id_]
            assert (receipt.source, receipt.destination) == ("1012", "77010000001")
            assert re.fullmatch(
                rb"id:\d+ sub:001 dlvrd:001 submit date:\d{10} done date:\d{10} stat:DELIVRD "
                rb"err:000 text:", receipt.text,
            )  # fmt: skip
            await peer.leave()
        await closed(service)
        books = await service.export()
        (row,) = books.questions
        assert row["operator"] == "altel"
        assert (row["outcome"], row["charge_state"], row["charged_tiyn"]) == (
            "answered", "charged", PRICE_TIYN,
        )  # fmt: skip
        assert [mt["outcome"] for mt in books.replies] == ["submitted"]


async def test_without_being_asked_we_send_no_receipt(tmp_path: Path) -> None:
    async with server(tmp_path) as service, Peer(service.smsc_port) as peer:
        await peer.bound()
        await peer.ask("77010000001", NUMBERS[1], registered=0)
        await peer.ask("77010000002", NUMBERS[2], registered=0)
        answers, receipts = parted(await peer.fetch(2))
        assert (len(answers), receipts) == (2, {})
        await service.counted("jauap_settled_total", 2)
        assert await service.metric("jauap_owed") == 0


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_row_v7_what_an_account_is_owed_waits_for_it_across_a_restart(
    tmp_path: Path, end: str
) -> None:
    async with server(tmp_path) as service:
        phones = [f"7701000010{n}" for n in range(5)]
        async with Peer(service.smsc_port) as peer:
            await peer.bound(TX)  # it cannot be sent to
            ids = {message_id(await peer.ask(phone, NUMBERS[n])) for n, phone in enumerate(phones)}
            await service.counted("jauap_owed", 10)
            assert await service.metric("jauap_owed_oldest_seconds") >= 0
        await (closed(service) if end == "stop" else service.kill())
        await service.start()
        await service.counted("jauap_owed", 10)
        assert (await service.readiness(200))["owed"]["altel"]["replies"] == 10
        async with Peer(service.smsc_port) as peer:
            await peer.bound()
            answers, receipts = parted(await peer.fetch(10))
            assert {answer.destination for answer in answers} == set(phones)
            assert set(receipts) == ids
            await service.counted("jauap_settled_total", 10)
            await peer.leave()
        await closed(service)
        books = await service.export()
        assert [row["charged_tiyn"] for row in books.questions] == [PRICE_TIYN] * 5


async def test_row_v11_a_submit_sent_again_after_a_reconnect_is_answered_and_charged_once(
    tmp_path: Path,
) -> None:
    async with server(tmp_path) as service:
        async with Peer(service.smsc_port) as peer:
            await peer.bound(TX)
            first = message_id(await peer.ask("77010000001", NUMBERS[1]))
        async with Peer(service.smsc_port) as peer:  # the response was lost, it believes
            await peer.bound()
            assert message_id(await peer.ask("77010000001", NUMBERS[1])) == first
            other = message_id(await peer.ask("77010000001", NUMBERS[2]))
            assert other != first
            answers, receipts = parted(await peer.fetch(4))
            assert (len(answers), set(receipts)) == (2, {first, other})
            await service.counted("jauap_settled_total", 4)
        assert await service.metric("jauap_duplicates_total") == 1
        await closed(service)
        books = await service.export()
        assert [row["charged_tiyn"] for row in books.questions] == [PRICE_TIYN] * 2
        assert len(books.replies) == 2


async def test_an_account_that_fetches_nothing_is_told_that_its_queue_is_full(
    tmp_path: Path,
) -> None:
    async with server(tmp_path, accounts=[ALTEL | {"queue_max": 4}]) as service:
        async with Peer(service.smsc_port) as peer:
            await peer.bound(TX)
            statuses = [(await peer.ask(f"770100002{n:02d}", NUMBERS[n])).status for n in range(6)]
            assert statuses == [0, 0, RMSGQFUL, RMSGQFUL, RMSGQFUL, RMSGQFUL]
            await service.logged("account_queue_full")
        async with Peer(service.smsc_port) as peer:
            await peer.bound()
            answers, receipts = parted(await peer.fetch(4))
            assert (len(answers), len(receipts)) == (2, 2)
            await service.logged("account_queue_drained")
            assert (await peer.ask("77010000299", NUMBERS[9])).status == 0
        await closed(service)
        assert len((await service.export()).questions) == 3


async def test_a_long_question_is_acknowledged_part_by_part_and_answered_once(
    tmp_path: Path,
) -> None:
    words = ("Сәлеметсіз бе! " * 6 + NUMBERS[3]).encode("utf-16-be")
    halves = [words[:130], words[130:]]
    async with server(tmp_path) as service:
        async with Peer(service.smsc_port) as peer:
            await peer.bound()
            ids = []
            for number, half in [*enumerate(halves, 1), (2, halves[1])]:  # the last one again
                body = submit_body(
                    bytes((5, 0, 3, 7, 2, number)) + half, "1012", source="77010000003",
                    registered=1, coding=8, esm_class=0x40,
                )  # fmt: skip
                peer.send(SUBMIT, body)
                ids.append(message_id(await peer.response(SUBMIT)))
            answers, receipts = parted(await peer.fetch(3))
            assert (len(answers), set(receipts)) == (1, set(ids))
            await service.counted("jauap_settled_total", 3)
        assert ids[1] == ids[2] != ids[0]
        await closed(service)
        books = await service.export()
        (row,) = books.questions
        assert (row["mo_parts"], row["charged_tiyn"], len(books.replies)) == (2, PRICE_TIYN, 1)


async def test_an_account_that_is_owed_something_is_called_and_fetches_it(tmp_path: Path) -> None:
    called: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    listener = await asyncio.start_server(
        lambda reader, writer: called.put_nowait((reader, writer)), "127.0.0.1", 0
    )
    port = listener.sockets[0].getsockname()[1]
    (tmp_path / "outbind").write_text("0utb1nd", encoding="ascii")
    outbind = {
        "outbind": f"127.0.0.1:{port}",
        "outbind_system_id": "jauap",
        "outbind_password_file": str(tmp_path / "outbind"),
    }
    async with listener, server(tmp_path, accounts=[ALTEL | outbind]) as service:
        async with Peer(service.smsc_port) as peer:
            await peer.bound(TX)
            await peer.ask("77010000004", NUMBERS[4])
            await peer.leave()
        peer = Peer(service.smsc_port)
        async with asyncio.timeout(10):
            peer.reader, peer.writer = await called.get()
        told = await peer.read()
        assert (told.command, told.body) == (OUTBIND, b"jauap\x000utb1nd\0")
        await peer.bound(RX)
        answers, receipts = parted(await peer.fetch(2))
        assert (len(answers), len(receipts)) == (1, 1)
        await peer.leave()
        peer.writer.close()
        await closed(service)


def client_context() -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(TLS / "ca.pem"))
    context.load_cert_chain(str(TLS / "esme.pem"))
    return context


async def test_a_new_certificate_serves_new_sessions_and_the_older_ones_live_on(
    tmp_path: Path,
) -> None:
    certificate = tmp_path / "shown.pem"
    shutil.copy(TLS / "smsc.pem", certificate)
    files = {"cert_file": str(certificate), "ca_file": str(TLS / "ca.pem")}
    context = client_context()
    async with server(tmp_path, smsc_tls=files) as service:
        async with Peer(service.smsc_port, context, "smsc.test") as older:
            await older.bound()
            swapped = tmp_path / "new.pem"
            shutil.copy(TLS / "other.pem", swapped)
            swapped.rename(certificate)
            async with Peer(service.smsc_port, context, "other.test") as newer:
                await newer.bound()
                await service.logged("tls_files_loaded")
                for peer, n in ((older, 1), (newer, 2)):
                    peer.send(ENQUIRE)
                    assert (await peer.response(ENQUIRE)).status == 0
                    assert message_id(await peer.ask(f"7701000030{n}", NUMBERS[n]))
                await service.counted("jauap_received_total", 2)
        ready = await service.readiness(200)
        assert ready["tls"]["smsc"]["not_after"].startswith("2120-01-01")
        assert await service.metric("jauap_tls_not_after_timestamp_seconds") > 4e9

        nobody = ssl.create_default_context(cafile=str(TLS / "ca.pem"))
        with pytest.raises((ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)):
            async with Peer(service.smsc_port, nobody, "other.test") as peer:
                await peer.bound()
        await service.counted("jauap_smsc_events_total", 1)
        await closed(service)
