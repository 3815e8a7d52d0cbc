"""The texts for citizens: templates by id and language, checked and filled in. Pure.

The tables come from config/catalogue.toml (ids, names in braces, limits) and from one file a
language in config/replies/ (sms) or config/voice/ (voice). Reading never raises over what a file
says: `check` tells all of it, and the program does not start until `check` is silent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from string import Formatter
from typing import NamedTuple

from gateway.core.segments import units, utf16_units
from gateway.core.tables import Table, TableReader, leaves
from lookup.status import Body

RULES_FILE = "config/catalogue.toml"
BODY_LETTERS_MAX = 16  # a longer name could cost a second part

Value = str | int | date | Body | Mapping[str, str]  # a mapping holds one word for each language

_CHANNEL_KEYS = ("file", "units_max", "gsm7", "short_dates", "worst", "forms", "texts")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@lru_cache(maxsize=4096)
def long_date(day: date) -> str:
    """`DD.MM.YY`."""
    return f"{day.day:02}.{day.month:02}.{day.year % 100:02}"


def body_name(body: Body, language: str) -> str:
    """What a text calls `body`: its SMS name, in another language where this one has none, else
    its region, else its full name or id; at most `BODY_LETTERS_MAX` letters."""
    name = body.sms_name.get(language)
    if name and len(name) <= BODY_LETTERS_MAX:
        return name
    names = (name, *body.sms_name.values(), body.region, *body.name.values(), body.id)
    return next((each for each in names if each), "")[:BODY_LETTERS_MAX].rstrip()


def _shown(value: object, language: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, date):
        return long_date(value)
    if isinstance(value, Body):
        return body_name(value, language)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Mapping):
        return str(value[language])
    raise TypeError(f"a text cannot show a {type(value).__name__}")


def _shown_short(value: object, language: str) -> str:
    return long_date(value)[:5] if isinstance(value, date) else _shown(value, language)


class _Template(NamedTuple):
    source: str
    pattern: str  # the source made ready for the % operator
    fields: tuple[tuple[str, Callable[[object, str], str]], ...]


class _Form(NamedTuple):
    """A spoken form that carries grammar, such as _gen: of which names, in which languages."""

    of: tuple[str, ...]
    languages: tuple[str, ...]


class Catalogue:
    """The templates of one channel.

    `languages` are those each text must have; `worst` is the greatest length of each name in
    UTF-16 units, empty for voice.
    """

    def __init__(self, rules: Table, channel: str, texts: Mapping[str, Table]) -> None:
        self._problems: list[str] = []
        reader = TableReader(RULES_FILE, self._problems)
        section = reader.table(rules, channel, "")
        reader.only(rules, ("languages", "forbidden", "sms", "voice"), "")
        reader.only(section, _CHANNEL_KEYS, channel)
        worst = reader.table(section, "worst", channel)
        forms = reader.table(section, "forms", channel)
        self.languages = reader.texts(rules, "languages", "")
        self.worst = {name: reader.count(worst, name, f"{channel}.worst") for name in worst}
        self._file = reader.text(section, "file", channel)
        self._units_max = reader.count(section, "units_max", channel) if worst else 0
        self._gsm7 = reader.texts(section, "gsm7", channel)
        self._short_dates = reader.texts(section, "short_dates", channel)
        self._forms = {
            form: _Form(
                reader.texts(reader.table(forms, form, f"{channel}.forms"), "of", form),
                reader.texts(reader.table(forms, form, f"{channel}.forms"), "languages", form),
            )
            for form in forms
        }
        self._forbidden = self._read_forbidden(rules, reader)
        self._names = self._read_names(section, channel, reader)
        self._templates = {
            language: self._read_templates(language, table) for language, table in texts.items()
        }

    @classmethod
    def from_tables(cls, rules: Table, channel: str, texts: Mapping[str, Table]) -> Catalogue:
        """`rules` is config/catalogue.toml, `channel` "sms" or "voice", `texts` the file of each
        language; all as parsed."""
        return cls(rules, channel, texts)

    def __contains__(self, text_id: object) -> bool:
        return text_id in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def names(self, text_id: str) -> frozenset[str]:
        """What stands in braces in `text_id`, spoken forms without their endings."""
        try:
            return self._names[text_id]
        except KeyError:
            raise KeyError(f"no text {text_id} in {RULES_FILE}") from None

    def template(self, text_id: str, language: str) -> str:
        """The text as its file has it."""
        return self._template(text_id, language).source

    def text(self, text_id: str, language: str, values: Mapping[str, object]) -> str:
        """The text filled in: dates as `DD.MM.YY`, bodies by `body_name`, words by language.

        Raises KeyError for an unknown id or a value left out: mistakes of the caller, not of data.
        """
        template = self._template(text_id, language)
        try:
            return template.pattern % tuple(
                [shown(values[name], language) for name, shown in template.fields]
            )
        except KeyError as missing:
            raise KeyError(f"text {text_id} ({language}) needs a value for {missing}") from None

    def check(self) -> list[str]:
        """What is wrong with the files, a sentence each with file, key and remedy."""
        problems = list(self._problems)
        for language in self.languages:
            problems += self._check_language(language)
        return problems

    def _template(self, text_id: str, language: str) -> _Template:
        try:
            return self._templates[language][text_id]
        except KeyError:
            raise KeyError(f"no text {text_id} in {self._file_of(language)}") from None

    def _file_of(self, language: str) -> str:
        return self._file.replace("{language}", language)

    def _read_forbidden(
        self, rules: Table, reader: TableReader
    ) -> list[tuple[re.Pattern[str], str]]:
        rows = rules.get("forbidden", [])
        forbidden = []
        for row in rows if isinstance(rows, list) else ():
            pattern = reader.text(row, "pattern", "forbidden")
            try:
                forbidden.append((re.compile(pattern), reader.text(row, "why", "forbidden")))
            except re.error as error:
                reader.problem("forbidden.pattern", f"no regular expression: {pattern!r}: {error}")
        return forbidden

    def _read_names(
        self, section: Table, channel: str, reader: TableReader
    ) -> dict[str, frozenset[str]]:
        names: dict[str, frozenset[str]] = {}
        where = f"{channel}.texts"
        for key, value in leaves(reader.table(section, "texts", channel)):
            text_id, _, field = key.rpartition(".")
            if field == "names":
                names[text_id] = frozenset(
                    reader.texts({field: value}, field, f"{where}.{text_id}")
                )
            elif field != "note":
                reader.problem(f"{where}.{key}", "unknown key; known: names, note")
        for text_id, declared in names.items():
            for name in sorted(declared - self.worst.keys()) if self.worst else ():
                reader.problem(f"{where}.{text_id}", f"give {name} a greatest length in worst")
        return names

    def _read_templates(self, language: str, table: Table) -> dict[str, _Template]:
        reader = TableReader(self._file_of(language), self._problems)
        templates = {}
        for text_id, source in leaves(table):
            if not isinstance(source, str) or not source.strip():
                reader.problem(text_id, f"write a text in quotes, not {source!r}")
                continue
            try:
                templates[text_id] = self._compile(source)
            except ValueError as error:
                reader.problem(text_id, f"{error}; braces hold one name, as in {{due}}")
        return templates

    def _compile(self, source: str) -> _Template:
        """Splits a template once, so that filling it in is one % operation. Raises ValueError."""
        pattern, fields = "", []
        for literal, name, spec, conversion in Formatter().parse(source):
            pattern += literal.replace("%", "%%")
            if name is None:
                continue
            if spec or conversion or not _NAME.fullmatch(name):
                raise ValueError(f"cannot fill in {{{name}}}")
            pattern += "%s"
            fields.append((name, _shown_short if name in self._short_dates else _shown))
        return _Template(source, pattern, tuple(fields))

    def _check_language(self, language: str) -> Iterator[str]:
        file = self._file_of(language)
        templates = self._templates.get(language, {})
        for text_id in self._names:
            if text_id not in templates:
                yield f"{file}: {text_id}: missing; write it, or take it out of {RULES_FILE}"
        for text_id, template in templates.items():
            if text_id not in self._names:
                yield f"{file}: {text_id}: not declared; add it to {RULES_FILE} or remove it"
                continue
            for sentence in self._check_template(text_id, language, template):
                yield f"{file}: {text_id}: {sentence}"

    def _check_template(self, text_id: str, language: str, template: _Template) -> Iterator[str]:
        used = set()
        for name, _ in template.fields:
            base, sentence = self._base(name, language)
            used.add(base)
            if sentence:
                yield sentence
        declared = self._names[text_id]
        for name in sorted(used - declared):
            yield f"holds {{{name}}}, which is not declared for it in {RULES_FILE}"
        for name in sorted(declared - used):
            yield f"lacks {{{name}}}, which {RULES_FILE} declares for it"
        for pattern, why in self._forbidden:
            found = pattern.search(template.source)
            if found:
                yield f"holds {found.group()!r}: {why}"
        if self._units_max and used <= self.worst.keys():
            yield from self._check_room(language, template)

    def _base(self, name: str, language: str) -> tuple[str, str]:
        """The name without its spoken form, and what is wrong with the form, if anything."""
        base, _, ending = name.rpartition("_")
        form = self._forms.get(ending)
        if form is None or base not in form.of:
            return name, ""
        if language in form.languages:
            return base, ""
        return base, f"holds {{{name}}}, a form that {language} does not have: write {{{base}}}"

    def _check_room(self, language: str, template: _Template) -> Iterator[str]:
        longest = template.pattern % tuple("0" * self.worst[name] for name, _ in template.fields)
        count = utf16_units(longest)
        if count > self._units_max:
            yield f"{count} units at the greatest lengths, {self._units_max} fit: shorten it"
        if language in self._gsm7 and not units(longest)[1]:
            odd = next(sign for sign in longest if not units(sign)[1])
            yield f"holds {odd!r}, which is not in the GSM 7-bit alphabet: write it otherwise"
