"""A foreign program as a process of its own: started on loopback, listened to, ended by its id.

What it writes to stdout and stderr is kept for the message of a test that fails.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path

START_S = 15.0
TERM_S = 4.0  # after that it is killed
KEPT = 6_000  # characters of output in a failure's message


class EndedError(AssertionError):
    """It ended although it should run; the message holds what it wrote."""


def found(command: str) -> str:
    """The path of an installed command. A missing one fails the test: nothing is skipped."""
    path = shutil.which(command) or shutil.which(command, path="/usr/sbin:/usr/local/sbin")
    assert path is not None, f"{command} is not installed: run `make peers`"
    return path


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens at now, all different."""
    with contextlib.ExitStack() as stack:
        taken = [stack.enter_context(closing(socket.socket())) for _ in range(count)]
        for each in taken:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in taken]


class Program(asyncio.SubprocessProtocol):
    """A running program. `on_line` gets each whole line of its stdout."""

    def __init__(self, name: str, on_line: Callable[[str], None] | None = None) -> None:
        self.name = name
        self.octets = bytearray()
        self._on_line = on_line
        self._line = b""
        self._news = asyncio.Event()
        self._over = asyncio.Event()
        self._transport: asyncio.SubprocessTransport | None = None

    @property
    def written(self) -> str:
        return self.octets.decode(errors="replace")

    @property
    def last_words(self) -> str:
        return f"{self.name} wrote:\n{self.written[-KEPT:]}"

    @property
    def over(self) -> bool:
        return self._over.is_set()

    def check(self) -> None:
        """Raises EndedError unless it runs."""
        if self.over:
            raise EndedError(f"{self.name} ended.\n{self.last_words}")

    async def says(self, *words: str, timeout_s: float = START_S) -> None:
        """Wait until its output holds all these. Raises EndedError, TimeoutError."""
        try:
            async with asyncio.timeout(timeout_s):
                while not all(word in self.written for word in words):
                    self.check()
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise TimeoutError(f"no {words} in {timeout_s} s.\n{self.last_words}") from None

    def tell(self, line: str) -> None:
        """Write a line to its stdin."""
        assert self._transport is not None
        pipe = self._transport.get_pipe_transport(0)
        assert isinstance(pipe, asyncio.WriteTransport)
        pipe.write(line.encode() + b"\n")

    async def ended(self, timeout_s: float) -> int:
        """Wait for its end; its exit code, negative for a signal. Raises TimeoutError."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._over.wait()
        except TimeoutError:
            raise TimeoutError(f"it runs on after {timeout_s} s.\n{self.last_words}") from None
        return await self.end()

    async def end(self) -> int:
        """Terminate it, kill it if it does not listen; its exit code, negative for a signal."""
        transport = self._transport
        assert transport is not None
        try:
            if not self.over:
                transport.terminate()
                async with asyncio.timeout(TERM_S):
                    await self._over.wait()
        except TimeoutError:
            transport.kill()
            await self._over.wait()
        finally:
            transport.close()
        code = transport.get_returncode()
        assert code is not None
        return code

    # asyncio.SubprocessProtocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.SubprocessTransport)
        self._transport = transport

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self.octets += data
        if fd == 1 and self._on_line is not None:
            *lines, self._line = (self._line + data).split(b"\n")
            for line in lines:
                self._on_line(line.decode(errors="replace"))
        self._news.set()

    def process_exited(self) -> None:
        self._over.set()
        self._news.set()


@asynccontextmanager
async def program(
    name: str,
    command: Sequence[str],
    folder: Path,
    *,
    on_line: Callable[[str], None] | None = None,
) -> AsyncIterator[Program]:
    """Run a command in a folder until the block ends."""
    _, running = await asyncio.get_running_loop().subprocess_exec(
        lambda: Program(name, on_line), *command, cwd=folder
    )
    try:
        yield running
    finally:
        await running.end()
