"""How the lines of a delivery become rows, by its form and the source's field map."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from enum import StrEnum
from fnmatch import fnmatchcase
from io import StringIO
from typing import Final, NamedTuple

from lookup.feed.fields import Refused
from lookup.feed.file import FeedFile
from lookup.feed.lines import COLUMNS_MAX, Problem, csv_columns, object_of
from lookup.feed.row import TICKET_FIELDS, Row, row_of
from lookup.feed.times import KAZAKHSTAN
from lookup.feed.zoned import ZonedLines
from lookup.foreign.mapping import FieldMap
from lookup.status import Body

HashPhone = Callable[[str], str]
ParseLine = Callable[[bytes, HashPhone], Row | Problem]
FindBody = Callable[[str], Body | None]

_MAY_BE_NUMBERS: Final = frozenset(
    {"version", "forward_count", "extended_count", "fine.amount", "fine.paid_amount"}
    | {"deleted", "fine.conflict", "owner_phones"}
)
_LOST: Final = "is a number in the sheet, so zeros before it may be lost; make the column text"
_HEADER: Final = "line"


class Form(StrEnum):
    """What a delivery can be."""

    BODIES = "bodies"
    CSV = "csv"
    NDJSON = "ndjson"
    XLSX = "xlsx"


_SUFFIXES: Final = {
    ".csv": Form.CSV,
    ".ndjson": Form.NDJSON,
    ".jsonl": Form.NDJSON,
    ".xlsx": Form.XLSX,
    ".xlsm": Form.XLSX,  # its macros are not run
}


def form_of(name: str) -> Form | None:
    """By the name alone."""
    low = name.lower()
    if fnmatchcase(low, "bodies*.json"):
        return Form.BODIES
    return _SUFFIXES.get(low[low.rfind(".") :]) if "." in low else None


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads lines of a foreign form, or of sheets; `fields` is None where their names are ours."""

    fields: FieldMap | None
    kind: str | None  # of tickets that name none: the source's only one
    find_body: FindBody  # by id or code
    zone: tzinfo = KAZAKHSTAN  # of times without an offset, where there is no map to say

    def of_feed(self, feed: FeedFile) -> ParseLine | Problem:
        """For a CSV or NDJSON file with a map."""
        if feed.problem is not None:
            return feed.problem
        return self._of_csv(feed.first_line) if feed.is_csv else self._ndjson

    def _of_csv(self, header: bytes) -> ParseLine | Problem:
        read = _header(header)
        if isinstance(read, Problem):
            return read
        names, delimiter = read

        def parse(line: bytes, hash_phone: HashPhone) -> Row | Problem:
            try:
                cells = _cells(_text(line), delimiter)
                if len(cells) != len(names):
                    raise Refused("line", f"has {len(cells)} cells, the header {len(names)}")
                return self._row(dict(zip(names, cells, strict=True)), hash_phone)
            except Refused as refusal:
                return Problem(refusal.field, refusal.reason)

        return parse

    def _ndjson(self, line: bytes, hash_phone: HashPhone) -> Row | Problem:
        try:
            return self._row(object_of(line), hash_phone)
        except Refused as refusal:
            return Problem(refusal.field, refusal.reason)

    def of_sheet(self, columns: Sequence[str]) -> ParseLine | Problem:
        """For the rows that lookup.feed.sheet writes."""
        own = csv_columns(_csv(columns)) if self.fields is None else None
        if isinstance(own, Problem):
            return own

        def parse(line: bytes, hash_phone: HashPhone) -> Row | Problem:
            told = json.loads(line)
            if type(told) is list:
                return Problem(*told)
            try:
                if own is not None:  # as the line of a CSV file, whose form is ours
                    cells = [_own_cell(name, told.get(name)) for name in own.names]
                    return ZonedLines(self.zone, own)(_csv(cells), hash_phone)
                return self._row(self._typed(told), hash_phone)
            except Refused as refusal:
                return Problem(refusal.field, refusal.reason)

        return parse

    def _row(self, theirs: Mapping[str, object], hash_phone: HashPhone) -> Row:
        assert self.fields is not None
        values = self.fields.feed_values(theirs, kind=self.kind)
        _name_bodies(values, self.find_body)
        return row_of(values, hash_phone)

    def _typed(self, told: Mapping[str, object]) -> Mapping[str, object]:
        """Dates as dates; the ticket's number must stand in the sheet as a text."""
        assert self.fields is not None
        values = {name: _date(value) for name, value in told.items()}
        texts = {name: value for name, value in values.items() if type(value) is str}
        try:
            self.fields.number_of(texts)
        except Refused:
            self.fields.number_of(values)  # is missing, perhaps: then that is the reason
            raise Refused("number", _LOST) from None
        return values


class _Header(NamedTuple):
    names: tuple[str, ...]
    delimiter: str


def _header(line: bytes) -> _Header | Problem:
    """Of a foreign CSV file: any names, parted by a comma, a semicolon or a tab."""
    try:
        text = _text(line)
        delimiter = max(",;\t", key=text.count)
        names = tuple(cell.strip() for cell in _cells(text, delimiter))
    except Refused as refusal:
        return Problem(refusal.field, refusal.reason)
    if len(names) > COLUMNS_MAX:
        return Problem(_HEADER, f"names more than {COLUMNS_MAX} columns")
    if len(set(names)) != len(names):
        return Problem(_HEADER, "names a column twice")
    return _Header(names, delimiter)


def _text(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise Refused(
            "line", f"is not UTF-8 at octet {error.start + 1}; save the file as UTF-8"
        ) from None


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        rows = list(csv.reader([line.rstrip("\r\n")], delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise Refused("line", f"is not CSV: {error}") from None
    return rows[0] if rows else []


def _own_cell(name: str, value: object) -> str:
    if value is None:
        return ""
    if type(value) is str:
        return value
    if type(value) is dict:
        return str(value["at"])
    if name not in _MAY_BE_NUMBERS and (name in TICKET_FIELDS or "." in name):
        raise Refused(name, _LOST)
    return str(value)


def _csv(cells: Sequence[str]) -> bytes:
    out = StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue().encode()


def _date(value: object) -> object:
    if type(value) is not dict:
        return value
    at = str(value["at"])
    return datetime.fromisoformat(at) if "T" in at else date.fromisoformat(at)


def _name_bodies(values: dict[str, object], find_body: FindBody) -> None:
    """Foreign systems name bodies by their codes; the registry by their ids."""
    _name_body(values, "body_id", find_body)
    events = values.get("events")
    if isinstance(events, list):
        for event in events:
            _name_body(event, "from_body", find_body)
            _name_body(event, "to_body", find_body)


def _name_body(values: dict[str, object], field: str, find_body: FindBody) -> None:
    written = values.get(field)
    body = find_body(written) if isinstance(written, str) else None
    if body is not None:
        values[field] = body.id
