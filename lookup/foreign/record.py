"""What a foreign system answered, made into tickets: every check of a feed holds for it. Pure.

A record that cannot be used makes its number silent, never "not there": somebody would be told
that an inspection is not registered because a field was written in a new way.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple

from lookup.compare import PAID_BUT_ENFORCED
from lookup.feed.fields import Refused, moment
from lookup.feed.fields import number as number_field
from lookup.feed.path import path_facts
from lookup.feed.row import Row, row_of
from lookup.foreign.mapping import FieldMap
from lookup.source import ANY_KIND, Answers, SourceUnavailableError
from lookup.status import (
    SECRET,
    Body,
    FineFacts,
    InspectionFacts,
    TermFacts,
    TicketRecord,
    Wanted,
)

FindBody = Callable[[str], Body | None]
"""A body of the directory by its id or its code."""

RECORDS_MAX: Final = 100  # in one answer, for each number asked
REASONS_MAX: Final = 3  # told of one batch


def told(row: Row, find_body: FindBody, source: str) -> TicketRecord:
    """A checked row as every source gives it; `source` stands in where it names no system."""
    ticket = row.ticket
    path = path_facts(row.events)
    extended_to = path.extended_to
    fine: Mapping[str, Any] | None = json.loads(ticket.fine) if ticket.fine else None
    starts = moment({"at": ticket.created_at}, "at")
    return TicketRecord(
        kind=ticket.kind,
        number=ticket.number,
        number_shown=ticket.number_shown or ticket.number,
        source=ticket.source_system or source,
        status=ticket.status,
        status_on=_day(ticket.status_at),
        created_on=_day(ticket.created_at),
        first_filed_on=_day(ticket.first_filed_at),
        due_on=_day(ticket.due_on),
        due_basis=ticket.due_basis,
        body=find_body(ticket.body_id) if ticket.body_id else None,
        other_bodies=len(json.loads(ticket.other_bodies)) if ticket.other_bodies else 0,
        forward_count=max(ticket.forward_count, len(path.forwards)),
        extended_count=ticket.extended_count,
        owner_hashes=tuple(ticket.owner_hashes.split()) if ticket.owner_hashes else (),
        owner_lang=ticket.owner_lang,
        answer_via=ticket.answer_via,
        intake=ticket.intake,
        joined_to=ticket.parent_id if ticket.status == "joined" else None,
        fine=_fine(fine) if fine is not None else None,
        inspection=_inspection(ticket.inspection),
        term=None
        if ticket.due_on
        else TermFacts(starts.us if starts else None, extended_to, path.pauses),
        forwards=path.forwards,
        parent=ticket.parent_id,
        conflict=PAID_BUT_ENFORCED if fine is not None and fine["conflict"] else None,
        secret=ticket.sensitivity == SECRET,
    )


class Sorted(NamedTuple):
    """What an answer says of the numbers asked."""

    records: Mapping[str, tuple[TicketRecord, ...]]  # (): surely not there
    silent: Mapping[str, str]  # nothing can be said, and why: fields, never values
    refused: frozenset[str] = frozenset()  # silent only for a record of their own: it did answer

    @property
    def trouble(self) -> str:
        """Why the answer itself is in doubt; empty where at most single tickets are."""
        return next((why for each, why in self.silent.items() if each not in self.refused), "")


def merged(outs: Iterable[Sorted]) -> Sorted:
    """Several answers as one; a number that one of them is silent about is silent."""
    records: dict[str, tuple[TicketRecord, ...]] = {}
    silent: dict[str, str] = {}
    refused: set[str] = set()
    spoiled: set[str] = set()
    for out in outs:
        for number, told_ in out.records.items():
            known = records.get(number, ())
            records[number] = (*known, *(each for each in told_ if each not in known))
        silent |= out.silent
        refused |= out.refused
        spoiled |= out.silent.keys() - out.refused
    return Sorted(
        {number: told_ for number, told_ in records.items() if number not in silent},
        silent,
        frozenset(refused - spoiled),
    )


@dataclass(frozen=True, slots=True)
class Foreign:
    """How the records of one foreign system are understood."""

    name: str
    kinds: frozenset[str]
    fields: FieldMap
    find_body: FindBody
    hash_phone: Callable[[str], str]  # 7XXXXXXXXXX -> keyed hash

    def record(self, values: object) -> TicketRecord | None:
        """One record of theirs; None where it says that it was registered by mistake.

        Raises Refused, and nothing else, whatever `values` is.
        """
        feed = self.fields.feed_values(values, kind=self._only_kind())
        if feed.get("deleted") is True:
            return None
        return told(row_of(feed, self.hash_phone), self.find_body, self.name)

    def askable(self, wanted: Sequence[Wanted]) -> list[str]:
        """The distinct numbers that can be a ticket's at all; the others need not be asked."""
        return [number for number in dict.fromkeys(item.number for item in wanted) if _can(number)]

    def askable_by_kind(self, wanted: Sequence[Wanted]) -> dict[str, list[str]]:
        """The same for a service that is told the kind: those of its kinds with their numbers."""
        by_kind: dict[str, dict[str, None]] = {}
        for item in wanted:
            for kind in item.kinds if _can(item.number) else ():
                if kind in self.kinds or ANY_KIND in self.kinds:
                    by_kind.setdefault(kind, {})[item.number] = None
        return {kind: list(numbers) for kind, numbers in by_kind.items()}

    def sort_out(self, numbers: Collection[str], items: object) -> Sorted:
        """The answer to one request for `numbers`: a record, a list of them, None for nothing.

        A record of a number that was not asked, or of none that can be read, puts in doubt every
        number that has no good record.
        """
        asked = dict.fromkeys(numbers)
        listed = _listed(items)
        if len(listed) > RECORDS_MAX * max(len(asked), 1):
            return Sorted({}, dict.fromkeys(asked, "it answered with too many records"))
        records: dict[str, list[TicketRecord]] = {number: [] for number in asked}
        silent: dict[str, str] = {}
        doubt = ""
        for item in listed:
            number = ""
            try:
                number = self.fields.number_of(item)
                if number not in asked:
                    doubt = "it answered for another number"
                    continue
                record = self.record(item)
                if record is not None:
                    records[number].append(record)
            except Refused as refusal:
                if number:
                    silent[number] = str(refusal)
                else:
                    doubt = str(refusal)
        refused = frozenset(silent)
        if doubt:
            silent |= {number: doubt for number, told_ in records.items() if not told_}
        return Sorted(
            {number: tuple(told_) for number, told_ in records.items() if number not in silent},
            silent,
            refused,
        )

    def answers(self, wanted: Sequence[Wanted], out: Sorted) -> Answers:
        """What `find_many` returns. Raises SourceUnavailableError while a wanted number is
        silent, with what was answered for the others."""
        silent: dict[str, str] = {}
        for item in wanted:
            number = item.number
            if number not in out.records and _can(number):
                silent[number] = out.silent.get(number, "it was not asked")
        if not silent:
            return {item: found for item in wanted if (found := out.records.get(item.number))}
        raise SourceUnavailableError(
            self.name,
            "; ".join(sorted(set(silent.values()))[:REASONS_MAX]),
            {
                item: out.records.get(item.number, ())
                for item in wanted
                if item.number not in silent
            },
            alive=out.refused.issuperset(silent),
        )

    def _only_kind(self) -> str | None:
        if len(self.kinds) == 1 and ANY_KIND not in self.kinds:
            return next(iter(self.kinds))
        return None


def _listed(items: object) -> Sequence[object]:
    if items is None:
        return ()
    return items if isinstance(items, list | tuple) else (items,)


def _can(number: str) -> bool:
    try:
        number_field({"number": number}, "number")
    except Refused:
        return False
    return True


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text[:10]) if text else None


def _fine(part: Mapping[str, Any]) -> FineFacts:
    return FineFacts(
        amount=part["amount"],
        half_until=_day(part["half_until"]),
        pay_by=_day(part["pay_by"]),
        paid_amount=part["paid_amount"],
        paid_on=_day(part["paid_on"]),
        bailiff_since=_day(part["bailiff_since"]),
        bailiff_office=part["bailiff_office"],
    )


def _inspection(stored: str | None) -> InspectionFacts | None:
    if stored is None:
        return None
    part: dict[str, Any] = json.loads(stored)
    return InspectionFacts(
        registered_on=_day(part["registered_on"]),
        starts_on=_day(part["starts_on"]),
        ends_on=_day(part["ends_on"]),
        extended_to=_day(part["extended_to"]),
    )
