"""Why seals do not fit: which of them, or which of their rows, somebody changed, took out, put in
or moved. Pure.

Two things are held against each other for each seal: its root against the rows that it names
(here), and its chain against the seal before it (links). Only seals where one of them fails come
here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import permutations

from gateway.billing.sealed.links import Links, tell_chains
from gateway.billing.sealed.odd import Diagnosis, Odd, Place, Torn
from gateway.core.seal import RowKind

ORDERED_MAX = 5  # rows whose order in a seal is looked for: 120 orders


def diagnose(
    odds: Sequence[Odd],
    unnamed: dict[Place, bytes],
    again: frozenset[Place],
    key: bytes,
    node: str,
    attested: frozenset[bytes] = frozenset(),
) -> Diagnosis:
    """What is wrong with each of `odds`, which stand in the order of their places.

    `unnamed`: the rows that are in no seal, with their leaves. `again`: rows that more than one
    seal names. `attested`: chains that the witness or published heads speak for.
    """
    told = Diagnosis(dict(unnamed))
    pool = dict(_by_head(told.unnamed.items()))
    for odd in odds:
        pool |= _by_head(((row.kind, row.id), leaf) for row, leaf in odd.wrong if leaf is not None)
    blamed = {odd.place for odd in odds if _rows(odd, told, pool, again)}
    links = [odd for odd in odds if not odd.chained]
    known = Links(links, key, node)
    known.followed.update(odd.place for odd in links if odd.seal.chain in attested)
    known.place_all()
    tell_chains(links, blamed, told, known)
    return told


def _by_head(rows: Iterable[tuple[Place, bytes]]) -> Iterator[tuple[bytes, tuple[Place, bytes]]]:
    return ((leaf[:8], (place, leaf)) for place, leaf in rows)


def _rows(
    odd: Odd,
    told: Diagnosis,
    pool: dict[bytes, tuple[Place, bytes]],
    again: frozenset[Place],
) -> bool:
    """Whether the seal itself is to blame for its rows not fitting; else they are noted."""
    wrong = odd.wrong
    if odd.sealed(odd.leaves):
        if wrong:
            told.tell(odd, "seal_changed", "lists other hashes than those of its rows, which fit")
        return bool(wrong)
    hidden = _as_sealed(odd, told.unnamed, pool)
    if hidden is not None:
        for place in hidden:
            told.unnamed.pop(place, None)
        told.tell(odd, "seal_changed", "lists other rows than it was made for, which are all there")
        return True
    for row, leaf in wrong:
        gone = leaf is None or (row.kind, row.id) in again
        told.torn.append(Torn(row, odd.seal.batch, "missing" if gone else "changed"))
    if len(odd.names) != odd.seal.count:
        counts = f"counts {odd.seal.count} rows and lists {len(odd.names)}"
        told.tell(odd, "seal_changed", counts)
    elif wrong:
        return False
    elif odd.chained:
        told.tell(odd, "seal_rows", "was made for other rows; which of them differ, its list hides")
    else:
        told.tell(odd, "seal_changed", "has another root than that of its rows")
    return True


def _as_sealed(
    odd: Odd, unnamed: dict[Place, bytes], pool: dict[bytes, tuple[Place, bytes]]
) -> list[Place] | None:
    """The rows that the seal was made for, where all of them are there and only its list does not
    say so."""
    pairs = list(zip(odd.names, odd.leaves, strict=True))
    found = [
        ((row.kind, row.id), leaf)
        if leaf is not None and leaf[:8] == row.hash_head
        else pool.get(row.hash_head)
        for row, leaf in pairs
    ]
    rows = [each for each in found if each is not None]
    if len(rows) == len(found) and odd.sealed([leaf for _, leaf in rows]):
        return [place for place, _ in rows]
    # Names were cut off: entries have their places by id, so those in between are known; of the
    # others the order is tried, as long as they are few.
    listed = dict(rows)
    end = odd.high if odd.high is not None else 1 << 63
    listed |= {
        place: leaf
        for place, leaf in unnamed.items()
        if place[0] != RowKind.ENTRY or odd.low < place[1] < end
    }
    entries = sorted(place for place in listed if place[0] == RowKind.ENTRY)
    others = [place for place in listed if place[0] != RowKind.ENTRY]
    wanted = odd.seal.count - len(entries)
    if not 0 <= wanted <= len(others):
        return None
    orders = [others[:wanted]] if len(others) > ORDERED_MAX else permutations(others, wanted)
    for order in orders:
        whole = [*entries, *order]
        if odd.sealed([listed[place] for place in whole]):
            return whole
    return None
