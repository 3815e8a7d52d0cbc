"""Reading a field map's file: every key checked, so that a slip in it is told at the start. Pure.

The keys are described in docs/reference/field-map.md.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import tzinfo
from typing import Final, NamedTuple

from lookup.feed.times import KAZAKHSTAN
from lookup.feed.vocabulary import STATUSES
from lookup.foreign.forms import TIYN_IN_TENGE, Form, Reading, fold, read
from lookup.foreign.paths import MapError, Path, nearest, path_of
from lookup.foreign.times import ISO, Times, Unfit, times_of, zone_of

TICKET_FORMS: Final[Mapping[str, Form]] = {
    "kind": Form.KIND,
    "number": Form.NUMBER,
    "number_shown": Form.TEXT,
    "source_system": Form.TEXT,
    "status": Form.STATUS,
    "status_at": Form.MOMENT,
    "created_at": Form.MOMENT,
    "first_filed_at": Form.MOMENT,
    "body_id": Form.TEXT,
    "other_bodies": Form.LIST,
    "due_on": Form.DAY,
    "due_basis": Form.CODE,
    "forward_count": Form.COUNT,
    "extended_count": Form.COUNT,
    "parent_id": Form.NUMBER,
    "owner_phones": Form.LIST,
    "owner_lang": Form.CODE,
    "intake": Form.CODE,
    "answer_via": Form.CODE,
    "sensitivity": Form.CODE,
    "version": Form.COUNT,
    "deleted": Form.FLAG,
    "fine.amount": Form.AMOUNT,
    "fine.half_until": Form.DAY,
    "fine.pay_by": Form.DAY,
    "fine.paid_amount": Form.AMOUNT,
    "fine.paid_at": Form.MOMENT,
    "fine.payment_ref": Form.TEXT,
    "fine.bailiff_since": Form.DAY,
    "fine.bailiff_office": Form.TEXT,
    "fine.conflict": Form.FLAG,
    "inspection.registered_on": Form.DAY,
    "inspection.starts_on": Form.DAY,
    "inspection.ends_on": Form.DAY,
    "inspection.extended_to": Form.DAY,
    "outcome.code": Form.CODE,
    "outcome.at": Form.MOMENT,
    "outcome.answer_ref": Form.TEXT,
    "outcome.answer_via": Form.CODE,
    "outcome.object_until": Form.DAY,
}
"""Every field of a ticket in the feed, parts of an object with a dot."""

EVENT_FORMS: Final[Mapping[str, Form]] = {
    "source_event_id": Form.TEXT,
    "seq": Form.COUNT,
    "at": Form.MOMENT,
    "stage": Form.CODE,
    "from_body": Form.TEXT,
    "to_body": Form.TEXT,
    "actor_role": Form.CODE,
    "note_code": Form.CODE,
    "due_on_after": Form.DAY,
}

TABLES: Final = ("fields", "defaults", "values", "formats", "amounts", "lists", "events")
FORMATS_KEYS: Final = ("patterns", "zone", "field")
EVENTS_KEYS: Final = ("path", "fields", "defaults", "values")
UNITS: Final[Mapping[str, int]] = {"tenge": 1, "tiyn": TIYN_IN_TENGE}
PARTED_BY_MAX: Final = 4  # characters

_PARTS: Final = frozenset(name.split(".")[0] for name in TICKET_FORMS if "." in name)
_ALL_STATUSES: Final = frozenset().union(*STATUSES.values())
_TARGETS: Final[Mapping[Form, Collection[str]]] = {
    Form.STATUS: _ALL_STATUSES,
    Form.KIND: tuple(STATUSES),
}

Table = Mapping[str, object]


class Mapped(NamedTuple):
    """One field of ours: where it lies, how it is read, what stands in for it."""

    path: Path | None  # None: only a default
    reading: Reading
    default: object
    spelt: Mapping[object, str]  # ours -> their word as the map writes it


class _Common(NamedTuple):
    """What counts for fields of tickets and events alike."""

    where: str
    patterns: tuple[str, ...]
    zone: tzinfo
    patterns_of: Mapping[str, tuple[str, ...]]
    parted_by: Mapping[str, str]
    amount_parts: int


class MapTables(NamedTuple):
    """A field map, read."""

    ticket: Mapping[str, Mapped]
    events_path: Path | None
    event: Mapping[str, Mapped]


def read_tables(table: Table, where: str) -> MapTables:
    """Check a whole map. Raises MapError for the first thing wrong in it."""
    _only(table, TABLES, where, "")
    common = _common(table, where)
    fields = _table(table, "fields", where)
    defaults = _table(table, "defaults", where)
    values = _table(table, "values", where)
    ticket = _mapped(fields, defaults, values, TICKET_FORMS, common, "")
    if "number" not in ticket or not ticket["number"].path:
        raise MapError(
            where,
            "fields.number",
            "must be mapped: without it an answer for another ticket is not seen to be one",
        )
    if "status" not in ticket:
        raise MapError(where, "fields.status", "must be mapped, or have a default")
    events = table.get("events")
    if events is None:
        return MapTables(ticket, None, {})
    events = _table(table, "events", where)
    _only(events, EVENTS_KEYS, where, "events.")
    path = path_of(events.get("path"), where, "events.path")
    event = _mapped(
        _table(events, "fields", where, "events."),
        _table(events, "defaults", where, "events."),
        _table(events, "values", where, "events."),
        EVENT_FORMS,
        common,
        "events.",
    )
    for name in ("at", "stage"):
        if name not in event:
            raise MapError(where, f"events.fields.{name}", "must be mapped, or have a default")
    return MapTables(ticket, path, event)


def _common(table: Table, where: str) -> _Common:
    formats = _table(table, "formats", where)
    _only(formats, FORMATS_KEYS, where, "formats.")
    patterns = _texts(formats.get("patterns", [ISO]), where, "formats.patterns")
    dated = (Form.DAY, Form.MOMENT)
    known = {name for name, form in {**TICKET_FORMS, **EVENT_FORMS}.items() if form in dated}
    patterns_of: dict[str, tuple[str, ...]] = {}
    for name, written in _flat(_table(formats, "field", where, "formats.")):
        _known(name, known, where, "formats.field.")
        patterns_of[name] = _texts(written, where, f"formats.field.{name}")
    zone = zone_of(formats["zone"], where, "formats.zone") if "zone" in formats else KAZAKHSTAN
    amounts = _table(table, "amounts", where)
    _only(amounts, ("unit",), where, "amounts.")
    unit = amounts.get("unit", "tenge")
    if not isinstance(unit, str) or unit not in UNITS:
        raise MapError(where, "amounts.unit", "write tenge or tiyn")
    parted_by: dict[str, str] = {}
    lists = {name for name, form in TICKET_FORMS.items() if form is Form.LIST}
    for name, sign in _table(table, "lists", where).items():
        _known(name, lists, where, "lists.")
        if not isinstance(sign, str) or not 0 < len(sign) <= PARTED_BY_MAX:
            raise MapError(where, f"lists.{name}", 'write the sign between two items, such as ";"')
        parted_by[name] = sign
    return _Common(where, patterns, zone, patterns_of, parted_by, UNITS[unit])


def _mapped(
    fields: Table,
    defaults: Table,
    values: Table,
    forms: Mapping[str, Form],
    common: _Common,
    prefix: str,
) -> dict[str, Mapped]:
    where = common.where
    paths: dict[str, Path] = {}
    for name, written in _flat(fields):
        _known(name, forms, where, f"{prefix}fields.")
        paths[name] = path_of(written, where, f"{prefix}fields.{name}")
        if not paths[name]:
            raise MapError(where, f"{prefix}fields.{name}", "write where it lies in a record")
    words: dict[str, Mapping[str, object]] = {}
    spelt: dict[str, dict[object, str]] = {}
    for name, listed in _words_by_field(values):
        _known(name, forms, where, f"{prefix}values.")
        words[name], spelt[name] = _words(listed, forms[name], where, f"{prefix}values.{name}")
    readings = {name: _reading(name, form, words, common) for name, form in forms.items()}
    ready: dict[str, object] = {}
    for name, value in _flat(defaults):
        _known(name, forms, where, f"{prefix}defaults.")
        ready[name] = _default(value, readings[name], where, f"{prefix}defaults.{name}")
    return {
        name: Mapped(paths.get(name), readings[name], ready.get(name), spelt.get(name, {}))
        for name in forms
        if name in paths or name in ready
    }


def _reading(
    name: str, form: Form, words: Mapping[str, Mapping[str, object]], common: _Common
) -> Reading:
    own = common.patterns_of.get(name)
    key = f"formats.field.{name}" if own else "formats.patterns"
    times = times_of(own or common.patterns, common.zone, common.where, key)
    return Reading(
        form, words.get(name, {}), times, common.parted_by.get(name), common.amount_parts
    )


def _words(
    listed: object, form: Form, where: str, key: str
) -> tuple[dict[str, object], dict[object, str]]:
    """Their words, folded, with ours; and ours with the first of theirs."""
    if not isinstance(listed, Mapping):
        raise MapError(where, key, 'write a table of their words: "their word" = "ours"')
    words: dict[str, object] = {}
    spelt: dict[object, str] = {}
    for theirs, ours in listed.items():
        if not isinstance(ours, str | int):
            raise MapError(where, f"{key}.{theirs}", "write one word of ours")
        known = _TARGETS.get(form)
        if known is not None and ours not in known and ours != "":
            remedy = nearest(ours, known) if isinstance(ours, str) else "write a text"
            raise MapError(where, f"{key}.{theirs}", f"{ours!r} is none of ours; {remedy}")
        if fold(theirs) in words:
            raise MapError(where, f"{key}.{theirs}", "stands twice; capitals make no difference")
        words[fold(theirs)] = ours
        spelt.setdefault(ours, str(theirs))
    return words, spelt


def _default(value: object, reading: Reading, where: str, key: str) -> object:
    """A default is our own word, in the feed's form."""
    ours = reading._replace(words={}, times=Times(_ISO_ONLY.patterns, KAZAKHSTAN), amount_parts=1)
    if reading.form is Form.STATUS:  # which kind it will be of is not known here
        ours = ours._replace(form=Form.CODE)
        if value not in _ALL_STATUSES:
            raise MapError(where, key, f"is no status; {nearest(str(value), _ALL_STATUSES)}")
    try:
        return read(value, ours, None)
    except Unfit as unfit:
        raise MapError(where, key, unfit.reason) from None


