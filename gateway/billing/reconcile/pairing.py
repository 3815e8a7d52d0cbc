"""Two rows of moments paired off: as many pairs as there can be, then the closest. Pure.

Moments are microseconds, sorted. Pairs never cross: crossing gains nothing on a line.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

CELLS_MAX: Final = 40_000  # of the table of one knot; beyond it whoever comes first is paired

Pair = tuple[int, int]  # a place in each of the two


def pairs(ours: Sequence[int], theirs: Sequence[int], window_us: int) -> list[Pair]:
    """Each moment is in one pair at most; the two of a pair are `window_us` apart at most."""
    if len(ours) == 1 and len(theirs) == 1:  # nearly always
        return [(0, 0)] if abs(ours[0] - theirs[0]) <= window_us else []
    found: list[Pair] = []
    i = j = 0
    while i < len(ours) and j < len(theirs):
        end_i, end_j = _knot(ours, theirs, i, j, window_us)
        if end_i == i + 1 and end_j == j + 1:  # who is in one knot is within the window
            found.append((i, j))
        elif end_i > i and end_j > j:
            knot = _closest if (end_i - i) * (end_j - j) <= CELLS_MAX else _earliest
            found += [(i + a, j + b) for a, b in knot(ours[i:end_i], theirs[j:end_j], window_us)]
        i, j = end_i, end_j
    return found


def _knot(
    ours: Sequence[int], theirs: Sequence[int], i: int, j: int, window_us: int
) -> tuple[int, int]:
    """Where the next stretch ends in which each moment lies within the window of the one before."""
    last = min(ours[i], theirs[j])
    while True:
        if (
            i < len(ours)
            and ours[i] - last <= window_us
            and (j >= len(theirs) or ours[i] <= theirs[j])
        ):
            last = ours[i]
            i += 1
        elif j < len(theirs) and theirs[j] - last <= window_us:
            last = theirs[j]
            j += 1
        else:
            return i, j


def _closest(ours: Sequence[int], theirs: Sequence[int], window_us: int) -> list[Pair]:
    """By a table of the best that the first a of ours and the first b of theirs can come to:
    (pairs not made, time between), the less the better."""
    width = len(theirs) + 1
    best = [[(b, 0) for b in range(width)]]
    for a, mine in enumerate(ours, start=1):
        above, row = best[-1], [(a, 0)]
        for b in range(1, width):
            least = min((above[b][0] + 1, above[b][1]), (row[b - 1][0] + 1, row[b - 1][1]))
            apart = abs(mine - theirs[b - 1])
            if apart <= window_us:
                least = min(least, (above[b - 1][0], above[b - 1][1] + apart))
            row.append(least)
        best.append(row)
    found: list[Pair] = []
    a, b = len(ours), len(theirs)
    while a and b:
        here, apart = best[a][b], abs(ours[a - 1] - theirs[b - 1])
        missed, between = best[a - 1][b - 1]
        if apart <= window_us and here == (missed, between + apart):
            a, b = a - 1, b - 1
            found.append((a, b))
        elif here == (best[a - 1][b][0] + 1, best[a - 1][b][1]):
            a -= 1
        else:
            b -= 1
    return found[::-1]


def _earliest(ours: Sequence[int], theirs: Sequence[int], window_us: int) -> list[Pair]:
    """As many pairs, though not the closest; in time of their number alone."""
    found: list[Pair] = []
    a = b = 0
    while a < len(ours) and b < len(theirs):
        if abs(ours[a] - theirs[b]) <= window_us:
            found.append((a, b))
            a, b = a + 1, b + 1
        elif ours[a] < theirs[b]:
            a += 1
        else:
            b += 1
    return found
