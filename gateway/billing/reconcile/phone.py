"""All that both sides have of one phone, settled: which row is which message, each row once. Pure.

By reference first, then by short code and time. What is left over is explained by what else is
known of the phone: `gateway.billing.reconcile.causes`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from gateway.billing.reconcile.pairing import pairs
from gateway.billing.reconcile.records import SECOND_US, Ours, Theirs

TWIN_S: Final = 2  # a copy of a row is another message only if ours has one so close to it


class Terms(NamedTuple):
    """What the rows of one file are settled by."""

    window_us: int
    skew_us: int = 0  # their clock less ours
    step_us: int = SECOND_US  # their clock's: a minute where they tell no seconds
    per_part: bool = False  # a row of theirs is a segment


class Found(NamedTuple):
    """Who belongs to whom. What is in none of these is alone."""

    joined: dict[int, list[int]]  # place of ours -> places of theirs, the first the message's own
    twins: dict[int, int]  # place of theirs -> that of the row it repeats


def join(ours: Sequence[Ours], theirs: Sequence[Theirs], terms: Terms) -> Found:
    """Both in the order of time; rows of theirs that are left out do not take part, nor do ours
    that another operator's link brought, or that were perhaps never sent."""
    if len(ours) == 1 and len(theirs) == 1:  # nearly always
        mine, row = ours[0], theirs[0]
        if _fits(mine, row) and abs(row.at_us - terms.skew_us - mine.at_us) <= terms.window_us:
            return Found({0: [0]}, {})
    joined: dict[int, list[int]] = {}
    twins = _twins(theirs)
    free = [b for b, row in enumerate(theirs) if not row.left_out]
    free = _by_reference(ours, theirs, free, joined, twins, per_part=terms.per_part)
    left = [b for b in free if b not in twins]
    left = _by_time(ours, theirs, left, joined, terms, terms.window_us)
    copies = [b for b in free if b in twins]
    if terms.per_part:  # segments of one message may look the same
        _parts(ours, theirs, left, joined, terms)
        alike = [b for b in copies if not theirs[b].part_no]
        spent = set(alike).difference(_parts(ours, theirs, alike, joined, terms))
        copies = [b for b in copies if b not in spent]
    close_us = max(TWIN_S * SECOND_US, terms.step_us)
    _by_time(ours, theirs, copies, joined, terms, close_us)
    return Found(joined, twins)


def _fits(mine: Ours, row: Theirs) -> bool:
    return may_count(mine) and not row.left_out and is_alike(mine, row)


def may_count(mine: Ours) -> bool:
    """Whether a row of theirs can be of it; one of a neighbouring month too."""
    return mine.own and mine.counted


def _twins(theirs: Sequence[Theirs]) -> dict[int, int]:
    if len(theirs) == 1:
        return {}
    seen: dict[tuple[object, ...], int] = {}
    twins: dict[int, int] = {}
    for b, row in enumerate(theirs):
        if row.left_out:
            continue
        same = row.at_us, row.record, row.code, row.part_no, row.price_tiyn, row.ref, row.our_ref
        first = seen.setdefault(same, b)
        if first != b:
            twins[b] = first
    return twins


def _by_reference(
    ours: Sequence[Ours],
    theirs: Sequence[Theirs],
    free: list[int],
    joined: dict[int, list[int]],
    twins: dict[int, int],
    *,
    per_part: bool,
) -> list[int]:
    """Returns those that name no message; who names one that has its row already stays alone."""
    if not any(row.ref or row.our_ref for row in theirs):
        return free
    places = named(ours)
    left = []
    for b in free:
        a = place_of(theirs[b], places)
        if a is None:
            left.append(b)
        elif a not in joined:
            joined[a] = [b]
        elif per_part and b not in twins and len(joined[a]) < ours[a].parts:
            joined[a].append(b)
    return left


Places = dict[tuple[str, str], int]  # record and reference -> place


def named(ours: Sequence[Ours]) -> Places:
    """Who is told by which reference: the operator's ids, and ours with a # before it."""
    places: Places = {}
    for a, mine in enumerate(ours):
        if may_count(mine):
            for ref in mine.refs.split():
                places[mine.record, ref] = a
            places[mine.record, f"#{mine.record_id}"] = a
    return places


def place_of(row: Theirs, places: Places) -> int | None:
    """The message that the row names."""
    a = places.get((row.record, row.ref)) if row.ref else None
    if a is None and row.our_ref:
        a = places.get((row.record, f"#{row.our_ref}"))
    return a


def _by_time(
    ours: Sequence[Ours],
    theirs: Sequence[Theirs],
    free: list[int],
    joined: dict[int, list[int]],
    terms: Terms,
    window_us: int,
) -> list[int]:
    """Join rows to messages of their record and code; returns those still free."""
    if not free:
        return free
    rows: dict[tuple[str, str], list[int]] = {}
    for b in free:
        rows.setdefault((theirs[b].record, theirs[b].code), []).append(b)
    mine: dict[tuple[str, str], list[int]] = {}
    for a, each in enumerate(ours):
        if a not in joined and may_count(each):
            mine.setdefault((each.record, each.code), []).append(a)
    taken: set[int] = set()
    for key in rows.keys() & mine.keys():
        found = pairs(
            [ours[a].at_us for a in mine[key]],
            [theirs[b].at_us - terms.skew_us for b in rows[key]],
            window_us,
        )
        for a, b in found:
            joined[mine[key][a]] = [rows[key][b]]
            taken.add(rows[key][b])
    return [b for b in free if b not in taken]


def _parts(
    ours: Sequence[Ours],
    theirs: Sequence[Theirs],
    free: list[int],
    joined: dict[int, list[int]],
    terms: Terms,
) -> list[int]:
    """Segments beyond the first join the message that has room for them."""
    moments = [each.at_us for each in ours]
    left = []
    for b in free:
        row = theirs[b]

        def has_room(a: int, row: Theirs = row) -> bool:
            return a in joined and len(joined[a]) < ours[a].parts and is_alike(ours[a], row)

        a = nearest(moments, row.at_us - terms.skew_us, terms.window_us, has_room)
        if a is None:
            left.append(b)
        else:
            joined[a].append(b)
    return left


def is_alike(mine: Ours, row: Theirs) -> bool:
    """Whether record and code are the same."""
    return mine.record == row.record and mine.code == row.code


def nearest(
    moments: Sequence[int], at_us: int, window_us: int, fits: Callable[[int], bool]
) -> int | None:
    """The place, in some sorted moments, of the one nearest to `at_us` that fits, within the
    window. No more is looked at than the window holds: machines text all day."""
    first = bisect_left(moments, at_us - window_us)
    best, least = None, window_us + 1
    for place in range(first, len(moments)):
        if moments[place] - at_us > window_us:
            break
        apart = abs(moments[place] - at_us)
        if apart < least and fits(place):
            best, least = place, apart
    return best
