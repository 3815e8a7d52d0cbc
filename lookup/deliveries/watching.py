"""Watching a folder: deliveries are taken as they become whole, one after the other."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Final

import msgspec

from lookup.deliveries.folder import Folder
from lookup.deliveries.reading import Importing
from lookup.deliveries.report import DeliveryReport, DeliveryState, OnDelivery
from lookup.deliveries.settling import Settling
from lookup.deliveries.taking import Delivery, Kept, Surroundings
from lookup.feed.times import KAZAKHSTAN
from lookup.registry.sqlite import RegistryError

PURGE_EVERY_S: Final = 3_600.0
EARLIER_MAX: Final = 1_000  # deliveries done that a new one is compared with
_DAY_US: Final = 86_400_000_000
_kept = msgspec.json.Decoder(Kept)


@dataclass(frozen=True, slots=True)
class FilesSettings:
    """Of a source that is a folder of deliveries."""

    folder: Path
    registry: Path  # the file that holds what was delivered
    zone: tzinfo = KAZAKHSTAN  # of times without an offset in files of our own form
    poll_s: float = 5.0
    settle_s: float = 10.0  # a file unchanged for so long is whole
    keep_days: int = 30  # deliveries done and refused
    delivery_octets_max: int = 10_737_418_240


class Deliveries:
    """Takes deliveries until it is cancelled. Trouble of ours is told once and tried again."""

    def __init__(
        self,
        settings: FilesSettings,
        importing: Importing,
        *,
        source: str,
        on_delivery: OnDelivery,
        steady_s: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._folder = Folder(settings.folder, importing.now_us)
        self._settling = Settling(settings.settle_s)
        self._importing = importing
        self._source = source
        self._on_delivery = on_delivery
        self._steady_s = steady_s
        self._earlier: dict[str, str] | None = None
        self._purge_at_s = steady_s()
        self._fed_us: int | None = None
        self._trouble = ""

    @property
    def trouble(self) -> str:
        """Why deliveries are not taken at the moment; empty when they are."""
        return self._trouble

    @property
    def fed_us(self) -> int | None:
        """When the last delivery of tickets was done, UTC microseconds, as far as it is kept."""
        return self._fed_us

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.turn()
            await asyncio.sleep(self._settings.poll_s)

    async def turn(self) -> None:
        """One look at the folder, and whatever follows from it."""
        try:
            earlier = await self._begin()
            for taken in await asyncio.to_thread(self._folder.taken):
                await self._bring_in(taken, earlier)
            waiting = await asyncio.to_thread(self._folder.waiting)
            for file in self._settling.whole(waiting, self._steady_s()):
                taken = await asyncio.to_thread(self._folder.take, file.name)
                await self._bring_in(taken, earlier)
        except (OSError, RegistryError) as error:
            self._held("", str(error))
        else:
            self._held("", "")

    async def _begin(self) -> dict[str, str]:
        """The folders made, the old deliveries purged, the last ones known."""
        await asyncio.to_thread(self._folder.prepare)
        if self._earlier is None:
            self._earlier = await asyncio.to_thread(self._read_kept)
        if self._steady_s() >= self._purge_at_s:
            self._purge_at_s = self._steady_s() + PURGE_EVERY_S
            before_us = self._importing.now_us() - self._settings.keep_days * _DAY_US
            await asyncio.to_thread(self._folder.purge, before_us)
        return self._earlier

    async def _bring_in(self, taken: Path, earlier: dict[str, str]) -> None:
        delivery = Delivery(taken, self._surroundings(earlier))
        try:
            kept = await delivery.bring_in()
        except (OSError, RegistryError) as error:
            self._held(delivery.name, str(error))
            raise
        except Exception as error:  # one file, or a mistake of ours, must not end the gateway
            kept = await delivery.refuse(f"could not be read: {_place_of(error)}")
        self._remember(kept, earlier)

    def _surroundings(self, earlier: dict[str, str]) -> Surroundings:
        return Surroundings(
            source=self._source,
            folder=self._folder,
            importing=self._importing,
            settle_s=self._settings.settle_s,
            delivery_octets_max=self._settings.delivery_octets_max,
            on_delivery=self._on_delivery,
            steady_s=self._steady_s,
            earlier=earlier,
        )

    def _read_kept(self) -> dict[str, str]:
        earlier: dict[str, str] = {}
        for content in self._folder.kept_reports():
            try:
                kept = _kept.decode(content)
            except (msgspec.DecodeError, msgspec.ValidationError):
                continue  # somebody wrote to it; only repeats go unnoticed
            self._remember(kept, earlier)
        return earlier

    def _remember(self, kept: Kept, earlier: dict[str, str]) -> None:
        if kept.state != DeliveryState.DONE:
            return
        earlier.pop(kept.sha256, None)
        earlier[kept.sha256] = kept.delivery
        while len(earlier) > EARLIER_MAX:
            del earlier[next(iter(earlier))]
        if kept.report.get("form") != "bodies":
            self._fed_us = max(self._fed_us or 0, kept.completed_us)

    def _held(self, delivery: str, trouble: str) -> None:
        """Told when it comes, changes and ends, not at every turn."""
        if trouble != self._trouble:
            self._trouble = trouble
            state = DeliveryState.HELD if trouble else DeliveryState.RESUMED
            self._on_delivery(DeliveryReport(self._source, state, delivery, reason=trouble))


def _place_of(error: Exception) -> str:
    """What went wrong where, without what the file holds."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"
