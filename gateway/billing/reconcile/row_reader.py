"""The cells of one row of an operator's file as a message of theirs, or why they are none. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple

from gateway.billing.reconcile.file_map import FileForm, FileMap, Place, Unit, Vat
from gateway.billing.reconcile.records import NO_PRICE, SECOND_US, Theirs
from gateway.core.tariff_vat import FULL_BP
from lookup.feed.times import YEAR_MAX, YEAR_MIN
from lookup.foreign.times import Unfit
from smpp.addresses import subscriber
from smpp.message_ids import canonical_id, response_id

KNOWN_MAX: Final = 4_096  # hours and prices remembered; then it begins anew
PARTS_MAX: Final = 255
PARTS_DIGITS_MAX: Final = 9  # zeros before it included
PRICE_TIYN_MAX: Final = 100_000_000
MSISDN_MAX: Final = 40  # characters
TON_INTERNATIONAL: Final = 1

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_HOUR: Final = ("year", "month", "day", "hour", "offset")  # named by lookup.foreign.times
_REST: Final = (("minute", 60), ("second", 1))  # in seconds
_FIRST_US: Final = (datetime(YEAR_MIN, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND
_LAST_US: Final = (datetime(YEAR_MAX, 12, 31, tzinfo=UTC) - _EPOCH) // _MICROSECOND
_SPOILT: Final = re.compile(r"[0-9](?:[.,][0-9]*)?[eE]\+?[0-9]+")
_DECORATION: Final = str.maketrans("", "", " -()\u00a0")
_SPACES: Final = str.maketrans("", "", " \u00a0\u202f'")

Party = Callable[[str], bytes]  # the keyed hash of a phone
Places = Mapping[Place, int]  # where a place of the map is among the cells


class BadRow(NamedTuple):
    """A row that cannot be read; the reason tells the remedy and completes "column ... "."""

    row: int
    column: str
    reason: str


class _Bad(Exception):  # noqa: N818 - a verdict on one cell, turned into BadRow below
    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.reason = column, reason


class RowReader:
    """Reads rows of one file; `places` tells at which cell each place of the map stands."""

    def __init__(self, layout: FileMap, places: Places, party: Party, vat_bp: int) -> None:
        self._layout = layout
        self._party = party
        self._vat_bp = vat_bp
        self._cell = {name: places[place] for name, place in layout.columns.items()}
        self._at = [places[place] for place in layout.at]
        self._leave_out = [(each, places[each.place]) for each in layout.leave_out]
        self._needed = 1 + max(
            *self._cell.values(), *self._at, *(cell for _, cell in self._leave_out)
        )
        pattern = layout.times.patterns[0]
        groups = frozenset() if isinstance(pattern, int) else pattern.groupindex.keys()
        self._hour_parts = [name for name in _HOUR if name in groups]
        self._rest = [(name, each) for name, each in _REST if name in groups]
        self._has_fraction = "fraction" in groups
        self._hours: dict[tuple[str | Any, ...], int] = {}
        self._prices: dict[str, int] = {}

    def read(self, row: int, cells: Sequence[str]) -> Theirs | BadRow:
        if len(cells) < self._needed:
            return BadRow(
                row, "", f"the row has {len(cells)} cells, {self._needed} are needed: is it cut?"
            )
        try:
            return self._theirs(row, cells)
        except _Bad as bad:
            return BadRow(row, self._told(bad.column), bad.reason)

    def _told(self, column: str) -> str:
        """The column as the file has it."""
        places = self._layout.at if column == "at" else (self._layout.columns[column],)
        return " and ".join(str(place) for place in places)

    def _theirs(self, row: int, cells: Sequence[str]) -> Theirs:
        left_out = ""
        for rule, cell in self._leave_out:
            if rule.takes(cells[cell].strip()):
                left_out = rule.name
                break
        at_us = self._moment(cells)
        layout, where = self._layout, self._cell
        written = cells[where["msisdn"]]
        msisdn = self._msisdn(written)
        code = cells[where["short_code"]].strip()
        ref = our_ref = ""
        if "message_id" in where:
            ref = response_id(
                canonical_id(cells[where["message_id"]]), layout.message_id_form
            ).replace(" ", "_")
        if "our_ref" in where:
            our_ref = cells[where["our_ref"]].strip()
        return Theirs(
            self._party(msisdn),
            at_us,
            layout.record or self._record(cells, left_out),
            layout.short_codes.get(code, code),
            row,
            self._count(cells, "part_no"),
            self._count(cells, "parts"),
            self._price(cells[where["price"]]) if "price" in where and not left_out else NO_PRICE,
            ref,
            our_ref,
            msisdn,
            left_out,
            moved=False,
        )

    def _record(self, cells: Sequence[str], left_out: str) -> str:
        value = cells[self._cell["record"]].strip()
        record = self._layout.records.get(value)
        if record is None:
            if left_out:
                return ""
            raise _Bad("record", f"holds {value!r}: name it in records_mo, records_mt or leave_out")
        return record

    def _msisdn(self, written: str) -> str:
        if len(written) == 11 and written.isdigit() and written.startswith("77"):
            return written
        if _SPOILT.fullmatch(written.strip()):
            raise _Bad("msisdn", "a spreadsheet has rounded the number; export the column as text")
        if len(written) > MSISDN_MAX:
            raise _Bad("msisdn", f"has over {MSISDN_MAX} characters")
        plain = written.translate(_DECORATION)
        return subscriber(plain.encode("latin-1", "replace"), TON_INTERNATIONAL)[0]

    def _count(self, cells: Sequence[str], name: str) -> int:
        cell = self._cell.get(name)
        if cell is None or not (written := cells[cell].strip()):
            return 0
        is_number = written.isascii() and written.isdigit() and len(written) <= PARTS_DIGITS_MAX
        if is_number and int(written) <= PARTS_MAX:
            return int(written)
        raise _Bad(name, f"holds {written[:20]!r}, not a number from 1 to {PARTS_MAX}")

    def _moment(self, cells: Sequence[str]) -> int:
        at = self._at
        written = cells[at[0]] if len(at) == 1 else " ".join(cells[cell].strip() for cell in at)
        try:
            at_us = self._read_moment(written.strip())
            if _FIRST_US <= at_us < _LAST_US:
                return at_us
            raise ValueError(written)
        except (Unfit, ValueError, InvalidOperation, OverflowError):
            raise _Bad(
                "at", f"holds {written[:40]!r}, which is no time in the form that `time` tells"
            ) from None

    def _read_moment(self, written: str) -> int:
        times = self._layout.times
        pattern = times.patterns[0]
        if isinstance(pattern, int):
            return int(Decimal(written) / pattern * SECOND_US)
        match = pattern.fullmatch(written)
        if match is None:
            if self._layout.form is FileForm.XLSX:
                return self._of_sheet(written)
            raise ValueError(written)
        hour = match.group(*self._hour_parts)
        begins_us = self._hours.get(hour)
        if begins_us is None:
            if len(self._hours) >= KNOWN_MAX:
                self._hours.clear()
            begins_us = self._hours[hour] = self._hour_us(
                dict(zip(self._hour_parts, hour, strict=True))
            )
        seconds = 0
        for part, each in self._rest:
            value = int(match[part] or 0)
            if value > 59:
                raise ValueError(written)
            seconds += value * each
        fraction = match["fraction"] if self._has_fraction else None
        micros = int(fraction[:6].ljust(6, "0")) if fraction else 0
        return begins_us + seconds * SECOND_US + micros

    def _hour_us(self, parts: Mapping[str, str | None]) -> int:
        year, month, day = (int(parts[name] or 0) for name in ("year", "month", "day"))
        zone = self._layout.times.zone
        at = datetime(year, month, day, int(parts.get("hour") or 0), tzinfo=zone)
        offset = parts.get("offset")
        if offset:
            at = datetime.fromisoformat(f"{at.replace(tzinfo=None).isoformat()}{_iso(offset)}")
        return (at - _EPOCH) // _MICROSECOND

    def _of_sheet(self, written: str) -> int:
        """A cell that the sheet holds as a date, not as a text, comes as ISO 8601."""
        at = datetime.fromisoformat(written)
        if at.tzinfo is None:
            at = at.replace(tzinfo=self._layout.times.zone)
        return (at - _EPOCH) // _MICROSECOND

    def _price(self, written: str) -> int:
        tiyn = self._prices.get(written)
        if tiyn is None:
            if len(self._prices) >= KNOWN_MAX:
                self._prices.clear()
            tiyn = self._prices[written] = self._read_price(written)
        return tiyn

    def _read_price(self, written: str) -> int:
        layout = self._layout
        plain = written.translate(_SPACES)
        wrong = "." if layout.decimal_comma else ","
        if wrong in plain:
            remedy = "false" if layout.decimal_comma else "true"
            raise _Bad("price", f"holds {written[:20]!r}: set decimal_comma = {remedy}")
        try:
            price = Decimal(plain.replace(",", "."))
        except InvalidOperation:
            raise _Bad("price", f"holds {written[:20]!r}, which is no sum") from None
        tiyn = price * 100 if layout.unit is Unit.TENGE else price
        if not (tiyn.is_finite() and 0 <= tiyn <= PRICE_TIYN_MAX):
            raise _Bad("price", f"holds {written[:20]!r}: over {PRICE_TIYN_MAX} tiyn, or below 0")
        if layout.vat is Vat.EXCLUDED:  # the one price that the net sum was made from
            return int((tiyn * (FULL_BP + self._vat_bp) / FULL_BP).to_integral_value())
        if tiyn != int(tiyn):
            raise _Bad("price", f"holds {written[:20]!r}: finer than a tiyn")
        return int(tiyn)


def _iso(offset: str) -> str:
    if offset == "Z":
        return "+00:00"
    digits = offset[1:].replace(":", "").ljust(4, "0")
    return f"{offset[0]}{digits[:2]}:{digits[2:]}"
