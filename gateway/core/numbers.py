"""Finding ticket numbers among the digits of a text. Digits are never added, cut off or guessed:
a group counts whole or not at all. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.core import lookalikes
from gateway.core.chains import Chain, Group
from gateway.core.folding import CONFUSED_MAX, is_number_like
from gateway.core.kinds import Kinds
from gateway.core.reading import Asked
from gateway.core.word_entries import Entry, Role
from gateway.core.words import Word

NUMBERS_MAX = 3  # answered a text
SENTENCE_DIGITS_MIN = 8  # of a number whose keyword stands elsewhere in the sentence
SOLID_DIGITS_MIN = 10  # a group so long is a number of its own, not a piece of one
STRAY_DIGITS_MAX = 3  # a group so short beside a number is a list mark or a flat
BAD_DIGITS_MIN = 8  # fewer are no attempt at a number
DIGITS_GOT_MAX = 99  # the texts have room for two digits


class Hint(NamedTuple):
    """The kind that words give a number; `near` where only labels stand between."""

    kind: str
    near: bool


@dataclass(slots=True)
class Found:
    """What the digits of a text are."""

    asked: list[Asked] = field(default_factory=list)
    too_many: bool = False
    first_at: int = 0  # offset of the first ticket number
    iin: bool = False
    card: bool = False
    phone: bool = False
    malformed: bool = False  # meant as a number: unreadable, or with a wrong check digit
    digits_got: int = 0  # of the first number whose length fits no rule
    digits: int = 0  # of all groups together
    lone: str = ""  # the only group, where there is only one

    def take(self, asked: Asked, at: int) -> None:
        """Each number once, `NUMBERS_MAX` at most."""
        if any(asked.number == known.number for known in self.asked):
            return
        if len(self.asked) == NUMBERS_MAX:
            self.too_many = True
            return
        if not self.asked:
            self.first_at = at
        self.asked.append(asked)


def find(chains: Sequence[Chain], words: Sequence[Word], kinds: Kinds) -> Found:
    """What the chains of a text are, in the light of its words."""
    groups = [group for chain in chains for group in chain.groups]
    found = Found(
        digits=sum(len(group.digits) for group in groups),
        lone=groups[0].digits if len(groups) == 1 else "",
    )
    for chain, hint in zip(chains, _hints(chains, words), strict=True):
        _Search(found, chain, hint, kinds).run()
    return found


def _hints(chains: Sequence[Chain], words: Sequence[Word]) -> Iterator[Hint | None]:
    """For each chain: the kind named right before it, else the nearest kind named before it, else
    the first named behind it. Common words and commands count only right before."""
    before = near = ""
    at = 0
    for chain in chains:
        fresh = False  # else the chain follows another one, and shares its keyword
        while at < len(words) and words[at].start < chain.start:
            entry = words[at].entry
            at += 1
            if entry.kind:
                near, fresh = entry.kind, True
                before = near if _points_far(entry) else before
            elif entry.role is not Role.LABEL:
                near, fresh = "", False
        behind = (word.entry.kind for word in words[at:] if _points_far(word.entry))
        kind = near or before or next(behind, "")
        yield Hint(kind, fresh) if kind else None


def _points_far(entry: Entry) -> bool:
    """Whether a word names the kind of a number that does not stand right behind it."""
    return entry.role is Role.KIND and not entry.common


class _Search:
    """The reading of one chain."""

    def __init__(self, found: Found, chain: Chain, hint: Hint | None, kinds: Kinds) -> None:
        self._found = found
        self._chain = chain
        self._hint = hint
        self._kinds = kinds

    def run(self) -> None:
        groups = self._chain.groups
        behind_prefix = self._prefixed(groups) if self._chain.prefix else 0
        start = at = behind_prefix
        while at < len(groups):
            taken = self._phone(groups, at)
            if not taken:
                at += 1
                continue
            self._found.phone = True
            self._part(groups[start:at], first=start == 0)
            start = at = at + taken
        self._part(groups[start:], first=start == 0)

    def _prefixed(self, groups: Sequence[Group]) -> int:
        """Takes the number behind a prefix, the longest that fits; returns how many groups are
        spoken for: all, where none fits."""
        for count in range(len(groups), 0, -1):
            digits = "".join(group.digits for group in groups[:count])
            letters = sum(group.letters for group in groups[:count])
            asked = self._kinds.prefixed(self._chain.prefix, digits)
            if asked is not None and letters <= CONFUSED_MAX:
                self._found.take(asked._replace(folded=letters > 0), self._chain.start)
                return count
        self._found.malformed = True
        return len(groups)

    def _phone(self, groups: Sequence[Group], at: int) -> int:
        """How many groups from `at` on are a phone. A keyword right before beats the guess."""
        plus = at == 0 and self._chain.plus
        if not plus and groups[at].digits[0] not in "78":
            return 0
        count = lookalikes.phone_groups([group.digits for group in groups[at:]], plus=plus)
        near = self._hint is not None and self._hint.near
        return 0 if near and not plus and at == 0 and count == 1 else count

    def _part(self, groups: Sequence[Group], *, first: bool) -> None:
        """Takes the numbers of some groups, or notes why there are none. `first`: the chain
        begins with them, so that the word before it stands right before them."""
        if not groups:
            return
        tickets = self._tickets(groups, first)
        if not tickets and 0 < sum(group.letters for group in groups) <= CONFUSED_MAX:
            bare = [Group(group.bare, 0, group.bare) for group in groups]
            if all(group.digits for group in bare):  # a letter in front of each: a preposition
                tickets = self._tickets(bare, first)
        for asked in tickets:
            self._found.take(asked, self._chain.start)
        if not tickets:
            self._refuse(groups)

    def _tickets(self, groups: Sequence[Group], first: bool) -> list[Asked]:
        """The whole as one number, else all of it as several, else the groups that are numbers
        each of itself."""
        alone = [self._fit((group,), first and not at) for at, group in enumerate(groups)]
        if len(groups) == 1 or all(
            one is not None and len(group.digits) >= SOLID_DIGITS_MIN
            for one, group in zip(alone, groups, strict=True)
        ):
            return [one for one in alone if one is not None]
        whole = self._fit(groups, first)
        if whole is not None:
            return [whole]
        return self._split(groups, first) or _solid(groups, alone)

    def _split(self, groups: Sequence[Group], first: bool) -> list[Asked]:
        """All groups as the fewest numbers, longer ones first; [] where some would be left."""
        best: list[list[Asked] | None] = [*(None for _ in groups), []]
        for start in range(len(groups) - 1, -1, -1):
            length = 0
            ways: list[list[Asked]] = []
            for end in range(start + 1, len(groups) + 1):
                length += len(groups[end - 1].digits)
                if length > self._kinds.digits_max:
                    break
                rest = best[end]
                if rest is not None:
                    one = self._fit(groups[start:end], first and not start)
                    ways += [[one, *rest]] if one is not None else []
            best[start] = min(reversed(ways), key=len, default=None)
        return best[0] or []

    def _fit(self, groups: Sequence[Group], first: bool) -> Asked | None:
        """The groups joined, as one number; None where no rule is met."""
        digits = "".join(group.digits for group in groups)
        letters = sum(group.letters for group in groups)
        if letters and (letters > CONFUSED_MAX or not is_number_like(len(digits), letters)):
            return None
        bare = self._kinds.bare(digits)
        hint = self._hint
        if hint is not None and self._kinds.of_kind(hint.kind, digits):
            joined = len(groups) > 1
            if hint.kind in bare or self._counts(hint, digits, first, joined and not bare):
                others = tuple(kind for kind in bare if kind != hint.kind)
                return Asked(digits, (hint.kind,), others, letters > 0)
        return Asked(digits, bare, (), letters > 0) if bare else None

    @staticmethod
    def _counts(hint: Hint, digits: str, first: bool, joined: bool) -> bool:
        """Whether a keyword makes a number of digits that fit nothing without it. Elsewhere in
        the sentence it does so only for one long group."""
        if hint.near and first:
            return True
        if lookalikes.is_reserved(digits):
            return False
        return hint.near or (len(digits) >= SENTENCE_DIGITS_MIN and not joined)

    def _refuse(self, groups: Sequence[Group]) -> None:
        digits = [group.digits for group in groups]
        length = sum(map(len, digits))
        letters = sum(group.letters for group in groups)
        found = self._found
        if letters <= CONFUSED_MAX and lookalikes.holds_iin(digits):
            found.iin = True
        elif letters <= CONFUSED_MAX and lookalikes.holds_card(digits):
            found.card = True
        elif letters:
            found.malformed = found.malformed or is_number_like(length, letters)
        elif length in self._kinds.bare_lengths:
            found.malformed = True  # as many digits as there should be: a wrong check digit
        elif length >= BAD_DIGITS_MIN and not found.digits_got:
            found.digits_got = min(length, DIGITS_GOT_MAX)


def _solid(groups: Sequence[Group], alone: Sequence[Asked | None]) -> list[Asked]:
    """The groups that are numbers each of itself. Short ones count only beside strays: among
    longer pieces they may be a piece as well."""
    pairs = list(zip(groups, alone, strict=True))
    strays_only = all(
        one is not None or len(group.digits) <= STRAY_DIGITS_MAX for group, one in pairs
    )
    return [
        one
        for group, one in pairs
        if one is not None and (strays_only or len(group.digits) >= SOLID_DIGITS_MIN)
    ]
