"""What can be wrong with sealed rows, with their seals and with published heads, in words. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple

from gateway.core.seal import RowKind, SealedRow

ROWS_TOLD_MAX = 12  # stretches of rows named in one finding

_WORDS = {kind.value: kind.word for kind in RowKind}


class SealFinding(NamedTuple):
    """One thing that is wrong. `code` is for programs, `sentence` for people.

    `kind`: of the row (entry, call_record, ...), or seal, head, trigger. `id`: the row's, or the
    batch of the seal or head, else 0. `key`: what the row calls itself, where that can be read.
    `batch`: the seal it was found by. `rows`: those that hang on a seal, such as "entry 5 to 9,
    call_record 77".
    """

    kind: str
    id: int
    code: str
    sentence: str
    key: str | None = None
    batch: int | None = None
    rows: str | None = None


def word_of(kind: int) -> str:
    """What rows of that kind are called."""
    return _WORDS.get(kind, f"kind {kind}")


def key_of(row: bytes) -> str | None:
    """What a row calls itself: an entry its key, a record its leg, an act who did what."""
    try:
        word, *columns = json.loads(row)
        if word == RowKind.ENTRY.word:
            return str(columns[1])
        if word == RowKind.CALL_RECORD.word:
            return " ".join(map(str, columns[16:19]))
        if word == RowKind.AUDIT.word:
            return " ".join(map(str, columns[2:6]))
        if word == RowKind.STAFF.word:
            return str(columns[2])
    except (ValueError, IndexError):
        pass  # whoever changed it made it unreadable
    return None


def with_id(row: bytes, id_: int) -> bytes:
    """The row as it would be under another id, in the same form."""
    word, _, rest = row.split(b",", 2)
    return b"%b,%d,%b" % (word, id_, rest)


def rows_told(rows: Iterable[SealedRow]) -> str:
    """Rows by kind, those with consecutive ids as stretches; the first of them."""
    stretches: list[list[int]] = []
    for kind, id_, _ in rows:
        if stretches and stretches[-1][0] == kind and stretches[-1][2] + 1 == id_:
            stretches[-1][2] = id_
        else:
            stretches.append([kind, id_, id_])
    told = [stretch(*each) for each in stretches[:ROWS_TOLD_MAX]]
    return ", ".join(told) + (", ..." if len(stretches) > ROWS_TOLD_MAX else "")


def stretch(kind: int, first: int, last: int) -> str:
    """Rows of one kind with consecutive ids."""
    return f"{word_of(kind)} {first}" + (f" to {last}" if last > first else "")


def seal_finding(batch: int, code: str, sentence: str, rows: str | None = None) -> SealFinding:
    """Of the seal with that batch; `rows`: those that hang on it."""
    return SealFinding("seal", batch, code, sentence, batch=batch, rows=rows or None)
