"""Whose request it is, as far as addresses tell."""

from __future__ import annotations

from collections.abc import Collection

from aiohttp import web


def client_address(request: web.Request, trusted_proxies: Collection[str]) -> str:
    """Who asks: behind a proxy that is trusted, whom it names last."""
    remote = request.remote or ""
    if remote in trusted_proxies:
        return request.headers.get("X-Forwarded-For", remote).rpartition(",")[2].strip()
    return remote
