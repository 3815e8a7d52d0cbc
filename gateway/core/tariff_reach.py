"""What dated first-match rules reach: those that can never match, and those that cross. Pure.

A rule is lists of words (None: any word) and days. The words that behave alike are one case, and
a case is a number whose bits are the rules that cover it: its lowest bit is the rule that wins.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple, Protocol

from gateway.core.tariff_row import FIRST_DAY, LAST_DAY

Words = frozenset[str] | None


class Scoped(Protocol):
    """A rule. `lists`: key of the table -> its words; `terms`: what it says of what it covers."""

    @property
    def id(self) -> str: ...
    @property
    def valid_from(self) -> date: ...
    @property
    def valid_to(self) -> date: ...
    @property
    def lists(self) -> dict[str, Words]: ...
    @property
    def terms(self) -> tuple[object, ...]: ...


class Reach(NamedTuple):
    """A sentence each. Crossing may be meant; the others never are."""

    never: tuple[str, ...] = ()
    two_prices: tuple[str, ...] = ()  # same lists, days that cross
    crossing: tuple[str, ...] = ()


def reach_of(what: str, rules: Sequence[Scoped], closed: Mapping[str, Collection[str]]) -> Reach:
    """`what`: rule, call, share; `closed`: key -> all words there are, for lists that have an end.

    The last rule covers whatever is left, and need not be reached.
    """
    lists = [_lists(rule, closed) for rule in rules]
    cases = _cases(rules, lists, closed)
    winners = [(case & -case).bit_length() - 1 for case in cases]
    never = []
    for index in range(len(rules) - 1):
        if index not in winners:
            before = {w for w, case in zip(winners, cases, strict=True) if case >> index & 1}
            names = ", ".join(named(what, rules, each) for each in sorted(before))
            never.append(
                f"{named(what, rules, index)} can never match: all that it covers is taken before "
                f"it by {names}; move it up, or remove it"
            )
    two_prices, crossing = [], []
    for later in range(len(rules)):
        for first in range(later):
            if rules[first].terms == rules[later].terms:
                continue
            if not any(w == first and c >> later & 1 for w, c in zip(winners, cases, strict=True)):
                continue
            if _within(rules, lists, first, later) or _within(rules, lists, later, first):
                continue
            both = f"{named(what, rules, first)} and {named(what, rules, later)} both cover "
            both += _shared(rules, lists, first, later)
            if lists[first] == lists[later]:
                two_prices.append(f"{both}; end one before the other begins")
            else:
                crossing.append(f"{both}: the first wins; if that is not meant, narrow one of them")
    return Reach(tuple(never), tuple(two_prices), tuple(crossing))


def named(what: str, rules: Sequence[Scoped], index: int) -> str:
    """A row as errors name it, such as "rule 2 (sms-15)"."""
    return f"{what} {index + 1} ({rules[index].id})"


def days(first: date, last: date) -> str:
    """Days in words; "" for all of them."""
    since = "" if first == FIRST_DAY else f"from {first}"
    until = "" if last == LAST_DAY else f"to {last}"
    return " ".join(filter(None, (since, until)))


def _lists(rule: Scoped, closed: Mapping[str, Collection[str]]) -> dict[str, Words]:
    """Lists as written, save that all words there are is the same as any."""
    return {
        key: None if words is not None and key in closed and words >= set(closed[key]) else words
        for key, words in rule.lists.items()
    }


def _cases(
    rules: Sequence[Scoped],
    lists: Sequence[Mapping[str, Words]],
    closed: Mapping[str, Collection[str]],
) -> list[int]:
    cases = _day_masks(rules)
    for key in lists[0]:
        column = [each[key] for each in lists]
        masks = _word_masks(column, closed.get(key))
        cases = {case & mask for case in cases for mask in masks}
    return sorted(cases - {0})


def _day_masks(rules: Sequence[Scoped]) -> set[int]:
    starts = {rule.valid_from for rule in rules}
    starts |= {rule.valid_to + timedelta(days=1) for rule in rules if rule.valid_to != LAST_DAY}
    return {_mask([rule.valid_from <= day <= rule.valid_to for rule in rules]) for day in starts}


def _word_masks(column: Sequence[Words], all_words: Collection[str] | None) -> set[int]:
    words = set(all_words or ()).union(*(each for each in column if each is not None))
    masks = {_mask([each is None or word in each for each in column]) for word in words}
    if all_words is None:
        masks.add(_mask([each is None for each in column]))  # a word that no rule names
    return masks


def _mask(covered: Sequence[bool]) -> int:
    return sum(1 << index for index, each in enumerate(covered) if each)


def _within(
    rules: Sequence[Scoped], lists: Sequence[Mapping[str, Words]], inner: int, outer: int
) -> bool:
    small, large = rules[inner], rules[outer]
    if small.valid_from < large.valid_from or small.valid_to > large.valid_to:
        return False
    for key, words in lists[outer].items():
        inside = lists[inner][key]
        if words is not None and (inside is None or not inside <= words):
            return False
    return True


def _shared(
    rules: Sequence[Scoped], lists: Sequence[Mapping[str, Words]], first: int, later: int
) -> str:
    parts = []
    for key, words in lists[first].items():
        other = lists[later][key]
        both = words & other if words and other else words or other
        if both:
            parts.append(f"{key} {', '.join(sorted(both))}")
    one, two = rules[first], rules[later]
    parts.append(days(max(one.valid_from, two.valid_from), min(one.valid_to, two.valid_to)))
    return "; ".join(filter(None, parts)) or "the same"
