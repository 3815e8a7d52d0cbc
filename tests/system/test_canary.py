"""A phone and a ticket number sent through the whole service, faults and all, at log level debug:
neither shows in anything the process writes, nor on /metrics."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path

from smpp.simulator import Chaos, RetrySchedule, Smsc
from smpp.simulator.delivery import Delivery
from tests.support import poisoned
from tests.support.service import SECRET, LinkTo, Service, serving, until, write_open_tickets

MSISDN = "77019876543"
STEM = "06120000007913"  # of every canary number
FIRST = int(STEM + "0000")
NUMBER = STEM + "0042"
PROGRAM = (sys.executable, "-P", str(Path(poisoned.__file__)))
SOON = RetrySchedule(response_timeout_s=2.0, after_s=(0.1,) * 100)


def forms(digits: str) -> set[str]:
    """Ways in which a program might let digits slip out."""
    octets = digits.encode()
    return {
        digits,
        digits[-9:],
        " ".join(digits),
        octets.hex(),
        octets.hex(" "),
        digits.encode("utf-16-be").hex(),
        "\\x00".join(digits),
    }


CANARIES = forms(MSISDN) | forms(NUMBER) | {STEM, STEM[1:], SECRET}


def pdu(command: int, sequence: int, body: bytes) -> bytes:
    head = (16 + len(body), command, 0, sequence)
    return b"".join(field.to_bytes(4, "big") for field in head) + body


def message(*, source: bytes, text: bytes, size: int | None = None, esm_class: int = 0) -> bytes:
    """A deliver_sm's body; `size` is what sm_length claims."""
    claimed = len(text) if size is None else size
    return (
        b"\0\1\1" + source + b"\0\0\1" + b"1012\0" + bytes((esm_class,)) + bytes(8)
        + bytes((claimed,)) + text
    )  # fmt: skip


BAD_PDUS = [
    pdu(5, 0x70000001, message(source=MSISDN.encode(), text=NUMBER.encode(), size=200)),
    pdu(5, 0x70000002, MSISDN.encode() + NUMBER.encode()),  # no field ends
    pdu(5, 0x70000003, message(source=MSISDN.encode(), text=NUMBER.encode()) + b"\x04\x24\xff"),
    pdu(5, 0x70000004, message(source=MSISDN.encode() * 4, text=NUMBER.encode())),
    pdu(5, 0x70000005, message(source=MSISDN.encode(), text=b"id:" + NUMBER.encode(), esm_class=4)),
    pdu(5, 0x70000006, message(source=MSISDN.encode(), text=NUMBER.encode(), esm_class=0x40)),
    pdu(0x0F0F, 0x70000007, NUMBER.encode()),  # a request nobody knows
    pdu(0x80000004, 0x70000008, MSISDN.encode()),  # a response to nothing, and without an end
]


async def ask_in_many_ways(smsc: Smsc) -> None:
    for words in ("{}", "Здравствуйте, где {}?", "{}", "where is {} of +77019876543", "стоп {}"):
        await smsc.send_mo(MSISDN, words.format(NUMBER))
    await smsc.send_mo(MSISDN, "Добрый день! " * 10 + NUMBER)
    await smsc.send_mo(MSISDN, STEM + "99", redeliver=True)  # of a wrong length, and twice
    await smsc.send_mo(MSISDN, f"{MSISDN} {STEM}9999")  # a phone, and a number not found
    await smsc.send_mo(MSISDN, NUMBER.encode("utf-16-be"), data_coding=4)
    await smsc.send_mo(MSISDN * 2, NUMBER)
    for words in ("{}0666", "ticket{}0666", "N{}0666", "{}0667"):  # see tests.support.poisoned
        await smsc.send_mo("77019876544", words.format(STEM))


async def send_bad_pdus(smsc: Smsc) -> None:
    (session,) = smsc.sessions
    for octets in BAD_PDUS:
        session.send_raw(octets)
    await smsc.send_mo("77019876545", NUMBER)
    assert smsc.sessions == [session], "none of them ends the session"
    session.send_raw(b"GET /" + NUMBER.encode() + b" HTTP/1.1\r\n\r\n")  # this one does
    await until(lambda: smsc.sessions != [session])
    await smsc.bound()


async def misuse_the_web(service: Service) -> None:
    host, port = service.http.removeprefix("http://").split(":")
    form = f"number={NUMBER}&lang=kk".encode()
    head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    for octets in (
        f"GET /{NUMBER}?number={NUMBER} HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
        f"{NUMBER} {MSISDN} {NUMBER}\r\n\r\n".encode(),
        f"GET / HTTP/1.1\r\nHost: x\r\n{NUMBER}\r\n\r\n".encode(),
        f"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: {NUMBER}{NUMBER}\r\n\r\n".encode(),
        f"{head}Content-Length: {len(form)}\r\n\r\n".encode() + form,
        f"{head}Content-Length: 999999\r\n\r\n".encode() + form * 10_000,
        f"{head}Transfer-Encoding: chunked\r\n\r\n{NUMBER}\r\n".encode(),
    ):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(octets)
        writer.write_eof()
        async with asyncio.timeout(5):
            with contextlib.suppress(ConnectionError):  # cut, as it may be
                await reader.read(65_536)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def test_neither_phone_nor_number_is_in_what_the_process_says(tmp_path: Path) -> None:
    feed = write_open_tickets(tmp_path / "feed.ndjson", FIRST, 700)
    refusing = Chaos(bind_refused_percent=100, bind_status=0x0E)
    async with (
        Smsc(password=SECRET, retry=SOON) as smsc,
        Smsc(password=SECRET, chaos=refusing) as other,
        serving(
            tmp_path,
            LinkTo("operator", smsc.port),
            LinkTo("refused", other.port),
            tickets=[feed],
            level="debug",
            program=PROGRAM,
        ) as service,
    ):
        smsc.chaos = Chaos(throttle_percent=30, vendor_status_percent=20, duplicate_mo_percent=50)
        await ask_in_many_ways(smsc)
        smsc.chaos = Chaos()
        await send_bad_pdus(smsc)
        await misuse_the_web(service)
        await until(lambda: other.faults_made["bind_refused"] > 0)
        assert (await service.get("/health/ready"))[0] == 200
        _, metrics = await service.get("/metrics")
        _, health = await service.get("/health/ready")
        assert await service.metric("jauap_parked_total") >= 4
        await end_by_a_mistake_of_ours(smsc, service)

    said = service.written + metrics + health
    assert service.events("question_answered"), "it says what it does"
    assert service.events("question_failed"), "and what went wrong"
    assert service.events("gateway_failed"), "to the end"
    for canary in CANARIES:
        at = said.find(canary)
        assert at < 0, said[max(0, at - 500) : at + 200]


async def end_by_a_mistake_of_ours(smsc: Smsc, service: Service) -> None:
    """An exception that ends the process is told like any other."""
    (session, *_) = smsc.sessions
    mo = smsc.compose("77019876546", STEM + poisoned.FATAL)

    class Nobody:
        def settled(self, delivery: Delivery) -> None: ...
        def repeated(self, delivery: Delivery) -> None: ...

    session.deliver(Delivery(mo.bodies[0], Nobody()))
    assert await service.ended() == 1
