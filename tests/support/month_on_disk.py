"""`python -m tests.support.month_on_disk FOLDER COUNT [EVERY]`: a busy month laid out as its owner
has it: the journal, made through the verbs of the store, each operator's file and map, settings,
the key file; beside them the truth, in truth.json and a file of differences for each operator.

A folder that has truth.json is whole; one without is begun anew.
"""

from __future__ import annotations

import asyncio
import csv
import json
import sys
from asyncio import TaskGroup
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final

from gateway.billing.months import Month
from gateway.core.cdr import Entry
from gateway.core.ledger import credit
from gateway.core.records import Chain
from gateway.keys import KEY_OCTETS, Keys
from gateway.store import Journal, open_store
from tests.support.busy_calls import Call, calls_at
from tests.support.busy_month import (
    MONTH,
    SHORT,
    THEIR_TEST_PHONE,
    WITH_REPLIES,
    BusyMonth,
    Event,
)
from tests.support.months import at_us
from tests.support.operator_files import (
    CODE,
    HEADER,
    MAP,
    OPERATORS,
    TEST_PHONE,
    Line,
    cells,
    map_of,
)
from tests.support.reconcile_bench import store, toml

EVERY: Final = 50  # one event of so many is a difference
BATCH: Final = 100  # events handed to the store at once
AT_ONCE: Final = 3  # batches on their way to it
BY_HAND_EVERY, LATE_EVERY = 1_000, 4  # questions credited by decision; of these, after the close
SOON, LATE = (20261031, "2026-10-31 23:59"), (20261112, "2026-11-12 10:00")
KEY: Final = bytes(KEY_OCTETS)

WIDTHS: Final = (4, 16, 8, 10, 8, 8)
FIXED: Final = {
    "format": "fixed",
    "columns": {
        "short_code": [21, 8], "msisdn": [5, 16], "at": [[29, 10], [39, 8]], "price": [47, 8],
    },
    "leave_out": [
        {"as": "receipts", "column": [1, 4], "values": ["DLR"]},
        {"as": "not_charged", "column": [47, 8], "values": ["0,00"]},
    ],
}  # fmt: skip
REPLIES_TOO: Final = {
    "encoding": "utf-8",
    "record": None,
    "records_mo": ["SMS", "INF"],
    "records_mt": ["OUT"],
    "columns": {**MAP["columns"], "record": "Тип", "message_id": "Сообщение"},  # type: ignore[dict-item]  # the tables of a map are objects
    "leave_out": [
        {"as": "receipts", "column": "Тип", "values": ["DLR"]},
        {"as": "other", "column": "Тип", "values": ["INF"]},
    ],
}
OTHERWISE: Final = {SHORT: FIXED, WITH_REPLIES: REPLIES_TOO, "east": {"encoding": "utf-16"}}


class Sums:
    """What the ledger of some days must come to, by our own count."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.results: Counter[str] = Counter()

    def add(self, chain: Chain) -> None:
        counts = self.counts
        counts["questions"] += 1
        counts["parts"] += chain.parts
        counts["duplicates"] += chain.duplicates
        counts["replies"] += len(chain.replies)
        counts["entries"] += len(chain.entries)
        self.results[chain.result or ""] += 1
        for entry in chain.entries:
            counts[f"{entry.kind}_tiyn"] += entry.amount_tiyn


class Truth:
    """What every command must say of the month."""

    def __init__(self) -> None:
        names = [each.name for each in OPERATORS]
        self.month = {name: Sums() for name in names}
        self.all = Sums()
        self.by_hand = {name: Counter[str]() for name in names}
        self.causes = {name: Counter[tuple[str, str]]() for name in names}
        self.calls: Counter[str] = Counter()

    def add(self, event: Event) -> None:
        for chain in event.chains:
            self.all.add(chain)
            if Month.of(chain.day) == MONTH:
                self.month[chain.operator].add(chain)
        for name, _, truth in event.sides:
            for told in truth:
                self.causes[name][told.cls, told.cause] += 1

    def add_call(self, call: Call) -> None:
        calls = self.calls
        calls["all_legs"] += 1
        calls["all_records"] += len(call.records)
        calls["all_open"] += not call.records
        calls["all_tiyn"] += call.records[-1].amount_tiyn if call.records else 0
        if Month.of(call.leg.day) == MONTH:
            calls["legs"] += 1
            calls["rows"] += max(1, len(call.records))
            if call.records:
                calls["billable_s"] += call.records[-1].billable_s
                calls["payer_tiyn"] += call.records[-1].amount_tiyn

    def told(self) -> dict[str, Any]:
        return {
            "all": self.all.counts,
            "calls": self.calls,
            "operators": {
                name: {
                    "sums": sums.counts,
                    "results": sums.results,
                    "by_hand": self.by_hand[name],
                    "causes": [[*key, n] for key, n in sorted(self.causes[name].items())],
                }
                for name, sums in self.month.items()
            },
        }


class Files:
    """Each operator's file of the month, and what differs in truth."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._files: dict[str, IO[str]] = {}
        self._truths: dict[str, Any] = {}
        for operator in OPERATORS:
            name = operator.name
            layout = layout_of(name)
            (folder / f"{name}.toml").write_text(toml(layout), encoding="utf-8")
            encoding = str(layout["encoding"])
            path = folder / f"{name}.csv"
            self._files[name] = stack.enter_context(
                path.open("w", encoding=encoding, newline="", buffering=1 << 20)
            )
            if name != SHORT:
                self._files[name].write(";".join(HEADER) + "\r\n")
            truth = (folder / f"truth-{name}.csv").open("w", encoding="utf-8", newline="")
            self._truths[name] = csv.writer(stack.enter_context(truth))

    def add(self, event: Event) -> None:
        for name, lines, truth in event.sides:
            self._files[name].writelines(_written(name, line) for line in lines)
            self._truths[name].writerows(told for told in truth if told.cause)


