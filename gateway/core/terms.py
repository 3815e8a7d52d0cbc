"""Until when a body has to answer, by law, where its system gives no due date. Pure.

The rules are data: config/terms.toml. A due date that a source gives is never computed anew, and
one that is computed is told as such: it is what the law says, not what the body has promised.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

from gateway.core.civil import Civil
from gateway.core.holidays import Basis
from gateway.core.tables import Table
from gateway.core.term_rules import (
    TERMS_FILE,
    Length,
    Rule,
    Start,
    Unit,
    example_ticket,
    gaps,
    overlaps,
    read_rules,
)
from gateway.core.workdays import Workdays
from lookup.status import Pause, TermFacts, TicketRecord

COMPUTED: Final = "computed"  # due_basis of a date of ours
BACKEND: Final = "backend"  # due_basis of a date that the source has stated
EXTENDED: Final = "extended"  # rule of a Due whose date the source has stated
EXTENDED_STATUS: Final = "extended"

_DAY: Final = timedelta(days=1)
_HOUR_US: Final = 3_600_000_000
_DAY_US: Final = 24 * _HOUR_US


class Due(NamedTuple):
    """A due date: the last day, and the very moment for a term of hours whose start is known.

    `rule` is the id of the rule, or EXTENDED; `calendar` says how well the days between are known.
    """

    on: date
    at_us: int | None
    rule: str
    calendar: Basis = Basis.DECREED

    def of(self, ticket: TicketRecord) -> TicketRecord:
        """The ticket due then, its `due_basis` saying who says so."""
        basis = BACKEND if self.rule == EXTENDED else COMPUTED
        return ticket._replace(due_on=self.on, due_basis=basis)


class Terms:
    """The rules of one gateway."""

    def __init__(
        self, rules: Sequence[Rule], workdays: Workdays, civil: Civil, problems: Sequence[str] = ()
    ) -> None:
        self.civil = civil
        self.rules = tuple(rules)
        self._workdays = workdays
        self._problems = tuple(problems)
        self._of_kind: dict[str, list[Rule]] = {}
        for rule in sorted(rules, key=lambda rule: rule.rank, reverse=True):
            self._of_kind.setdefault(rule.kind, []).append(rule)
        self._basis = {rule.id: rule.basis for rule in rules}

    @classmethod
    def from_table(
        cls, table: Table, known: Mapping[str, Collection[str]], workdays: Workdays, civil: Civil
    ) -> Terms:
        """`table` is config/terms.toml as parsed, `known` the statuses of every kind. Reading
        never raises over what the file says: `check` tells all of it."""
        problems: list[str] = []
        rules = read_rules(table, known, problems)
        return cls(rules, workdays, civil, problems)

    def due(self, ticket: TicketRecord, now_us: int) -> Due | None:
        """The due date by law of a ticket whose source gives none but the facts of its term.

        None where the source gives one, where no rule holds or its start is not known, while its
        term is paused, where it was extended nobody knows till when, and where a date gone by
        would prove nothing.
        """
        facts = ticket.term
        if facts is None or ticket.due_on is not None:
            return None
        today = self.civil.day(now_us)
        filed = ticket.first_filed_on or ticket.created_on
        if filed is None and facts.starts_us is not None:
            filed = self.civil.day(facts.starts_us)
        if filed is None:
            return None
        rule = self._rule(ticket, filed)
        start = self._start(rule, ticket, facts, today)
        stated = facts.extended_to
        if stated is not None and (start is None or stated >= start):
            stands = self._stands(stated, start or filed, rule, facts, today)
            return Due(stated, None, EXTENDED) if stands else None
        if rule is None or start is None:
            return None
        found = self._computed(rule, start, ticket, facts, today)
        if found is None or (found.on < today and not rule.proves):
            return None
        return found

    def with_due(self, ticket: TicketRecord, now_us: int) -> TicketRecord:
        """The ticket with the due date that is computed for it, and `due_basis` saying so; itself
        where there is none to compute."""
        due = self.due(ticket, now_us)
        return ticket if due is None else due.of(ticket)

    def basis(self, rule: str) -> str:
        """What a rule rests on, for staff; "" for EXTENDED and unknown rules."""
        return self._basis.get(rule, "")

    def check(self) -> list[str]:
        """What is wrong with the rules: a sentence each, with file, rule and remedy."""
        return [
            *self._problems,
            *(f"{TERMS_FILE}: {problem}" for problem in overlaps(self.rules)),
            *(f"{TERMS_FILE}: {problem}" for problem in gaps(self.rules)),
            *(f"{TERMS_FILE}: {problem}" for rule in self.rules for problem in self._tried(rule)),
        ]

    # -- inside

    def _rule(self, ticket: TicketRecord, filed: date) -> Rule | None:
        for rule in self._of_kind.get(ticket.kind, ()):
            if rule.holds_for(ticket.status, ticket.intake, ticket.source, filed):
                return rule
        return None

    def _start(
        self, rule: Rule | None, ticket: TicketRecord, facts: TermFacts, today: date
    ) -> date | None:
        if rule is not None and rule.starts is Start.STATUS:
            return ticket.status_on
        start = ticket.created_on
        if facts.starts_us is not None:
            day = self.civil.day(facts.starts_us)
            if start is None or start != day - _DAY:  # its region's clock was behind until 2024
                start = day
        start = start or ticket.first_filed_on
        if rule is not None and rule.anew and start is not None:
            return _with_the_body(ticket, start, today)
        return start

    def _stands(
        self, stated: date, start: date, rule: Rule | None, facts: TermFacts, today: date
    ) -> bool:
        """Whether a stated date is to be told: not while a pause lasts, and gone by only if no
        pause can have moved it, as nobody tells which came first."""
        if any(_stopped(pause, stated, today) for pause in facts.pauses):
            return False
        if stated >= today or not facts.pauses or (rule is not None and not rule.pauses):
            return True
        unit = Unit.CALENDAR if rule is None else rule.length.unit
        moved = self._paused(stated, start, unit, facts.pauses, today)
        return moved is not None and moved < today

    def _computed(
        self, rule: Rule, start: date, ticket: TicketRecord, facts: TermFacts, today: date
    ) -> Due | None:
        lengths = [rule.length]
        extended = ticket.status == EXTENDED_STATUS
        if extended or ticket.extended_count:
            if rule.extension is None:  # till when is not told, and no rule says how long at most
                return None
            own = ticket.created_on or start
            steps = [each.on for each in ticket.forwards if each.on > own]
            if not extended and rule.anew and start in steps:
                return None  # by the body before, or by this one: nobody tells
            lengths.append(rule.extension)
        pauses = facts.pauses if rule.pauses else ()
        if rule.length.unit is Unit.HOURS:
            starts_us = facts.starts_us if rule.starts is Start.RECEIPT else None
            if starts_us is not None and self.civil.day(starts_us) < start:
                starts_us = None  # passed on since, and of that only the day is known
            return self._hours(rule, lengths, start, starts_us, pauses, today)
        on = start
        for length in lengths:
            on = self._later(on, length)
        paused = self._paused(on, start, rule.length.unit, pauses, today)
        if paused is None:
            return None
        on = self._workdays.on_or_after(paused)  # a term never ends on a day off
        return Due(on, None, rule.id, self._workdays.basis(start, on))

    def _later(self, start: date, length: Length) -> date:
        if length.unit is Unit.WORKING:
            return self._workdays.add(start, length.number)
        if length.unit is Unit.MONTHS:
            return _months_later(start, length.number)
        if length.unit is Unit.HOURS:
            return start + timedelta(hours=length.number)
        return start + timedelta(days=length.number)

    def _hours(
        self,
        rule: Rule,
        lengths: Sequence[Length],
        start: date,
        starts_us: int | None,
        pauses: Sequence[Pause],
        today: date,
    ) -> Due | None:
        hours = sum(length.number for length in lengths)
        if starts_us is None or starts_us == self.civil.midnight_us(start):
            # a source that has only the day may say midnight: certainly over a full day later
            on = self._paused(start + -(-hours // 24) * _DAY, start, Unit.HOURS, pauses, today)
            return None if on is None else Due(on, None, rule.id)
        at_us = starts_us + hours * _HOUR_US
        without = self.civil.day(at_us)
        on = self._paused(without, start, Unit.HOURS, pauses, today)
        if on is None:
            return None
        at_us += (on - without).days * _DAY_US
        return Due(self.civil.day(at_us), at_us, rule.id)

    def _paused(
        self, on: date, start: date, unit: Unit, pauses: Sequence[Pause], today: date
    ) -> date | None:
        """The end of a term after its pauses; None while it is paused."""
        counted = start + _DAY if unit is not Unit.HOURS else start  # the days of receipt is none
        for pause in sorted(pauses, key=lambda pause: pause.from_on):
            last = on if unit is Unit.HOURS else self._workdays.on_or_after(on)
            if pause.to_on is None:
                if _stopped(pause, last, today):
                    return None
                continue
            first = max(pause.from_on, counted)
            if first > last or pause.to_on <= first:
                continue
            counted = pause.to_on  # pauses may overlap: no day is paused twice
            if unit is Unit.WORKING:
                days = self._workdays.between(first, pause.to_on)
                on = self._workdays.add(on, days) if days else on
            else:
                on += pause.to_on - first
        return on

    def _tried(self, rule: Rule) -> Iterator[str]:
        for example in rule.examples:
            ticket, start = example_ticket(rule, example), example.start
            filed = start.date() if isinstance(start, datetime) else start
            if self._rule(ticket, filed) is not rule:
                yield f"{rule.id}: the example of {start} goes by another rule or none"
                continue
            facts = TermFacts(
                starts_us=_us(start), extended_to=example.extended_to, pauses=example.pauses
            )
            now_us = max(_us(start) or 0, self.civil.midnight_us(example.passed_on or filed))
            due = self.due(ticket._replace(term=facts), now_us)
            if due is None or not self._is_due(due, example.due):
                found = due.on if due else "none"
                yield f"{rule.id}: the example of {start} is due {found}, not {example.due}"

    def _is_due(self, due: Due, expected: date) -> bool:
        if isinstance(expected, datetime):
            return due.at_us == _us(expected)
        return due.on == expected


# -- dates


def _with_the_body(ticket: TicketRecord, start: date, today: date) -> date:
    """Since when the body that has it has had it; `start` where no step leads there later. One
    that it has sent away and that came back has its first term still: else nothing that is sent in
    circles would ever be late."""
    body, received = ticket.body, date.min
    for forward in (each for each in ticket.forwards if each.on <= today):
        if body is not None and forward.from_body == body.id:
            return max(received, min(start, max(forward.on, ticket.first_filed_on or start)))
        if body is None or forward.to_body is None or forward.to_body == body.id:
            received = forward.on
    return max(start, received)


def _stopped(pause: Pause, last: date, today: date) -> bool:
    """Whether the clock stands still now, having stopped before the term was over."""
    return pause.to_on is None and pause.from_on <= min(last, today)


def _months_later(start: date, months: int) -> date:
    """The same day of a later month; the last one where that month is shorter."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def _us(moment: date) -> int | None:
    if not isinstance(moment, datetime):
        return None
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond
