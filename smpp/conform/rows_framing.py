"""Rows F: PDUs however they are torn, and lengths that are not true."""

from __future__ import annotations

import struct
from typing import Final

from smpp.conform.bench import Bench, request_pdu
from smpp.conform.connection import Connection, told
from smpp.conform.dialler import Dialler
from smpp.conform.listener import Listener
from smpp.conform.plays import ESME, SMSC, Play, When
from smpp.conform.shaping import body_of, tlv
from smpp.conform.verdicts import FailedError, Role
from smpp.simulator import wire
from smpp.simulator.framing import HEADER_OCTETS

MANY: Final = 50
VENDOR_TAG: Final = 0x1400
MARK: Final = 4711  # the sequence number of a PDU that cannot be
FOREIGN: Final = {
    "HTTP": b"GET / HTTP/1.0\r\n\r\n",
    "a TLS hello": bytes.fromhex("1603010200010001fc0303") + bytes(40),
}
# Refusals of one message that ask for no repetition.
REFUSED: Final = {Role.ESME: 0x0B, Role.SMSC: 0x66}


async def octet_by_octet(bench: Bench) -> str:
    connection, msisdn = await bench.session(), bench.subscriber(replies_max=1)
    sequence = connection.next_sequence()
    body = body_of(bench.message(bench.text, msisdn=msisdn))
    octets = request_pdu(bench.carrier, sequence, body)
    await connection.send_apart(octets[at : at + 1] for at in range(len(octets)))
    response = await connection.response(sequence, bench.options.answer_s)
    if (response.command, response.status) != (bench.carrier | wire.RESPONSE, 0):
        raise FailedError(f"answered with {told(response)}")
    return await bench.answered_alike(msisdn)


async def many_in_one_read(bench: Dialler) -> str:
    return await _fifty(bench, await bench.session(), b"")


async def many_with_the_bind(bench: Listener) -> str:
    connection, bind = await bench.intercept()
    bench.bind_as(connection, bind)
    return await _fifty(bench, connection, bench.bind_response(bind))


async def _fifty(bench: Bench, connection: Connection, before: bytes) -> str:
    numbers = [connection.next_sequence() for _ in range(MANY)]
    requests = [
        request_pdu(bench.carrier, number, body_of(bench.message(b"%d" % number)))
        for number in numbers
    ]
    connection.send(before, *requests)
    order: list[int] = []
    response = bench.carrier | wire.RESPONSE

    def answered() -> bool | None:
        while (pdu := connection.take(lambda each: each.command == response)) is not None:
            order.append(pdu.sequence)
        return len(order) >= MANY or connection.ended_s is not None or None

    await bench.changes.until(answered, bench.options.answer_s)
    if order != numbers:
        order_told = "out of order" if set(order) == set(numbers) else f"{len(order)} were"
        raise FailedError(f"of {MANY} messages in one write {order_told} answered")
    return f"{MANY} answered in order"


async def too_long(bench: Bench) -> str:
    connection = await bench.fresh()
    header = struct.pack(">4I", 0x7FFF_FFFF, bench.carrier, 0, MARK)
    connection.send(header, b"x" * 1_000)
    await _nacked_and_closed(bench, connection, MARK)
    return ""


async def too_short(bench: Bench) -> str:
    lengths = (0, 4, 15) if bench.role is Role.SMSC else (4,)  # an ESME comes back ever later
    for length in lengths:
        connection = await bench.fresh()
        connection.send(struct.pack(">4I", length, bench.carrier, 0, MARK))
        await _nacked_and_closed(bench, connection, 0)
    return ""


async def _nacked_and_closed(bench: Bench, connection: Connection, number: int) -> None:
    response = await connection.response(number, bench.options.answer_s)
    if (response.command, response.status) != (wire.GENERIC_NACK, wire.RINVCMDLEN):
        raise FailedError(f"answered with {told(response)}, not with generic_nack 0x02")
    if not await connection.ended(bench.options.answer_s):
        raise FailedError("the connection stays open, though nobody knows where a PDU begins")
    await bench.back()


async def another_protocol(bench: Bench) -> str:
    if isinstance(bench, Dialler):
        for name, octets in FOREIGN.items():
            connection = await bench.connect()
            await _closed_after(bench, connection, name, octets)
    else:
        name, octets = next(iter(FOREIGN.items()))
        await _closed_after(bench, await bench.session(), name, octets)
    await bench.back()
    return ""


async def _closed_after(bench: Bench, connection: Connection, name: str, octets: bytes) -> None:
    connection.send(octets)
    if not await connection.ended(bench.options.answer_s):
        raise FailedError(f"{name} leaves the connection open")


async def text_beyond_the_pdu(bench: Bench) -> str:
    connection = await bench.session()
    body = body_of(bench.message(b"short"), sm_length=200)
    response = await bench.carry(connection, body)
    if response.status != wire.RINVMSGLEN:
        raise FailedError(f"answered with {told(response)}, not with status 0x01")
    await bench.accepted(connection, body_of(bench.message(bench.text)))
    return ""


async def stray_octets(bench: Bench) -> str:
    seen = ""
    for stray in (b"\0", b"\1", b"\0\0", b"\1\2\3"):
        msisdn = bench.subscriber(replies_max=1)
        await bench.takes(bench.text, msisdn=msisdn, tail=stray)
        seen = await bench.answered_alike(msisdn)
    return seen


async def tlv_beyond_the_pdu(bench: Bench) -> str:
    msisdn = bench.subscriber(replies_max=1)
    tail = tlv(0x0204, b"\0\7") + tlv(VENDOR_TAG, b"ab", length=50)
    await bench.takes(bench.text, msisdn=msisdn, tail=tail)
    return await bench.answered_alike(msisdn)


async def header_alone(bench: Bench) -> str:
    connection = await bench.fresh()
    connection.send(struct.pack(">4I", HEADER_OCTETS + 44, bench.carrier, 0, MARK))
    patience_s = bench.options.patience_s
    if not await connection.ended(patience_s):
        raise FailedError(f"a header without its body holds the connection for {patience_s:g} s")
    await bench.back()
    return ""


async def error_with_a_body(bench: Bench) -> str:
    return await _refused(bench, b"some-id\0")


async def error_without_a_body(bench: Bench) -> str:
    return await _refused(bench, b"")


async def _refused(bench: Bench, body: bytes) -> str:
    held = await bench.one_held()
    bench.release(held, body, status=REFUSED[bench.role])
    await bench.alive(held.connection)
    return ""


PLAYS: Final = (
    Play("F1", octet_by_octet),
    Play("F2", many_in_one_read, SMSC),
    Play("F2", many_with_the_bind, ESME, When.LATE),
    Play("F3", too_long, when=When.LATE),
    Play("F4", too_short, when=When.LATE),
    Play("F5", another_protocol, when=When.LATE),
    Play("F6", text_beyond_the_pdu),
    Play("F7", stray_octets),
    Play("F8", tlv_beyond_the_pdu),
    Play("F9", header_alone, when=When.LATE),
    Play("F10", error_with_a_body),
    Play("F11", error_without_a_body),
)
