"""How an operator's file is to be read: config/reconcile/<operator>.toml, each key checked. Pure.

Every problem is a TariffError (a table read from TOML, as the tariffs are) that names the table,
the key and what is allowed there. docs/reference/reconcile.md lists the keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from enum import StrEnum
from typing import Final, NamedTuple

from gateway.core.tariff_row import Row
from lookup.foreign.paths import MapError
from lookup.foreign.times import Times, times_of, zone_of
from smpp.operators import MessageIdForm

WINDOW_S_MAX: Final = 3_600
WINDOW_S: Final = 120
POSITION_MAX: Final = 10_000  # columns of a fixed-width line, and of a file without a header
SKIP_ROWS_MAX: Final = 100
BASIS_POINTS: Final = 10_000
NEEDED: Final = ("msisdn", "short_code")  # columns, besides `at`
MORE: Final = ("message_id", "our_ref", "part_no", "parts", "price", "record")
DELIMITERS: Final = (";", ",", "\t", "|")

Place = str | int | tuple[int, int]
"""Where a value stands: a column's name, its number from 1, or (first position, length) from 1."""


class FileForm(StrEnum):
    CSV = "csv"
    FIXED = "fixed"
    XLSX = "xlsx"


class Encoding(StrEnum):
    UTF_8 = "utf-8"
    UTF_16 = "utf-16"
    CP1251 = "cp1251"
    CP866 = "cp866"
    KOI8_R = "koi8-r"


class RowIs(StrEnum):
    """What one row of their file counts."""

    MESSAGE = "message"
    PART = "part"


class Record(StrEnum):
    """The direction of a message, as in the billing file."""

    MO = "mo"
    MT = "mt"


class LeftAs(StrEnum):
    """Why rows of theirs are not compared."""

    RECEIPTS = "receipts"
    NOT_CHARGED = "not_charged"
    TESTS = "tests"
    OTHER = "other"


class Unit(StrEnum):
    TENGE = "tenge"
    TIYN = "tiyn"


class Vat(StrEnum):
    INCLUDED = "included"
    EXCLUDED = "excluded"


class LeaveOut(NamedTuple):
    """Rows whose value at `place` is one of `values` (or is none of them) are not compared."""

    name: LeftAs
    place: Place
    values: frozenset[str]
    unless: bool

    def takes(self, value: str) -> bool:
        return (value in self.values) is not self.unless


class Trailer(NamedTuple):
    """The file's last row: its first cell, and which cell (from 1) tells the number of rows."""

    starts: str
    cell: int


class Bands(NamedTuple):
    """Up to which share of disputed rows, in basis points, each band goes."""

    accept_bp: int = 50
    exchange_bp: int = 300
    hold_bp: int = 1_000


BANDS: Final = Bands()


@dataclass(frozen=True, slots=True)
class FileMap:
    """One operator's file."""

    form: FileForm
    columns: Mapping[str, Place]  # by our names, all but `at`
    at: tuple[Place, ...]  # one column, or a date and a time
    times: Times
    has_seconds: bool  # whether their times tell them
    month_zone: tzinfo  # in which the operator's month begins and ends
    record: Record | None  # of all rows; None: a column tells
    records: Mapping[str, Record]  # what that column holds
    encoding: Encoding = Encoding.UTF_8
    delimiter: str = ";"
    header: bool = True
    skip_rows: int = 0
    decimal_comma: bool = False
    row_is: RowIs = RowIs.MESSAGE
    window_s: int = WINDOW_S
    message_id_form: MessageIdForm = MessageIdForm.AS_IS
    unit: Unit = Unit.TENGE
    vat: Vat = Vat.INCLUDED
    short_codes: Mapping[str, str] = field(default_factory=dict)  # theirs -> ours
    test_numbers: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()  # of the operator's own numbers; none: not known
    leave_out: tuple[LeaveOut, ...] = ()
    trailer: Trailer | None = None
    bands: Bands = BANDS

    @property
    def compared(self) -> frozenset[Record]:
        """Which records the file holds."""
        return frozenset((self.record,)) if self.record else frozenset(self.records.values())

    @property
    def has_references(self) -> bool:
        return "message_id" in self.columns or "our_ref" in self.columns