_ISO_ONLY: Final = times_of((ISO,), KAZAKHSTAN, "", "")


def _flat(table: Table) -> Iterator[tuple[str, object]]:
    """`fine.amount` may be written as a dotted key or in quotes."""
    for name, value in table.items():
        if name in _PARTS and isinstance(value, Mapping):
            for inner, leaf in value.items():
                yield f"{name}.{inner}", leaf
        else:
            yield name, value


_words_by_field = _flat  # a part's name stands only above tables of words


def _table(parent: Table, key: str, where: str, prefix: str = "") -> Table:
    value = parent.get(key, {})
    if not isinstance(value, Mapping):
        raise MapError(where, prefix + key, f"write a table, [{prefix}{key}]")
    return value


def _texts(written: object, where: str, key: str) -> tuple[str, ...]:
    items = [written] if isinstance(written, str) else written
    if not isinstance(items, list) or not items or not all(isinstance(i, str) for i in items):
        raise MapError(where, key, 'write a text or a list of texts, such as ["dd.mm.yyyy"]')
    return tuple(items)


def _only(table: Table, known: Collection[str], where: str, prefix: str) -> None:
    for key in table:
        _known(key, known, where, prefix)


def _known(key: str, known: Collection[str], where: str, prefix: str) -> None:
    if key not in known:
        raise MapError(where, prefix + key, f"unknown; {nearest(key, known)}")
