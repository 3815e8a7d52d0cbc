"""Rows about how much an ESME sends at once, and by which bind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from smpp.conform.listener import Listener
from smpp.conform.plays import ESME, Play
from smpp.conform.shaping import body_of
from smpp.conform.verdicts import FailedError, UntestableError

BEYOND_WINDOW: Final = 5
BURST_MAX: Final = 300
MEASURED_S: Final = 1.0
TOLERANCE: Final = 1.1  # the network may hold some back and let them come together


async def window(bench: Listener) -> str:
    """All submits are left open; then responses and enquire_link must still come."""
    options = bench.options
    subscribers = [bench.subscriber() for _ in range(options.window + BEYOND_WINDOW)]
    bench.holding.update(subscribers)
    for msisdn in subscribers:
        await bench.ask(msisdn)
    full = await bench.changes.until(
        lambda: len(bench.held) > options.window * max(1, options.binds) or None,
        options.settle_s,
    )
    opened = Counter(each.connection for each in bench.held)
    if not opened:
        raise UntestableError("it submits nothing; a gateway needs --question")
    connection, most = opened.most_common(1)[0]
    if full and most > options.window:
        raise FailedError(f"{most} submits were open on one session, {options.window} were agreed")
    await bench.takes(bench.text)
    await bench.alive(connection)
    return f"{most} open at most"


async def rate(bench: Listener) -> str:
    tps = bench.options.tps
    if not tps:
        raise UntestableError("the agreed rate is not known: say it with --tps")
    connection = await bench.session()
    subscribers = [bench.subscriber(replies_max=1) for _ in range(min(2 * tps, BURST_MAX))]
    before = len(bench.carried)
    for msisdn in subscribers:
        connection.ask(bench.carrier, body_of(bench.message(bench.text, msisdn=msisdn)))
    await bench.changes.until(
        lambda: len(bench.carried) - before >= len(subscribers) or None,
        bench.options.reply_s + len(subscribers) / tps,
    )
    times_s = [each.at_s for each in bench.carried][before:]
    if not times_s:
        raise UntestableError("it submits nothing; a gateway needs --question")
    most = peak(times_s, MEASURED_S)
    if most > tps * TOLERANCE + 1:
        raise FailedError(f"{most} submits within a second, {tps} were agreed")
    return f"{most} in the busiest second"


def peak(times_s: Sequence[float], width_s: float) -> int:
    """The most of these rising times that lie within so many seconds."""
    most = start = 0
    for end, time_s in enumerate(times_s):
        while time_s - times_s[start] >= width_s:
            start += 1
        most = max(most, end - start + 1)
    return most


async def by_the_bind_it_came(bench: Listener) -> str:
    await bench.session()
    await bench.changes.until(
        lambda: len(bench.receivers()) >= bench.options.binds or None, bench.options.settle_s
    )
    transceivers = [each for each in bench.receivers() if each.mode == "transceiver"]
    if len(transceivers) < 2:
        raise UntestableError("it holds one transceiver; the row needs two")
    for connection in transceivers:
        msisdn = bench.subscriber(replies_max=1)
        await bench.accepted(connection, body_of(bench.message(bench.text, msisdn=msisdn)))
        await bench.answered(msisdn)
        replies = [each for each in bench.carried if each.concerns(msisdn)]
        if not replies:
            raise UntestableError("it submits nothing; a gateway needs --question")
        if replies[0].connection is not connection:
            raise FailedError("the reply left by another bind than the message came by")
    return f"{len(transceivers)} binds"


PLAYS: Final = (
    Play("P5", window, ESME),
    Play("P6", rate, ESME),
    Play("B20", by_the_bind_it_came, ESME),
)
