"""SQL lives in files and is found by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

_FOLDER = Path(__file__).parent / "sql"
_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


def script(name: str) -> str:
    """The whole file of that name."""
    return (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")


def queries(name: str) -> Mapping[str, str]:
    """The file's queries by the names in their `-- name: ...` lines."""
    _, *pieces = _NAME.split(script(name))
    return dict(zip(pieces[::2], (piece.strip() for piece in pieces[1::2]), strict=True))
