"""A ticket number as an operator takes it by ear: so far, what it may be, what to read back. Pure.

Nothing is kept between two questions: the groups heard so far come with what is said next.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from gateway.core.dictation import applied, listen
from gateway.core.kinds import Kinds
from gateway.core.number_rules import NumberRule
from gateway.core.number_words import NumberWords
from ivr.speech.numerals import read_out

GROUPS_MAX: Final = 42  # every digit said twice over
DIGITS_MAX: Final = 42


class Fit(NamedTuple):
    """A kind that the number may be of. `missing` digits make it a whole number, 0 where it is
    one; `more` says that longer ones are numbers of the kind as well."""

    kind: str
    missing: int
    more: bool


class SpokenNumber(NamedTuple):
    """`say` is what the operator says now: the number read back, or the request for one."""

    groups: tuple[str, ...]
    fits: tuple[Fit, ...]
    say: str
    unread: tuple[str, ...]

    @property
    def digits(self) -> str:
        return "".join(self.groups)


def take_down(
    groups: Sequence[str], text: str, language: str, words: NumberWords, kinds: Kinds
) -> SpokenNumber:
    """`groups` of digits heard before, and what is said now. What would go beyond `DIGITS_MAX`
    is left out."""
    heard = listen(text, words.words)
    now = _bounded(applied(groups, heard.said))
    digits = "".join(now)
    say = words.ask[language]
    if digits:
        say = words.read_back[language].replace("{digits}", _read_back(now, language))
    return SpokenNumber(now, fitting(digits, kinds.rules), say, heard.unread)


def fitting(digits: str, rules: Sequence[NumberRule]) -> tuple[Fit, ...]:
    """The kinds that `digits` are a number of, or the beginning of one: whole ones first, then
    those of which least is missing; in the order of the rules."""
    best: dict[str, Fit] = {}
    for rule in rules:
        if rule.prefixes:
            continue  # letters are not dictated here
        fit = _fit(digits, rule)
        if fit is None:
            continue
        missing, more = fit
        for kind in rule.kinds:
            known = best.get(kind)
            if known is None or (missing, not more) < (known.missing, not known.more):
                best[kind] = Fit(kind, missing, more)
    return tuple(sorted(best.values(), key=lambda fit: fit.missing))


def _fit(digits: str, rule: NumberRule) -> tuple[int, bool] | None:
    """(missing, more) by one rule; None where the number cannot meet it."""
    longer = sorted(length for length in rule.lengths if length > len(digits))
    if len(digits) in rule.lengths and rule.normal_form(digits) is not None:
        return 0, bool(longer)
    return (longer[0] - len(digits), len(longer) > 1) if longer else None


def _read_back(groups: Sequence[str], language: str) -> str:
    """In the groups in which it was said, so that the two can be compared by ear."""
    return ", ".join(read_out(group, language) for group in groups)


def _bounded(groups: Sequence[str]) -> tuple[str, ...]:
    kept: list[str] = []
    digits = 0
    for group in groups[:GROUPS_MAX]:
        digits += len(group)
        if digits > DIGITS_MAX:
            break
        kept.append(group)
    return tuple(kept)
