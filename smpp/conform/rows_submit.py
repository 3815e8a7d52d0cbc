"""Rows P and M: what an ESME does with the responses to its submits, and how it answers ours."""

from __future__ import annotations

import asyncio
from typing import Final

from smpp.conform.bench import Bench
from smpp.conform.carried import Carried
from smpp.conform.connection import told
from smpp.conform.listener import Listener
from smpp.conform.plays import ESME, Play, When
from smpp.conform.shaping import body_of, tlv
from smpp.conform.verdicts import FailedError, UntestableError
from smpp.simulator import wire

VENDOR_TAG: Final = 0x0428  # seen in the field behind a message_id
RTHROTTLED: Final = 0x58
NEVER: Final = frozenset({0x00, 0x65, 0x66})  # ROK, RX_P_APPN, RX_R_APPN: none asks for it again


async def empty_id(bench: Listener) -> str:
    await _answered_with(bench, b"\0")
    return ""


async def strange_ids(bench: Listener) -> str:
    for body in (b"conform-id-1", b"conform-id-2\0" + tlv(VENDOR_TAG, b"\0\1"), b""):
        await _answered_with(bench, body)
    return ""


async def _answered_with(bench: Listener, body: bytes) -> None:
    """ROK in this form: the session lives on, and the text is not sent again."""
    held = await bench.one_held()
    bench.release(held, body)
    bench.holding.clear()
    await bench.alive(held.connection)
    msisdn = bench.subscriber(replies_max=1)
    await bench.ask(msisdn)
    if await _sent_to(bench, msisdn, 0, bench.options.reply_s) is None:
        raise FailedError(f"submits nothing any more, after a response with the body {body!r}")


async def unanswered_submit(bench: Listener) -> str:
    msisdn, loop = bench.subscriber(), asyncio.get_running_loop()
    held = await bench.one_held(msisdn)
    began_s = loop.time()
    other = bench.subscriber(replies_max=1)
    await bench.ask(other)
    if await _sent_to(bench, other, 0, bench.options.reply_s) is None:
        raise FailedError("one submit without a response stops all others")
    patience_s = bench.options.patience_s
    again = await _sent_to(bench, msisdn, 1, patience_s)
    if held.connection.live:
        bench.release(held)  # late
        await bench.alive(held.connection)
    if again is None:
        return f"not sent again within {patience_s:g} s"
    return f"sent again after {loop.time() - began_s:.1f} s, as its policy may be"


async def throttled(bench: Listener) -> str:
    first, again = await _refused_once(bench, RTHROTTLED)
    return f"sent again after {again.at_s - first.at_s:.1f} s"


async def retried_as_it_was(bench: Listener) -> str:
    first, again = await _refused_once(bench, wire.RSYSERR)
    before, after = (
        each.message._replace(validity=b"")  # what is left of it
        for each in (first, again)
    )
    if before != after:
        names = [
            name
            for name, one, other in zip(before._fields, before, after, strict=True)
            if one != other
        ]
        raise FailedError(f"the retry differs in {', '.join(names)}")
    return f"sent again after {again.at_s - first.at_s:.1f} s, all alike"


async def _refused_once(bench: Listener, status: int) -> tuple[Carried, Carried]:
    msisdn = bench.subscriber()
    bench.statuses[msisdn] = [status]
    await bench.ask(msisdn)
    first = await _sent_to(bench, msisdn, 0, bench.options.reply_s)
    if first is None:
        raise UntestableError("it submits nothing; a gateway needs --question")
    again = await _sent_to(bench, msisdn, 1, bench.options.patience_s)
    if again is None:
        raise FailedError(
            f"a text refused with 0x{status:02X} was not sent again within "
            f"{bench.options.patience_s:g} s"
        )
    await bench.alive(again.connection)
    return first, again


async def redelivered(bench: Bench) -> str:
    msisdn = bench.subscriber(replies_max=1)
    connection = await bench.session()
    body = body_of(bench.message(bench.text, msisdn=msisdn))
    await bench.accepted(connection, body)
    if not bench.options.question:
        await bench.accepted(connection, body)
        return "acknowledged twice"
    await bench.answered(msisdn)
    await bench.accepted(connection, body)
    return "acknowledged twice, answered once"


async def never_acceptable(bench: Listener) -> str:
    connection = await bench.session()
    message = bench.message(bytes(range(0x80, 0x90)), data_coding=4)
    response = await bench.carry(connection, body_of(message))
    if response.status not in NEVER:
        raise FailedError(f"{told(response)}: the SMSC will deliver it again and again")
    return f"status 0x{response.status:02X}"


async def one_nul(bench: Listener) -> str:
    connection = await bench.session()
    response = await bench.accepted(connection, body_of(bench.message(bench.text)))
    if response.body != b"\0":
        raise FailedError(f"deliver_sm_resp has {16 + len(response.body)} octets, not 17")
    return ""


async def _sent_to(bench: Bench, msisdn: str, at: int, within_s: float) -> Carried | None:
    """The n-th message that the peer sends to a subscriber, from 0; parts of one are told apart."""

    def find() -> Carried | None:
        those = [each for each in bench.carried if each.message.destination == msisdn]
        if those and those[0].place is not None:
            those = [each for each in those if each.place == those[0].place]
        return those[at] if len(those) > at else None

    return await bench.changes.until(find, within_s)


PLAYS: Final = (
    Play("P1", empty_id, ESME),
    Play("P2", strange_ids, ESME),
    Play("P3", unanswered_submit, ESME, When.LATE),
    Play("P4", throttled, ESME, When.LATE),
    Play("P7", retried_as_it_was, ESME, When.LATE),
    Play("M1", redelivered),
    Play("M4", never_acceptable, ESME),
    Play("M5", one_nul, ESME),
)
