"""Until when our own TLS certificates are valid: a gauge, and a warning in time, once each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from smpp.tls import TlsFiles

WARN_DAYS = (30, 7, 1, 0)  # left; 0: it has expired
LOOK_S = 600.0

log = structlog.get_logger()


class Counters(Protocol):
    """What is shown here."""

    def certificate(self, name: str, not_after: datetime) -> None: ...


class Certificates:
    """Of the links and the listener, by name; those that show none are left out."""

    def __init__(
        self, files: Mapping[str, TlsFiles], now: Callable[[], datetime], counters: Counters
    ) -> None:
        self._files = files
        self._now = now
        self._counters = counters
        self._told: dict[str, tuple[datetime, int]] = {}  # which certificate, and of how many days

    async def run(self) -> None:
        """Look for ever."""
        while True:
            self.look()
            await asyncio.sleep(LOOK_S)

    def look(self) -> None:
        """Show what is in use now, and warn of what has become urgent since the last look."""
        for name, not_after in self.valid_until().items():
            self._counters.certificate(name, not_after)
            left = not_after - self._now()
            due = [days for days in WARN_DAYS if left <= timedelta(days=days)]
            if not due:
                continue
            of, days = self._told.get(name, (not_after, WARN_DAYS[0] + 1))
            if of != not_after or due[-1] < days:
                self._told[name] = not_after, due[-1]
                log.warning(
                    "tls_certificate_expires",
                    name=name,
                    not_after=not_after.isoformat(),
                    days_left=left // timedelta(days=1),
                )

    def valid_until(self) -> dict[str, datetime]:
        found = {name: files.not_after() for name, files in self._files.items()}
        return {name: not_after for name, not_after in found.items() if not_after is not None}
