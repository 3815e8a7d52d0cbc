"""The 141 rows, as data: see rows.toml beside this file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final, NamedTuple

from smpp.conform.verdicts import Role


class Row(NamedTuple):
    """`not_played` says, by the peer's role, why the kit does not play it."""

    row_id: str
    title: str
    expected: str
    section: str  # of SMPP 3.4, a 3GPP text, or "practice"
    not_played: dict[Role, str]


def _load() -> dict[str, Row]:
    text = Path(__file__).with_name("rows.toml").read_text(encoding="utf-8")
    return {
        row_id: Row(
            row_id,
            fields["title"],
            fields["expected"],
            fields["section"],
            {role: fields[role] for role in Role if role in fields},
        )
        for row_id, fields in tomllib.loads(text).items()
    }


ROWS: Final = _load()
