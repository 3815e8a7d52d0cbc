"""What passed on a link lately, masked, for `jauap capture` on the same machine.

Nobody else learns that the route is there: whoever is not on this machine, comes through a proxy,
or does not hold the token that is made of the store's key file, is told 404.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import json
from collections.abc import Collection, Iterator

from aiohttp import web

from smpp.capture.masking import mask
from smpp.capture.ring import Captures, Ring

PATH = "/links/{name}/capture"
_FORWARDED = ("Forwarded", "X-Forwarded-For", "Via")


class CapturePage:
    """`add_to` puts it on the site. `accounts` are the peers that bind to us: there we are the
    SMSC."""

    def __init__(
        self, captures: Captures, token: str, links: Collection[str], accounts: Collection[str]
    ) -> None:
        self._captures = captures
        self._expected = f"Bearer {token}".encode()
        self._links = frozenset(links)
        self._accounts = frozenset(accounts)

    def add_to(self, site: web.Application) -> None:
        """For every method, so that a wrong one is told 404 as well."""
        site.router.add_route("*", PATH, self.answer)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """NDJSON: a line about the link, then one a PDU, in order of time within each bind."""
        name = request.match_info["name"]
        known = name in self._links or name in self._accounts
        if request.method != "GET" or not self._may_see(request) or not known:
            raise web.HTTPNotFound
        response = web.StreamResponse(
            headers={"Content-Type": "application/x-ndjson", "Cache-Control": "no-store"}
        )
        await response.prepare(request)
        about = {"link": name, "smsc": name in self._accounts}
        await response.write(json.dumps(about).encode() + b"\n")
        for ring in self._captures.rings(name):
            await response.write(b"".join(_lines(ring)))
            await asyncio.sleep(0)  # messages go first
        await response.write_eof()
        return response

    def _may_see(self, request: web.Request) -> bool:
        given = request.headers.get("Authorization", "").encode("utf-8", "replace")
        holds_token = hmac.compare_digest(given, self._expected)
        direct = not any(header in request.headers for header in _FORWARDED)
        return holds_token and direct and _is_local(request)


def _is_local(request: web.Request) -> bool:
    """The peer is this machine: loopback, or the very address it called."""
    transport = request.transport
    if transport is None:
        return False
    peer, own = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
    if not peer or not own:
        return False
    address = ipaddress.ip_address(peer[0])
    mapped = getattr(address, "ipv4_mapped", None) or address
    return mapped.is_loopback or peer[0] == own[0]


def _lines(ring: Ring) -> Iterator[bytes]:
    for at_us, bind, session, sent, octets in ring.records():
        line = {
            "at_us": at_us,
            "bind": bind,
            "session": session,
            "sent": sent,
            "pdu": mask(octets).hex(),
        }
        yield json.dumps(line).encode() + b"\n"
