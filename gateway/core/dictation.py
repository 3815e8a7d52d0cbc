"""What somebody says of a number, as groups of digits with the corrections among them. Pure.

"семьсот пятьдесят, сто" is 750 and 100; "seven five zero" is 750; "нет, 216" corrects. Words that
are not known are told and change nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from gateway.core.folding import capitals, fold
from gateway.core.number_words import NumberWord, Sense
from ivr.speech.numerals import groups as in_groups

SAID_SIGNS_MAX: Final = 500
GROUP_DIGITS_MAX: Final = 4  # more in one breath is cut into threes
UNREAD_MAX: Final = 10

_TOKEN: Final = re.compile(r"(?P<digits>[0-9]+)|(?P<word>[^\W\d_]+)|(?P<pause>[^\s\w]+)")
_INNER_HYPHEN: Final = re.compile(r"(?<=[^\W\d_])-(?=[^\W\d_])")  # twenty-one


class Mark(StrEnum):
    """What stands between groups."""

    GROUP = "group"
    NO = "no"
    NOT = "not"
    NOT_AFTER = "not_after"
    AGAIN = "again"
    THEN = "then"


class Said(NamedTuple):
    """`digits` of a GROUP, else ""."""

    mark: Mark
    digits: str = ""


class Dictation(NamedTuple):
    """`unread` are words that are not known, in capitals, each once."""

    said: tuple[Said, ...]
    unread: tuple[str, ...]


_MARKS: Final[Mapping[Sense, Mark]] = {
    Sense.NO: Mark.NO,
    Sense.NOT: Mark.NOT,
    Sense.NOT_AFTER: Mark.NOT_AFTER,
    Sense.AGAIN: Mark.AGAIN,
    Sense.THEN: Mark.THEN,
}


def listen(text: str, words: Mapping[str, NumberWord]) -> Dictation:
    """`words` as gateway.core.number_words reads them. What lies behind `SAID_SIGNS_MAX` is left
    out."""
    breath = _Breath()
    unread: dict[str, None] = {}
    for token in _TOKEN.finditer(_INNER_HYPHEN.sub(" ", fold(text[:SAID_SIGNS_MAX]))):
        if token["digits"]:
            breath.digits(token["digits"])
        elif token["pause"]:
            breath.pause()
        else:
            spelling = capitals(token["word"])
            word = words.get(spelling)
            if word is None:
                breath.pause()
                unread[spelling] = None
            elif word.sense in _MARKS:
                breath.mark(_MARKS[word.sense])
            elif word.sense is not Sense.ASIDE:
                breath.word(word)
    breath.pause()
    return Dictation(tuple(breath.said), tuple(unread)[:UNREAD_MAX])


class _Breath:
    """Numbers are put together from words, and groups from what is said in one breath."""

    def __init__(self) -> None:
        self.said: list[Said] = []
        self._run = ""  # single digits
        self._number: int | None = None
        self._room = 0  # numbers below it may still be added
        self._thousands: int | None = None
        self._times = 1

    def word(self, word: NumberWord) -> None:
        if word.sense is Sense.VALUE:
            self._value(word)
        elif word.sense is Sense.REPEAT:
            self._end_number()
            self._times = word.value
        elif word.sense is Sense.ZEROS:
            if self._number is None or self._number >= 10:
                self._end_number()
            count = self._number or 1
            self._forget()
            self._add("0" * count)
        elif word.sense is Sense.HUNDRED:
            if self._number is None or self._number >= 10:
                self._end_number()
            self._number, self._room = (self._number or 1) * 100, 100
        elif self._thousands is None:
            self._thousands = 1 if self._number is None else self._number
            self._number, self._room = 0, 1_000

    def digits(self, digits: str) -> None:
        """As typed: zeros in front belong to them."""
        self._end_number()
        self._add(digits)

    def pause(self) -> None:
        self._end_number()
        self._times = 1
        self._end_run()

    def mark(self, mark: Mark) -> None:
        self.pause()
        self.said.append(Said(mark))

    def _value(self, word: NumberWord) -> None:
        if self._number is not None and 0 < word.value < self._room:
            self._number += word.value
        else:
            self._end_number()
            self._number = word.value
        self._room = word.room

    def _end_number(self) -> None:
        if self._number is None:
            return
        number = self._number
        if self._thousands is not None:
            number += self._thousands * 1_000
        self._forget()
        self._add(str(number))

    def _forget(self) -> None:
        self._number, self._thousands, self._room = None, None, 0

    def _add(self, digits: str) -> None:
        times, self._times = self._times, 1
        if len(digits) == 1:
            digits *= times
            self._run += digits
            return
        self._end_run()
        self._run = digits
        self._end_run()

    def _end_run(self) -> None:
        if self._run:
            whole = len(self._run) <= GROUP_DIGITS_MAX
            for group in (self._run,) if whole else in_groups(self._run):
                self.said.append(Said(Mark.GROUP, group))
            self._run = ""


def applied(groups: Sequence[str], said: Sequence[Said]) -> tuple[str, ...]:
    """`groups` heard before, with what was said since: added, or corrected by it.

    What follows NO up to a pause word replaces as many groups at the end as have its digits, else
    the last one. NOT 215 216 replaces the last 215, and so does 215 NOT_AFTER 216.
    """
    now = list(groups)
    rest = list(said)
    while rest:
        mark, digits = rest.pop(0)
        if mark is Mark.AGAIN:
            now.clear()
        elif mark is Mark.GROUP:
            if rest and rest[0].mark is Mark.NOT_AFTER:
                rest.pop(0)
                _swap(now, [digits, *_taken(rest, 1)])
            else:
                now.append(digits)
        elif mark is Mark.NOT:
            _swap(now, _taken(rest, 2))
        elif mark is Mark.NO:
            _replace_end(now, _taken(rest, len(rest)))
    return tuple(now)


def _taken(rest: list[Said], most: int) -> list[str]:
    """The groups that come next; a pause word ends them."""
    taken: list[str] = []
    while rest and rest[0].mark is Mark.GROUP and len(taken) < most:
        taken.append(rest.pop(0).digits)
    return taken


def _swap(now: list[str], pair: list[str]) -> None:
    """The wrong group and the right one; where the wrong one was never said, nothing changes."""
    if len(pair) == 2 and pair[0] in now:
        place = len(now) - 1 - now[::-1].index(pair[0])
        now[place] = pair[1]


def _replace_end(now: list[str], right: list[str]) -> None:
    if not right:
        return
    digits = sum(map(len, right))
    for count, covered in _ends(now):
        if covered == digits:
            del now[-count:]
            break
    else:
        del now[-1:]
    now += right


def _ends(now: Sequence[str]) -> Iterator[tuple[int, int]]:
    covered = 0
    for count, group in enumerate(reversed(now), start=1):
        covered += len(group)
        yield count, covered
