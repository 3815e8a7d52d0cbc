"""The feeds API from settings."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from gateway.clock import Clock
from gateway.feeds.limits import FeedLimits
from gateway.feeds.service import Feeds
from gateway.keys import Keys
from gateway.metrics import Metrics
from gateway.settings import Settings, SettingsError
from gateway.settings.tables import FeedsSettings
from gateway.web.api import FeedsApi
from lookup.registry.feeds import FeedStore
from lookup.registry.source import Registry
from lookup.registry.sqlite import RegistryError


def registry_path(settings: Settings) -> Path:
    """The file of the first [[source]] of type registry: the one that is fed. Raises
    SettingsError."""
    for source in settings.source:
        if source.type == "registry":
            return Path(source.path)
    raise SettingsError("no [[source]] of type 'registry' is set; add one with its path")


async def make_feeds_api(
    settings: Settings, keys: Keys, clock: Clock, metrics: Metrics, held: AsyncExitStack
) -> FeedsApi | None:
    """None where [feeds] is not enabled. Raises SettingsError."""
    if not settings.feeds.enabled:
        return None
    path = registry_path(settings)
    try:
        registry = await Registry.open(path, create=True)
        held.push_async_callback(registry.close)
        store = await FeedStore.open(registry)
    except (OSError, RegistryError) as problem:
        raise SettingsError(f"[feeds]: {problem}") from problem
    held.push_async_callback(store.close)
    feeds = Feeds(
        store=store, registry=registry, limits=_limits(settings.feeds), hash_phone=keys.owner,
        now_us=clock.now_us, loop_time=asyncio.get_running_loop().time, counters=metrics,
    )  # fmt: skip
    return FeedsApi(feeds, settings.http.trusted_proxies)


def _limits(settings: FeedsSettings) -> FeedLimits:
    return FeedLimits(
        requests_per_s=settings.requests_per_s,
        burst=settings.burst,
        ticket_octets_max=settings.ticket_octets_max,
        batch_octets_max=settings.batch_octets_max,
        batch_lines_max=settings.batch_lines_max,
        batches_max=settings.batches_max,
        idle_s=settings.idle_s,
        repeat_hours=settings.repeat_hours,
    )
