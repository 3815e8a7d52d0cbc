"""A feed of tickets, line by line: NDJSON or CSV in, a row to store or a problem out. Pure.

The form is described in docs/reference/feed.md. In a CSV file the first line names the columns
(`fine.amount`, `inspection.starts_on` for the parts of an object), an empty cell is null, lists
are parted by spaces, and `events` holds the JSON list.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from lookup.feed.fields import Refused
from lookup.feed.row import Row, row_of
from lookup.strict_json import strict_decoder

LINE_OCTETS_MAX: Final = 1_048_576
COLUMNS_MAX: Final = 200

_PARTS: Final = ("fine.", "inspection.", "outcome.")
_WHOLE_NUMBERS: Final = frozenset(
    {"forward_count", "extended_count", "version", "fine.amount", "fine.paid_amount"}
)
_LISTS: Final = frozenset({"owner_phones", "other_bodies"})
_TRUTHS: Final = frozenset({"deleted", "fine.conflict"})
_TRUTH: Final[Mapping[str, bool]] = {"true": True, "1": True, "false": False, "0": False}
_WHOLE_LINE: Final = "line"


class Problem(NamedTuple):
    """Why a line was not stored; `field` is "line" when it could not be read at all."""

    field: str
    reason: str


TOO_LONG: Final = Problem(_WHOLE_LINE, f"is longer than {LINE_OCTETS_MAX} octets")


def parse_ndjson(line: bytes, hash_phone: Callable[[str], str]) -> Row | Problem:
    """One line of NDJSON, without regard to its line end."""
    try:
        return row_of(object_of(line), hash_phone)
    except Refused as refusal:
        return Problem(refusal.field, refusal.reason)


def object_of(line: bytes) -> Mapping[str, object]:
    """The JSON object of one line; raises Refused, for the field "line"."""
    value = _json(_decoded(line), _WHOLE_LINE)
    if type(value) is not dict:
        raise Refused(_WHOLE_LINE, "must be a JSON object, one ticket")
    return value


class CsvColumns(NamedTuple):
    """The first line of a CSV file, read."""

    names: tuple[str, ...]
    delimiter: str

    def parse(self, line: bytes, hash_phone: Callable[[str], str]) -> Row | Problem:
        """One further line."""
        try:
            return row_of(self.values(line), hash_phone)
        except Refused as refusal:
            return Problem(refusal.field, refusal.reason)

    def values(self, line: bytes) -> Mapping[str, object]:
        """Its cells in the shape that NDJSON has. Raises Refused."""
        cells = _cells(_decoded(line), self.delimiter)
        if len(cells) != len(self.names):
            raise Refused(_WHOLE_LINE, f"has {len(cells)} cells, the header {len(self.names)}")
        return _values(self.names, cells)


def csv_columns(header: bytes) -> CsvColumns | Problem:
    """Read the header line; the delimiter is the comma or, as office programs write, `;`."""
    try:
        line = _decoded(header)
        delimiter = ";" if line.count(";") > line.count(",") else ","
        names = tuple(cell.strip() for cell in _cells(line, delimiter))
    except Refused as refusal:
        return Problem(refusal.field, refusal.reason)
    if len(names) > COLUMNS_MAX:
        return Problem(_WHOLE_LINE, f"names more than {COLUMNS_MAX} columns")
    named = [name for name in names if name]  # office programs write columns without one, too
    if len(set(named)) != len(named):
        return Problem(_WHOLE_LINE, "names a column twice")
    missing = {"kind", "number", "status"} - set(names)
    if missing:
        return Problem(_WHOLE_LINE, f"is a header without {', '.join(sorted(missing))}")
    return CsvColumns(names, delimiter)


def _decoded(line: bytes) -> str:
    if len(line) > LINE_OCTETS_MAX:
        raise Refused(*TOO_LONG)
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise Refused(
            _WHOLE_LINE, f"is not UTF-8 at octet {error.start + 1}; save the file as UTF-8"
        ) from None


_JSON: Final = strict_decoder()


def _json(text: str, field: str) -> object:
    try:
        value: object = _JSON.decode(text)
    except json.JSONDecodeError as error:
        raise Refused(field, f"is not JSON: {error.msg}, character {error.pos + 1}") from None
    except ValueError:
        raise Refused(field, "holds a number that JSON does not allow") from None
    except RecursionError:
        raise Refused(field, "is nested too deeply") from None
    return value


def _cells(line: str, delimiter: str) -> list[str]:
    line = line.rstrip("\r\n")
    try:
        rows = list(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise Refused(_WHOLE_LINE, f"is not CSV: {error}") from None
    return rows[0] if rows else []


def _values(columns: tuple[str, ...], cells: list[str]) -> dict[str, object]:
    """The cells in the shape that NDJSON has."""
    values: dict[str, object] = {}
    parts: dict[str, dict[str, object]] = {}
    for column, written in zip(columns, cells, strict=True):
        cell = written.strip()
        if not cell:
            continue
        if not column:
            raise Refused(_WHOLE_LINE, "has a value in a column that has no name")
        value = _cell_value(column, cell)
        for prefix in _PARTS:
            if column.startswith(prefix):
                parts.setdefault(prefix, {})[column.removeprefix(prefix)] = value
                break
        else:
            values[column] = value
    for prefix, part in parts.items():
        values[prefix.removesuffix(".")] = part
    return values


def _cell_value(column: str, cell: str) -> object:
    if column in _WHOLE_NUMBERS:
        # Left as text when it is no number: the field's own check then says so by its name.
        return int(cell) if cell.isascii() and cell.isdigit() and len(cell) <= 18 else cell
    if column in _LISTS:
        return cell.split()
    if column == "events":
        return _json(cell, "events")
    if column in _TRUTHS:
        return _TRUTH.get(cell.lower(), cell)
    return cell