def layout_of(name: str) -> dict[str, object]:
    tests = [TEST_PHONE, THEIR_TEST_PHONE]
    layout = map_of(name, test_numbers=tests, **OTHERWISE.get(name, {}))
    return {key: value for key, value in layout.items() if value is not None}


def _written(name: str, line: Line) -> str:
    row = cells(line)
    if name != SHORT:
        return ";".join(row) + "\r\n"
    kind, at, msisdn, code, price, _ = row
    date, clock = at.split()
    padded = (kind, msisdn, code, date, clock, price)
    return "".join(f"{cell:{width}}" for cell, width in zip(padded, WIDTHS, strict=True)) + "\r\n"


class Clock:
    """The time of the month, for the seals."""

    def __init__(self) -> None:
        self.us = 0

    def __call__(self) -> int:
        return self.us


async def fill(
    journal: Journal, clock: Clock, month: BusyMonth, files: Files, truth: Truth
) -> None:
    """The whole month into the journal and the files, in one pass."""
    events, booked, asked = month.events(), list[Entry](), 0
    while batch := list(islice(events, BATCH * AT_ONCE)):
        clock.us = max([clock.us, *(event.at_us for event in batch)])
        calls: list[Call] = []
        chains: list[Chain] = []
        for event in batch:
            files.add(event)
            truth.add(event)
            chains += event.chains
            calls += calls_at(event)
        for call in calls:
            truth.add_call(call)
        async with TaskGroup() as at_once:
            for start in range(0, len(chains), BATCH):
                at_once.create_task(store(journal, chains[start : start + BATCH]))
            at_once.create_task(_ring(journal, calls))
        for chain in chains:
            asked += 1
            if asked % BY_HAND_EVERY == 0 and Month.of(chain.day) == MONTH:
                booked += _decided(chain, asked // BY_HAND_EVERY, truth)
    booked.sort(key=lambda each: each.at_us)
    for start in range(0, len(booked), BATCH):
        some = booked[start : start + BATCH]
        clock.us = max(clock.us, some[-1].at_us)
        await journal.book(some)


async def _ring(journal: Journal, calls: Sequence[Call]) -> None:
    await journal.open_legs([call.leg for call in calls])
    for number in (0, 1):
        records = [call.records[number] for call in calls if len(call.records) > number]
        await journal.close_legs(records)


def _decided(chain: Chain, number: int, truth: Truth) -> Iterator[Entry]:
    """What a question cost is given back by somebody's decision, some of it after the close."""
    late = number % LATE_EVERY == 0
    day, at = LATE if late else SOON
    entry = credit(chain.entries, f"case-{number}", day=day, at_us=at_us(at))
    if isinstance(entry, Entry) and entry.amount_tiyn:
        counts = truth.by_hand[chain.operator]
        counts["late_tiyn" if late else "soon_tiyn"] += entry.amount_tiyn
        counts["entries"] += 1
        yield entry


async def lay_out(folder: Path, count: int, every: int = EVERY) -> None:
    """All that the commands need, and the truth of it."""
    folder.mkdir(parents=True, exist_ok=True)
    for begun in folder.glob("journal.db*"):
        begun.unlink()
    journal, key = folder / "journal.db", folder / "key"
    key.write_text(KEY.hex(), encoding="ascii")
    key.chmod(0o600)
    (folder / "jauap.toml").write_text(
        f'[store]\nurl = "sqlite://{journal.absolute()}"\nkey_file = "{key.absolute()}"\n',
        encoding="utf-8",
    )
    keys, truth, clock = Keys(KEY), Truth(), Clock()
    opened = await open_store(f"sqlite://{journal.absolute()}", keys=keys, now_us=clock)
    try:
        with ExitStack() as stack:
            files = Files(folder, stack)
            month = BusyMonth(keys.party, count=count, every=every)
            await fill(opened, clock, month, files, truth)
    finally:
        await opened.close()
    told = {"count": count, "every": every, "short_code": CODE, **truth.told()}
    (folder / "truth.json").write_text(json.dumps(told, indent=1), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(lay_out(Path(sys.argv[1]), *map(int, sys.argv[2:4])))
