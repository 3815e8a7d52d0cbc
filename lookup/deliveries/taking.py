"""One delivery, from the folder `taking` to `done` or `refused`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from hashlib import file_digest
from pathlib import Path
from typing import Final

import msgspec

from lookup.deliveries.folder import (
    DONE,
    REFUSED,
    Facts,
    Folder,
    delivery_in,
    facts_of,
    read_marker,
    report_in,
    write_whole,
)
from lookup.deliveries.forms import form_of
from lookup.deliveries.marker import SUFFIX as MARKER
from lookup.deliveries.reading import DeliveryRefusedError, Importing, Stored
from lookup.deliveries.report import DeliveryReport, DeliveryState, OnDelivery
from lookup.registry.importing import ImportProgress

CHANGES_MAX: Final = 10  # times that a delivery may change while it is read
RUNNING_EVERY_S: Final = 30.0


class Kept(msgspec.Struct, frozen=True):
    """The report that is kept beside a delivery."""

    delivery: str
    state: str
    completed_us: int
    sha256: str
    report: dict[str, object]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all deliveries of one source share."""

    source: str
    folder: Folder
    importing: Importing
    settle_s: float
    delivery_octets_max: int
    on_delivery: OnDelivery
    steady_s: Callable[[], float]
    earlier: Mapping[str, str]  # names of deliveries done, by the digest of their content


class Delivery:
    """One taken delivery on its way."""

    def __init__(self, taken: Path, shared: Surroundings) -> None:
        self._taken = taken
        self._path = delivery_in(taken)
        self._shared = shared
        self._form = form_of(self._path.name)
        self._digest = ""
        self._told_s = shared.steady_s()
        self._report = DeliveryReport(
            shared.source, DeliveryState.TAKEN, self._path.name, form=self._form or ""
        )

    @property
    def name(self) -> str:
        return self._path.name

    async def bring_in(self) -> Kept:
        """Import it and put it where it belongs.

        Raises OSError and RegistryError for trouble of ours; the same call goes on from there.
        """
        for where in (DONE, REFUSED):
            written = report_in(self._taken, where)
            if written.exists():  # a crash came before the last step
                return await self._put(msgspec.json.decode(written.read_bytes(), type=Kept), where)
        try:
            stored = await self._unchanged()
        except DeliveryRefusedError as refusal:
            return await self.refuse(str(refusal))
        self._report = replace(self._report, **stored._asdict(), octets_done=self._report.octets)
        return await self._finish(DeliveryState.DONE, DONE)

    async def refuse(self, reason: str) -> Kept:
        """Put it aside."""
        self._report = replace(self._report, reason=reason)
        return await self._finish(DeliveryState.REFUSED, REFUSED)

    async def _unchanged(self) -> Stored:
        """Import it until it was read without having changed meanwhile."""
        facts = await asyncio.to_thread(facts_of, self._path)
        for _ in range(CHANGES_MAX):
            if facts is None:
                raise DeliveryRefusedError("is no regular file")
            refused: DeliveryRefusedError | None = None
            try:
                stored = await self._once(facts)
            except DeliveryRefusedError as refusal:  # perhaps it was not whole yet
                refused = refusal
            now = await asyncio.to_thread(facts_of, self._path)
            if now == facts:
                if refused is not None:
                    raise refused
                return stored
            facts = await self._settled(now)
        raise DeliveryRefusedError("is still written to; write elsewhere, then rename it into here")

    async def _settled(self, facts: Facts | None) -> Facts | None:
        for _ in range(CHANGES_MAX):
            await asyncio.sleep(self._shared.settle_s)
            now = await asyncio.to_thread(facts_of, self._path)
            if now == facts:
                break
            facts = now
        return facts

    async def _once(self, facts: Facts) -> Stored:
        self._report = replace(self._report, octets=facts.size)
        if self._form is None:
            raise DeliveryRefusedError(
                "has a name of no form that is read: .csv, .ndjson, .xlsx, bodies*.json"
            )
        if facts.size == 0:
            raise DeliveryRefusedError("is empty")
        if facts.size > self._shared.delivery_octets_max:
            raise DeliveryRefusedError(
                f"has {facts.size} octets, over {self._shared.delivery_octets_max}; part it"
            )
        await self._check_marker(facts)
        self._report = replace(self._report, repeats=self._shared.earlier.get(self._digest, ""))
        self._shared.on_delivery(self._report)
        return await self._shared.importing.bring(self._path, self._form, facts, self._running)

    async def _check_marker(self, facts: Facts) -> None:
        try:
            marker = await asyncio.to_thread(read_marker, self._taken / MARKER)
        except PermissionError:
            raise DeliveryRefusedError("has a marker that the service may not read") from None
        if marker is not None and marker.size not in {None, facts.size}:
            raise DeliveryRefusedError(f"has {facts.size} octets, its marker says {marker.size}")
        try:
            self._digest = await asyncio.to_thread(_digest, self._path)
        except PermissionError:
            raise DeliveryRefusedError("may not be read by the service: mend its rights") from None
        if marker is not None and marker.sha256 not in {None, self._digest}:
            raise DeliveryRefusedError("has another SHA-256 than its marker says")

    def _running(self, progress: ImportProgress) -> None:
        now_s = self._shared.steady_s()
        if now_s - self._told_s >= RUNNING_EVERY_S:
            self._told_s = now_s
            self._shared.on_delivery(
                replace(
                    self._report, state=DeliveryState.RUNNING, lines=progress.lines,
                    octets=progress.octets_total, octets_done=progress.octets_done,
                )
            )  # fmt: skip

    async def _finish(self, state: DeliveryState, where: str) -> Kept:
        self._report = replace(self._report, state=state, kept_in=f"{where}/{self._taken.name}")
        kept = Kept(
            delivery=self.name,
            state=state,
            completed_us=self._shared.importing.now_us(),
            sha256=self._digest,
            report=self._report.fields(),
        )
        await asyncio.to_thread(
            write_whole, report_in(self._taken, where), msgspec.json.encode(kept)
        )
        return await self._put(kept, where)

    async def _put(self, kept: Kept, where: str) -> Kept:
        await asyncio.to_thread(self._shared.folder.put, self._taken, where)
        report = msgspec.convert(kept.report | {"state": kept.state}, DeliveryReport)
        self._shared.on_delivery(report)
        return kept


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
