"""Every `[[source]]` of the settings, opened by its type and put behind a guard."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any, Final

import structlog

from gateway.clock import Clock
from gateway.keys import Keys
from gateway.settings import Settings, SettingsError, SourceSettings
from gateway.sources.reports import SourceReports
from gateway.sources.types import field_map, open_files, open_http, open_postgres, open_soap
from lookup.files import FilesSource
from lookup.foreign.mapping import FieldMap
from lookup.foreign.record import Foreign
from lookup.guard import Guarded, GuardLimits
from lookup.registry.source import Registry
from lookup.registry.sqlite import RegistryError
from lookup.soap.outcomes import SoapSetupError
from lookup.source import Source, SourceUnavailableError
from lookup.status import Body
from lookup.watch import Watch

BODIES_EVERY_S: Final = 30.0  # new bodies of the directory are known to other sources so soon

log = structlog.get_logger()
Run = Callable[[], Coroutine[Any, Any, None]]


class Sources:
    """The sources in the order of the settings, and what must run beside them."""

    def __init__(self) -> None:
        self.guarded: list[Guarded] = []
        self.here: set[str] = set()  # names of those that are files of this machine
        self._runs: list[Run] = []

    @property
    def slowest_s(self) -> float:
        """By then each of them has answered or is silent: a batch may wait for one before it to
        be answered, where the source is elsewhere and busy, and then has its own deadline."""
        waits = ((2 if source.apart else 1) * source.deadline_s for source in self.guarded)
        return max(waits, default=0.0)

    def add(self, source: Guarded, *, here: bool) -> None:
        self.guarded.append(source)
        self._runs.append(source.run)
        if here:
            self.here.add(source.name)

    def also_run(self, run: Run) -> None:
        self._runs.append(run)

    async def run(self) -> None:
        """Deliveries, asks that outlive their askers, the directory of bodies: for ever."""
        async with asyncio.TaskGroup() as group:
            for run in self._runs:
                group.create_task(run())


async def open_sources(
    settings: Settings, keys: Keys, clock: Clock, reports: SourceReports, held: AsyncExitStack
) -> Sources:
    """Open them all; none needs another system to be up. `held` closes them.

    Raises SettingsError naming source, key and remedy.
    """
    opener = _Opener(settings, keys, clock, reports)
    for table in settings.source:
        try:
            source = await opener.open(table)
        except (OSError, ValueError, RegistryError, SoapSetupError) as problem:
            raise SettingsError(f"[[source]] '{table.name}': {problem}") from problem
        held.push_async_callback(source.close)
    opener.sources.also_run(opener.directory.run)
    return opener.sources


class _Directory:
    """The bodies that foreign records name: those of the registry that commands work on."""

    def __init__(self) -> None:
        self.registry: Registry | None = None

    def find(self, id_or_code: str) -> Body | None:
        return None if self.registry is None else self.registry.find_body(id_or_code)

    async def run(self) -> None:
        """New bodies are read, for ever; without a registry there are none."""
        while self.registry is not None:
            try:
                await self.registry.directory()
            except (RegistryError, SourceUnavailableError):
                log.warning("bodies_put_off", reason="the registry is away")
            await asyncio.sleep(BODIES_EVERY_S)


class _Opener:
    """Opens one after the other into `sources`."""

    def __init__(
        self, settings: Settings, keys: Keys, clock: Clock, reports: SourceReports
    ) -> None:
        self.sources = Sources()
        self.directory = _Directory()
        self._main = settings.registry()
        self._lookup = settings.lookup
        self._hash_phone = keys.owner
        self._now_us = clock.now_us
        self._loop_time = asyncio.get_running_loop().time
        self._reports = reports

    async def open(self, table: SourceSettings) -> Guarded:
        """Raises SettingsError, and what the sources raise for settings that cannot work."""
        registry: Registry | None = None
        fed: Callable[[], int | None] = _never
        deadline_ms = table.deadline_ms or self._lookup.source_deadline_ms
        changed = partial(self._reports.certificates, table.name)
        source: Source
        match table.type:
            case "registry":
                source = registry = await self._registry(table)
                fed = _fed_of(registry)
            case "files":
                files = await open_files(
                    table, self._hash_phone, self._now_us, self._reports.delivery
                )
                source, registry = files, files.registry
                fed = _fed_of(files)
                self.sources.also_run(files.run)
            case "postgres":
                source = await open_postgres(table, self._foreign(table))
            case "http":
                source = await open_http(table, self._foreign(table), deadline_ms, changed)
            case "soap":
                source = await open_soap(table, self._foreign(table), deadline_ms, changed)
        if registry is not None and not await registry.read_ahead():
            log.warning("registry_not_read_ahead", source=table.name)
        if table is self._main:
            self.directory.registry = registry
        guarded = Guarded(
            source,
            clock=self._loop_time,
            now_us=self._now_us,
            fed_us=fed,
            limits=self._limits(table, deadline_ms, here=registry is not None),
            watch=Watch(table.name, self._reports),
        )
        self.sources.add(guarded, here=registry is not None)
        return guarded

    def _limits(self, table: SourceSettings, deadline_ms: int, *, here: bool) -> GuardLimits:
        lookup = self._lookup
        ttl_ms = lookup.cache_ttl_ms if table.cache_ttl_ms is None else table.cache_ttl_ms
        return GuardLimits(
            deadline_ms=deadline_ms,
            in_flight_max=_at_once(table, table.in_flight_max or lookup.in_flight_max),
            failures_max=table.failures_max,
            open_s=table.open_s,
            cache_ttl_s=ttl_ms / 1_000,
            stale_s=table.stale_s,
            copy_age_max_s=table.copy_age_max_s,
            prompt_ms=lookup.batch_budget_ms,
            apart=not here,
        )

    async def _registry(self, table: SourceSettings) -> Registry:
        return await Registry.open(
            Path(table.path), name=table.name, kinds=frozenset(table.kinds), create=True
        )

    def _foreign(self, table: SourceSettings) -> Foreign:
        return Foreign(
            name=table.name,
            kinds=frozenset(table.kinds),
            fields=FieldMap.identity() if table.map is None else field_map(table.map),
            find_body=self.directory.find,
            hash_phone=self._hash_phone,
        )


def _at_once(table: SourceSettings, in_flight_max: int) -> int:
    """A batch beyond its connections would only wait for one, with its deadline running."""
    given = table.http or table.soap or table.postgres
    return in_flight_max if given is None else min(in_flight_max, given.connections_max)


def _never() -> None:
    """Another system is asked, not copied."""


def _fed_of(copy: Registry | FilesSource) -> Callable[[], int | None]:
    return lambda: copy.fed_us
