"""Why seals do not follow each other: which of them somebody changed, took out, put in or moved.
Pure."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto
from itertools import takewhile

from gateway.billing.sealed.found import seal_finding, stretch
from gateway.billing.sealed.odd import Diagnosis, Odd, Place, chain_after
from gateway.core.seal import RowKind

LINKS_MAX = 40  # seals out of the chain whose places are looked for: each is tried at each


class _Stands(Enum):
    """How a chain came to be among those that a seal may follow."""

    HERE = auto()  # it stands in a seal that does not fit
    BEFORE = auto()  # it stands before one
    EXPECTED = auto()  # it is what one should have


class Links:
    """Seals out of the chain, and what is known of each by its place."""

    def __init__(self, links: Sequence[Odd], key: bytes, node: str) -> None:
        self._key = key
        self._node = node
        self._tried = links[:LINKS_MAX]
        self._chains: dict[bytes, tuple[_Stands, Odd]] = {}
        for odd in self._tried:
            self._chains.setdefault(odd.seal.chain, (_Stands.HERE, odd))
            self._chains.setdefault(odd.before, (_Stands.BEFORE, odd))
        for odd in self._tried:
            self._chains.setdefault(odd.expected, (_Stands.EXPECTED, odd))
        self.sound: set[int] = set()
        self.followed: set[int] = set()
        self.added: set[int] = set()
        self.other_chain: set[int] = set()
        self.moved: dict[int, int] = {}  # place -> the batch whose seal stands there

    def place_all(self) -> None:
        """Find out what can be found out by trying each seal at each place."""
        for odd in self._tried:
            after = self._follows(odd, odd.seal.batch)
            if after is not None:
                self._genuine(odd, *after)
                continue
            for other in self._tried:
                if other is not odd and self._follows(odd, other.seal.batch) is not None:
                    self.moved[odd.place] = other.seal.batch

    def _follows(self, odd: Odd, batch: int) -> tuple[_Stands, Odd] | None:
        """After which chain the seal is right under that number."""
        for chain, stands in self._chains.items():
            if chain_after(self._key, self._node, chain, batch, odd.seal) == odd.seal.chain:
                return stands
        return None

    def _genuine(self, odd: Odd, stands: _Stands, other: Odd) -> None:
        self.sound.add(odd.place)
        if stands is _Stands.HERE:
            self.followed.add(other.place)
        elif stands is _Stands.EXPECTED:
            self.other_chain.add(other.place)
        elif stands is _Stands.BEFORE:
            self.added.update(range(other.place, odd.place))


def tell_chains(links: Sequence[Odd], blamed: set[int], told: Diagnosis, known: Links) -> None:
    """Say of each what is wrong with its place. `blamed`: places of those of which more is told
    already; `known`: all of them, placed."""
    unproven = -1  # the place of the last one of which nothing could be found out
    for odd in links:
        place = odd.place
        if place in known.moved:
            other = known.moved[place]
            told.tell(odd, "seal_moved", f"is the one that was made as seal {other}")
        elif place in known.added and place in known.followed:
            told.tell(odd, "seal_changed", "stands under another number than it was made with")
        elif place in known.added:
            told.tell(odd, "seal_added", "is in no chain: it was put in")
        elif place in known.other_chain:
            told.tell(odd, "seal_changed", "has another chain than it was made with")
        elif place not in known.sound:
            if unproven >= 0 and unproven == place - 1:
                why = "follows one that is not right, so that nothing proves it"
                told.tell(odd, "seal_unproven", why)
            elif place not in blamed:
                _broken_off(odd, told)
            unproven = place


def _broken_off(odd: Odd, told: Diagnosis) -> None:
    """A seal that does not follow the one before it, though its own rows fit."""
    gap = odd.gap() or _at_the_end(odd, told.unnamed)
    before = f"seal {odd.batch_before}" if odd.place else "the beginning"
    if gap:
        for kind, id_ in list(told.unnamed):
            if kind == RowKind.ENTRY and id_ in gap:
                del told.unnamed[kind, id_]
        sentence = f"a seal between {before} and seal {odd.seal.batch} is missing"
        rows = stretch(RowKind.ENTRY, gap[0], gap[-1])
        told.findings.append(seal_finding(odd.seal.batch, "seal_missing", sentence, rows))
        return
    told.tell(
        odd,
        "seal_changed",
        f"does not follow {before}: its number, time or count was changed, it was not made with "
        "this key, or one between them is missing",
    )


def _at_the_end(odd: Odd, unnamed: dict[Place, bytes]) -> range:
    """Entries in no seal that follow those before this seal, where no seal after them has any."""
    first = odd.low + 1
    if odd.high is not None or any(row.kind == RowKind.ENTRY for row in odd.names):
        return range(0)
    ids = sorted(id_ for kind, id_ in unnamed if kind == RowKind.ENTRY and id_ >= first)
    run = list(takewhile(lambda pair: pair[0] == pair[1], enumerate(ids, start=first)))
    return range(first, first + len(run))
