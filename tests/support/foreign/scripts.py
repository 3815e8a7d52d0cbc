"""Foreign peers as scripts: they say what happens as lines of JSON, and are told what to do."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.support.foreign.program import EndedError, Program, found, program

INTEROP = Path(__file__).parents[2] / "interop"
NPM = INTEROP / "npm"
WAIT_S = 10.0


def npm_version(package: str) -> str:
    """The one that is installed. A missing one fails the test: nothing is skipped."""
    path = NPM / "node_modules" / package / "package.json"
    assert path.exists(), f"npm's {package} is not installed: run `make peers`"
    version: str = json.loads(path.read_text(encoding="utf-8"))["version"]
    return version


class Script:
    """A running script and the events it told of."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self._given: set[int] = set()
        self._news = asyncio.Event()
        self._program: Program | None = None

    @property
    def running(self) -> Program:
        assert self._program is not None
        return self._program

    def on_line(self, line: str) -> None:
        self.events.append(json.loads(line))
        self._news.set()

    def attach(self, running: Program) -> None:
        self._program = running

    def tell(self, do: str, **fields: object) -> None:
        """An order: what they may be stands in the script."""
        self.running.tell(json.dumps({"do": do, **fields}))

    async def event(self, name: str, **fields: object) -> dict[str, Any]:
        """Wait for an event with these fields; each is given once. Raises TimeoutError."""
        wanted = {"event": name, **fields}
        try:
            async with asyncio.timeout(WAIT_S):
                while True:
                    for at, event in enumerate(self.events):
                        if at not in self._given and wanted.items() <= event.items():
                            self._given.add(at)
                            return event
                    if self.running.over:
                        raise EndedError(f"no {wanted}.\n{self.running.last_words}")
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise TimeoutError(f"no {wanted}.\n{self.running.last_words}") from None

    def seen(self, name: str) -> list[dict[str, Any]]:
        """All events of that name so far."""
        return [event for event in self.events if event["event"] == name]


@asynccontextmanager
async def script(name: str, *words: str) -> AsyncIterator[Script]:
    """`name words` until the block ends; a path below tests/interop."""
    if name.startswith("npm/"):
        npm_version("smpp")
    interpreter = found("node") if name.endswith(".js") else sys.executable
    peer = Script()
    command = (interpreter, str(INTEROP / name), *words)
    async with program(name, command, INTEROP, on_line=peer.on_line) as running:
        peer.attach(running)
        yield peer
