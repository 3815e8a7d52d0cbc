"""`jauap bench`: round trips of the whole gateway beside those of bare loops, in one run.

Three programs take their turns behind the same kind of closed loop, each in a process of its own
that connects back to this one: an echo of octets over TCP, an ESME that does nothing but SMPP,
the gateway on SQLite. Their ratios say more than their figures: those depend on the machine.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections import deque
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import click

from gateway import logs
from gateway.commands.bench_calls import calls
from gateway.commands.bench_folder import make_folder, number
from gateway.commands.bench_process import START_S, cpu_s, process
from gateway.commands.bench_registry import registry
from gateway.commands.bench_subjects import HOST, PASSWORD, SHORT_CODE
from gateway.commands.options import json_option, show
from smpp.simulator import Load, Report, Smsc
from smpp.simulator.tally import percentile

FRAME_OCTETS: Final = 100  # about a deliver_sm with a ticket number in it
RUN_S: Final = 600.0  # for all round trips of one subject
WARM_SHARE: Final = 10  # a tenth as many round trips go before, unmeasured
WARM_MSISDN: Final = 77_770_000_000

_SUBJECTS: Final = (sys.executable, "-P", "-m", "gateway.commands.bench_subjects")
_JAUAP: Final = (sys.executable, "-P", "-c", "from gateway.cli import main; main()")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked of each subject."""

    window: int  # round trips under way
    count: int
    tickets: int
    receipts: bool

    @property
    def warm(self) -> int:
        return max(1, self.count // WARM_SHARE)


@dataclass(frozen=True, slots=True)
class Figures:
    """One subject's run; `cpu_us` is what its process used for a round trip, None: not known."""

    per_s: float
    p50_ms: float
    p99_ms: float
    cpu_us: float | None


@click.group(invoke_without_command=True)
@click.pass_context
@click.option("--window", type=click.IntRange(1, 1_000), default=50, show_default=True)
@click.option("--count", type=click.IntRange(10, 1_000_000), default=20_000, show_default=True)
@click.option("--tickets", type=click.IntRange(1, 1_000_000), default=20_000, show_default=True)
@click.option("--receipts", is_flag=True, help="Ask for a receipt with each reply.")
@json_option
def bench(
    context: click.Context, window: int, count: int, tickets: int, receipts: bool, as_json: bool
) -> None:
    """Measure round trips a second beside bare loops: question in, answer out."""
    if context.invoked_subcommand is not None:
        return
    logs.configure("warning", "console", lambda _: "")  # of the simulator, which runs in here
    plan = Plan(window, count, tickets, receipts)
    try:
        figures = asyncio.run(_measure(plan))
    except asyncio.CancelledError:
        raise click.ClickException("ended before it was done") from None
    ratios = {
        f"gateway_per_{name}": round(figures["gateway"].per_s / figures[name].per_s, 3)
        for name in ("esme", "echo")
    }

    def tell() -> None:
        click.echo(f"{count} round trips each, window {window}, {tickets} tickets")
        click.echo(f"{'':9}{'per s':>9}{'p50 ms':>9}{'p99 ms':>9}{'CPU us each':>13}")
        for name, one in figures.items():
            cpu = "-" if one.cpu_us is None else f"{one.cpu_us:.1f}"
            click.echo(f"{name:9}{one.per_s:9.0f}{one.p50_ms:9.2f}{one.p99_ms:9.2f}{cpu:>13}")
        for name, ratio in ratios.items():
            click.echo(f"{name.replace('_', ' '):17} {ratio:.3f}")

    result: dict[str, Any] = asdict(plan)
    result |= {name: asdict(one) for name, one in figures.items()}
    show(result | {"ratios": ratios}, as_json, tell)


bench.add_command(registry)
bench.add_command(calls)


async def _measure(plan: Plan) -> dict[str, Figures]:
    task = asyncio.current_task()
    assert task is not None
    # SIGTERM as Ctrl-C: what was started is ended first.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    with TemporaryDirectory(prefix="jauap-bench-") as folder:
        return {
            "echo": await _echo(plan, Path(folder)),
            "esme": await _esme(plan, Path(folder)),
            "gateway": await _gateway(plan, Path(folder)),
        }


# The loop of octets ---------------------------------------------------------------------------


class _Frames(asyncio.Protocol):
    """The driver's end of the echo: a window of frames under way until enough have come back."""

    def __init__(self, window: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._window = window
        self._octets = 0  # of a frame that has not come whole
        self._to_come = self._to_send = 0
        self._sent: deque[float] = deque()
        self.latencies_ms: list[float] = []
        self.connected = asyncio.Event()
        self._done = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.connected.set()

    async def trip(self, count: int) -> float:
        """So many round trips; the seconds they took."""
        self.latencies_ms.clear()
        self._done.clear()
        self._to_come = self._to_send = count
        began = self._loop.time()
        self._send(self._window)
        await self._done.wait()
        return self._loop.time() - began

    def data_received(self, data: bytes) -> None:
        now = self._loop.time()
        whole, self._octets = divmod(self._octets + len(data), FRAME_OCTETS)
        for _ in range(whole):
            self.latencies_ms.append((now - self._sent.popleft()) * 1_000)
        self._to_come -= whole
        if not self._to_come:
            self._done.set()
        self._send(whole)

    def _send(self, room: int) -> None:
        frames = min(room, self._to_send)
        self._to_send -= frames
        now = self._loop.time()
        for _ in range(frames):  # each in a write of its own, as messages come
            self._sent.append(now)
            self.transport.write(bytes(FRAME_OCTETS))


async def _echo(plan: Plan, folder: Path) -> Figures:
    frames = _Frames(plan.window)
    server = await asyncio.get_running_loop().create_server(lambda: frames, HOST)
    port = server.sockets[0].getsockname()[1]
    words = (*_SUBJECTS, "echo", str(port))
    async with server, process("echo", words, folder, frames.connected.wait()) as pid:
        try:
            async with asyncio.timeout(RUN_S):
                await frames.trip(plan.warm)
                before_s = cpu_s(pid)
                took_s = await frames.trip(plan.count)
        except TimeoutError:
            raise _too_slow() from None
        finally:
            frames.transport.close()
        cpu_us = _cpu_us(before_s, cpu_s(pid), plan.count)
    ordered = sorted(frames.latencies_ms)
    p50_ms, p99_ms = percentile(ordered, 50), percentile(ordered, 99)
    return Figures(round(plan.count / took_s, 1), p50_ms, p99_ms, cpu_us)


# What speaks SMPP -----------------------------------------------------------------------------


async def _esme(plan: Plan, folder: Path) -> Figures:
    async with _smsc(plan) as smsc:
        words = (*_SUBJECTS, "esme", str(smsc.port), str(plan.window), str(int(plan.receipts)))
        async with process("esme", words, folder, smsc.bound(1, 2 * START_S)) as pid:
            return await _load(smsc, pid, plan)


async def _gateway(plan: Plan, folder: Path) -> Figures:
    async with _smsc(plan) as smsc:
        settings = await make_folder(
            folder,
            port=smsc.port,
            window=plan.window,
            tickets=plan.tickets,
            receipts=plan.receipts,
        )
        words = (*_JAUAP, "run", "-c", str(settings))
        async with process("gateway", words, folder, smsc.bound(1, 2 * START_S)) as pid:
            return await _load(smsc, pid, plan)


def _smsc(plan: Plan) -> Smsc:
    return Smsc(host=HOST, password=PASSWORD, short_code=SHORT_CODE, window=plan.window)


async def _load(smsc: Smsc, pid: int, plan: Plan) -> Figures:
    """The same load on whoever has bound."""
    numbers = [number(index) for index in range(min(plan.count, plan.tickets))]
    warming = Load(
        smsc, numbers=numbers, window=plan.window, count=plan.warm, msisdn_from=WARM_MSISDN
    )
    loading = Load(smsc, numbers=numbers, window=plan.window, count=plan.count)
    try:
        async with asyncio.timeout(RUN_S):
            await warming.run()
            before_s = cpu_s(pid)
            report = await loading.run()
    except TimeoutError:
        raise _too_slow() from None
    _judge(report, plan.count)
    return Figures(
        report.round_trips_per_s,
        report.reply_p50_ms,
        report.reply_p99_ms,
        _cpu_us(before_s, cpu_s(pid), plan.count),
    )


def _judge(report: Report, count: int) -> None:
    """Figures of a run that lost something would say nothing."""
    ends = (report.acked, report.answered, report.wrong, report.duplicates_total)
    if ends != (count, count, 0, 0):
        raise click.ClickException(
            f"of {count} questions {ends[0]} were acknowledged and {ends[1]} answered, "
            f"{ends[2]} wrongly, {ends[3]} twice: these figures would mean nothing"
        )


def _cpu_us(before_s: float | None, after_s: float | None, count: int) -> float | None:
    """Of each round trip."""
    if before_s is None or after_s is None:
        return None
    return round((after_s - before_s) * 1_000_000 / count, 1)


def _too_slow() -> click.ClickException:
    return click.ClickException(f"not done within {RUN_S:.0f} s; ask for less with --count")
