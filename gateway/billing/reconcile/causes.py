"""Why a message stands on one side alone, or differs: what can be told, and no guess. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final, NamedTuple

from gateway.billing.reconcile.file_map import LeftAs
from gateway.billing.reconcile.phone import (
    Found,
    Terms,
    is_alike,
    join,
    may_count,
    named,
    nearest,
    place_of,
)
from gateway.billing.reconcile.records import (
    COUNTED_BEFORE,
    LEFT_OVER,
    NO_PRICE,
    SECOND_US,
    TOLD_EARLIER,
    Cause,
    Class,
    Ours,
    Theirs,
    Verdict,
)

CLOSE_S: Final = 10  # a receipt, or a further segment, is counted so close to its moment

_PHONE: Final = re.compile(r"\+?[1-9][0-9]{7,14}")
_KAZAKH: Final = re.compile(r"7[67][0-9]{9}")
_LEFT_OUT: Final = {
    "not_charged": Cause.NOT_CHARGED,
    "tests": Cause.TEST_PHONE,
    TOLD_EARLIER: Cause.MONTH_BORDER,
}


class Known(NamedTuple):
    """What is known of the month and of the operator besides the rows. Moments in microseconds;
    the end of a month is the first moment after it."""

    month_us: tuple[int, int]  # ours
    their_month_us: tuple[int, int]  # by the zone in which the operator's months begin
    covered_us: tuple[int, int]  # the file's first and last row, by our clock
    short_codes: frozenset[str]  # ours
    test_numbers: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()
    has_before: bool = False  # the rows that the month before had too many are among theirs


def settle(
    ours: Sequence[Ours], theirs: Sequence[Theirs], terms: Terms, known: Known
) -> Iterator[Verdict]:
    """What became of each message of one phone; both in the order of time.

    Of ours those of this month that count are told, of theirs all rows that are not left out.
    """
    found = join(ours, theirs, terms)
    for a, rows in found.joined.items():
        yield from _joined(ours[a], [theirs[b] for b in rows], terms)
    taken = {b for rows in found.joined.values() for b in rows}
    alone = [b for b, row in enumerate(theirs) if not row.left_out and b not in taken]
    waiting = [
        a
        for a, mine in enumerate(ours)
        if a not in found.joined and mine.place == 0 and may_count(mine)
    ]
    if not alone and not waiting:
        return
    explain = _Explain(ours, theirs, terms, known, found)
    other_codes = explain.other_codes(waiting, alone)
    for a, b in other_codes.items():
        yield Verdict(Class.DIFFERING, Cause.SHORT_CODE, ours[a], theirs[b])
    told = set(other_codes.values())
    for a in waiting:
        if a in other_codes:
            continue
        yield Verdict(Class.ONLY_OURS, explain.ours(ours[a]), ours[a], None, rows=0)
    for b in alone:
        if b in told:
            continue
        cause, counterpart = explain.theirs(b)
        yield Verdict(Class.ONLY_THEIRS, cause, None, theirs[b], counterpart)


def _joined(mine: Ours, rows: list[Theirs], terms: Terms) -> Iterator[Verdict]:
    first, *rest = rows
    if mine.place not in (0, LEFT_OVER):
        # It is of the month before or after: that one's act has it.
        again = mine.place == COUNTED_BEFORE
        cause = Cause.DUPLICATE if again else Cause.MONTH_BORDER
        for row in rows:
            yield Verdict(Class.ONLY_THEIRS, cause, None, row, mine)
        return
    whole = first
    if rest and first.price_tiyn != NO_PRICE:
        whole = first._replace(price_tiyn=sum(row.price_tiyn for row in rows))
    cause = _difference(mine, whole, len(rows), terms)
    told = Class.DIFFERING if cause else Class.MATCHED
    cls = Class.LATE if mine.place == LEFT_OVER else told
    yield Verdict(cls, cause, mine, whole, rows=len(rows))


def _difference(mine: Ours, row: Theirs, rows: int, terms: Terms) -> Cause:
    if row.moved:
        return Cause.PHONE
    if terms.per_part and rows != mine.parts:
        return Cause.PARTS
    if row.price_tiyn not in (NO_PRICE, mine.gross_tiyn):
        by_parts = mine.parts > 1 and row.price_tiyn == mine.gross_tiyn * mine.parts
        return Cause.PARTS if by_parts else Cause.PRICE
    if not terms.per_part and row.parts not in (0, mine.parts):
        return Cause.PARTS
    return Cause.NONE


class _Explain:
    """Whatever else there is of one phone, held against a row that is alone."""

    def __init__(
        self,
        ours: Sequence[Ours],
        theirs: Sequence[Theirs],
        terms: Terms,
        known: Known,
        found: Found,
    ) -> None:
        self._all_ours, self._all_theirs = ours, theirs
        self._terms, self._known = terms, known
        self._twins = found.twins
        self._owner = {b: a for a, rows in found.joined.items() for b in rows}
        self._rooms = {a: ours[a].parts - len(rows) for a, rows in found.joined.items()}
        self._copies = {a: mine.duplicates for a, mine in enumerate(ours) if mine.duplicates}
        self._places = named(ours)
        self._replies = {
            (mine.record, ref): a for a, mine in enumerate(ours) for ref in mine.reply_refs.split()
        }
        self._receipts = sorted(
            (int(us), a) for a, mine in enumerate(ours) for us in mine.receipts_us.split()
        )
        self._used: set[int] = set()  # receipts, by their places
        self._moments = [mine.at_us for mine in ours]
        self._receipt_moments = [receipt_us for receipt_us, _ in self._receipts]
        self._left_out = [row for row in theirs if row.left_out]
        self._left_out_moments = [row.at_us - terms.skew_us for row in self._left_out]

    def other_codes(self, waiting: list[int], alone: list[int]) -> dict[int, int]:
        """Ours without a row, and a row of another code at the same time: one message."""
        left, found = set(waiting), {}
        for b in alone:
            row = self._all_theirs[b]
            if not left or b in self._twins:
                continue
            a = self._near(row, partial(self._is_respelt, left, row))
            if a is not None:
                left.remove(a)
                found[a] = b
        return found

    def _is_respelt(self, left: set[int], row: Theirs, a: int) -> bool:
        mine = self._all_ours[a]
        return a in left and mine.record == row.record and mine.code != row.code

    def ours(self, mine: Ours) -> Cause:
        known = self._known
        if mine.msisdn in known.test_numbers:
            return Cause.TEST_PHONE
        place = nearest(
            self._left_out_moments,
            mine.at_us,
            self._terms.window_us,
            partial(self._may_be, mine),
        )
        if place is not None:
            return _LEFT_OUT.get(self._left_out[place].left_out, Cause.LEFT_OUT)
        begin_us, end_us = known.their_month_us
        if mine.at_us >= end_us or (mine.at_us < begin_us and not known.has_before):
            return Cause.MONTH_BORDER
        first_us, last_us = known.covered_us
        if not first_us <= mine.at_us <= last_us:
            return Cause.NOT_COVERED
        if known.prefixes and mine.msisdn and not mine.msisdn[1:].startswith(known.prefixes):
            return Cause.PORTED
        return Cause.UNKNOWN

    def _may_be(self, mine: Ours, place: int) -> bool:
        """Whether a row that is left out can be of it. Of some the file does not tell what they
        are: all but receipts, which come about then anyhow."""
        row = self._left_out[place]
        any_record = not row.record and row.left_out != LeftAs.RECEIPTS
        return mine.code == row.code and (any_record or row.record == mine.record)

    def theirs(self, b: int) -> tuple[Cause, Ours | None]:
        row, known = self._all_theirs[b], self._known
        cause, a = Cause.UNKNOWN, None
        if row.msisdn in known.test_numbers:
            cause = Cause.TEST_PHONE
        elif not _PHONE.fullmatch(row.msisdn):
            cause = Cause.UNKNOWN_NUMBER
        elif row.code not in known.short_codes:
            cause = Cause.SHORT_CODE
        else:
            cause, a = self._by_neighbours(b)
        if cause is Cause.UNKNOWN and self._told_earlier(row):
            cause = Cause.DUPLICATE
        if cause is Cause.UNKNOWN:
            begin_us, end_us = known.month_us
            if not begin_us <= row.at_us - self._terms.skew_us < end_us:
                cause = Cause.OTHER_MONTH
            elif not _KAZAKH.fullmatch(row.msisdn):
                cause = Cause.UNKNOWN_NUMBER
        return cause, None if a is None else self._all_ours[a]

    def _told_earlier(self, row: Theirs) -> bool:
        """Whether an earlier month's file had that very row."""
        same = row.at_us, row.record, row.code, row.ref
        return any(
            each.left_out == TOLD_EARLIER and (each.at_us, each.record, each.code, each.ref) == same
            for each in self._left_out
        )

    def _by_neighbours(self, b: int) -> tuple[Cause, int | None]:
        """By what else happened on that phone about then."""
        if b in self._twins:
            return Cause.DUPLICATE, self._copy_of(b)
        cause, a = self._part_or_receipt(self._all_theirs[b])
        if a is None:
            cause, a = self._copy_or_stranger(b)
        return (Cause.UNKNOWN if a is None else cause), a

    def _part_or_receipt(self, row: Theirs) -> tuple[Cause, int | None]:
        """Whichever is nearer; each counts once."""
        if row.ref and (a := self._replies.get((row.record, row.ref))) is not None:
            return Cause.RECEIPT, a
        at_us = row.at_us - self._terms.skew_us
        close_us = max(CLOSE_S * SECOND_US, self._terms.step_us)
        part = nearest(self._moments, at_us, close_us, lambda a: self._has_room(a, row))
        receipt = nearest(
            self._receipt_moments, at_us, close_us, lambda place: self._is_open(place, row)
        )
        if part is not None:
            apart_us = abs(self._moments[part] - at_us)
            if receipt is None or apart_us < abs(self._receipt_moments[receipt] - at_us):
                self._rooms[part] -= 1
                return Cause.PARTS, part
        if receipt is None:
            return Cause.UNKNOWN, None
        self._used.add(receipt)
        return Cause.RECEIPT, self._receipts[receipt][1]

    def _has_room(self, a: int, row: Theirs) -> bool:
        return self._rooms.get(a, 0) > 0 and is_alike(self._all_ours[a], row)

    def _is_open(self, receipt: int, row: Theirs) -> bool:
        return receipt not in self._used and is_alike(
            self._all_ours[self._receipts[receipt][1]], row
        )

    def _copy_or_stranger(self, b: int) -> tuple[Cause, int | None]:
        row = self._all_theirs[b]
        if (a := self._copy_of(b)) is not None:
            return Cause.DUPLICATE, a
        if (a := self._alike(row, lambda a: self._copies.get(a, 0) > 0)) is not None:
            self._copies[a] -= 1
            return Cause.DUPLICATE, a
        if (a := self._alike(row, lambda a: not self._all_ours[a].own)) is not None:
            return Cause.PORTED, a
        return Cause.NOT_ACKNOWLEDGED, self._alike(row, self._is_unanswered)

    def _is_unanswered(self, a: int) -> bool:
        mine = self._all_ours[a]
        return mine.own and not mine.counted

    def _copy_of(self, b: int) -> int | None:
        """The message that another row of theirs tells already."""
        a = place_of(self._all_theirs[b], self._places)
        if a is not None and a in self._rooms:
            return a
        return self._owner.get(self._twins.get(b, -1))

    def _alike(self, row: Theirs, fits: Callable[[int], bool]) -> int | None:
        return self._near(row, lambda a: is_alike(self._all_ours[a], row) and fits(a))

    def _near(self, row: Theirs, fits: Callable[[int], bool]) -> int | None:
        terms = self._terms
        return nearest(self._moments, row.at_us - terms.skew_us, terms.window_us, fits)
