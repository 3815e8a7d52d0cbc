"""Whether the gateway can do its work, and what its links and accounts count: for /health/ready and
/metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from gateway.carriers import Carriers
from gateway.metrics import Metrics
from gateway.sources.opening import Sources
from gateway.store.journal import Journal
from gateway.waiting import Waiting
from ivr.prompts import Prompts
from lookup.source import SourceHealth
from smpp.tls import TlsState


class Readiness:
    """See the module."""

    def __init__(
        self,
        *,
        journal: Journal,
        carriers: Carriers,
        sources: Sources,
        waiting: Waiting,
        metrics: Metrics,
        prompts: Prompts | None = None,
        prompts_required: bool = False,
    ) -> None:
        self._journal = journal
        self._carriers = carriers
        self._sources = sources
        self._waiting = waiting
        self._metrics = metrics
        self._recordings = None if prompts is None else prompts.recordings
        self._prompts_required = prompts_required

    async def ready(self, *, draining: bool) -> tuple[bool, Mapping[str, Any]]:
        """An account that is away is no failure of ours: what we owe it waits. A listener that is
        down is. So it is with sources: another system that is silent is told, but only a file of
        this machine that does not answer is a failure, or that nobody answers at all. Recordings
        that are missing are told, and a failure only where [prompts] requires them."""
        store = await self._journal.health()
        links = {part.port.name: part.port.bound for part in self._carriers.links}
        sources = await self._source_health()
        server = self._carriers.server
        ok = (
            store.writable
            and not draining
            and self._enough(sources)
            and (any(links.values()) or not links)
            and (server is None or server.smsc.listening)
            and self._enough_recorded()
        )
        return ok, {
            "draining": draining,
            "store": store._asdict(),
            "links": links,
            "sources": {source.source: source.answering for source in sources},
            "smsc": None
            if server is None
            else {
                "listening": server.smsc.listening,
                "accounts": {name: live.binds for name, live in server.smsc.accounts.items()},
            },
            "owed": {
                name: {"replies": owing.replies, "oldest_s": round(owing.oldest_s)}
                for name, owing in self._waiting.owing().items()
            },
            "recordings": None if self._recordings is None else self._recordings.state(),
            "tls": {name: _tls(files.state()) for name, files in self._carriers.tls().items()},
        }

    async def _source_health(self) -> list[SourceHealth]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(source.health()) for source in self._sources.guarded]
        return [task.result() for task in tasks]

    def _enough(self, sources: Sequence[SourceHealth]) -> bool:
        silent = {source.source for source in sources if not source.answering}
        return silent.isdisjoint(self._sources.here) and (not sources or len(silent) < len(sources))

    def _enough_recorded(self) -> bool:
        recordings = self._recordings
        return recordings is None or not self._prompts_required or recordings.complete

    def page(self) -> bytes:
        """The metrics, with what is read from links and accounts when asked."""
        metrics = self._metrics
        for name, port in self._carriers.ports.items():
            metrics.bound.labels(name).set(int(port.bound))
            metrics.of_carrier(name, port.link.stats)
        for source in self._sources.guarded:
            metrics.of_source(source.name, source.stats, source.state)
        server = self._carriers.server
        if server is not None:
            metrics.of_listener(server.smsc.stats)
            for name, live in server.smsc.accounts.items():
                metrics.binds.labels(name).set(live.binds)
        return metrics.page()


def _tls(state: TlsState) -> dict[str, Any]:
    not_after = state.not_after
    return {
        "not_after": None if not_after is None else not_after.isoformat(),
        "problem": state.problem,
    }
