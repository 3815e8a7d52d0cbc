"""What the chain of seals is held against from outside: the witness beside the journal, and heads
that were published."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from typing import Protocol

from gateway.billing.sealed.found import SealFinding
from gateway.billing.sealed.heads import Head, seal_leaf
from gateway.core.seal import FIRST_CHAIN, Seal, root
from gateway.store.journal import Loss, Witnessed


class Against(Protocol):
    """Told of every seal in its order."""

    def seal(self, seal: Seal, due: bytes) -> None:
        """`due`: the chain that it should have after the seal before it."""

    def attested(self) -> list[bytes]:
        """Chains that it speaks for."""

    def findings(self, elsewhere: Container[bytes]) -> list[SealFinding]:
        """What the chain does not have, once it has ended; `elsewhere`: chains of seals that do
        not stand where they belong, of which more is told."""


class Witness:
    """The last commit that the witness saw, held against the seals up to it."""

    def __init__(self, seen: Witnessed | None, losses: Sequence[Loss] = ()) -> None:
        self._seen = seen
        self._given_up = {(loss.last_batch, loss.chain) for loss in losses}
        self._last = 0
        self._chains: tuple[bytes, ...] = (FIRST_CHAIN,)

    @property
    def batch(self) -> int | None:
        return self._seen.batch if self._seen else None

    def seal(self, seal: Seal, due: bytes) -> None:
        if self._seen is not None and seal.batch <= self._seen.batch:
            self._last = seal.batch
            self._chains = (seal.chain, due)  # a chain that was changed shows by itself

    def attested(self) -> list[bytes]:
        return [self._seen.chain] if self._seen else []

    def findings(self, elsewhere: Container[bytes]) -> list[SealFinding]:
        seen = self._seen
        if seen is None or seen.chain in self._chains or seen.chain in elsewhere:
            return []
        if (seen.batch, seen.chain.hex()) in self._given_up:
            return []  # it has not heard of the decision yet
        batch = seen.batch
        last = f"seal {self._last} is the last one here by then" if self._last else "none is here"
        told = (
            f"the witness saw commit {batch}, and {last}: that is not the one it saw. Seals are "
            "missing from the end, or were made anew"
        )
        return [SealFinding("seal", batch, "seals_cut", told, batch=batch)]


class Heads:
    """Published heads. `day_of`: the civil day (YYYYMMDD) of a moment; without it the roots of days
    are not looked at."""

    def __init__(
        self,
        node: str,
        heads: Sequence[Head],
        losses: Sequence[Loss],
        day_of: Callable[[int], int] | None,
    ) -> None:
        self._node = node
        self._losses = losses
        self._by_batch: dict[int, list[Head]] = {}
        for head in heads:
            self._by_batch.setdefault(head.batch, []).append(head)
        self._days = {head.day for head in heads} if day_of else set()
        self._day_of = day_of
        self._leaves: dict[int, list[bytes]] = {day: [] for day in self._days}
        self._met: list[Head] = []
        self._findings: list[SealFinding] = []
        if self._by_batch:
            self._hold(0, (FIRST_CHAIN,))

    @property
    def met(self) -> int:
        """How many the chain has."""
        return len(self._met)

    def seal(self, seal: Seal, due: bytes) -> None:
        if not self._by_batch:
            return
        if self._day_of is not None:
            try:
                day = self._day_of(seal.at_us)
            except (ValueError, OverflowError, OSError):
                day = 0  # somebody gave the seal a time of no calendar
            if day in self._days:
                self._leaves[day].append(seal_leaf(self._node, seal))
        if seal.batch in self._by_batch:
            self._hold(seal.batch, (seal.chain, due))

    def _hold(self, batch: int, chains: Sequence[bytes]) -> None:
        kept = []
        for head in self._by_batch.get(batch, ()):
            if head.node != self._node or head.chain not in chains:
                kept.append(head)
                continue
            self._met.append(head)
            leaves = self._leaves.get(head.day)
            if leaves is not None and (len(leaves), root(leaves)) != (head.seals, head.root):
                told = f"the seals of {head.day} are not those of the head published for that day"
                self._findings.append(_finding(head, "head_root", told))
        self._by_batch[batch] = kept

    def attested(self) -> list[bytes]:
        unmet = [head for heads in self._by_batch.values() for head in heads]
        return [head.chain for head in (*self._met, *unmet) if head.node == self._node]

    def findings(self, elsewhere: Container[bytes]) -> list[SealFinding]:
        unmet = [head for heads in self._by_batch.values() for head in heads]
        return self._findings + [self._unmet(head) for head in unmet]

    def _unmet(self, head: Head) -> SealFinding:
        if head.node != self._node:
            told = f"a head of node {head.node}; the seals here are of {self._node}"
            return _finding(head, "head_foreign", told)
        for loss in self._losses:
            if loss.first_batch <= head.batch <= loss.last_batch:
                told = (
                    f"the head published for {head.day} is one of those that were lost and given "
                    f"up by {loss.who}"
                )
                return _finding(head, "head_lost", told)
        before = max((each.batch for each in self._met if each.batch < head.batch), default=0)
        told = (
            f"the head published for {head.day} tells of seal {head.batch}, and the chain here has "
            f"another one or none: what was sealed after seal {before} is not what it was"
        )
        return _finding(head, "head_differs", told)


def _finding(head: Head, code: str, told: str) -> SealFinding:
    return SealFinding("head", head.batch, code, told, key=head.word, batch=head.batch)
