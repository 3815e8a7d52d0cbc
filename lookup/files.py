"""A source that is a watched folder: deliveries of CSV, NDJSON and XLSX go into a registry."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from lookup.deliveries.forms import HashPhone, Reader
from lookup.deliveries.reading import Importing
from lookup.deliveries.report import DeliveryReport, DeliveryState, OnDelivery
from lookup.deliveries.watching import Deliveries, FilesSettings
from lookup.foreign.mapping import FieldMap
from lookup.registry.importing import PAUSE_MS
from lookup.registry.source import Registry
from lookup.source import ANY_KIND, Answers, SourceHealth
from lookup.status import Wanted

__all__ = ["DeliveryReport", "DeliveryState", "FilesSettings", "FilesSource", "OnDelivery"]


class FilesSource:
    """Answers from its registry, whatever becomes of the folder; `run` takes the deliveries."""

    def __init__(self, registry: Registry, deliveries: Deliveries) -> None:
        """Use `open`."""
        self._registry = registry
        self._deliveries = deliveries

    @classmethod
    async def open(
        cls,
        settings: FilesSettings,
        *,
        name: str,
        kinds: frozenset[str],
        hash_phone: HashPhone,
        fields: FieldMap | None,
        now_us: Callable[[], int],
        on_delivery: OnDelivery,
        pause_ms: float = PAUSE_MS,
    ) -> FilesSource:
        """Open the registry, or make it. The folder need not be there.

        `hash_phone` and `pause_ms` are those of `import_tickets`; `fields` is the map of a foreign
        form. Raises RegistryError.
        """
        registry = await Registry.open(settings.registry, name=name, kinds=kinds, create=True)
        of_one_kind = len(kinds) == 1 and ANY_KIND not in kinds
        importing = Importing(
            registry=registry,
            hash_phone=hash_phone,
            reader=Reader(
                fields,
                next(iter(kinds)) if of_one_kind else None,
                registry.find_body,
                settings.zone,
            ),
            now_us=now_us,
            pause_ms=pause_ms,
        )
        steady_s = asyncio.get_running_loop().time
        deliveries = Deliveries(
            settings, importing, source=name, on_delivery=on_delivery, steady_s=steady_s
        )
        return cls(registry, deliveries)

    @property
    def name(self) -> str:
        return self._registry.name

    @property
    def kinds(self) -> frozenset[str]:
        return self._registry.kinds

    @property
    def registry(self) -> Registry:
        """What was delivered."""
        return self._registry

    @property
    def fed_us(self) -> int | None:
        """When the last delivery was done, UTC microseconds; None: never, as far as is known.

        One that is stored only in part does not count yet: what is not there may be still to come.
        """
        times = (self._deliveries.fed_us, self._registry.fed_us)
        return max((at for at in times if at is not None), default=None)

    async def run(self) -> None:
        """Take deliveries until cancelled."""
        await self._deliveries.run()

    async def look(self) -> None:
        """Take what is whole now, and come back; trouble is told, not raised."""
        await self._deliveries.turn()

    async def find_many(self, wanted: Sequence[Wanted]) -> Answers:
        return await self._registry.find_many(wanted)

    async def health(self) -> SourceHealth:
        """Of the registry; trouble with deliveries is told in the detail."""
        health = await self._registry.health()
        trouble = self._deliveries.trouble
        if not trouble:
            return health
        return health._replace(detail=f"{health.detail}; takes no deliveries: {trouble}")

    async def close(self) -> None:
        await self._registry.close()
