"""Ids of messages: the one of a submit_sm_resp and the one of its receipt, told to be equal. Pure.

Operators write the two in different letter case, with or without leading zeros, or one in
hexadecimal and the other in decimal. The id of a response is stored in one canonical form whatever
the operator does; his habit is applied to the id of the receipt alone, so that a habit learnt
today fits the messages of last week.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from typing import Final

from smpp.operators import MessageIdForm

ID_DIGITS_MAX: Final = 40  # longer ids are compared as texts, never as numbers
JOINS_TO_LEARN: Final = 5  # receipts joined by another form, and none by the believed one since
RECEIPTS_MEASURED: Final = 200  # the match rate is that of so many latest receipts
RECEIPTS_MEASURED_MIN: Final = 20  # of fewer no rate is told to be low
RATE_LOW: Final = 0.5  # below it receipts are said to be unmatched, once
RATE_GOOD: Final = 0.8  # from here on they match again

_FORMS: Final = (MessageIdForm.AS_IS, MessageIdForm.DEC_TO_HEX, MessageIdForm.HEX_TO_DEC)
_PLACES: Final = {form: place for place, form in enumerate(_FORMS)}
_HEXADECIMAL = re.compile(r"[0-9a-f]+")
_MARKED = re.compile(r"0x[0-9a-f]+")


def canonical_id(message_id: str) -> str:
    """An id in lower case, without leading zeros and the 0x of a hexadecimal number. Empty stays
    empty."""
    plain = message_id.strip().lower()
    if not plain.startswith("0"):
        return plain
    if _MARKED.fullmatch(plain):
        plain = plain[2:]
    return plain.lstrip("0") or plain[:1]


def response_id(canonical: str, form: MessageIdForm) -> str:
    """What the response's canonical id should be, for that of a receipt.

    An id that is no number of that kind (a UUID) is the same in both, by any form.
    """
    if len(canonical) <= ID_DIGITS_MAX:
        if form is MessageIdForm.HEX_TO_DEC and canonical.isascii() and canonical.isdigit():
            return f"{int(canonical):x}"
        if form is MessageIdForm.DEC_TO_HEX and _HEXADECIMAL.fullmatch(canonical):
            return str(int(canonical, 16))
    return canonical


class IdMatches:
    """How the receipts of one link name our messages: by which form of id, and how many at all."""

    __slots__ = ("_fell", "_joins", "_latest", "_learns", "_matched", "form")

    def __init__(self, form: MessageIdForm) -> None:
        self._learns = form is MessageIdForm.LEARN
        self.form = MessageIdForm.AS_IS if self._learns else form  # the one believed in
        self._joins: Counter[MessageIdForm] = Counter()  # by other forms, since one by `form`
        self._latest: deque[bool] = deque(maxlen=RECEIPTS_MEASURED)
        self._matched = 0
        self._fell = False

    def candidates(self, canonical: str) -> tuple[str, tuple[str, ...]]:
        """What the response's id should be for the `Receipt.canonical_id` of a receipt, and what
        else it may be."""
        # Hot: runs for every receipt.
        if not self._learns or len(canonical) > ID_DIGITS_MAX:
            return canonical, ()
        if not _HEXADECIMAL.fullmatch(canonical):
            return canonical, ()
        ids: tuple[str, ...] = (canonical, str(int(canonical, 16)))
        if not canonical.isdigit():
            first = int(self.form is MessageIdForm.DEC_TO_HEX)
        elif canonical == ids[1]:  # below ten
            return canonical, ()
        else:
            ids = (*ids, f"{int(canonical):x}")
            first = _PLACES[self.form]
        return ids[first], ids[:first] + ids[first + 1 :]

    def note(self, *, matched: bool) -> None:
        """A receipt has come: for one of our messages, or for none that we know."""
        latest = self._latest
        if len(latest) == RECEIPTS_MEASURED:
            self._matched -= latest[0]
        latest.append(matched)
        self._matched += matched

    def believe(self) -> None:
        """A receipt whose id could have been another by another form joined by the believed one."""
        if self._joins:
            self._joins.clear()

    def learn(self, canonical: str, joined_as: str) -> MessageIdForm | None:
        """A receipt with this id joined a message by that one of its other candidates. Returns
        the form that is believed in from now on, if that is another one."""
        for form in _FORMS if self._learns else ():
            if response_id(canonical, form) != joined_as or form is self.form:
                continue
            self._joins[form] += 1
            if self._joins[form] == JOINS_TO_LEARN:
                self._joins.clear()
                self.form = form
                return form
            break
        return None

    @property
    def rate(self) -> float:
        """The share of the latest receipts that joined a message; 1 where none has come."""
        return self._matched / len(self._latest) if self._latest else 1.0

    def fell(self) -> bool:
        """Whether the rate has become low; told once, until it has been good again."""
        rate = self.rate
        if rate >= RATE_GOOD:
            self._fell = False
        elif rate < RATE_LOW and not self._fell and len(self._latest) >= RECEIPTS_MEASURED_MIN:
            self._fell = True
            return True
        return False
