"""A source of deliveries over a folder of the tests, which looks when it is told to."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lookup.files import DeliveryReport, DeliveryState, FilesSettings, FilesSource
from lookup.foreign.mapping import FieldMap
from lookup.registry.source import ShownTicket
from tests.support.feed import hash_phone

NOW_US = 1_795_331_940_000_000  # 2026-11-22 07:19:00 UTC
STAMP = "20261122T071900Z"


@dataclass
class Box:
    """The folder, the source over it, and what it told."""

    folder: Path
    source: FilesSource
    told: list[DeliveryReport] = field(default_factory=list)
    now_us: int = NOW_US
    on_told: Callable[[DeliveryReport], None] = lambda _: None

    def hear(self, report: DeliveryReport) -> None:
        self.told.append(report)
        self.on_told(report)

    async def take(self) -> list[DeliveryReport]:
        """One look at the folder; what became of the deliveries."""
        before = len(self.told)
        await self.source.look()
        return [
            report
            for report in self.told[before:]
            if report.state in {DeliveryState.DONE, DeliveryState.REFUSED}
        ]

    async def one(self) -> DeliveryReport:
        (report,) = await self.take()
        return report

    def rejects(self, report: DeliveryReport) -> list[dict[str, Any]]:
        path = self.folder / report.kept_in / f"{report.delivery}.rejected.ndjson"
        if not path.exists():
            return []
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

    async def shown(self, number: object) -> ShownTicket:
        (ticket,) = await self.source.registry.show(str(number))
        return ticket

    async def tickets(self) -> int:
        return (await self.source.registry.stats()).tickets


@asynccontextmanager
async def delivering(
    folder: Path, *, fields: FieldMap | None = None, kinds: tuple[str, ...] = ("*",), **more: Any
) -> AsyncIterator[Box]:
    """`folder` gets the registry and, in it, the folder `in` for deliveries; whole at once."""
    watched = folder / "in"
    watched.mkdir(exist_ok=True)
    settings = FilesSettings(watched, folder / "tickets.db", **({"settle_s": 0.0} | more))
    boxes: list[Box] = []

    def hear(report: DeliveryReport) -> None:
        boxes[0].hear(report)

    source = await FilesSource.open(
        settings,
        name="deliveries",
        kinds=frozenset(kinds),
        hash_phone=hash_phone,
        fields=fields,
        now_us=lambda: boxes[0].now_us,
        on_delivery=hear,
        pause_ms=0,
    )
    boxes.append(Box(watched, source))
    try:
        yield boxes[0]
    finally:
        await source.close()
