"""Rows B that begin or end a session of an ESME, or of either."""

from __future__ import annotations

import asyncio
from typing import Final

from smpp.conform.bench import Bench, request_pdu
from smpp.conform.connection import Connection, told
from smpp.conform.listener import Listener
from smpp.conform.plays import ESME, Play, When
from smpp.conform.shaping import body_of, tlv
from smpp.conform.verdicts import FailedError, UntestableError
from smpp.simulator import wire
from smpp.simulator.framing import Pdu, encode_pdu

VERSION_50: Final = tlv(wire.TAG_SC_INTERFACE_VERSION, b"\x50")
UNHEARD_OF: Final = tlv(0x1400, b"\0\xff") + tlv(0x3001, bytes(300))


async def nacked_bind(bench: Listener) -> str:
    connection, bind = await bench.intercept()
    before = len(bench.carried)
    connection.send(encode_pdu(wire.GENERIC_NACK, wire.RINVBNDSTS, bind.sequence))
    await bench.back()
    _nothing_from(bench, connection, before)
    return "bound anew"


async def busy_bind(bench: Listener) -> str:
    connection, bind = await bench.intercept()
    before = len(bench.carried)
    refused_s = _refuse(connection, bind, wire.RALYBND)
    await bench.back()
    waited_s = asyncio.get_running_loop().time() - refused_s
    _nothing_from(bench, connection, before)
    if waited_s < bench.options.backoff_min_s:
        raise FailedError(f"bound again after {waited_s:.2f} s: the SMSC holds its old session")
    return f"bound anew after {waited_s:.1f} s"


async def refused_credentials(bench: Listener) -> str:
    connection, bind = await bench.intercept()
    before = bench.connections_total
    refused_s = _refuse(connection, bind, wire.RINVPASWD)
    patience_s = bench.options.patience_s
    await bench.changes.until(lambda: bench.connections_total > before or None, patience_s)
    if bench.connections_total > before:
        waited_s = asyncio.get_running_loop().time() - refused_s
        raise FailedError(f"came back {waited_s:.1f} s after its password was refused")
    bench.gone = "its password was refused in row B4"
    return f"did not come back within {patience_s:g} s"


def _refuse(connection: Connection, bind: Pdu, status: int) -> float:
    """When it was refused; the connection is left to the ESME."""
    connection.answer(bind, status=status)
    return asyncio.get_running_loop().time()


async def unanswered_bind(bench: Listener) -> str:
    connection, bind = await bench.intercept()
    before = len(bench.carried)
    # What it says on this connection is counted, not answered.
    connection.muted = True
    patience_s = bench.options.patience_s
    if not await connection.ended(patience_s):
        raise FailedError(f"waits for {told(bind)} to be answered after {patience_s:g} s still")
    if connection.pdus > 1:
        raise FailedError(f"sent {connection.pdus - 1} PDUs before it was bound")
    took_s = (connection.ended_s or 0.0) - connection.opened_s
    _nothing_from(bench, connection, before)
    await bench.back()
    return f"closed after {took_s:.1f} s"


async def early_messages(bench: Listener) -> str:
    connection, bind = await bench.intercept()
    await bench.alive(connection)
    number = connection.next_sequence()
    message = bench.message(bench.text)
    connection.send(request_pdu(wire.DELIVER_SM, number, body_of(message)))
    bench.accept(connection, bind)
    response = await connection.response(number, bench.options.answer_s)
    if response.command != wire.DELIVER_SM | wire.RESPONSE:
        raise FailedError(f"a message before the bind response was answered with {told(response)}")
    await bench.alive(connection)
    return f"status 0x{response.status:02X}"


async def interface_versions(bench: Listener) -> str:
    await _bound_with(bench, VERSION_50 + UNHEARD_OF)
    connection = await _bound_with(bench, b"")
    msisdn = bench.subscriber()
    await bench.ask(msisdn)
    sent = await bench.changes.until(
        lambda: next((each for each in bench.carried if each.concerns(msisdn)), None),
        bench.options.reply_s if bench.options.question else bench.options.settle_s,
    )
    if sent is None or sent.connection is not connection:
        return "bound; it submitted nothing to judge its TLVs by"
    if sent.message.tlvs:
        tags = ", ".join(f"0x{tag:04X}" for tag, _ in sent.message.tlvs)
        raise FailedError(f"sent TLVs ({tags}) to an SMSC that said no version")
    return "bound; no TLVs to an SMSC that says no version"


async def _bound_with(bench: Listener, tail: bytes) -> Connection:
    connection, bind = await bench.intercept()
    bench.accept(connection, bind, tail)
    await bench.takes(bench.text)
    if not connection.live:
        raise FailedError("the session did not outlive this bind response")
    return connection


async def unbound(bench: Bench) -> str:
    """With a request of the peer's in flight, where it sends any."""
    try:
        held = await bench.one_held()
    except UntestableError:
        held = None
    connection = held.connection if held else await bench.fresh()
    before = len(bench.carried)
    sequence = connection.ask(wire.UNBIND)
    response = await connection.response(sequence, bench.options.answer_s)
    if (response.command, response.status) != (wire.UNBIND | wire.RESPONSE, 0):
        raise FailedError(f"unbind was answered with {told(response)}")
    for each in bench.held.copy() if connection.live else ():
        bench.release(each)
    ended = await connection.ended(bench.options.answer_s)
    if not ended and isinstance(bench, Listener):
        raise FailedError("the connection stays open after unbind")
    connection.finish()
    _nothing_from(bench, connection, before)
    await bench.back()
    return "" if held else "nothing was in flight"


async def cut_off(bench: Bench) -> str:
    connection = await bench.fresh()
    connection.reset()
    await connection.ended(bench.options.answer_s)
    await bench.back()
    return ""


def _nothing_from(bench: Bench, connection: Connection, before: int) -> None:
    late = [each for each in list(bench.carried)[before:] if each.connection is connection]
    if late:
        raise FailedError(f"sent {told(late[0].pdu)} on a session that was not bound")


PLAYS: Final = (
    Play("B2", nacked_bind, ESME, When.LATE),
    Play("B3", busy_bind, ESME, When.LATE),
    Play("B4", refused_credentials, ESME, When.REFUSING),
    Play("B5", unanswered_bind, ESME, When.LATE),
    Play("B6", early_messages, ESME, When.LATE),
    Play("B7", interface_versions, ESME, When.LATE),
    Play("B15", unbound, when=When.LATE),
    Play("B17", cut_off, when=When.LATE),
)
