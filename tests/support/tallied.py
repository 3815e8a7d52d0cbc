"""The counts that a registry keeps, held against all that it holds."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

_FULL = (
    "SELECT kind, source_system, status, deleted, count(*) FROM ticket"
    " GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
)
_KEPT = "SELECT * FROM tally WHERE tickets <> 0 ORDER BY 1, 2, 3, 4"
_STEPS = "SELECT coalesce(sum(json_array_length(path)), 0) FROM ticket"


def assert_tallied(path: Path) -> None:
    """What is kept is what a full count finds."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute(_KEPT).fetchall() == connection.execute(_FULL).fetchall()
        kept = connection.execute("SELECT events, counted_id FROM revision").fetchone()
        assert kept == (*connection.execute(_STEPS).fetchone(), None)
