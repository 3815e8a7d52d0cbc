"""The rows that are not what was sealed, named: what each calls itself, and whether it holds what
was sealed as another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.billing.sealed.found import SealFinding, key_of, with_id, word_of
from gateway.billing.sealed.odd import Place, Torn
from gateway.core.seal import leaf
from gateway.store.journal import Journal

MOVED_MAX = 200  # rows that are tried at each other's places

_WHY = {
    "changed": ("row_changed", "{row} is not what was sealed in batch {batch}"),
    "missing": ("row_missing", "{row} was sealed in batch {batch} and is gone"),
}
_MOVED = "{row} holds what was sealed as {other} in batch {batch}"
_UNSEALED = "{row} is in no seal: it was put in by somebody else, or its seal was taken out"


async def row_findings(
    journal: Journal, torn: Sequence[Torn], unnamed: Mapping[Place, bytes]
) -> list[SealFinding]:
    """One for each row that was changed, is missing, or is in no seal. Raises
    StoreUnavailableError."""
    changed = [(each.row.kind, each.row.id) for each in torn if each.fate == "changed"]
    rows = {place: await _row(journal, place) for place in (*changed, *unnamed)}
    moved = _moved(rows, torn)
    findings = []
    for each in torn:
        place = (each.row.kind, each.row.id)
        if each.fate == "changed" and place in moved:
            findings.append(_moved_finding(place, rows[place], moved[place]))
        else:
            row = rows.get(place) if each.fate == "changed" else None
            findings.append(_finding(place, row, *_WHY[each.fate], each.batch))
    for place in unnamed:
        if place in moved:
            findings.append(_moved_finding(place, rows[place], moved[place]))
        else:
            findings.append(_finding(place, rows[place], "row_unsealed", _UNSEALED))
    return findings


async def _row(journal: Journal, place: Place) -> bytes | None:
    kind, id_ = place
    page = await journal.sealed_rows(kind, id_ - 1, 1)
    return page[0][1] if page and page[0][0] == id_ else None


def _moved(rows: Mapping[Place, bytes | None], torn: Sequence[Torn]) -> dict[Place, Torn]:
    """Which rows hold what was sealed under another id."""
    found: dict[Place, Torn] = {}
    for place, row in list(rows.items())[:MOVED_MAX]:
        if row is None:
            continue
        for each in torn[:MOVED_MAX]:
            kind, id_, head = each.row
            if kind == place[0] and id_ != place[1] and leaf(with_id(row, id_))[:8] == head:
                found[place] = each
                break
    return found


def _moved_finding(place: Place, row: bytes | None, sealed: Torn) -> SealFinding:
    other = f"{word_of(sealed.row.kind)} {sealed.row.id}"
    why = _MOVED.replace("{other}", other)
    return _finding(place, row, "row_moved", why, sealed.batch)


def _finding(
    place: Place, row: bytes | None, code: str, why: str, batch: int | None = None
) -> SealFinding:
    kind, id_ = place
    key = key_of(row) if row is not None else None
    name = f"{word_of(kind)} {id_}" + (f" ({key})" if key else "")
    return SealFinding(word_of(kind), id_, code, why.format(row=name, batch=batch), key, batch)
