"""The statuses of every kind of ticket, and which texts tell them: config/statuses.toml. Pure.

Reading never raises over what the file says: `check` tells all of it, and the program must not
start until `check` is silent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from gateway.core.catalogue import Catalogue
from gateway.core.catalogue_rules import BY_LAW
from gateway.core.tables import Table, TableReader

STATUSES_FILE = "config/statuses.toml"

_ALWAYS_KNOWN = frozenset({"n", "status", "outcome"})  # of any ticket with a row here
_TEXT_KEYS = ("sms", "voice")
_SPECIAL_KEYS = ("many", "several", "visit", "inspection")
_GENERAL_KEYS = ("open", "still", "final", "unknown", "old", "secret")
_ROW_FLAGS = ("final", "clock", "filed", "ahead", "end_moved", "past_due", "archived")
_KIND_KEYS = frozenset(
    {"overdue", "not_connected", "watched", "unverified", "unverified_sum", "own_number", "status"}
)


class Option(NamedTuple):
    """A text and the values it needs besides the number; `by_law` is the text told instead where
    its due date is one that the law gives, not the body."""

    text_id: str
    needs: frozenset[str]
    by_law: str | None = None


class Texts(NamedTuple):
    """The texts to choose from, by channel: the first that can be filled in is told."""

    sms: tuple[Option, ...] = ()
    voice: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One status of a kind; the flags are explained in config/statuses.toml."""

    code: str
    names: Mapping[str, str]
    inline: Mapping[str, str]  # the names as they stand inside a sentence
    texts: Texts
    special: Mapping[str, Texts]
    final: bool
    clock: bool
    filed: bool
    ahead: bool
    end_moved: bool
    past_due: bool
    archived: bool
    tells_sum: bool
    tells_due: bool  # or is overdue by it


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of ticket, or several alike: `family` is the one whose rules they follow. `rows`
    holds each status under its code and its aliases."""

    family: str
    rows: Mapping[str, Row]
    overdue: Row | None
    not_connected: Row | None
    watched: Row | None
    unverified: Texts | None
    unverified_sum: Texts | None
    own_number: bool


class Statuses:
    def __init__(
        self,
        kinds: Mapping[str, Kind],
        unknown: Texts,
        old: Texts,
        closed: Texts,
        secret: Texts,
        problems: list[str],
    ) -> None:
        self.kinds = kinds
        self.unknown = unknown
        self.old = old
        self.closed = closed  # any final status, by its name
        self.secret = secret  # whatever the status, to a phone not linked to the ticket
        self._problems = problems

    @classmethod
    def from_table(cls, table: Table, sms: Catalogue, voice: Catalogue) -> Statuses:
        """`table` is config/statuses.toml as parsed."""
        problems: list[str] = []
        return _StatusReader(sms, voice, problems).read(table, problems)

    def row(self, kind: str, status: str) -> Row:
        """Raises KeyError where the file has no such kind or status."""
        try:
            return self.kinds[kind].rows[status]
        except KeyError:
            raise KeyError(f"no status {status} of {kind} in {STATUSES_FILE}") from None

    def is_final(self, kind: str, status: str) -> bool:
        return self.row(kind, status).final

    def can_be_overdue(self, kind: str, status: str) -> bool:
        """Whether a due date that has passed makes it overdue."""
        return self.row(kind, status).clock and self.kinds[kind].overdue is not None

    def name(self, kind: str, status: str, language: str) -> str:
        return self.row(kind, status).names[language]

    def check(self) -> list[str]:
        """What is wrong with the file: a sentence each, with file, key and remedy."""
        return list(self._problems)


class _StatusReader:
    """Reads the file against the catalogues whose texts it names."""

    def __init__(self, sms: Catalogue, voice: Catalogue, problems: list[str]) -> None:
        self._catalogues = {"sms": sms, "voice": voice}
        self._languages = sms.languages
        self._name_units_max = sms.worst.get("status", 0)
        self._reader = TableReader(STATUSES_FILE, problems)
        self._general: dict[str, Texts] = {}

    def read(self, table: Table, problems: list[str]) -> Statuses:
        reader = self._reader
        general = reader.table(table, "general", "")
        reader.only(general, _GENERAL_KEYS, "general")
        for key in _GENERAL_KEYS:
            self._general[key] = self._texts(
                reader.table(general, key, "general"), f"general.{key}"
            )
        for key in ("open", "still", "final"):
            self._last_is_always_known(self._general[key], f"general.{key}")
        for key in ("unknown", "secret"):
            self._needs_no_value(self._general[key], f"general.{key}")
        kinds: dict[str, Kind] = {}
        like: dict[str, str] = {}
        for code in table:
            if code == "general":
                continue
            own = reader.table(table, code, "")
            if "same_as" in own:
                reader.only(own, ("same_as",), code)
                like[code] = reader.text(own, "same_as", code)
            else:
                kinds[code] = self._kind(code, own)
        for code, family in like.items():
            if family in kinds:
                kinds[code] = kinds[family]
            else:
                reader.problem(f"{code}.same_as", f"{family!r} is no kind with its own statuses")
        general = self._general
        told = (general["unknown"], general["old"], general["final"], general["secret"])
        return Statuses(kinds, *told, problems)

    def _last_is_always_known(self, texts: Texts, where: str) -> None:
        for channel, options in zip(_TEXT_KEYS, texts, strict=True):
            if not options or not options[-1].needs <= _ALWAYS_KNOWN:
                self._reader.problem(
                    f"{where}.{channel}", "end it with a text that needs no date, body or sum"
                )

    def _kind(self, code: str, own: Table) -> Kind:
        reader = self._reader
        reader.only(own, _KIND_KEYS, code)
        rows: dict[str, Row] = {}
        statuses = reader.table(own, "status", code)
        if not statuses:
            reader.problem(code, f"give it statuses: [{code}.status.<code>]")
        for status in statuses:
            where = f"{code}.status.{status}"
            row_table = reader.table(statuses, status, f"{code}.status")
            row = self._row(status, row_table, where)
            for name in (status, *reader.texts(row_table, "aliases", where)):
                if name in rows:
                    reader.problem(where, f"{name!r} is used twice: keep one")
                rows[name] = row
        return Kind(
            family=code,
            rows=rows,
            overdue=self._named_row(own, "overdue", rows, code),
            not_connected=self._named_row(own, "not_connected", rows, code),
            watched=self._named_row(own, "watched", rows, code),
            unverified=self._kind_texts(own, "unverified", code),
            unverified_sum=self._kind_texts(own, "unverified_sum", code),
            own_number=reader.flag(own, "own_number", code, default=False),
        )

    def _named_row(self, own: Table, key: str, rows: Mapping[str, Row], code: str) -> Row | None:
        if key not in own:
            return None
        name = self._reader.text(own, key, code)
        row = rows.get(name)
        if row is None:
            self._reader.problem(f"{code}.{key}", f"{code} has no status {name!r}")
        elif key == "overdue" and not row.past_due:
            self._reader.problem(f"{code}.status.{name}", "set past_due = true: a date has passed")
        return row

    def _kind_texts(self, own: Table, key: str, code: str) -> Texts | None:
        if key not in own:
            return None
        where = f"{code}.{key}"
        texts = self._texts(self._reader.table(own, key, code), where)
        self._needs_no_value(texts, where)
        return texts

    def _needs_no_value(self, texts: Texts, where: str) -> None:
        for channel, options in zip(_TEXT_KEYS, texts, strict=True):
            if not options or options[0].needs:
                self._reader.problem(f"{where}.{channel}", "name a text that needs no value")

    def _row(self, status: str, table: Table, where: str) -> Row:
        reader = self._reader
        reader.only(
            table, (*self._languages, *_TEXT_KEYS, *_ROW_FLAGS, "aliases", "special"), where
        )
        names = {language: self._name(table, language, where) for language in self._languages}
        final = reader.flag(table, "final", where, default=False)
        clock = reader.flag(table, "clock", where, default=not final)
        own = {key: table[key] for key in _TEXT_KEYS if key in table}
        texts = self._texts(own, where)
        after = self._general["final" if final else "open" if clock else "still"]
        special = reader.table(table, "special", where)
        reader.only(special, _SPECIAL_KEYS, f"{where}.special")
        told = _joined(texts, after)
        instead = {
            key: _joined(
                self._texts(reader.table(special, key, where), f"{where}.special.{key}"), told
            )
            for key in special
        }
        return Row(
            code=status,
            names=names,
            inline={language: _inline(name) for language, name in names.items()},
            texts=told,
            special=instead,
            final=final,
            clock=clock,
            filed=reader.flag(table, "filed", where, default=False),
            ahead=reader.flag(table, "ahead", where, default=False),
            end_moved=reader.flag(table, "end_moved", where, default=False),
            past_due=reader.flag(table, "past_due", where, default=False),
            archived=reader.flag(table, "archived", where, default=final),
            tells_sum=any(not option.needs.isdisjoint(("sum", "half")) for option in texts.sms),
            tells_due=clock or _needs_due((texts, *instead.values())),
        )

    def _name(self, table: Table, language: str, where: str) -> str:
        name = self._reader.text(table, language, where)
        if len(name) > self._name_units_max:
            self._reader.problem(
                f"{where}.{language}",
                f"{len(name)} letters, {self._name_units_max} fit: shorten it",
            )
        return name

    def _texts(self, table: Table, where: str) -> Texts:
        self._reader.only(table, _TEXT_KEYS, where)
        return Texts(*(self._options(table, channel, where) for channel in _TEXT_KEYS))

    def _options(self, table: Table, channel: str, where: str) -> tuple[Option, ...]:
        catalogue, options = self._catalogues[channel], []
        for text_id in self._reader.texts(table, channel, where):
            if text_id in catalogue:
                names, by_law = catalogue.names(text_id), text_id + BY_LAW
                options.append(
                    Option(text_id, names - {"n"}, by_law if by_law in catalogue else None)
                )
            else:
                self._reader.problem(f"{where}.{channel}", f"no {channel} text {text_id!r}")
        return tuple(options)


def _joined(first: Texts, after: Texts) -> Texts:
    return Texts(first.sms + after.sms, first.voice + after.voice)


def _needs_due(each: Iterable[Texts]) -> bool:
    return any("due" in option.needs for texts in each for options in texts for option in options)


def _inline(name: str) -> str:
    """A name inside a sentence: the first letter small, unless an acronym begins there."""
    return name if name[1:2].isupper() else name[:1].lower() + name[1:]
