"""One rule of a term: config/terms.toml, read. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import combinations, pairwise
from typing import Final, NamedTuple

from gateway.core.tables import Table, TableReader
from lookup.status import Pause

TERMS_FILE: Final = "config/terms.toml"
LENGTH_MAX: Final = 1_000  # of a term, in its unit

RULE_KEYS: Final = (
    *("id", "kind", "status", "intake", "source", "unit", "length", "starts", "from", "to"),
    *("basis", "extension", "pauses", "overdue", "examples"),
)
_EXAMPLE_KEYS: Final = ("start", "due", "pauses", "extended_to", "extended")


class Unit(StrEnum):
    """What a term is counted in."""

    WORKING = "working"  # days
    CALENDAR = "calendar"  # days
    MONTHS = "months"
    HOURS = "hours"


class Start(StrEnum):
    """From when a term runs."""

    RECEIPT = "receipt"  # registered by the body that has the ticket
    STATUS = "status"  # its status was set


class Length(NamedTuple):
    """So many of a unit."""

    unit: Unit
    number: int


class Example(NamedTuple):
    """A term that the rule must find so; `due` with a time for a rule of hours."""

    start: date
    due: date
    pauses: tuple[Pause, ...] = ()
    extended_to: date | None = None
    extended: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """Empty `statuses`, `intakes` and `sources` stand for any. `since` and `until` are the first
    and the last day of filing it holds for. `proves` False: a due date gone by is no proof of
    being late, and is not told."""

    id: str
    kind: str
    statuses: frozenset[str]
    intakes: frozenset[str]
    sources: frozenset[str]
    length: Length
    starts: Start
    since: date
    until: date
    basis: str
    extension: Length | None
    pauses: bool
    proves: bool
    examples: tuple[Example, ...]

    def holds_for(self, status: str, intake: str | None, source: str, filed: date) -> bool:
        """Whether a ticket of its kind that was filed on that day goes by it."""
        return (
            self.since <= filed <= self.until
            and (not self.statuses or status in self.statuses)
            and (not self.intakes or intake in self.intakes)
            and (not self.sources or source in self.sources)
        )

    @property
    def rank(self) -> tuple[bool, bool, bool]:
        """The narrower rule wins: a system's own before an intake's before a status's."""
        return bool(self.sources), bool(self.intakes), bool(self.statuses)

    @property
    def scope(self) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
        return self.sources, self.intakes, self.statuses


def read_rules(
    table: Table, known: Mapping[str, Collection[str]], problems: list[str]
) -> tuple[Rule, ...]:
    """The rules of config/terms.toml as parsed; `known` holds the statuses of every kind."""
    reader = TableReader(TERMS_FILE, problems)
    reader.only(table, ("rule",), "")
    rules: dict[str, Rule] = {}
    for where, row in reader.rows(table, "rule"):
        rule = _RuleReader(reader, row, where).read(known)
        if rule is not None:
            if rule.id in rules:
                reader.problem(f"{where}.id", f"{rule.id!r} stands twice: keep one")
            rules[rule.id] = rule
    return tuple(rules.values())


def overlaps(rules: Sequence[Rule]) -> Iterator[str]:
    """Two rules of one rank that may hold for the same ticket: which one is by chance."""
    for one, other in combinations(rules, 2):
        if one.kind != other.kind or one.rank != other.rank:
            continue
        if one.since > other.until or other.since > one.until:
            continue
        if all(a & b or not a for a, b in zip(one.scope, other.scope, strict=True)):
            yield f"{one.id} and {other.id} both hold from {max(one.since, other.since)}"


def gaps(rules: Sequence[Rule]) -> Iterator[str]:
    """Days between two rules of one scope for which neither holds."""
    scopes: dict[object, list[Rule]] = {}
    for rule in rules:
        scopes.setdefault((rule.kind, *rule.scope), []).append(rule)
    for alike in scopes.values():
        ordered = sorted(alike, key=lambda rule: rule.since)
        for one, other in pairwise(ordered):
            if one.until < other.since - timedelta(days=1):
                yield f"{one.id} ends on {one.until}, {other.id} holds from {other.since}"


