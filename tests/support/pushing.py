"""A body that pushes its tickets to a service that runs as a process."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import aiohttp

from tests.support.service import Service

FEEDS = {"enabled": True, "requests_per_s": 10_000.0, "burst": 10_000}
ALL_RIGHTS = ("read", "write", "bulk")


class Pushed(NamedTuple):
    """An answer."""

    status: int
    octets: bytes

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.octets)
        return found


async def make_key(
    service: Service, feed: str, *bodies: str, rights: tuple[str, ...] = ALL_RIGHTS
) -> str:
    """`jauap feeds add`; the key."""
    words = [word for body in bodies for word in ("--body", body)]
    words += [word for right in rights for word in ("--right", right)]
    made = await service.command(
        "feeds", "add", "-c", str(service.settings), feed, *words, "--json"
    )
    assert made.code == 0, made.err
    key: str = json.loads(made.out)["key"]
    return key


async def push(
    service: Service, key: str, ticket: dict[str, Any], repeat: str | None = None
) -> Pushed:
    """One ticket. Raises aiohttp.ClientError where no answer comes."""
    headers = {"Authorization": f"Bearer {key}"} | ({"Idempotency-Key": repeat} if repeat else {})
    url = f"{service.http}/api/v1/tickets/{ticket['number']}"
    async with (
        aiohttp.ClientSession() as session,
        session.put(url, json=ticket, headers=headers) as response,
    ):
        return Pushed(response.status, await response.read())
