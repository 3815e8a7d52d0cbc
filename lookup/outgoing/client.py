"""The one HTTP client by which we ask other systems: it goes only where it may, and reads only as
much as it may.

A name is resolved here and each of its addresses checked; the connection is made to a checked
address, which is checked once more at the socket, so that a second answer of a name server changes
nothing. No redirects, cookies, proxies or compression: each is a way around a limit.

Deadlines are the caller's, by cancellation.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import aiohttp
from yarl import URL

from lookup.outgoing.certificates import Certificates, OnCertificates
from lookup.outgoing.names import CheckedResolver, DeniedError, Resolve, require_allowed
from lookup.outgoing.networks import address_of, networks_of, refusal
from lookup.outgoing.retries import RetryBudget
from lookup.outgoing.settings import (
    OutboundConfigError,
    OutboundSettings,
    auth_headers,
    check_url,
)

__all__ = [
    "Outbound",
    "OutboundConfigError",
    "OutboundError",
    "OutboundSettings",
    "Received",
    "RetryBudget",
    "auth_headers",
    "check_url",
    "send_patiently",
]

TOTAL_S: Final = 60.0  # of one request, for a caller without a deadline
CONNECT_S: Final = 10.0  # of one TCP and TLS handshake
KEEPALIVE_S: Final = 15.0
DNS_CACHE_S: Final = 10
HEADER_OCTETS_MAX: Final = 8_190
HEADERS_MAX: Final = 64
AGENT: Final = "jauap"
RETRIED: Final = frozenset({502, 503, 504})  # statuses that a second try may mend
RETRY_PAUSE_S: Final = 0.05


class OutboundError(Exception):
    """No answer that may be used. `retriable`: asking once more may help.

    The reason names host and port at most: paths hold ticket numbers, headers secrets.
    """

    def __init__(self, reason: str, *, retriable: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retriable = retriable


class Received(NamedTuple):
    """An answer that is no redirect."""

    status: int
    content_type: str  # small letters, without parameters; "" where the answer names none
    charset: str | None  # small letters
    body: bytes
    retry_after_s: float | None = None  # infinite where it names a date


class Outbound:
    """Sends requests to one system. Made without a connection: that system may be down for days.

    `resolve` stands in for the machine's resolver; `on_certificates` is told of certificates that
    changed on disk. Raises OutboundConfigError.
    """

    def __init__(
        self,
        settings: OutboundSettings,
        *,
        resolve: Resolve | None = None,
        on_certificates: OnCertificates | None = None,
    ) -> None:
        if settings.connections_max < 1 or settings.answer_octets_max < 1:
            raise OutboundConfigError("connections_max and answer_octets_max must be above 0")
        try:
            self._networks = networks_of(settings.private_networks)
        except ValueError as error:
            raise OutboundConfigError(
                f'private_networks: {error}; write networks such as "10.20.0.0/16"'
            ) from None
        self._settings = settings
        self._certificates = Certificates(settings, on_certificates)
        self._resolver = CheckedResolver(resolve, self._networks)
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Received:
        """One request, one answer; `url` is sent as it is. Raises OutboundError.

        May be cancelled at any time; the connection is then closed.
        """
        target = self._target(url)
        place = f"{target.host}:{target.port}"
        try:
            async with self._open_session().request(
                method,
                target,
                headers={"Accept-Encoding": "identity", "User-Agent": AGENT, **(headers or {})},
                data=body,
                allow_redirects=False,
                ssl=self._certificates.context(),  # another one: another connection
            ) as response:
                return await self._received(response)
        except TimeoutError:
            raise OutboundError(f"{place}: no answer in {TOTAL_S:.0f} s") from None
        except (aiohttp.ClientError, OSError) as error:
            raise _explained(place, error) from error

    async def close(self) -> None:
        """May be called twice; what is under way then fails."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()
        await self._resolver.close()

    def _target(self, url: str) -> URL:
        reason = check_url(url)
        if reason is not None:
            raise OutboundError(f"the address {reason}")
        target = URL(url, encoded=True)
        address = address_of(target.host or "")
        denied = refusal(address, self._networks) if address is not None else None
        if denied is not None:
            raise OutboundError(f"{target.host} {denied}; private_networks may allow it")
        return target

    def _open_session(self) -> aiohttp.ClientSession:
        if self._closed:
            raise OutboundError("closed")
        if self._session is None:  # made here, as it belongs to the running loop
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=self._settings.connections_max,
                    resolver=self._resolver,
                    ttl_dns_cache=DNS_CACHE_S,
                    keepalive_timeout=KEEPALIVE_S,
                    socket_factory=self._socket,
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=TOTAL_S, sock_connect=CONNECT_S),
                auto_decompress=False,
                trust_env=False,
                max_line_size=HEADER_OCTETS_MAX,
                max_field_size=HEADER_OCTETS_MAX,
                max_headers=HEADERS_MAX,
            )
        return self._session

    def _socket(self, info: tuple[Any, Any, int, str, tuple[Any, ...]]) -> socket.socket:
        """The last door: whatever led here, this is the address that is connected to."""
        family, kind, protocol, _, address = info
        require_allowed(str(address[0]), self._networks)
        return socket.socket(family=family, type=kind, proto=protocol)

    async def _received(self, response: aiohttp.ClientResponse) -> Received:
        if 300 <= response.status < 400:
            raise OutboundError(f"redirects (status {response.status}); that is never followed")
        encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding not in ("identity", ""):
            raise OutboundError("answers compressed although that was not asked for")
        octets_max = self._settings.answer_octets_max
        body = bytearray()
        length = response.content_length
        if length is None or length <= octets_max:
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > octets_max:
                    break
        if len(body) > octets_max or (length is not None and length > octets_max):
            response.close()  # the rest is not read, so the connection cannot be used again
            raise OutboundError(f"answers with more than {octets_max} octets")
        kind, charset = _content_type(response.headers.get("Content-Type", ""))
        after = _retry_after(response.headers.get("Retry-After"))
        return Received(response.status, kind, charset, bytes(body), after)