class _RuleReader:
    def __init__(self, reader: TableReader, row: Table, where: str) -> None:
        self._reader = reader
        self._row = row
        self._where = where

    def read(self, known: Mapping[str, Collection[str]]) -> Rule | None:
        """The rule; None where it has no length to go by."""
        reader, row, where = self._reader, self._row, self._where
        reader.only(row, RULE_KEYS, where)
        kind = reader.text(row, "kind", where)
        statuses = reader.texts(row, "status", where)
        if kind and kind not in known:
            reader.problem(f"{where}.kind", f"there is no kind {kind!r}")
        for status in statuses:
            if kind in known and status not in known[kind]:
                reader.problem(f"{where}.status", f"{kind} has no status {status!r}")
        length = self._length(row, where)
        since, until = self._day("from", date.min), self._day("to", date.max)
        if since > until:
            reader.problem(f"{where}.to", "is before `from`: nothing is ever filed in between")
        rule_id = reader.text(row, "id", where)
        basis = reader.text(row, "basis", where)
        examples = self._examples()
        if length is None:
            return None
        return Rule(
            id=rule_id,
            kind=kind,
            statuses=frozenset(statuses),
            intakes=frozenset(reader.texts(row, "intake", where)),
            sources=frozenset(reader.texts(row, "source", where)),
            length=length,
            starts=self._starts(),
            since=since,
            until=until,
            basis=basis,
            extension=self._extension(),
            pauses=reader.flag(row, "pauses", where, default=True),
            proves=reader.flag(row, "overdue", where, default=True),
            examples=examples,
        )

    def _extension(self) -> Length | None:
        where = f"{self._where}.extension"
        table = self._reader.table(self._row, "extension", self._where)
        self._reader.only(table, ("unit", "length"), where)
        return self._length(table, where) if table else None

    def _length(self, table: Table, where: str) -> Length | None:
        count = self._reader.count(table, "length", where)
        unit = self._unit(table, where)
        if count > LENGTH_MAX:
            self._reader.problem(f"{where}.length", f"at most {LENGTH_MAX}")
            return None
        return Length(unit, count) if count and unit is not None else None

    def _unit(self, table: Table, where: str) -> Unit | None:
        try:
            return Unit(str(table.get("unit")))
        except ValueError:
            self._reader.problem(f"{where}.unit", f"write one of {', '.join(Unit)}")
            return None

    def _starts(self) -> Start:
        try:
            return Start(str(self._row.get("starts", Start.RECEIPT)))
        except ValueError:
            self._reader.problem(f"{self._where}.starts", f"write one of {', '.join(Start)}")
            return Start.RECEIPT

    def _day(self, key: str, default: date) -> date:
        value = self._row.get(key, default)
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        self._reader.problem(f"{self._where}.{key}", "write a date, without quotes")
        return default

    def _examples(self) -> tuple[Example, ...]:
        reader, read = self._reader, []
        value = self._row.get("examples", [])
        listed = value if isinstance(value, list) else []
        if not listed:
            reader.problem(f"{self._where}.examples", "write one at least: { start = , due = }")
        for index, table in enumerate(listed):
            where = f"{self._where}.examples[{index}]"
            if not isinstance(table, dict):
                reader.problem(where, "write a table: { start = , due = }")
                continue
            reader.only(table, _EXAMPLE_KEYS, where)
            start, due = table.get("start"), table.get("due")
            extended_to = table.get("extended_to")
            if not (isinstance(start, date) and isinstance(due, date)):
                reader.problem(where, "`start` and `due` are dates or times, without quotes")
                continue
            if extended_to is not None and not _is_day(extended_to):
                reader.problem(f"{where}.extended_to", "write a date, without quotes")
                continue
            extended = reader.flag(table, "extended", where, default=extended_to is not None)
            read.append(Example(start, due, self._pauses(table, where), extended_to, extended))
        return tuple(read)

    def _pauses(self, table: Table, where: str) -> tuple[Pause, ...]:
        value = table.get("pauses", [])
        pauses = []
        for pair in value if isinstance(value, list) else [None]:
            if isinstance(pair, list) and len(pair) == 2 and all(map(_is_day, pair)):
                pauses.append(Pause(*pair))
            else:
                self._reader.problem(f"{where}.pauses", "write pairs of dates: [[from, to]]")
        return tuple(pauses)


def _is_day(value: object) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)
