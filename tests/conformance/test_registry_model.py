"""The registry against a plain dict: lines of several systems in any order, with versions, late
and repeated ones, pushed singly and in batches; what is stored must be the same."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lookup.compare import contradiction
from lookup.feed.row import Key, row_of
from lookup.registry.merge import Change
from lookup.registry.source import Registry
from lookup.registry.stored import told_of
from lookup.registry.wire import record
from lookup.status import Wanted
from tests.support.feed import event, hash_phone

NUMBERS = ("197500000431233", "197500000431241")
SYSTEMS = ("treasury", "bailiffs")


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
        return before is not None and (now is None or now < before)


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


@given(st.lists(st.lists(LINES, min_size=1, max_size=4), max_size=6))
@settings(deadline=None, max_examples=60)
def test_what_is_stored_is_what_the_rules_say(batches: list[list[dict[str, Any]]]) -> None:
    asyncio.run(check(batches))


async def check(batches: Sequence[Sequence[dict[str, Any]]]) -> None:
    model = Model()
    with TemporaryDirectory() as folder:
        registry = await Registry.open(Path(folder) / "tickets.db", create=True)
        try:
            async with registry.writer() as writer:
                for number, batch in enumerate(batches):
                    stale = [model.put(line) for line in batch]
                    rows = [row_of(line, hash_phone) for line in batch]
                    changes = await writer.put(rows, number)
                    assert len(changes) == len(batch)
                    for change, older in zip(changes, stale, strict=True):
                        assert (change is Change.STALE) <= older
                        assert older <= (change in {Change.STALE, Change.UNCHANGED})
                    assert set(await writer.put(rows[-1:], number)) <= {
                        Change.UNCHANGED,
                        Change.STALE,
                    }
                await same(model, registry, await writer.stored(NUMBERS))
        finally:
            await registry.close()


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
