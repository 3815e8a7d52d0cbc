"""Rows A: who wrote, and to which number."""

from __future__ import annotations

from typing import Final

from smpp.conform.bench import Bench
from smpp.conform.listener import Listener
from smpp.conform.plays import ESME, Play
from smpp.conform.shaping import body_of
from smpp.conform.verdicts import FailedError

COUNTRY: Final = "7"
# What stands before the ten digits, and the type of number it comes with.
SPELLINGS: Final = (("7", 1), ("+7", 1), ("+7", 0), ("8", 2), ("8", 0), ("", 2), ("", 0))
ALPHANUMERIC: Final = 5


async def spellings(bench: Bench) -> str:
    """One subscriber each; the reply must go to all eleven digits."""
    seen = "acknowledged"
    for prefix, ton in SPELLINGS:
        msisdn = bench.subscriber(replies_max=1)
        spelled = prefix + msisdn[1:]
        await bench.takes(bench.text, source=spelled, source_ton=ton)
        try:
            if await bench.answered(msisdn):
                seen = "answered"
        except FailedError:
            raise FailedError(
                f"no reply to {msisdn}, who wrote as {prefix or spelled[0]}... of TON {ton}"
            ) from None
    return seen


async def aliases(bench: Listener) -> str:
    code = bench.options.short_code
    for destination, ton in ((code, 0), (f"+{code}", 1), (COUNTRY + code, 1)):
        await bench.takes(bench.text, destination=destination, destination_ton=ton)
    return ""


async def nobody_to_answer(bench: Listener) -> str:
    for source, ton in (
        ("BANK", ALPHANUMERIC),
        ("", 0),
        ("7" * 30, 1),
        ("caf\xe9", ALPHANUMERIC),
    ):
        bench.replies_max[source] = (bench.playing, 0)
        await bench.takes(bench.text, source=source, source_ton=ton)
    return ""


async def our_own_number(bench: Listener) -> str:
    connection, code = await bench.session(), bench.options.short_code
    bench.replies_max[code] = (bench.playing, 0)
    message = bench.message(bench.text, source=code, source_ton=0)
    await bench.accepted(connection, body_of(message))
    await bench.alive(connection)
    return ""


PLAYS: Final = (
    Play("A1", spellings, ESME),
    Play("A2", aliases, ESME),
    Play("A3", nobody_to_answer, ESME),
    Play("A4", our_own_number, ESME),
)
