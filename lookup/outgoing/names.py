"""Names of other systems, resolved to addresses we may go to."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from aiohttp.abc import AbstractResolver, ResolveResult

from lookup.outgoing.networks import Address, Network, refusal

DNS_THREADS: Final = 2  # a name server that hangs holds these, not the threads of others

Resolve = Callable[[str], Awaitable[Sequence[str]]]
"""The addresses of a host name."""


class DeniedError(OSError):
    """An address we do not connect to."""


def require_allowed(written: str, networks: Sequence[Network]) -> Address:
    """The address, as one we may connect to. Raises DeniedError."""
    try:
        address = ipaddress.ip_address(written)
    except ValueError:
        raise DeniedError("is no address") from None
    denied = refusal(address, networks)
    if denied is not None:
        raise DeniedError(f"leads to {address}, which {denied}")
    return address


class CheckedResolver(AbstractResolver):
    """Resolves names, and gives only addresses that may be connected to."""

    def __init__(self, resolve: Resolve | None, networks: Sequence[Network]) -> None:
        self._threads = ThreadPoolExecutor(DNS_THREADS, "outbound-dns") if not resolve else None
        self._resolve = resolve or self._by_system
        self._networks = networks

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The allowed addresses of a name; OSError where there are none."""
        allowed: list[ResolveResult] = []
        denied: DeniedError | None = None
        for written in await self._resolve(host):
            try:
                address = require_allowed(written, self._networks)
            except DeniedError as error:
                denied = error
                continue
            allowed.append(
                ResolveResult(
                    hostname=host,
                    host=str(address),
                    port=port,
                    family=socket.AF_INET if address.version == 4 else socket.AF_INET6,
                    proto=0,
                    flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
                )
            )
        if not allowed:
            raise denied or OSError("the name has no address")
        return allowed

    async def close(self) -> None:
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    async def _by_system(self, host: str) -> Sequence[str]:
        loop = asyncio.get_running_loop()
        try:
            infos = await loop.run_in_executor(
                self._threads, lambda: socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            )
        except UnicodeError:  # a label over 63 characters
            raise OSError("no name has such a form") from None
        return [str(info[4][0]) for info in infos]
