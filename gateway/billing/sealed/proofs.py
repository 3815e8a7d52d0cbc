"""The proof that a row is what was sealed, for somebody without key and without journal: from the
row to the root of its seal, and from that to the published root of the day.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from gateway.billing.sealed.found import word_of
from gateway.billing.sealed.heads import (
    Head,
    Midnight,
    head_over,
    last_before,
    seal_leaf,
    seal_row,
    seals_from,
    seals_of_day,
)
from gateway.core.seal import RowKind, Seal, SealedRow, leaf, named, proof, root
from gateway.store.journal import Journal

LOOK_BACK_US = 86_400_000_000  # a row is sealed after it was made, unless the clock was set back

_RECORD = re.compile(r"call_record:([0-9]{1,19})")
_MADE_AT = {RowKind.ENTRY: -1, RowKind.CALL_RECORD: 5}  # which of its columns says when


class ProofError(Exception):
    """The row cannot be proven; the text says why."""


class Proof(NamedTuple):
    """All that is needed; the hashes lead upwards, as in RFC 6962 section 2.1.1."""

    row: str
    row_index: int  # of the row in its seal
    path: tuple[bytes, ...]
    seal: Seal
    seal_row: str
    seal_index: int  # of the seal in its day
    seal_path: tuple[bytes, ...]
    head: Head

    def told(self) -> dict[str, Any]:
        """For JSON: hashes in hex."""
        return {
            "row": self.row,
            "index": self.row_index,
            "count": self.seal.count,
            "path": [each.hex() for each in self.path],
            "seal_root": self.seal.root.hex(),
            "seal": self.seal_row,
            "seal_index": self.seal_index,
            "seals": self.head.seals,
            "seal_path": [each.hex() for each in self.seal_path],
            "day": self.head.day,
            "day_root": self.head.root.hex(),
            "head": self.head.word,
        }


async def prove(
    journal: Journal, key: str, day_of: Callable[[int], int], midnight: Midnight
) -> Proof:
    """The proof of a ledger entry by its key, or of a record of a call by `call_record:` and its
    id.

    `day_of`: the civil day (YYYYMMDD) of a moment. Raises ProofError, StoreUnavailableError.
    """
    kind, id_ = await _row_of(journal, key)
    row = await _read(journal, kind, id_)
    if row is None:
        raise ProofError(f"{key}: there is no such row")
    seal = await _seal_of(journal, kind, id_, row)
    if seal is None:
        raise ProofError(await _why_unsealed(journal, kind, id_, key))
    names = _names(seal)
    found = [await _read(journal, each.kind, each.id) for each in names]
    leaves = [leaf(each) for each in found if each is not None]
    if len(leaves) != seal.count or root(leaves) != seal.root:
        raise ProofError(
            f"{key}: the rows of seal {seal.batch} are not those that were sealed; "
            "'jauap ledger verify' tells which"
        )
    node = (await journal.sealing()).node
    try:
        day = day_of(seal.at_us)
        before, seals = await seals_of_day(journal, day, midnight)
        place = [each.batch for each in seals].index(seal.batch)
    except (ValueError, OverflowError, OSError) as wrong:
        raise ProofError(
            f"{key}: seal {seal.batch} has a time that is not its own; 'jauap ledger verify' tells "
            "more"
        ) from wrong
    index = next(n for n, each in enumerate(names) if (each.kind, each.id) == (kind, id_))
    return Proof(
        row.decode(),
        index,
        proof(leaves, index),
        seal,
        seal_row(node, seal),
        place,
        proof([seal_leaf(node, each) for each in seals], place),
        head_over(node, day, before, seals),
    )


async def _row_of(journal: Journal, key: str) -> tuple[RowKind, int]:
    record = _RECORD.fullmatch(key)
    if record is not None:
        return RowKind.CALL_RECORD, int(record[1])
    id_ = await journal.entry_id(key)
    if id_ is None:
        raise ProofError(f"{key}: no ledger entry has this key")
    return RowKind.ENTRY, id_


async def _read(journal: Journal, kind: int, id_: int) -> bytes | None:
    page = await journal.sealed_rows(kind, id_ - 1, 1)
    return page[0][1] if page and page[0][0] == id_ else None


async def _seal_of(journal: Journal, kind: RowKind, id_: int, row: bytes) -> Seal | None:
    """The seal that names a row: near the time that the row tells, else wherever it is."""
    start = await last_before(journal, json.loads(row)[_MADE_AT[kind]] - LOOK_BACK_US)
    for after in (start.batch, 0) if start else (0,):
        async for seal in seals_from(journal, after):
            if any((each.kind, each.id) == (kind, id_) for each in _names(seal)):
                return seal
    return None


def _names(seal: Seal) -> list[SealedRow]:
    try:
        return list(named(seal.leaves))
    except ValueError:  # somebody has damaged the list, which proves nothing by itself
        return []


async def _why_unsealed(journal: Journal, kind: RowKind, id_: int, key: str) -> str:
    sealing = await journal.sealing()
    after = sealing.after_entry if kind is RowKind.ENTRY else sealing.after_record
    if id_ <= after:
        return f"{key}: this row is older than sealing; no head speaks of it"
    return f"{key}: no seal names {word_of(kind)} {id_}; 'jauap ledger verify' tells more"
