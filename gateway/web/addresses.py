"""Whose request it is, as far as addresses tell."""

from __future__ import annotations

from collections.abc import Collection

from aiohttp import web


def client_address(request: web.Request, trusted_proxies: Collection[str]) -> str:
    """Who asks: behind a proxy that is trusted, whom it names last.

    Some proxies write a header of their own below the client's: only the last one is theirs.
    """
    remote = request.remote or ""
    if remote in trusted_proxies:
        return request.headers.getall("X-Forwarded-For", (remote,))[-1].rpartition(",")[2].strip()
    return remote