def _explained(place: str, error: Exception) -> OutboundError:
    """What went wrong, without words of the other side."""
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(cause, DeniedError):
        return OutboundError(f"{place} {cause}; private_networks may allow it")
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        why = getattr(error.certificate_error, "verify_message", "")
        return OutboundError(f"{place}: its certificate is not accepted: {why}; see ca_file")
    for kind, what, retriable in _EXPLAINED:
        if isinstance(error, kind):
            return OutboundError(f"{place}: {what}", retriable=retriable)
    return OutboundError(f"{place}: {type(error).__name__}")


# From the special to the general, as their classes inherit.
_EXPLAINED: Final[tuple[tuple[type[Exception], str, bool], ...]] = (
    (aiohttp.ClientConnectorDNSError, "its name cannot be resolved", True),
    (aiohttp.ClientSSLError, "no TLS connection comes about", False),
    (ssl.SSLError, "the TLS connection broke", False),
    (aiohttp.ClientConnectorError, "it cannot be connected to", True),
    (aiohttp.ClientResponseError, "what it answers is no HTTP, or beyond its limits", False),
    (aiohttp.ClientPayloadError, "its answer broke off", True),
    (aiohttp.ClientConnectionError, "the connection was lost", True),
    (OSError, "the connection was lost", True),
)


async def send_patiently(
    outbound: Outbound,
    budget: RetryBudget,
    method: str,
    url: str,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    *,
    deadline_s: float,
) -> Received:
    """`send`, and once more after a lost connection or a 502, 503, 504, as the budget allows.

    For requests that only read. A pause, ours or the one Retry-After asks for, is only made where
    it ends within `deadline_s` seconds from now. Returns or raises the last outcome.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + deadline_s
    budget.asked()
    retries = 0
    while True:
        pause_s = RETRY_PAUSE_S
        outcome: Received | OutboundError
        try:
            outcome = await outbound.send(method, url, headers, body)
            if outcome.status not in RETRIED:
                return outcome
            pause_s = max(pause_s, outcome.retry_after_s or 0)
        except OutboundError as error:
            if not error.retriable:
                raise
            outcome = error
        if loop.time() + pause_s >= until or not budget.take(retries):
            if isinstance(outcome, OutboundError):
                raise outcome
            return outcome
        retries += 1
        await asyncio.sleep(pause_s)


def _content_type(written: str) -> tuple[str, str | None]:
    kind, *parameters = written.lower().split(";")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset":
            return kind.strip(), value.strip().strip('"')
    return kind.strip(), None


def _retry_after(written: str | None) -> float | None:
    if written is None:
        return None
    digits = written.strip()
    return float(digits) if digits.isascii() and digits.isdigit() else float("inf")
