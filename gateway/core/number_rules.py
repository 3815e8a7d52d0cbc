"""Number rules: the forms a ticket number may have, one row of config/kinds.toml each. Pure.

A rule with `keyword_needed` counts only where a word of its kind stands by the number, or the
caller came from its menu; the others are *bare* rules. A rule with prefixes has letters in front
of its digits (eOtinish), the others are digits alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.core.check_digits import CHECKS
from gateway.core.tables import Table, TableReader

NUMBER_DIGITS_MAX = 21  # a whole number must fit into one SMS

DIGITS = "digits"
PREFIXED = "prefix+digits"

_KEYS = (
    "kinds",
    "order",
    "pattern",
    "lengths",
    "alphabet",
    "check",
    "keyword_needed",
    "prefixes",
    "normal",
    "examples",
    "not_examples",
)
_ANY_DIGITS = re.compile(r"\\d\{\d+(?:,\d+)?\}")


@dataclass(frozen=True, slots=True)
class NumberRule:
    """One form of number. `pattern` matches the whole of prefix (canonical) and digits."""

    kinds: tuple[str, ...]
    order: int
    pattern: re.Pattern[str]
    lengths: frozenset[int]  # counts of digits, the prefix aside
    check: str = ""  # a name in check_digits.CHECKS
    keyword_needed: bool = False
    prefixes: Mapping[str, str] = field(default_factory=dict)  # spelling in capitals -> canonical
    normal: str = ""  # template of the normal form, over the named groups of `pattern`

    @property
    def is_plain(self) -> bool:
        """Whether the count of digits alone decides."""
        return not (self.check or self.prefixes) and bool(
            _ANY_DIGITS.fullmatch(self.pattern.pattern)
        )

    def normal_form(self, digits: str, prefix: str = "") -> str | None:
        """The number as it is looked up; None where it does not meet the rule."""
        if len(digits) not in self.lengths:
            return None
        found = self.pattern.fullmatch(prefix + digits)
        if found is None or (self.check and not CHECKS[self.check](digits)):
            return None
        return self.normal.format(**found.groupdict()) if self.normal else prefix + digits


def read_rule(reader: TableReader, row: Table, where: str) -> NumberRule | None:
    """The rule of one row; None, with problems told, where it cannot be used."""
    reader.only(row, _KEYS, where)
    order = reader.count(row, "order", where)
    keyword_needed = reader.flag(row, "keyword_needed", where, default=False)
    kinds = reader.texts(row, "kinds", where)
    if not kinds:
        reader.problem(f"{where}.kinds", "write the codes of one kind or more")
    lengths = _lengths(reader, row, where)
    check = reader.text(row, "check", where) if "check" in row else ""
    if check and check not in CHECKS:
        reader.problem(f"{where}.check", f"no check is called {check!r}; known: {sorted(CHECKS)}")
        return None
    try:
        pattern = re.compile(reader.text(row, "pattern", where))
    except re.error as error:
        reader.problem(f"{where}.pattern", f"no regular expression: {error}; mend it")
        return None
    prefixes = _prefixes(reader, row, where)
    normal = reader.text(row, "normal", where) if "normal" in row else ""
    if not _is_template(normal, pattern):
        reader.problem(
            f"{where}.normal", f"{normal!r} names groups that are not in the pattern: name them"
        )
        return None
    rule = NumberRule(kinds, order, pattern, lengths, check, keyword_needed, prefixes, normal)
    _try_examples(reader, row, where, rule)
    return rule


def _lengths(reader: TableReader, row: Table, where: str) -> frozenset[int]:
    """A list of counts, or a table with the least and the greatest one."""
    value = row.get("lengths")
    if isinstance(value, dict):
        reader.only(value, ("min", "max"), f"{where}.lengths")
        least = reader.count(value, "min", f"{where}.lengths")
        most = reader.count(value, "max", f"{where}.lengths")
        value = list(range(least, min(most, NUMBER_DIGITS_MAX + 1) + 1))
    if (
        not isinstance(value, list)
        or not value
        or not all(type(length) is int and 0 < length <= NUMBER_DIGITS_MAX for length in value)
    ):
        reader.problem(
            f"{where}.lengths",
            f"write a list of counts of digits, or {{min, max}}, 1 to {NUMBER_DIGITS_MAX}",
        )
        return frozenset()
    return frozenset(value)


def _prefixes(reader: TableReader, row: Table, where: str) -> Mapping[str, str]:
    """Spelling -> canonical prefix; the canonical one is a spelling, too."""
    alphabet = reader.text(row, "alphabet", where)
    table = reader.table(row, "prefixes", where)
    if alphabet not in (DIGITS, PREFIXED) or (alphabet == PREFIXED) != bool(table):
        reader.problem(
            f"{where}.alphabet",
            f"write {DIGITS!r}, or {PREFIXED!r} and a table `prefixes` with the letters",
        )
    spellings: dict[str, str] = {}
    for canonical in table:
        spellings[canonical] = canonical
        for spelling in reader.texts(table, canonical, f"{where}.prefixes"):
            spellings[spelling] = canonical
    return spellings


def _is_template(normal: str, pattern: re.Pattern[str]) -> bool:
    try:
        normal.format(**dict.fromkeys(pattern.groupindex, ""))
    except (KeyError, IndexError, ValueError):
        return False
    return True


def _try_examples(reader: TableReader, row: Table, where: str, rule: NumberRule) -> None:
    """Examples are numbers in normal form: the rule must read each as itself."""
    examples = reader.texts(row, "examples", where)
    if not examples:
        reader.problem(f"{where}.examples", "give one number at least, in its normal form")
    for example in examples:
        if _read_whole(rule, example) != example:
            reader.problem(f"{where}.examples", f"{example!r} does not meet its own rule")
    for example in reader.texts(row, "not_examples", where):
        if _read_whole(rule, example) is not None:
            reader.problem(f"{where}.not_examples", f"{example!r} meets the rule; tighten it")


def _read_whole(rule: NumberRule, number: str) -> str | None:
    digits = "".join(sign for sign in number if sign in "0123456789")
    prefix = next((each for each in rule.prefixes.values() if number.startswith(each)), "")
    return rule.normal_form(digits, prefix)
