"""Rows B, V and T that open connections to an SMSC of their own."""

from __future__ import annotations

import asyncio
from typing import Final

from smpp.conform.bench import request_pdu
from smpp.conform.connection import OUTBIND, Connection, told
from smpp.conform.dialler import Dialler
from smpp.conform.plays import SMSC, Play, When
from smpp.conform.shaping import body_of
from smpp.conform.verdicts import FailedError, UntestableError
from smpp.simulator import wire

VERSIONS: Final = (0x34, 0x33, 0x50, 0x00)
OLD: Final = 0x33
CYCLES: Final = 25
CYCLES_S: Final = 10.0
TOO_MANY: Final = frozenset({wire.RBINDFAIL, wire.RALYBND})
WRONG: Final = "conform?"


async def pair(bench: Dialler) -> str:
    await bench.leave()
    sender = await bench.bound(wire.BIND_TRANSMITTER)
    try:
        await bench.accepted(sender, body_of(bench.message(bench.text)))
    finally:
        await bench.unbind(sender)
    receiver = await bench.bound(wire.BIND_RECEIVER)
    await bench.alive(receiver)
    await bench.unbind(receiver)
    return ""


async def versions(bench: Dialler) -> str:
    await bench.leave()
    for version in VERSIONS:
        connection = await bench.connect()
        response = await bench.bind(connection, version=version)
        if response.status:
            raise FailedError(f"version 0x{version:02X} was answered with {told(response)}")
        tail = response.body.partition(b"\0")[2]
        if version <= OLD and tail:
            raise FailedError(f"{len(tail)} octets of TLVs to an ESME of version 0x{version:02X}")
        await bench.alive(connection)
        await bench.unbind(connection)
    return ""


async def address_range(bench: Dialler) -> str:
    await bench.leave()
    connection = await bench.bound(address_range=bench.options.short_code)
    await bench.unbind(connection)
    return ""


async def outbind(bench: Dialler) -> str:
    connection = await bench.connect()
    connection.ask(OUTBIND, f"{WRONG}\0{WRONG}\0".encode("ascii"))
    if not await connection.ended(bench.options.patience_s):
        raise FailedError("an outbind of nobody it knows leaves the connection open")
    return ""


async def submit_behind_the_bind(bench: Dialler) -> str:
    await bench.leave()
    connection = await bench.connect()
    connection.mode = "transceiver"
    first, second = connection.next_sequence(), connection.next_sequence()
    message = body_of(bench.message(bench.text))
    connection.send(
        request_pdu(wire.BIND_TRANSCEIVER, first, bench.bind_body()),
        request_pdu(wire.SUBMIT_SM, second, message),
    )
    for number in (first, second):
        response = await connection.response(number, bench.options.answer_s)
        if response.status:
            raise FailedError(f"answered with {told(response)}")
    await bench.unbind(connection)
    return ""


async def nothing_before_a_bind(bench: Dialler) -> str:
    connection = await bench.connect()
    sequence = connection.ask(wire.SUBMIT_SM, body_of(bench.message(bench.text)))
    response = await connection.response(sequence, bench.options.answer_s)
    if response.status != wire.RINVBNDSTS:
        raise FailedError(f"a submit before any bind was answered with {told(response)}")
    connection.finish()
    silent = await bench.connect()
    if not await silent.ended(bench.options.patience_s):
        raise FailedError(f"a connection without a bind is open {bench.options.patience_s:g} s")
    took_s = (silent.ended_s or 0.0) - silent.opened_s
    return f"closed after {took_s:.1f} s without a bind"


async def second_bind(bench: Dialler) -> str:
    connection = await bench.session()
    sequence = connection.ask(wire.BIND_TRANSCEIVER, bench.bind_body())
    response = await connection.response(sequence, bench.options.answer_s)
    if response.status != wire.RALYBND:
        raise FailedError(f"a second bind on a session was answered with {told(response)}")
    await bench.alive(connection)
    if not bench.account.binds_max:
        return "how many binds it allows was not said: --binds-max"
    await bench.leave()
    bound: list[Connection] = []
    try:
        for _ in range(bench.account.binds_max):
            bound.append(await bench.bound())
        one_more = await bench.connect()
        response = await bench.bind(one_more)
        if response.status not in TOO_MANY:
            raise FailedError(f"bind {len(bound) + 1} was answered with {told(response)}")
    finally:
        for each in bound:
            await bench.unbind(each)
    return f"bind {len(bound) + 1}: status 0x{response.status:02X}"


async def again_and_again(bench: Dialler) -> str:
    await bench.leave()
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    for _ in range(CYCLES):
        connection = await bench.bound()
        await bench.accepted(connection, body_of(bench.message(bench.text)))
        await bench.unbind(connection)
    took_s = loop.time() - began_s
    if took_s > CYCLES_S:
        raise FailedError(f"{CYCLES} sessions of one message took {took_s:.1f} s")
    return f"{CYCLES / took_s:.0f} sessions a second"


async def enquiry_before_a_bind(bench: Dialler) -> str:
    connection = await bench.connect()
    await bench.alive(connection)
    connection.finish()
    return ""


async def submit_on_a_receiver(bench: Dialler) -> str:
    await bench.leave()
    connection = await bench.bound(wire.BIND_RECEIVER)
    response = await bench.carry(connection, body_of(bench.message(bench.text)))
    await bench.unbind(connection)
    if response.status != wire.RINVBNDSTS:
        raise FailedError(f"answered with {told(response)}")
    return ""


async def wrong_credentials(bench: Dialler) -> str:
    """A wrong password and an unknown name look alike, and the right ones work afterwards."""
    await bench.leave()
    statuses = []
    for system_id, password in ((None, WRONG), (WRONG, None), (None, WRONG)):
        connection = await bench.connect()
        response = await bench.bind(connection, system_id=system_id, password=password)
        connection.finish()
        if not response.status:
            raise FailedError(f"bound with a wrong {'password' if password else 'system_id'}")
        statuses.append(response.status)
    await bench.session()
    if len(set(statuses)) > 1:
        raise FailedError(
            f"a wrong password gets status 0x{statuses[0]:02X}, an unknown name "
            f"0x{statuses[1]:02X}: names can be tried out"
        )
    return f"status 0x{statuses[0]:02X} for both"


async def plain_on_the_tls_port(bench: Dialler) -> str:
    if bench.tls is None:
        raise UntestableError("the peer is not asked by TLS: --tls")
    connection = await bench.connect(plain=True)
    connection.ask(wire.BIND_TRANSCEIVER, bench.bind_body(password=""))
    if not await connection.ended(bench.options.patience_s):
        raise FailedError("plain octets leave the TLS port's connection open")
    if connection.pdus:
        raise FailedError("plain octets were answered on the TLS port")
    await bench.back()
    return ""


PLAYS: Final = (
    Play("B1", pair, SMSC, When.LATE),
    Play("B7", versions, SMSC, When.LATE),
    Play("B8", address_range, SMSC, When.LATE),
    Play("B11", outbind, SMSC, When.LATE),
    Play("V1", submit_behind_the_bind, SMSC, When.LATE),
    Play("V2", nothing_before_a_bind, SMSC, When.LATE),
    Play("V3", second_bind, SMSC, When.LATE),
    Play("V4", again_and_again, SMSC, When.LATE),
    Play("V5", enquiry_before_a_bind, SMSC),
    Play("V9", submit_on_a_receiver, SMSC, When.LATE),
    Play("V13", wrong_credentials, SMSC, When.REFUSING),
    Play("T2", plain_on_the_tls_port, SMSC, When.LATE),
)
