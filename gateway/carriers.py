"""All that carries SMS: the links that we bind by, and the listener that others bind to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from gateway.accounts import ServerPart, make_server
from gateway.clock import Clock
from gateway.core.tariff import Tariffs
from gateway.links import LinkPart, make_link
from gateway.ports import SmsPort
from gateway.settings import Settings, SettingsError
from smpp.capture.ring import Captures
from smpp.owner import Owner
from smpp.tls import TlsFiles

LISTENER = "smsc"  # its name in health and metrics


class Carriers(NamedTuple):
    """See the module. `ports` are all of them by name, links first."""

    links: tuple[LinkPart, ...]
    server: ServerPart | None
    captures: Captures
    ports: Mapping[str, SmsPort]

    async def listen(self) -> str | None:
        """Let others bind; the address they bind to. Raises SettingsError."""
        if self.server is None:
            return None
        smsc = self.server.smsc
        try:
            await smsc.start()
        except OSError as problem:
            raise SettingsError(
                f"smsc.listen = '{self.server.host}:{smsc.port}': {problem.strerror}; is the port "
                "taken? choose another"
            ) from problem
        return f"{self.server.host}:{smsc.port}"

    def run(self, group: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
        """Keep all of it up; the tasks end after `stop`."""
        tasks = [group.create_task(part.link.run()) for part in self.links]
        if self.server is not None:
            tasks.append(group.create_task(self.server.smsc.run()))
        return tasks

    async def stop(self, drain_s: float) -> None:
        """Take nothing more, wait so long for what is open, unbind."""
        async with asyncio.TaskGroup() as unbinding:
            for part in self.links:
                unbinding.create_task(part.link.stop(drain_s))
            if self.server is not None:
                unbinding.create_task(self.server.smsc.stop(drain_s))

    def tls(self) -> dict[str, TlsFiles]:
        """Whose TLS is by files of ours, by name."""
        found = {part.port.name: part.tls for part in self.links}
        if self.server is not None:
            found[LISTENER] = self.server.tls
        return {name: files for name, files in found.items() if files is not None}

    def callers(self) -> dict[str, Callable[[], bool]]:
        """How to tell an account that is away to bind (outbind), by name."""
        if self.server is None:
            return {}
        accounts = self.server.smsc.accounts
        return {name: live.call_out for name, live in accounts.items()}


def make_carriers(
    settings: Settings,
    tariffs: Tariffs,
    owner: Owner,
    next_session: Callable[[], int],
    jitter: Callable[[], float],
    clock: Clock,
) -> Carriers:
    """From [[link]] and [smsc]. Raises SettingsError."""
    captures = Captures(clock.now_us)
    validity_s = settings.service.reply_validity_s
    links = tuple(
        make_link(link, tariffs, owner, next_session, jitter, clock, captures, validity_s)
        for link in settings.link
    )
    server = make_server(
        settings.smsc, links, tariffs, owner, next_session, jitter, clock, captures
    )
    ports = {port.name: port for port in _ports(links, server)}
    return Carriers(links, server, captures, ports)


def _ports(links: tuple[LinkPart, ...], server: ServerPart | None) -> Iterator[SmsPort]:
    yield from (part.port for part in links)
    if server is not None:
        yield from server.ports