def read_map(data: Mapping[str, object]) -> FileMap:
    """What tomllib made of the file. Raises TariffError: where, why, the remedy."""
    row = Row("map", data)
    form = row.one_of("format", FileForm)
    header = row.take("header")
    if header is not None and not isinstance(header, bool):
        raise row.fail("header", header, "true or false")
    named = (header is None or header) and form is not FileForm.FIXED
    zone = _zone(row, "zone", row.word("zone"))
    month_zone = row.word("month_zone", "")
    pattern = row.word("time")
    try:
        times = times_of((pattern,), zone, "map", "time")
    except MapError as problem:
        raise row.fail("time", pattern, str(problem)) from None
    columns, at = _columns(Row("columns", row.take("columns")), form, named=named)
    records = dict.fromkeys(row.words("records_mo"), Record.MO)
    records |= dict.fromkeys(row.words("records_mt"), Record.MT)
    record = row.one_of("record", Record) if "record" not in columns else None
    if record is None and not records:
        raise row.fail("records_mo", None, 'what the column holds, such as ["MO"], or records_mt')
    made = FileMap(
        form=form,
        columns=columns,
        at=at,
        times=times,
        has_seconds="mm" not in pattern or "ss" in pattern,
        month_zone=_zone(row, "month_zone", month_zone) if month_zone else zone,
        record=record,
        records=records,
        encoding=row.one_of("encoding", Encoding, Encoding.UTF_8),
        delimiter=_delimiter(row),
        header=named,
        skip_rows=row.integer("skip_rows", 0, SKIP_ROWS_MAX, 0),
        decimal_comma=row.flag("decimal_comma"),
        row_is=row.one_of("row", RowIs, RowIs.MESSAGE),
        window_s=row.integer("window_s", 1, WINDOW_S_MAX, WINDOW_S),
        message_id_form=row.one_of("message_id_form", MessageIdForm, MessageIdForm.AS_IS),
        unit=row.one_of("price_unit", Unit, Unit.TENGE),
        vat=row.one_of("price_vat", Vat, Vat.INCLUDED),
        short_codes=_aliases(row),
        test_numbers=row.words("test_numbers"),
        prefixes=tuple(sorted(row.words("prefixes"))),
        leave_out=tuple(
            _leave_out(f"leave_out {n}", table, form, named=named)
            for n, table in enumerate(row.rows("leave_out"), start=1)
        ),
        trailer=_trailer(row.take("trailer")),
        bands=_bands(row.take("bands")),
    )
    row.done()
    if form is FileForm.XLSX and (header is False or made.skip_rows):
        raise row.fail("header", header, "no skip_rows: a sheet's first row names its columns")
    if made.message_id_form is MessageIdForm.LEARN:
        raise row.fail("message_id_form", "learn", "as_is, hex_to_dec or dec_to_hex")
    return made


def _columns(
    row: Row, form: FileForm, *, named: bool
) -> tuple[dict[str, Place], tuple[Place, ...]]:
    at = row.take("at")
    several = isinstance(at, list) and not (form is FileForm.FIXED and all(map(_position, at)))
    written = at if isinstance(at, list) and several else [at]
    moment = tuple(_place(row, "at", each, form, named=named) for each in written)
    places = {name: _place(row, name, row.take(name), form, named=named) for name in NEEDED}
    for name in MORE:
        if (value := row.take(name)) is not None:
            places[name] = _place(row, name, value, form, named=named)
    row.done()
    if not moment:
        raise row.fail("at", at, "a column, or a date's and a time's")
    return places, moment


def _place(row: Row, key: str, value: object, form: FileForm, *, named: bool) -> Place:
    if form is FileForm.FIXED:
        if isinstance(value, list) and len(value) == 2 and all(map(_position, value)):
            return value[0], value[1]
    elif named:
        if isinstance(value, str) and value.strip():
            return value.strip()
    elif isinstance(value, int) and _position(value):
        return value
    raise row.fail(key, value, _expected(form, named=named))


def _position(value: object) -> bool:
    return type(value) is int and 1 <= value <= POSITION_MAX


def _expected(form: FileForm, *, named: bool) -> str:
    if form is FileForm.FIXED:
        return "[first position, length], the first being 1"
    return "the name in the header" if named else "the number of the column, the first being 1"


def _zone(row: Row, key: str, written: str) -> tzinfo:
    try:
        return zone_of(written, "map", key)
    except MapError:
        raise row.fail(key, written, 'a zone such as "Asia/Almaty" or "+05:00"') from None


def _delimiter(row: Row) -> str:
    value = row.take("delimiter")
    if value is None:
        return ";"
    if value in DELIMITERS:
        return str(value)
    raise row.fail("delimiter", value, "one of ; , | or a tab")


def _aliases(row: Row) -> dict[str, str]:
    table = row.take("short_codes") or {}
    if not isinstance(table, Mapping) or not all(isinstance(each, str) for each in table.values()):
        raise row.fail("short_codes", table, 'a table such as "71012" = "1012"')
    return {str(theirs): str(ours) for theirs, ours in table.items()}


def _leave_out(where: str, table: object, form: FileForm, *, named: bool) -> LeaveOut:
    row = Row(where, table)
    name = row.one_of("as", LeftAs)
    place = _place(row, "column", row.take("column"), form, named=named)
    values, unless = row.words("values"), row.words("unless")
    if bool(values) is bool(unless):
        raise row.fail("values", sorted(values), "values, or unless, and not both")
    row.done()
    return LeaveOut(name, place, values or unless, bool(unless))


def _trailer(table: object) -> Trailer | None:
    if table is None:
        return None
    row = Row("trailer", table)
    trailer = Trailer(row.word("starts"), row.integer("count", 1, POSITION_MAX))
    row.done()
    return trailer


def _bands(table: object) -> Bands:
    row = Row("bands", table or {})
    bands = Bands(
        row.integer("accept_bp", 0, BASIS_POINTS, BANDS.accept_bp),
        row.integer("exchange_bp", 0, BASIS_POINTS, BANDS.exchange_bp),
        row.integer("hold_bp", 0, BASIS_POINTS, BANDS.hold_bp),
    )
    row.done()
    if not bands.accept_bp <= bands.exchange_bp <= bands.hold_bp:
        raise row.fail("hold_bp", bands.hold_bp, "accept_bp <= exchange_bp <= hold_bp")
    return bands
