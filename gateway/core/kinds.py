"""Ticket kinds: their names, and what kinds a number may be of. Pure.

The table is config/kinds.toml; a new kind is a row there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gateway.core.languages import LANGUAGES
from gateway.core.number_rules import NumberRule, read_rule
from gateway.core.reading import Asked
from gateway.core.tables import Table, TableReader

KINDS_FILE = "config/kinds.toml"
SHORT_NOUN_LETTERS_MAX = 9  # two of them stand in one SMS with a number of 21 digits
WANTED_SIGNS_MAX = 7  # what the texts leave for the list of lengths


class BadTableError(ValueError):
    """A table of config/ cannot be used; the message has a line for each thing to mend."""


class Kind(NamedTuple):
    """`name` and `short` (at most `SHORT_NOUN_LETTERS_MAX` letters) are by language."""

    code: str
    name: Mapping[str, str]
    short: Mapping[str, str]


class Kinds:
    """The kinds and the number rules of one gateway.

    `names` are the codes of all kinds; `bare_lengths` the counts of digits that a number without
    any word may have, `wanted` the same as the texts show them ("8/15/18").
    """

    def __init__(
        self,
        kinds: Sequence[Kind],
        rules: Sequence[NumberRule],
        menus: Mapping[str, tuple[str, ...]],
    ) -> None:
        self._kinds = {kind.code: kind for kind in kinds}
        self._menus = menus
        self.names: tuple[str, ...] = tuple(self._kinds)
        self.rules = tuple(sorted(rules, key=lambda rule: rule.order))
        self._prefixed = tuple(rule for rule in self.rules if rule.prefixes)
        self._by_length: dict[int, tuple[NumberRule, ...]] = {}
        for rule in self.rules:
            if not rule.prefixes:
                for length in rule.lengths:
                    self._by_length[length] = (*self._by_length.get(length, ()), rule)
        self._bare = {
            length: bare
            for length, all_rules in self._by_length.items()
            if (bare := tuple(rule for rule in all_rules if not rule.keyword_needed))
        }
        self.bare_lengths = frozenset(self._bare)
        self.wanted = "/".join(map(str, sorted(self._bare)))
        # Nearly every text is one such number: nothing but its length need be looked at.
        self.plain_lengths: dict[int, tuple[str, ...]] = {
            length: _merged([rule.kinds for rule in bare])
            for length, bare in self._bare.items()
            if all(rule.is_plain for rule in bare)
        }
        self.digits_max = max(self._by_length, default=0)
        self.prefix_pattern = _prefix_pattern(self._prefixed)

    @classmethod
    def from_table(cls, data: Table) -> Kinds:
        """Of the parsed config/kinds.toml. Raises BadTableError, which tells all that is wrong."""
        problems: list[str] = []
        reader = TableReader(KINDS_FILE, problems)
        reader.only(data, ("kind", "rule", "menu"), "")
        listed = _read_kinds(reader, data)
        codes = {kind.code for kind in listed}
        rules = []
        for where, row in reader.rows(data, "rule"):
            rule = read_rule(reader, row, where)
            if rule is not None:
                rules.append(rule)
                _all_known(reader, f"{where}.kinds", rule.kinds, codes)
        table = reader.table(data, "menu", "")
        menus = {name: reader.texts(table, name, "menu") for name in table}
        for name, members in menus.items():
            _all_known(reader, f"menu.{name}", members, codes)
        kinds = cls(listed, rules, menus)
        if len(kinds.wanted) > WANTED_SIGNS_MAX:
            reader.problem(
                "rule",
                f"lengths {kinds.wanted} of bare numbers take more than {WANTED_SIGNS_MAX} signs"
                " in a text; set keyword_needed on one of the rules",
            )
        if not kinds.wanted:
            reader.problem("rule", "write one rule at least that needs no keyword")
        if problems:
            raise BadTableError("\n".join(problems))
        return kinds

    def wanted_of(self, menu: str | None) -> str:
        """As `wanted`, of the numbers that a line of the menu asks for; "" where those have no few
        lengths to be told."""
        kinds = None if menu is None else self._menus.get(menu, (menu,))
        return "/".join(
            str(length)
            for length, rules in sorted(self._bare.items())
            if kinds is None or any(kind in kinds for rule in rules for kind in rule.kinds)
        )

    def name(self, kind: str) -> Mapping[str, str]:
        """The full name of a kind, by language."""
        return self._kinds[kind].name

    def nouns(self, kind: str) -> Mapping[str, str]:
        """A short noun for a kind, by language."""
        return self._kinds[kind].short

    def bare(self, digits: str) -> tuple[str, ...]:
        """The kinds that a number without any word may be of, in the order of the rules."""
        kinds = self.plain_lengths.get(len(digits))
        if kinds is not None:
            return kinds
        return _meeting(self._bare.get(len(digits), ()), digits)

    def of_kind(self, kind: str, digits: str) -> bool:
        """Whether `digits` meet a rule of `kind`, the word it may need being there."""
        return kind in _meeting(self._by_length.get(len(digits), ()), digits)

    def prefixed(self, prefix: str, digits: str) -> Asked | None:
        """The number whose digits stand behind `prefix`, one of the spellings of the rules."""
        normal, kinds = "", []
        for rule in self._prefixed:
            if prefix in rule.prefixes:
                form = rule.normal_form(digits, rule.prefixes[prefix])
                if form is not None:
                    normal = normal or form
                    kinds.append(rule.kinds)
        return Asked(normal, _merged(kinds)) if kinds else None

    def accept(self, kind_hint: str | None, digits: str) -> Asked | None:
        """A number keyed in on a call; None where it meets no rule.

        `kind_hint` is the menu the caller came from, or a kind, or None.
        """
        if not (digits.isascii() and digits.isdigit()):
            return None
        bare = self.bare(digits)
        if kind_hint is not None:
            menu = self._menus.get(kind_hint, (kind_hint,))
            met = _meeting(self._by_length.get(len(digits), ()), digits)
            own = tuple(kind for kind in met if kind in menu)
            if own:
                return Asked(digits, own, tuple(kind for kind in bare if kind not in own))
        return Asked(digits, bare) if bare else None


def _merged(groups: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(kind for group in groups for kind in group))


def _meeting(rules: Sequence[NumberRule], digits: str) -> tuple[str, ...]:
    return _merged([rule.kinds for rule in rules if rule.normal_form(digits) is not None])


def _prefix_pattern(rules: Sequence[NumberRule]) -> re.Pattern[str] | None:
    """Finds a prefix (in capitals) at the very end of what stands before the digits."""
    spellings = {spelling for rule in rules for spelling in rule.prefixes}
    if not spellings:
        return None
    either = "|".join(map(re.escape, sorted(spellings, key=len, reverse=True)))
    return re.compile(rf"(?<![^\W_])({either})[ \-./#()\[\]]{{0,3}}$")


def _all_known(reader: TableReader, where: str, kinds: Sequence[str], codes: set[str]) -> None:
    for kind in kinds:
        if kind not in codes:
            reader.problem(where, f"write a [[kind]] with the code {kind!r}, or remove it here")


def _read_kinds(reader: TableReader, data: Table) -> list[Kind]:
    kinds: dict[str, Kind] = {}
    for where, row in reader.rows(data, "kind"):
        reader.only(row, ("code", "name", "short"), where)
        code = reader.text(row, "code", where)
        if code in kinds:
            reader.problem(f"{where}.code", f"{code!r} stands twice; remove one")
        short = _by_language(reader, row, "short", where)
        for language, noun in short.items():
            if len(noun) > SHORT_NOUN_LETTERS_MAX:
                reader.problem(
                    f"{where}.short.{language}",
                    f"{noun!r} has more than {SHORT_NOUN_LETTERS_MAX} letters; shorten it",
                )
        kinds[code] = Kind(code, _by_language(reader, row, "name", where), short)
    return list(kinds.values())


def _by_language(reader: TableReader, row: Table, key: str, where: str) -> Mapping[str, str]:
    table = reader.table(row, key, where)
    reader.only(table, LANGUAGES, f"{where}.{key}")
    return {language: reader.text(table, language, f"{where}.{key}") for language in LANGUAGES}
