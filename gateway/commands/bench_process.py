"""Processes that `jauap bench` starts, measures and ends."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import click

START_S: Final = 30.0  # until a process is connected
STOP_S: Final = 10.0  # for it to end by itself; then it is killed
LOG_SHOWN: Final = 1_000  # characters of its last words


@asynccontextmanager
async def process(
    name: str, words: Sequence[str], folder: Path, connected: Awaitable[object]
) -> AsyncIterator[int]:
    """A subject that has connected back; its pid. It is gone when this is left."""
    log = folder / "log"
    with log.open("wb") as out:
        # An empty environment: settings of a real service in ours must not reach this one.
        process = await asyncio.create_subprocess_exec(*words, stdout=out, stderr=out, env={})
    try:
        if not await _arrives(connected, process):
            said = log.read_text(encoding="utf-8", errors="replace")[-LOG_SHOWN:]
            raise click.ClickException(f"the {name} did not come up; it said: {said.strip()}")
        yield process.pid
    finally:
        await _end(process)


async def _arrives(connected: Awaitable[object], process: asyncio.subprocess.Process) -> bool:
    """Whether it connects, before it ends or its time is over."""

    async def wait() -> None:
        await connected

    async with asyncio.TaskGroup() as group:
        arrival, death = group.create_task(wait()), group.create_task(process.wait())
        await asyncio.wait((arrival, death), timeout=START_S, return_when=asyncio.FIRST_COMPLETED)
        arrived = arrival.done()
        arrival.cancel()
        death.cancel()
    return arrived


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            async with asyncio.timeout(STOP_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


def cpu_s(pid: int) -> float | None:
    """CPU seconds a process has used, its own and the kernel's for it (proc(5): utime, stime)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
