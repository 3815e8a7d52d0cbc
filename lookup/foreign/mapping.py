"""The field map of a foreign system: its records in the form of the ticket feed. Pure.

Such a system names and writes everything in its own way and will not change for us, so the
differences are data: a TOML file (docs/reference/field-map.md). What comes out goes through the
same checks as a line of a feed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from lookup.feed.fields import Refused, moment
from lookup.feed.row import EVENTS_MAX
from lookup.foreign.forms import read
from lookup.foreign.paths import MISSING, MapError, reach
from lookup.foreign.table import EVENT_FORMS, TICKET_FORMS, Mapped, MapTables, Table, read_tables
from lookup.foreign.times import Unfit

RECORD: Final = "record"  # the field that is named when a record as a whole is wrong


@dataclass(frozen=True, slots=True)
class FieldMap:
    """A checked map."""

    _tables: MapTables

    @classmethod
    def from_toml(cls, text: str, where: str) -> FieldMap:
        """Read the content of a map's file; `where` names it in errors. Raises MapError."""
        try:
            table = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise MapError(where, "file", f"is not TOML: {error}") from None
        return cls.from_table(table, where)

    @classmethod
    def from_table(cls, table: Table, where: str) -> FieldMap:
        """Read a parsed map. Raises MapError, which names file, key and remedy."""
        return cls(read_tables(table, where))

    @classmethod
    def identity(cls) -> FieldMap:
        """The map of a system that speaks the form of the feed itself."""
        return cls.from_table(
            {
                "fields": {name: name for name in TICKET_FORMS},
                "events": {"path": "events", "fields": {name: name for name in EVENT_FORMS}},
            },
            "the form of the feed",
        )

    @property
    def names(self) -> frozenset[str]:
        """The outermost names a record is read by: the columns of a table or view."""
        paths = [mapped.path for mapped in self._tables.ticket.values()]
        return frozenset(path[0] for path in (*paths, self._tables.events_path) if path)

    def their_word(self, field: str, ours: str) -> str:
        """What they call a word of ours; our own where [values] has none for it."""
        mapped = self._tables.ticket.get(field)
        return mapped.spelt.get(ours, ours) if mapped else ours

    def number_of(self, theirs: object) -> str:
        """The ticket number alone, in normal form. Raises Refused."""
        number = _read("number", self._tables.ticket["number"], _record(theirs), None)
        if not isinstance(number, str):
            raise Refused("number", "is missing")
        return number

    def feed_values(self, theirs: object, *, kind: str | None = None) -> dict[str, object]:
        """One record in the form that `lookup.feed.row.row_of` checks.

        `kind`: what it is where the map does not say. Raises Refused, and nothing else, whatever
        `theirs` is.
        """
        record = _record(theirs)
        ticket = self._tables.ticket
        known = _read("kind", ticket["kind"], record, None) if "kind" in ticket else None
        of_kind = known if isinstance(known, str) else kind
        values: dict[str, object] = {}
        for name, mapped in ticket.items():
            value = _read(name, mapped, record, of_kind)
            if value is not None:
                _put(values, name, value)
        if of_kind is not None:
            values["kind"] = of_kind
        if self._tables.events_path is not None:
            events = _events(reach(record, self._tables.events_path), self._tables.event)
            if events:
                values["events"] = events
        return values


def _record(theirs: object) -> Mapping[object, object]:
    if not isinstance(theirs, Mapping):
        raise Refused(RECORD, "must be an object, one ticket")
    return theirs


def _put(values: dict[str, object], name: str, value: object) -> None:
    part, dot, inner = name.partition(".")
    if not dot:
        values[name] = value
        return
    held = values.setdefault(part, {})
    if isinstance(held, dict):
        held[inner] = value


def _read(name: str, mapped: Mapped, record: Mapping[object, object], kind: str | None) -> object:
    found = MISSING if mapped.path is None else reach(record, mapped.path)
    if found is MISSING or found is None:
        return mapped.default
    try:
        value = read(found, mapped.reading, kind)
    except Unfit as unfit:
        raise Refused(name, unfit.reason) from None
    return mapped.default if value is None else value


def _events(listed: object, fields: Mapping[str, Mapped]) -> list[dict[str, object]]:
    if listed is MISSING or listed is None or listed == "":
        return []
    items: Sequence[object] = listed if isinstance(listed, list | tuple) else [listed]
    if len(items) > EVENTS_MAX:
        raise Refused("events", f"must be a list of at most {EVENTS_MAX} events")
    events: list[dict[str, object]] = []
    for index, item in enumerate(items):
        try:
            events.append(_event(item, fields))
        except Refused as refusal:
            raise Refused(f"events[{index}].{refusal.field}", refusal.reason) from None
    return _numbered(events)


def _event(item: object, fields: Mapping[str, Mapped]) -> dict[str, object]:
    record = _record(item)
    read_ = {name: _read(name, mapped, record, None) for name, mapped in fields.items()}
    event = {name: value for name, value in read_.items() if value is not None}
    if "at" not in event:
        raise Refused("at", "is missing")
    if "source_event_id" not in event:
        # Made of what the step says, so that it stays the same when others come before it.
        said = repr(sorted((name, str(value)) for name, value in event.items()))
        event["source_event_id"] = blake2b(said.encode(), digest_size=12).hexdigest()
    return event


def _numbered(events: list[dict[str, object]]) -> list[dict[str, object]]:
    """In order of time, each step once; numbered here where the source does not number all."""
    once = list({repr(sorted(event.items())): event for event in events}.values())
    if all("seq" in event for event in once):
        return once
    times = [_us(event) for event in once]
    if times and times[0] > times[-1]:  # told newest first: equal times keep their true order
        once.reverse()
    once.sort(key=_us)
    return [event | {"seq": seq} for seq, event in enumerate(once, start=1)]


def _us(event: Mapping[str, object]) -> int:
    at = moment(event, "at")
    return at.us if at else 0
