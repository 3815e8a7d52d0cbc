"""Rows S: each direction counts for itself."""

from __future__ import annotations

from typing import Final

from smpp.conform.bench import Bench, request_pdu
from smpp.conform.connection import Connection, told
from smpp.conform.plays import Play
from smpp.conform.shaping import body_of
from smpp.conform.verdicts import FailedError
from smpp.simulator import wire

BEYOND: Final = (0x8000_0000, 0xFFFF_FFFF)


async def zero(bench: Bench) -> str:
    await _echoed(bench, 0)
    return ""


async def beyond_the_standard(bench: Bench) -> str:
    for number in BEYOND:
        await _echoed(bench, number)
    return ""


async def _echoed(bench: Bench, number: int) -> None:
    connection = await bench.session()
    connection.send(
        request_pdu(bench.carrier, number, body_of(bench.message(bench.text))),
    )
    await _answered(bench, connection, bench.carrier, number)
    connection.send(request_pdu(wire.ENQUIRE_LINK, number))
    await _answered(bench, connection, wire.ENQUIRE_LINK, number)


async def _answered(bench: Bench, connection: Connection, command: int, number: int) -> None:
    response = await connection.response(number, bench.options.answer_s)
    if (response.command, response.status) != (command | wire.RESPONSE, 0):
        raise FailedError(f"answered with {told(response)}")


async def two_of_one_number(bench: Bench) -> str:
    connection, number = await bench.session(), bench.options.window + 9_000_000
    bodies = [body_of(bench.message(text)) for text in (b"first", b"second")]
    connection.send(*(request_pdu(bench.carrier, number, body) for body in bodies))
    for _ in bodies:
        await _answered(bench, connection, bench.carrier, number)
    await bench.alive(connection)
    return ""


async def one_number_both_ways(bench: Bench) -> str:
    held = await bench.one_held()
    number, connection = held.pdu.sequence, held.connection
    if connection.mode == "transmitter":  # it may not be delivered to on this one
        connection.send(request_pdu(wire.ENQUIRE_LINK, number))
        await _answered(bench, connection, wire.ENQUIRE_LINK, number)
    else:
        connection.send(request_pdu(bench.carrier, number, body_of(bench.message(bench.text))))
        await _answered(bench, connection, bench.carrier, number)
    bench.release(held)
    await bench.alive(connection)
    return f"number {number}"


async def response_to_nothing(bench: Bench) -> str:
    connection = await bench.session()
    for command in (wire.SUBMIT_SM, wire.DELIVER_SM, wire.ENQUIRE_LINK):
        connection.send(request_pdu(command | wire.RESPONSE, 8_888_888, b"id\0"))
        await bench.alive(connection)
    return ""


async def response_twice(bench: Bench) -> str:
    held = await bench.one_held()
    bench.release(held)
    bench.release(held)
    await bench.alive(held.connection)
    return ""


PLAYS: Final = (
    Play("S2", zero),
    Play("S3", beyond_the_standard),
    Play("S4", two_of_one_number),
    Play("S5", one_number_both_ways),
    Play("S6", response_to_nothing),
    Play("S7", response_twice),
)
