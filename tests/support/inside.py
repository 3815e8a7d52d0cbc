"""The whole program inside the test: `app.run` over real sockets and a real store, so that a test
can put a fault into one of its functions, or shorten the waits of minutes that operators have."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from gateway import accounts, app, links
from gateway.core.records import Chain, ReplyState
from gateway.keys import read_key_file
from gateway.parts import Parts
from gateway.settings import load
from smpp import status
from smpp.operators import DEFAULT
from smpp.status import BindAction
from tests.support.service import LinkTo, a_look, make_folder

ANY_DAY = (20_000_101, 29_991_231)
MOVING = {ReplyState.QUEUED, ReplyState.SUBMITTING, ReplyState.SUBMITTED}


@dataclass
class Inside:
    """A running gateway and its parts."""

    settings: Path
    parts: Parts
    http: str

    async def chains(self) -> list[Chain]:
        return [chain async for chain in self.parts.journal.chains(*ANY_DAY)]

    async def settled(
        self, true: Callable[[list[Chain]], bool] | None = None, timeout_s: float = 10.0
    ) -> list[Chain]:
        """Wait until the chains are so; without `true`, until every reply has come to rest."""
        true = true or at_rest
        async with asyncio.timeout(timeout_s):
            while not true(chains := await self.chains()):
                await a_look()
        return chains


def at_rest(chains: list[Chain]) -> bool:
    return all(reply.state not in MOVING for chain in chains for reply in chain.replies)


def impatient(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    """Every operator's timers in tenths of a second, and waits before another try as well.

    `changes` go into the profile.
    """
    quick: dict[str, Any] = {
        "response_timer_s": 1.0,
        "session_init_timer_s": 0.5,
        "enquire_link_timer_s": 0.5,
        "pdu_read_timer_s": 0.5,
        "parts_wait_s": 1,
    }
    profiled(monkeypatch, **quick | changes)
    for kind in (BindAction.BACKOFF, BindAction.BUSY_BACKOFF, BindAction.LONG_BACKOFF):
        monkeypatch.setitem(status.BIND_BACKOFFS_S, kind, (0.1,))
    monkeypatch.setattr(status, "RETRY_DELAYS_S", (0,) * 1_000)
    monkeypatch.setattr(status, "VENDOR_RETRY_DELAYS_S", (0,) * 1_000)


def profiled(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    """Every operator's profile is the default one with these changes."""
    profile = replace(DEFAULT, **changes)
    for module in (links, accounts):
        monkeypatch.setattr(module, "load_profile", lambda name: profile)


@asynccontextmanager
async def running(folder: Path, *to: LinkTo, **options: Any) -> AsyncIterator[Inside]:
    """The gateway over a folder, made ready first if it is not; stopped in order at the end."""
    settings = folder / "jauap.toml"
    if not settings.exists():
        await make_folder(folder, to, **options)
    stop = asyncio.Event()
    ready: asyncio.Future[Inside] = asyncio.get_running_loop().create_future()

    def on_ready(parts: Parts, http: str) -> None:
        ready.set_result(Inside(settings, parts, http))

    async with asyncio.TaskGroup() as group:
        keys = read_key_file(folder / "jauap.key")
        group.create_task(app.run(load(settings, {}), keys, stop=stop, on_ready=on_ready))
        async with asyncio.timeout(10):
            inside = await ready
        yield inside
        stop.set()
