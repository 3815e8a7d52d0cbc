"""Rows B about silence: who asks whether the other is there, and who gives up."""

from __future__ import annotations

import asyncio
from typing import Final

from smpp.conform.bench import Bench
from smpp.conform.connection import Connection
from smpp.conform.plays import Play, When
from smpp.conform.shaping import body_of
from smpp.conform.verdicts import FailedError, UntestableError

MANY: Final = 30
PROMPT_S: Final = 1.0
SILENT_INTERVALS: Final = 2
SLACK: Final = 1.3  # a timer may run a little late


async def prompt_under_load(bench: Bench) -> str:
    """What a stalled store does to it is not seen from here; a queue of messages is."""
    connection, loop = await bench.session(), asyncio.get_running_loop()
    for _ in range(MANY):
        connection.ask(bench.carrier, body_of(bench.message(bench.text)))
    began_s = loop.time()
    await bench.alive(connection)
    took_s = loop.time() - began_s
    if took_s > PROMPT_S:
        raise FailedError(f"answered after {took_s:.1f} s, behind {MANY} messages")
    return f"answered in {took_s * 1_000:.0f} ms behind {MANY} messages"


async def enquires_after_silence(bench: Bench) -> str:
    connection = await bench.session()
    await bench.alive(connection)
    bench.enquired_after_s = await _enquired(bench, connection, bench.options.patience_s)
    if bench.enquired_after_s is None:
        raise UntestableError(
            f"no enquire_link in {bench.options.patience_s:g} s of silence; "
            "raise --patience above its interval"
        )
    return f"after {bench.enquired_after_s:.1f} s of silence"


async def other_pdus_show_life(bench: Bench) -> str:
    interval_s = _interval(bench)
    connection = await bench.session()
    connection.enquiries_unanswered = True
    for _ in range(SILENT_INTERVALS):
        if await _enquired(bench, connection, interval_s * SLACK) is None:
            break
        await bench.takes(bench.text)
    if not connection.live:
        raise FailedError("gave the session up though messages flowed")
    connection.enquiries_unanswered = False
    await bench.alive(connection)
    return ""


async def gives_up(bench: Bench) -> str:
    interval_s = _interval(bench)
    connection, loop = await bench.fresh(), asyncio.get_running_loop()
    await bench.alive(connection)
    connection.muted = True
    began_s = loop.time()
    limit_s = (SILENT_INTERVALS + 1) * interval_s * SLACK
    if not await connection.ended(limit_s):
        raise FailedError(f"holds a session that has said nothing for {limit_s:.1f} s")
    took_s = loop.time() - began_s
    await bench.back()
    return f"given up after {took_s:.1f} s"


def _interval(bench: Bench) -> float:
    if bench.enquired_after_s is None:
        raise UntestableError("its enquire_link interval is not known: see row B13")
    return bench.enquired_after_s


async def _enquired(bench: Bench, connection: Connection, within_s: float) -> float | None:
    """Seconds of silence that went before the peer's next enquire_link."""
    before = connection.enquiries
    came = await bench.changes.until(
        lambda: connection.enquiries > before or connection.ended_s is not None or None, within_s
    )
    return connection.silence_s if came and connection.enquiries > before else None


PLAYS: Final = (
    Play("B12", prompt_under_load, when=When.LATE),
    Play("B13", enquires_after_silence, when=When.LATE),
    Play("B14", other_pdus_show_life, when=When.LATE),
    Play("B18", gives_up, when=When.LATE),
)
