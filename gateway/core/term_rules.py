"""One rule of a term: config/terms.toml, read. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import combinations, pairwise
from typing import Final, NamedTuple

from gateway.core.tables import Table, TableReader
from lookup.status import Forward, Pause, TicketRecord

TERMS_FILE: Final = "config/terms.toml"
LENGTH_MAX: Final = 1_000  # of a term, in its unit

RULE_KEYS: Final = (
    *("id", "kind", "status", "intake", "source", "unit", "length", "starts", "from", "to"),
    *("basis", "extension", "anew", "pauses", "overdue", "examples"),
)
_EXAMPLE_KEYS: Final = ("start", "due", "pauses", "extended_to", "extended", "passed_on")


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
    passed_on: date | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """Empty `statuses`, `intakes` and `sources` stand for any. `since` and `until` are the first
    and the last day of filing it holds for. `anew`: it begins anew with a body that the ticket was
    passed on to. `proves` False: a due date gone by is no proof of being late, and is not told."""

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
    anew: bool
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
            anew=reader.flag(row, "anew", where, default=False),
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
            if isinstance(table, dict):
                read.append(self._example(table, where))
            else:
                reader.problem(where, "write a table: { start = , due = }")
        return tuple(example for example in read if example is not None)

    def _example(self, table: Table, where: str) -> Example | None:
        reader = self._reader
        reader.only(table, _EXAMPLE_KEYS, where)
        start, due = table.get("start"), table.get("due")
        if not (isinstance(start, date) and isinstance(due, date)):
            reader.problem(where, "`start` and `due` are dates or times, without quotes")
            return None
        for key in ("extended_to", "passed_on"):
            if key in table and not _is_day(table[key]):
                reader.problem(f"{where}.{key}", "write a date, without quotes")
                return None
        until, passed_on = _day_of(table, "extended_to"), _day_of(table, "passed_on")
        extended = reader.flag(table, "extended", where, default=until is not None)
        return Example(start, due, self._pauses(table, where), until, extended, passed_on)

    def _pauses(self, table: Table, where: str) -> tuple[Pause, ...]:
        value = table.get("pauses", [])
        pauses = []
        for pair in value if isinstance(value, list) else [None]:
            if isinstance(pair, list) and len(pair) == 2 and all(map(_is_day, pair)):
                pauses.append(Pause(*pair))
            else:
                self._reader.problem(f"{where}.pauses", "write pairs of dates: [[from, to]]")
        return tuple(pauses)


def _day_of(table: Table, key: str) -> date | None:
    value = table.get(key)
    return value if isinstance(value, date) else None


def _is_day(value: object) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


def example_ticket(rule: Rule, example: Example) -> TicketRecord:
    """A ticket such as the example is of."""
    day = example.start.date() if isinstance(example.start, datetime) else example.start
    passed_on = () if example.passed_on is None else (Forward(example.passed_on, None, None),)
    return TicketRecord(
        kind=rule.kind,
        number="",
        number_shown="",
        source=min(rule.sources, default=""),
        status=min(rule.statuses, default=""),
        status_on=day,
        created_on=day,
        first_filed_on=day,
        due_on=None,
        due_basis=None,
        body=None,
        other_bodies=0,
        forward_count=0,
        extended_count=int(example.extended),
        owner_hashes=(),
        owner_lang=None,
        answer_via=None,
        intake=min(rule.intakes, default=None),
        joined_to=None,
        fine=None,
        inspection=None,
        forwards=passed_on,
    )
