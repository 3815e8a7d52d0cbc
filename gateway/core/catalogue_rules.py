"""What config/catalogue.toml demands of the texts of one channel, and the check of a text. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gateway.core.segments import units, utf16_units
from gateway.core.tables import Table, TableReader, leaves

RULES_FILE = "config/catalogue.toml"
BY_LAW = "_law"  # ends the id of a text told instead of the one without it, where {due} is by law

_CHANNEL_KEYS = ("file", "units_max", "gsm7", "short_dates", "worst", "forms", "texts")


class Form(NamedTuple):
    """A spoken form that carries grammar, such as _gen: of which names, in which languages."""

    of: tuple[str, ...]
    languages: tuple[str, ...]


class Forbidden(NamedTuple):
    pattern: re.Pattern[str]
    why: str


@dataclass(frozen=True, slots=True)
class ChannelRules:
    """`worst` holds the greatest length of each name in braces, in UTF-16 units; empty for voice,
    where `units_max` is 0 and nothing is measured."""

    languages: tuple[str, ...]
    file: str  # with {language} in it
    units_max: int
    gsm7: tuple[str, ...]  # languages that keep to the GSM 7-bit alphabet
    short_dates: tuple[str, ...]  # names shown as DD.MM
    worst: Mapping[str, int]
    forms: Mapping[str, Form]
    forbidden: tuple[Forbidden, ...]
    names: Mapping[str, frozenset[str]]  # by text id

    def file_of(self, language: str) -> str:
        return self.file.replace("{language}", language)

    def check(
        self, text_id: str, language: str, source: str, fields: Sequence[str]
    ) -> Iterator[str]:
        """What is wrong with one text; `fields` are the names in its braces, as they follow."""
        used = set()
        for field in fields:
            name, sentence = self._without_form(field, language)
            used.add(name)
            if sentence:
                yield sentence
        declared = self.names[text_id]
        for name in sorted(used - declared):
            yield f"holds {{{name}}}, which is not declared for it in {RULES_FILE}"
        for name in sorted(declared - used):
            yield f"lacks {{{name}}}, which {RULES_FILE} declares for it"
        for pattern, why in self.forbidden:
            found = pattern.search(source)
            if found:
                yield f"holds {found.group()!r}: {why}"
        if self.units_max and used <= self.worst.keys():
            yield from self._check_room(language, source, fields)

    def _without_form(self, field: str, language: str) -> tuple[str, str]:
        """The name without its spoken form, and what is wrong with the form, if anything."""
        name, _, ending = field.rpartition("_")
        form = self.forms.get(ending)
        if form is None or name not in form.of:
            return field, ""
        if language in form.languages:
            return name, ""
        return name, f"holds {{{field}}}, a form that {language} does not have: write {{{name}}}"

    def _check_room(self, language: str, source: str, fields: Sequence[str]) -> Iterator[str]:
        longest = source.format(**{name: "0" * self.worst[name] for name in fields})
        count = utf16_units(longest)
        if count > self.units_max:
            yield f"{count} units at the greatest lengths, {self.units_max} fit: shorten it"
        if language in self.gsm7:
            for sign in longest:
                if not units(sign)[1]:
                    yield f"holds {sign!r}, not in the GSM 7-bit alphabet: write it otherwise"
                    break


def read_rules(table: Table, channel: str, problems: list[str]) -> ChannelRules:
    """The rules of `channel` ("sms" or "voice") from config/catalogue.toml as parsed; what is
    wrong with the file goes to `problems`."""
    reader = TableReader(RULES_FILE, problems)
    reader.only(table, ("languages", "forbidden", "sms", "voice"), "")
    section = reader.table(table, channel, "")
    reader.only(section, _CHANNEL_KEYS, channel)
    worst = reader.table(section, "worst", channel)
    return ChannelRules(
        languages=reader.texts(table, "languages", ""),
        file=reader.text(section, "file", channel),
        units_max=reader.count(section, "units_max", channel) if worst else 0,
        gsm7=reader.texts(section, "gsm7", channel),
        short_dates=reader.texts(section, "short_dates", channel),
        worst={name: reader.count(worst, name, f"{channel}.worst") for name in worst},
        forms=_read_forms(section, channel, reader),
        forbidden=_read_forbidden(table, reader),
        names=_read_names(section, channel, reader),
    )


def _read_forms(section: Table, channel: str, reader: TableReader) -> dict[str, Form]:
    forms = reader.table(section, "forms", channel)
    read = {}
    for ending in forms:
        where = f"{channel}.forms.{ending}"
        form = reader.table(forms, ending, f"{channel}.forms")
        reader.only(form, Form._fields, where)
        read[ending] = Form(reader.texts(form, "of", where), reader.texts(form, "languages", where))
    return read


def _read_forbidden(table: Table, reader: TableReader) -> tuple[Forbidden, ...]:
    read = []
    for where, row in reader.rows(table, "forbidden"):
        reader.only(row, Forbidden._fields, where)
        pattern = reader.text(row, "pattern", where)
        try:
            read.append(Forbidden(re.compile(pattern), reader.text(row, "why", where)))
        except re.error as error:
            reader.problem(where, f"{pattern!r} is no regular expression: {error}")
    return tuple(read)


def _read_names(section: Table, channel: str, reader: TableReader) -> dict[str, frozenset[str]]:
    names: dict[str, frozenset[str]] = {}
    worst = reader.table(section, "worst", channel)
    for key, value in leaves(reader.table(section, "texts", channel)):
        text_id, _, field = key.rpartition(".")
        where = f"{channel}.texts.{text_id}"
        if field == "names":
            declared = frozenset(reader.texts({field: value}, field, where))
            for name in sorted(declared - worst.keys()) if worst else ():
                reader.problem(where, f"give {name} a greatest length in {channel}.worst")
            names[text_id] = declared
        elif field != "note":
            reader.problem(f"{where}.{field}", "unknown key; known: names, note")
    for text_id, declared in names.items():
        plain = names.get(text_id.removesuffix(BY_LAW))
        if text_id.endswith(BY_LAW) and (plain != declared or "due" not in declared):
            reader.problem(
                f"{channel}.texts.{text_id}", f"give it the names of the text without {BY_LAW}"
            )
    return names
