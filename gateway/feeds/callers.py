"""Whose request it is: API keys, where they may come from, how often."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

import structlog

from gateway.feeds.limits import FeedLimits, Limiter
from gateway.problems import Problem, RefusedRequest
from lookup.registry.feed_keys import FeedKey, id_of
from smpp.server.access import counted_as, within

LIVE_KEYS_MAX: Final = 10_000  # known to be right: let in while strangers at their address are not

log = structlog.get_logger()


class Keys(Protocol):
    """Where keys are found (lookup.registry.feeds)."""

    async def key(self, identity: str) -> FeedKey | None: ...


class Callers:
    """Asked before anything else of a request is read."""

    def __init__(
        self,
        keys: Keys,
        limiter: Limiter,
        limits: FeedLimits,
        *,
        now_us: Callable[[], int],
        loop_time: Callable[[], float],
    ) -> None:
        self._keys = keys
        self._limiter = limiter
        self._failures_s = int(limits.failures_s)
        self._now_us = now_us
        self._loop_time = loop_time
        self._live: dict[str, None] = {}

    async def caller(self, authorization: str | None, address: str, right: str) -> FeedKey:
        """The key of a request, which counts as one of its requests.

        Raises RefusedRequest (401, 403, 429) and RegistryError.
        """
        network, now_s = counted_as(address), self._loop_time()
        text = _bearer(authorization)
        identity = None if text is None else id_of(text)
        unknown = authorization is not None and identity not in self._live
        if unknown and self._limiter.locked_out(network, now_s):
            detail = "too many wrong keys came from this address"
            raise RefusedRequest(Problem(429, "locked-out", detail, retry_after_s=self._failures_s))
        key = None if identity is None else await self._keys.key(identity)
        if text is None or key is None or not key.matches(text) or not key.live(self._now_us()):
            if authorization is not None:
                self._failed(network, now_s, identity, "not valid")
            raise RefusedRequest(Problem(401, "key", "a valid API key is needed"))
        if not within(address, key.scope.allowed_from()):
            self._failed(network, now_s, key.id, "another network")
            raise RefusedRequest(Problem(403, "network", "this key is not for use from there"))
        if len(self._live) < LIVE_KEYS_MAX:
            self._live[key.id] = None
        self._limiter.pace(key.id, now_s)
        if right not in key.scope.rights:
            raise RefusedRequest(Problem(403, "right", f"this key lacks the right: {right}"))
        return key

    def _failed(self, network: str, now_s: float, identity: str | None, reason: str) -> None:
        self._limiter.failed(network, now_s)
        log.warning("feed_key_refused", key=identity, network=network, reason=reason)


def _bearer(authorization: str | None) -> str | None:
    scheme, _, text = (authorization or "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else None
