"""The texts for citizens: templates by id and language, ready to be filled in. Pure.

The tables come from config/catalogue.toml (ids, names in braces, limits) and from one file a
language in config/replies/ (sms) or config/voice/ (voice). Reading never raises over what a file
says: `check` tells all of it, and the program must not start until `check` is silent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from string import Formatter
from typing import NamedTuple

from gateway.core.catalogue_rules import RULES_FILE, ChannelRules, read_rules
from gateway.core.tables import Table, TableReader, leaves
from lookup.status import Body

BODY_LETTERS_MAX = 16  # a longer name could cost a second part

Value = str | int | date | Body | Mapping[str, str]  # a mapping holds one word for each language

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


class Catalogue:
    """The templates of one channel. `languages` are those that each text must have."""

    def __init__(
        self,
        rules: ChannelRules,
        templates: Mapping[str, Mapping[str, _Template]],
        problems: list[str],
    ) -> None:
        self.languages = rules.languages
        self.worst = rules.worst
        self._rules = rules
        self._templates = templates
        self._problems = problems

    @classmethod
    def from_tables(cls, rules: Table, channel: str, texts: Mapping[str, Table]) -> Catalogue:
        """`rules` is config/catalogue.toml, `channel` "sms" or "voice", `texts` the file of each
        language by its code; all as parsed."""
        problems: list[str] = []
        read = read_rules(rules, channel, problems)
        templates = {
            language: _read_templates(read, language, table, problems)
            for language, table in texts.items()
        }
        return cls(read, templates, problems)

    def __contains__(self, text_id: object) -> bool:
        return text_id in self._rules.names

    def __iter__(self) -> Iterator[str]:
        return iter(self._rules.names)

    def names(self, text_id: str) -> frozenset[str]:
        """What stands in braces in `text_id`, spoken forms without their endings."""
        try:
            return self._rules.names[text_id]
        except KeyError:
            raise KeyError(f"no text {text_id} in {RULES_FILE}") from None

    def template(self, text_id: str, language: str) -> str:
        """The text as its file has it."""
        return self._template(text_id, language).source

    def text(self, text_id: str, language: str, values: Mapping[str, object]) -> str:
        """The text filled in: dates as `DD.MM.YY`, bodies by `body_name`, words by language.

        Raises KeyError for an unknown id and for a value left out: the caller's mistakes.
        """
        template = self._template(text_id, language)
        try:
            return template.pattern % tuple(
                [shown(values[name], language) for name, shown in template.fields]
            )
        except KeyError as missing:
            raise KeyError(f"text {text_id} ({language}) needs a value for {missing}") from None

    def check(self) -> list[str]:
        """What is wrong with the files: a sentence each, with file, key and remedy."""
        return self._problems + [
            f"{self._rules.file_of(language)}: {problem}"
            for language in self.languages
            for problem in self._check_language(language)
        ]

    def _template(self, text_id: str, language: str) -> _Template:
        try:
            return self._templates[language][text_id]
        except KeyError:
            file = self._rules.file_of(language)
            raise KeyError(f"no text {text_id} in {file}") from None

    def _check_language(self, language: str) -> Iterator[str]:
        templates = self._templates.get(language, {})
        for text_id in self:
            if text_id not in templates:
                yield f"{text_id}: missing; write it, or take it out of {RULES_FILE}"
        for text_id, template in templates.items():
            if text_id not in self:
                yield f"{text_id}: not declared; add it to {RULES_FILE} or remove it"
                continue
            fields = [name for name, _ in template.fields]
            for sentence in self._rules.check(text_id, language, template.source, fields):
                yield f"{text_id}: {sentence}"


def _read_templates(
    rules: ChannelRules, language: str, table: Table, problems: list[str]
) -> dict[str, _Template]:
    reader = TableReader(rules.file_of(language), problems)
    templates = {}
    for text_id, source in leaves(table):
        if not isinstance(source, str) or not source.strip():
            reader.problem(text_id, f"write a text in quotes, not {source!r}")
            continue
        try:
            templates[text_id] = _compile(source, rules.short_dates)
        except ValueError as error:
            reader.problem(text_id, f"{error}; braces hold one name, as in {{due}}")
    return templates


def _compile(source: str, short_dates: tuple[str, ...]) -> _Template:
    """Splits a template once, so that filling it in is one % operation. Raises ValueError."""
    pattern, fields = "", []
    for literal, name, spec, conversion in Formatter().parse(source):
        pattern += literal.replace("%", "%%")
        if name is None:
            continue
        if spec or conversion or not _NAME.fullmatch(name):
            raise ValueError(f"cannot fill in {{{name}}}")
        pattern += "%s"
        fields.append((name, _shown_short if name in short_dates else _shown))
    return _Template(source, pattern, tuple(fields))
