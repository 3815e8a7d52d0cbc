"""The registry against a plain dict: lines of several systems in any order, with versions, late
and repeated ones, deletions, dates ahead, batches taken back; what is stored and counted must be
the same."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from lookup.compare import contradiction
from lookup.feed.row import Key, row_of
from lookup.registry import write
from lookup.registry.merge import Change
from lookup.registry.source import Registry, StatusCount, SystemCount
from lookup.registry.stored import told_of
from lookup.registry.wire import record
from lookup.status import Wanted
from tests.support.feed import event, hash_phone
from tests.support.tallied import assert_tallied

NUMBERS = ("197500000431233", "197500000431241")
SYSTEMS = ("treasury", "bailiffs")
NOW_US = int(datetime.fromisoformat("2026-10-12T00:00:00+05:00").timestamp()) * 1_000_000
AHEAD = "2026-10-14"  # the first of DAYS that is more than a day after NOW_US


class TakenBackError(Exception):
    """A batch that fails when all of it is stored."""


@dataclass
class Held:
    """One ticket of one system in the model."""

    line: dict[str, Any]  # the one whose facts count
    version: int | None
    first_filed_at: str | None
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)


class Model:
    """What the rules of a feed say, as plainly as can be."""

    def __init__(self) -> None:
        self.held: dict[Key, Held] = {}

    def put(self, line: dict[str, Any]) -> bool:
        """Whether it was there already and this line's facts count less."""
        key = Key(line["number"], line["kind"], line["source_system"])
        held = self.held.get(key)
        if held is None:
            held = self.held[key] = Held(line, line["version"], line["first_filed_at"])
            stale = False
        else:
            stale = self._older(held, line)
            if not stale:
                held.line = line
            versions = [v for v in (held.version, line["version"]) if v is not None]
            held.version = max(versions, default=None)
            filed = [at for at in (held.first_filed_at, line["first_filed_at"]) if at]
            held.first_filed_at = min(filed, default=None)
        for step in line["events"]:
            held.steps.setdefault(step["source_event_id"], step)
        return stale

    def _older(self, held: Held, line: dict[str, Any]) -> bool:
        versions = (held.version, line["version"])
        if None not in versions and versions[0] != versions[1]:
            return bool(versions[1] < versions[0])
        before, now = held.line["status_at"], line["status_at"]
        if before is None or before >= AHEAD:
            return False
        return now is None or now < before


DAYS = st.sampled_from([f"2026-10-{day:02d}" for day in range(10, 16)])
FINES = st.fixed_dictionaries(
    {
        "amount": st.just(10),
        "paid_amount": st.sampled_from([None, 10]),
        "paid_at": st.none() | DAYS,
        "bailiff_since": st.none() | DAYS,
    }
)
LINES = st.fixed_dictionaries(
    {
        "kind": st.just("fine"),
        "number": st.sampled_from(NUMBERS),
        "source_system": st.sampled_from(SYSTEMS),
        "status": st.sampled_from(["unpaid", "paid", "bailiff", "cancelled"]),
        "status_at": st.none() | DAYS,
        "first_filed_at": st.none() | DAYS,
        "version": st.none() | st.integers(1, 4),
        "due_on": st.none() | DAYS,
        "fine": st.none() | FINES,
        "events": st.lists(
            st.builds(event, st.integers(1, 4), DAYS, st.sampled_from(["a", "forwarded"])),
            max_size=3,
            unique_by=lambda step: step["source_event_id"],
        ),
    }
)
GONE = st.builds(
    lambda line, day: (
        line
        | {"deleted": True, "status_at": day, "events": [*line["events"], event(9, day, "deleted")]}
    ),
    LINES,
    DAYS,
)
BATCHES = st.tuples(st.booleans(), st.lists(LINES | GONE, min_size=1, max_size=4))


@given(st.booleans(), st.lists(BATCHES, max_size=6))
@settings(deadline=None, max_examples=60)
def test_what_is_stored_is_what_the_rules_say(
    bulk: bool, batches: list[tuple[bool, list[dict[str, Any]]]]
) -> None:
    with patch.object(write, "MERGED_AT_ONCE", 2):
        asyncio.run(check(bulk, batches))


async def check(bulk: bool, batches: Sequence[tuple[bool, Sequence[dict[str, Any]]]]) -> None:
    model = Model()
    with TemporaryDirectory() as folder:
        registry = await Registry.open(Path(folder) / "tickets.db", create=True)
        try:
            async with registry.writer(bulk=bulk) as writer:
                for taken_back, batch in batches:
                    rows = [row_of(line, hash_phone) for line in batch]
                    if taken_back:
                        with suppress(TakenBackError):
                            async with writer.transaction():
                                await writer.put(rows, NOW_US)
                                raise TakenBackError
                        continue
                    stale = [model.put(line) for line in batch]
                    changes = await writer.put(rows, NOW_US)
                    assert len(changes) == len(batch)
                    for change, older in zip(changes, stale, strict=True):
                        assert (change is Change.STALE) <= older
                        assert older <= (change in {Change.STALE, Change.UNCHANGED})
                    assert set(await writer.put(rows[-1:], NOW_US)) <= {
                        Change.UNCHANGED,
                        Change.STALE,
                    }
                await same(model, registry, await writer.stored(NUMBERS))
            await counted(model, registry)
        finally:
            await registry.close()


async def counted(model: Model, registry: Registry) -> None:
    """What is kept with each batch is what a full count finds, and what the model holds."""
    assert_tallied(registry.path)
    stats = await registry.stats()
    there = [held.line | {"system": key.system} for key, held in model.held.items()]
    told = [line for line in there if not line.get("deleted")]
    assert stats.tickets == len(told)
    assert stats.deleted == len(there) - len(told)
    assert stats.events == sum(len(held.steps) for held in model.held.values())
    assert stats.by_status == tuple(
        StatusCount("fine", *figure)
        for figure in sorted(Counter(line["status"] for line in told).items())
    )
    assert stats.by_system == tuple(
        SystemCount(*figure) for figure in sorted(Counter(line["system"] for line in told).items())
    )


async def same(model: Model, registry: Registry, stored: Sequence[Any]) -> None:
    assert {row.key for row in stored} == set(model.held)
    records: dict[str, list[Any]] = {}
    for row in stored:
        held = model.held[row.key]
        expected = row_of(
            held.line
            | {
                "version": held.version,
                "first_filed_at": held.first_filed_at,
                "events": sorted(held.steps.values(), key=lambda step: (step["seq"], step["at"])),
            },
            hash_phone,
        )
        assert row.ticket == expected.ticket
        assert row.events == expected.events
        if expected.ticket.deleted:
            continue
        told = record(told_of(expected), {}, "registry")
        records.setdefault(row.ticket.number, []).append(told)
    broken = {number: contradiction(each) for number, each in records.items()}
    assert {conflict.number: conflict.rule for conflict in await registry.conflicts()} == {
        number: rule for number, rule in broken.items() if rule
    }
    wanted = [Wanted(number, ("fine",)) for number in NUMBERS]
    found = await registry.find_many(wanted)
    assert {key.number: sorted(map(repr, each)) for key, each in found.items()} == {
        number: sorted(map(repr, each)) for number, each in records.items()
    }
