"""Chains of digit groups in a folded text: where a number may stand, in how many pieces. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from gateway.core.asides import TAIL
from gateway.core.folding import CONFUSED_SIGNS, as_digits

GROUPS_MAX = 128  # ten long numbers in threes; what stands behind is not looked at
PREFIX_SIGNS_MAX = 12  # letters and separators in front of the digits

_ASIDE_FILL = ","  # no separator: nothing is joined across what was set aside
_ASIDE_DIGITS_MIN = 10  # so long a lone group is no date, time or sum

# A run of digits with the letters that may stand for digits; letters of a word beside them are
# left to the word. The classes are disjoint and the repetitions bounded: one pass over the text.
_LIKE = "[" + re.escape(CONFUSED_SIGNS) + "]"
_LETTER = r"[^\W\d_]"
_GROUP = re.compile(
    rf"(?:(?<!{_LETTER}){_LIKE}{{1,24}})?[0-9]+(?:{_LIKE}{{1,24}}[0-9]+)*"
    rf"(?:{_LIKE}{{1,24}}(?!{_LETTER}))?"
)
_GAP = re.compile(r"[ \-./#()\[\]]{1,4}")


class Group(NamedTuple):
    """A run of digits. `digits` has the letters replaced; `letters` counts them; `bare` is the
    run without the one letter in front of it (a preposition), "" where there are more."""

    digits: str
    letters: int
    bare: str


class Chain(NamedTuple):
    """Groups parted by separators alone; offsets into the folded text."""

    start: int
    end: int
    groups: tuple[Group, ...]
    plus: bool  # a "+" stands in front: a phone
    prefix: str  # letters of a number rule in front, in capitals

    @property
    def has_letters(self) -> bool:
        return bool(self.prefix) or any(group.letters for group in self.groups)


class Marked(NamedTuple):
    """A text with its numbers found. `words` is the text in capitals without them."""

    words: str
    chains: tuple[Chain, ...]
    aside: bool  # something was set aside
    own_tail: bool  # it was the tail of a number in a reply of ours


def mark(text: str, upper: str, aside: re.Pattern[str], prefix: re.Pattern[str] | None) -> Marked:
    """The chains of a folded text; `upper` is the same in capitals, sign for sign."""
    found = list(_GROUP.finditer(text))
    if not found:
        return Marked(upper, (), False, False)
    spans: list[tuple[int, int]] = []
    own_tail = False
    if len(found) > 1 or len(found[0][0]) < _ASIDE_DIGITS_MIN:
        for span in aside.finditer(upper):
            spans.append(span.span())
            own_tail = own_tail or span.lastgroup == TAIL
    if spans:
        text, upper = _filled(text, spans), _filled(upper, spans)
        found = list(_GROUP.finditer(text))
    chains = _chains(text, upper, found[:GROUPS_MAX], prefix)
    letters = [(chain.start, chain.end) for chain in chains if chain.has_letters]
    return Marked(_filled(upper, letters), tuple(chains), bool(spans), own_tail)


def _filled(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """`text` with what stands in `spans` (in order, apart) made unreadable; as long as before."""
    if not spans:
        return text
    pieces: list[str] = []
    at = 0
    for start, end in spans:
        pieces += (text[at:start], _ASIDE_FILL * (end - start))
        at = end
    return "".join((*pieces, text[at:]))


def _chains(
    text: str, upper: str, found: Sequence[re.Match[str]], prefix: re.Pattern[str] | None
) -> list[Chain]:
    chains: list[Chain] = []
    at = 0
    while at < len(found):
        start, first = found[at].start(), at
        at += 1
        while at < len(found) and _GAP.fullmatch(text, found[at - 1].end(), found[at].start()):
            at += 1
        letters = None
        if prefix is not None and start > 0:
            letters = prefix.search(upper, max(0, start - PREFIX_SIGNS_MAX), start)
        if letters and chains and letters.start() < chains[-1].end:
            _drop_last_group(chains, letters.start())  # the 3 of "3Т-2026-..."
        chains.append(
            Chain(
                letters.start() if letters else start,
                found[at - 1].end(),
                tuple(_group(each[0]) for each in found[first:at]),
                start > 0 and text[start - 1] == "+",
                letters[1] if letters else "",
            )
        )
    return chains


def _drop_last_group(chains: list[Chain], end: int) -> None:
    last = chains.pop()
    if len(last.groups) > 1:
        chains.append(last._replace(groups=last.groups[:-1], end=end))


def _group(run: str) -> Group:
    if run.isdigit():
        return Group(run, 0, run)
    inner = run.strip("|")  # the borders of a table
    bare = inner if inner[0].isdigit() else inner[1:]
    letters = sum(not sign.isdigit() for sign in run)
    return Group(as_digits(run), letters, bare if bare.isdigit() else "")
