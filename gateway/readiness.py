"""Whether the gateway can do its work, and what its links and accounts count: for /health/ready and
/metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.carriers import Carriers
from gateway.metrics import Metrics
from gateway.store.journal import Journal
from gateway.waiting import Waiting
from lookup.source import Source
from smpp.tls import TlsState


class Readiness:
    """See the module."""

    def __init__(
        self,
        *,
        journal: Journal,
        carriers: Carriers,
        sources: Sequence[Source],
        waiting: Waiting,
        metrics: Metrics,
    ) -> None:
        self._journal = journal
        self._carriers = carriers
        self._sources = sources
        self._waiting = waiting
        self._metrics = metrics

    async def ready(self, *, draining: bool) -> tuple[bool, Mapping[str, Any]]:
        """An account that is away is no failure of ours: what we owe it waits. A listener that is
        down is."""
        store = await self._journal.health()
        links = {part.port.name: part.port.bound for part in self._carriers.links}
        sources = [await source.health() for source in self._sources]
        server = self._carriers.server
        ok = (
            store.writable
            and not draining
            and all(source.answering for source in sources)
            and (any(links.values()) or not links)
            and (server is None or server.smsc.listening)
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
            "tls": {name: _tls(files.state()) for name, files in self._carriers.tls().items()},
        }

    def page(self) -> bytes:
        """The metrics, with what is read from links and accounts when asked."""
        metrics = self._metrics
        for name, port in self._carriers.ports.items():
            metrics.bound.labels(name).set(int(port.bound))
            metrics.of_carrier(name, port.link.stats)
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
