"""A seal that does not fit, and what is found out about it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from struct import error
from typing import Literal, NamedTuple

from gateway.billing.sealed.found import SealFinding, rows_told, seal_finding
from gateway.core.seal import RowKind, Seal, SealedRow, next_chain, root

Place = tuple[int, int]  # kind and id of a row


@dataclass(slots=True)
class Odd:
    """A seal that does not fit, with what was found for its names."""

    seal: Seal
    place: int  # which seal it is, from 0
    before: bytes  # the chain that stands before it
    expected: bytes  # what its chain should be after that
    names: tuple[SealedRow, ...]
    leaves: tuple[bytes | None, ...]  # of the rows with these names
    low: int  # the highest id of an entry that seals before it name
    high: int | None = None  # the lowest of those after it
    batch_before: int | None = None

    @property
    def chained(self) -> bool:
        return self.expected == self.seal.chain

    @property
    def wrong(self) -> list[tuple[SealedRow, bytes | None]]:
        """The names whose rows are not those that were named, and what is there."""
        pairs = zip(self.names, self.leaves, strict=True)
        return [(row, leaf) for row, leaf in pairs if leaf is None or leaf[:8] != row.hash_head]

    def sealed(self, leaves: Sequence[bytes | None]) -> bool:
        """Whether these are the leaves of the rows that were sealed."""
        whole = [leaf for leaf in leaves if leaf is not None]
        return len(whole) == len(leaves) == self.seal.count and root(whole) == self.seal.root

    def gap(self) -> range:
        """Ids of entries between the seals before this one and itself that no seal names."""
        entries = (row.id for row in self.names if row.kind == RowKind.ENTRY)
        return range(self.low + 1, next(entries, self.high or 0))


def chain_after(key: bytes, node: str, before: bytes, batch: int, seal: Seal) -> bytes:
    """The chain that a seal has under that number after that chain; none (empty) where somebody
    gave it numbers that no seal can have."""
    try:
        return next_chain(key, node, before, batch, seal.at_us, seal.count, seal.root)
    except error:
        return b""


class Torn(NamedTuple):
    """A row that is not what its seal says of it."""

    row: SealedRow
    batch: int
    fate: Literal["changed", "missing"]


@dataclass(slots=True)
class Diagnosis:
    """`unnamed`: leaves of the rows that are in no seal, without those of a damaged one."""

    unnamed: dict[Place, bytes]
    torn: list[Torn] = field(default_factory=list)
    findings: list[SealFinding] = field(default_factory=list)

    def tell(self, odd: Odd, code: str, why: str) -> None:
        batch = odd.seal.batch
        sentence = f"seal {batch} {why}"
        self.findings.append(seal_finding(batch, code, sentence, rows_told(odd.names)))
