"""The simulator alone, for `jauap smsc`: at a terminal, lines become MO messages and replies are
shown; without one it runs until it is stopped.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from smpp.simulator.chaos import CALM, Chaos, ChaosError
from smpp.simulator.connection import Watch
from smpp.simulator.inbox import Mt
from smpp.simulator.mo import MoResult
from smpp.simulator.receipts import IdForm, ReceiptPolicy
from smpp.simulator.segments import SplitForm
from smpp.simulator.smsc import BacklogFullError, Smsc
from smpp.simulator.text import Alphabet

LINE_OCTETS_MAX: Final = 4096
LINES_MAX: Final = 100  # typed ahead
HINT: Final = "a line is an MSISDN, a space and the text, as in 77010000001 061200000012345678"


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """`listen` is host:port. `wall` dates receipts and makes message ids differ between runs."""

    listen: str = "127.0.0.1:2775"
    system_id: str | None = None
    password: str | None = None
    short_code: str = "1012"
    chaos: Chaos = CALM
    receipts: ReceiptPolicy = ReceiptPolicy()  # noqa: RUF009  # frozen
    ids: str = IdForm.DECIMAL
    form: str = SplitForm.UDH8
    dc0: str = Alphabet.GSM
    enquire_link_s: float = 30.0
    seed: int = 1
    wall: Callable[[], datetime] | None = None
    watch: Watch | None = None  # sees every PDU


def read_chaos(path: Path) -> Chaos:
    """The table of a chaos file. Raises ChaosError, which names the file."""
    try:
        return Chaos.of_toml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ChaosError) as error:
        raise ChaosError(f"{path}: {error}") from error


def split_listen(listen: str) -> tuple[str, int]:
    """host:port apart; an IPv6 host stands in brackets. Raises ValueError."""
    host, colon, port = listen.rpartition(":")
    if not colon or not host or not (port.isascii() and port.isdecimal() and int(port) < 1 << 16):
        raise ValueError(f"listen is {listen!r}; it must be host:port, as in 127.0.0.1:2775")
    return host.removeprefix("[").removesuffix("]"), int(port)


async def serve(
    options: ServeOptions,
    *,
    lines: AsyncIterator[str] | None = None,
    emit: Callable[[str], None],
    stop: asyncio.Event | None = None,
) -> None:
    """Run the SMSC until `lines` end or `stop` is set; without a `stop` of the caller's, SIGTERM
    and SIGINT set one. Raises ValueError for a bad `listen`, OSError when the port is taken.
    """
    host, port = split_listen(options.listen)
    smsc = Smsc(
        host=host, port=port, system_id=options.system_id, password=options.password,
        short_code=options.short_code, chaos=options.chaos, receipts=options.receipts,
        ids=options.ids, form=options.form, dc0=options.dc0,
        enquire_link_s=options.enquire_link_s, seed=options.seed, wall=options.wall,
        watch=options.watch,
    )  # fmt: skip
    smsc.listen(lambda mt: emit(_reply_line(mt)))
    async with smsc:
        emit(f"SMSC of short code {options.short_code} on {host} port {smsc.port}")
        if stop is not None:
            await _until(stop, smsc, lines, emit)
            return
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        try:
            await _until(stop, smsc, lines, emit)
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)


async def _until(
    stop: asyncio.Event,
    smsc: Smsc,
    lines: AsyncIterator[str] | None,
    emit: Callable[[str], None],
) -> None:
    if lines is None:
        await stop.wait()
        return
    async with asyncio.TaskGroup() as group:
        typing = group.create_task(_send_lines(smsc, lines, emit, stop))
        await stop.wait()
        typing.cancel()


async def _send_lines(
    smsc: Smsc, lines: AsyncIterator[str], emit: Callable[[str], None], stop: asyncio.Event
) -> None:
    async for line in lines:
        msisdn, _, text = line.strip().partition(" ")
        if not msisdn and not text:
            continue
        if not (msisdn.isascii() and msisdn.isdecimal() and text):
            emit(HINT)
            continue
        try:
            smsc.post(smsc.compose(msisdn, text), lambda result: emit(_result_line(result)))
        except (BacklogFullError, ValueError) as error:
            emit(f"not sent: {error}")
    stop.set()


def _result_line(result: MoResult) -> str:
    head = f"{result.mo.msisdn} -> {result.mo.short_code}"
    if result.status is None:
        return f"{head}: no response after {result.attempts} attempts"
    return f"{head}: status 0x{result.status:02X} after {result.attempts} PDU"


def _reply_line(mt: Mt) -> str:
    return f"{mt.source} -> {mt.msisdn} ({mt.segments} segments): {mt.text}"


async def terminal_lines(descriptor: int) -> AsyncIterator[str]:
    """Lines of a terminal or pipe until its end, read without a thread and without changing its
    mode, so that whoever writes to the same terminal isn't disturbed.
    """
    loop = asyncio.get_running_loop()
    chunks: asyncio.Queue[bytes] = asyncio.Queue(LINES_MAX)

    def readable() -> None:
        chunks.put_nowait(os.read(descriptor, LINE_OCTETS_MAX))
        if chunks.full():
            loop.remove_reader(descriptor)

    loop.add_reader(descriptor, readable)
    rest = b""
    try:
        while chunk := await chunks.get():
            *whole, rest = (rest + chunk).split(b"\n")
            rest = rest[-LINE_OCTETS_MAX:]
            for line in whole:
                yield line.decode("utf-8", "replace")
            loop.add_reader(descriptor, readable)
        if rest:
            yield rest.decode("utf-8", "replace")
    finally:
        loop.remove_reader(descriptor)
