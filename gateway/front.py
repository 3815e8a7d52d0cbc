"""The gateway as the web sees it: the public page's question, health, metrics."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import structlog

from gateway.core.reading import Reading
from gateway.desk import Desk
from gateway.store.journal import StoreUnavailableError
from gateway.web.site import PublicAnswer

log = structlog.get_logger()

LAG_MAX_S = 5.0  # a loop that stood longer is not alive


class Condition(Protocol):
    """The service's own condition (gateway.readiness)."""

    async def ready(self, *, draining: bool) -> tuple[bool, Mapping[str, Any]]: ...
    def page(self) -> bytes: ...


class Front:
    """See the module (gateway.web.site.Front)."""

    def __init__(
        self,
        *,
        desk: Desk,
        readiness: Condition,
        read: Callable[[str | None], Reading],
        deadline_ms: int,
        next_visit: Callable[[], int],
        loop_time: Callable[[], float],
    ) -> None:
        self._desk = desk
        self._readiness = readiness
        self._read = read
        self._deadline_s = deadline_ms / 1_000
        self._next_visit = next_visit
        self._loop_time = loop_time
        self._beat_s = loop_time()
        self.draining = False

    def beat(self) -> None:
        """Called by a timer: the loop turns."""
        self._beat_s = self._loop_time()

    async def ask(self, text: str, address: str, language: str) -> PublicAnswer | None:
        reading = self._read(text)
        reading = reading._replace(language=language, language_chosen=False)
        asking = self._desk.asking(
            link="web",
            operator="web",
            session=0,
            identity=f"web:{self._next_visit()}".encode(),
            msisdn="",
            short_code="web",
            channel="web",
            text=None,
            reading=reading,
            nobody=f"net:{network_of(address)}",
        )
        try:
            _, turn = await self._desk.consult(asking, self._deadline_s)
        except StoreUnavailableError:
            return None
        return PublicAnswer(tuple(words.text for words in turn.words), turn.language)

    def live(self) -> bool:
        return self._loop_time() - self._beat_s < LAG_MAX_S

    async def ready(self) -> tuple[bool, Mapping[str, Any]]:
        return await self._readiness.ready(draining=self.draining)

    def metrics(self) -> bytes:
        return self._readiness.page()


def network_of(address: str) -> str:
    """The network limits count on: /24 of IPv4, /56 of IPv6."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    return str(ipaddress.ip_network((ip, 24 if ip.version == 4 else 56), strict=False))
