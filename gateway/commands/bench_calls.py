"""`jauap bench calls`: steps of calls a second, beside two handlers of aiohttp.

Three programs take their turns behind the same callers, each in a process of its own. In the
gateway a call is opened, remembered, looked up, answered, rated and closed on SQLite; `bare` reads
a form and answers; `durable` also checks its signature and commits it, and so tells what the least
honest webhook costs here. Ratios say more than figures: those depend on the machine. A proxy that
is not told otherwise makes a new connection for each request, so both ways are measured.
"""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import aiohttp
import click

from gateway.commands.bench_callers import REQUESTS, Callers, Platform
from gateway.commands.bench_folder import make_call_folder, number
from gateway.commands.bench_process import cpu_s, process
from gateway.commands.bench_subjects import HOST
from gateway.commands.options import json_option, show
from smpp.simulator.tally import percentile

PATH: Final = "/ivr/1414"
CALLED: Final = "1414"
SECRET: Final = "bench"
RUN_S: Final = 600.0  # for all calls of one subject
WARM_SHARE: Final = 10  # a tenth as many calls go before, unmeasured
LOOK_S: Final = 0.05
WAYS: Final = {
    "kept": "over connections that are kept",
    "new": "over a new connection for each request",
}

_BARE: Final = (sys.executable, "-P", "-m", "gateway.commands.bench_webhook")
_JAUAP: Final = (sys.executable, "-P", "-c", "from gateway.cli import main; main()")


@dataclass(frozen=True, slots=True)
class Figures:
    """One subject's run; `cpu_us` is what its process used for a request, None: not known."""

    per_s: float
    p50_ms: float
    p99_ms: float
    cpu_us: float | None


@click.command()
@click.option("--open", "open_max", type=click.IntRange(1, 1_000), default=32, show_default=True)
@click.option("--count", type=click.IntRange(10, 100_000), default=3_000, show_default=True)
@click.option("--tickets", type=click.IntRange(1, 1_000_000), default=3_000, show_default=True)
@json_option
def calls(open_max: int, count: int, tickets: int, as_json: bool) -> None:
    """Measure steps of calls a second beside a bare aiohttp handler, and beside one that commits
    each request."""
    try:
        figures = asyncio.run(_measure(open_max, count, tickets))
    except asyncio.CancelledError:
        raise click.ClickException("ended before it was done") from None
    ratios, beside_durable = (
        {way: round(figures[way]["gateway"].per_s / figures[way][of].per_s, 3) for way in WAYS}
        for of in ("bare", "durable")
    )

    def tell() -> None:
        click.echo(f"{count} calls of {REQUESTS} requests each, {open_max} at a time")
        for way in WAYS:
            click.echo(f"{WAYS[way]}:")
            click.echo(f"{'':9}{'per s':>9}{'p50 ms':>9}{'p99 ms':>9}{'CPU us each':>13}")
            for name, one in figures[way].items():
                cpu = "-" if one.cpu_us is None else f"{one.cpu_us:.1f}"
                click.echo(f"{name:9}{one.per_s:9.0f}{one.p50_ms:9.2f}{one.p99_ms:9.2f}{cpu:>13}")
            click.echo(f"gateway per bare {ratios[way]:.3f}, per durable {beside_durable[way]:.3f}")

    plan = {"calls": count, "open": open_max, "tickets": tickets, "requests": count * REQUESTS}
    result: dict[str, Any] = {
        way: {name: asdict(one) for name, one in of_way.items()} for way, of_way in figures.items()
    }
    told = {"ratios": ratios, "ratios_durable": beside_durable}
    show(plan | result | told, as_json, tell)


async def _measure(open_max: int, count: int, tickets: int) -> dict[str, dict[str, Figures]]:
    task = asyncio.current_task()
    assert task is not None
    # SIGTERM as Ctrl-C: what was started is ended first.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    numbers = [number(index) for index in range(min(count, tickets))]
    figures: dict[str, dict[str, Figures]] = {way: {} for way in WAYS}
    with TemporaryDirectory(prefix="jauap-bench-") as name:
        folder = Path(name)
        port = _free_port()
        settings = await make_call_folder(
            folder, port=port, path=PATH, secret=SECRET, tickets=tickets
        )
        subjects: dict[str, Sequence[str]] = {
            "bare": (*_BARE, str(port), PATH),
            "durable": (*_BARE, str(port), PATH, SECRET, str(folder / "durable.db")),
            "gateway": (*_JAUAP, "run", "-c", str(settings)),
        }
        for subject, words in subjects.items():
            async with process(subject, words, folder, _answers(port)) as pid:
                for at, way in enumerate(WAYS):
                    load = _Load(_platform(port, numbers), open_max, count, way == "kept", at)
                    figures[way][subject] = await load.run(pid)
                if subject == "gateway":
                    await _judge(port, len(WAYS) * (count + _warm(count)))
    return figures


def _platform(port: int, numbers: Sequence[str]) -> Platform:
    return Platform(port=port, path=PATH, secret=SECRET, called=CALLED, numbers=numbers)


def _warm(count: int) -> int:
    return max(1, count // WARM_SHARE)


@dataclass(frozen=True, slots=True)
class _Load:
    """The same calls on whoever listens; `at` keeps the callers of one load from another's."""

    platform: Platform
    open_max: int
    count: int
    kept: bool
    at: int

    async def run(self, pid: int) -> Figures:
        warm = _warm(self.count)
        first = self.at * (self.count + warm)
        warming = Callers(self.platform, warm, self.open_max, self.kept, first=first)
        callers = Callers(self.platform, self.count, self.open_max, self.kept, first=first + warm)
        try:
            async with asyncio.timeout(RUN_S):
                await warming.run()
                before_s = cpu_s(pid)
                took_s = await callers.run()
                after_s = cpu_s(pid)
        except TimeoutError:
            raise click.ClickException(f"not done within {RUN_S:.0f} s; ask for less") from None
        except ExceptionGroup as problems:  # of the lines, each one's own
            raise click.ClickException(f"a step went wrong: {problems.exceptions[0]}") from None
        requests = self.count * REQUESTS
        ordered = sorted(callers.latencies_ms)
        cpu_us = None
        if before_s is not None and after_s is not None:
            cpu_us = round((after_s - before_s) * 1_000_000 / requests, 1)
        p50_ms, p99_ms = percentile(ordered, 50), percentile(ordered, 99)
        return Figures(round(requests / took_s, 1), p50_ms, p99_ms, cpu_us)


async def _judge(port: int, count: int) -> None:
    """Figures of a run that lost something would say nothing."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://{HOST}:{port}/metrics") as reply,
    ):
        told = await reply.text()
    for metric in (
        'jauap_questions_total{result="status"}',
        'ivr_steps_total{dialect="twiml",outcome="ended"}',
    ):
        found = re.search(rf"^{re.escape(metric)} ([0-9.]+)$", told, flags=re.MULTILINE)
        seen = int(float(found[1])) if found else 0
        if seen != count:
            raise click.ClickException(
                f"of {count} calls {metric} counts {seen}: these figures would mean nothing"
            )


async def _answers(port: int) -> None:
    """Whoever listens there now, or soon."""
    while True:
        try:
            _, writer = await asyncio.open_connection(HOST, port)
        except OSError:
            await asyncio.sleep(LOOK_S)
            continue
        writer.close()
        await writer.wait_closed()
        return


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as listening:
        port: int = listening.getsockname()[1]
        return port
