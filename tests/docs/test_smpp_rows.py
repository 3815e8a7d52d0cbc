"""The page of conformance rows and the tests of the session say the same."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "reference" / "smpp-rows.md"
ROWS = 141
FIRST_MILESTONE = 89

ROW = re.compile(r"^\| (\*\*)?([A-Z]\d+)(?:\*\*)?( †)? \| (.+?) \| (.+?) \|$", re.MULTILINE)


def rows() -> list[tuple[bool, str, set[str]]]:
    """Of each row: in bold or not, its id, its tests."""
    page = PAGE.read_text(encoding="utf-8")
    return [
        (bool(bold), row, set(re.findall(r"`(test_\w+)`", tests)))
        for bold, row, _, _, tests in ROW.findall(page)
    ]


def names_by_row() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for path in (ROOT / "tests").rglob("test_*.py"):
        if "unit" in path.parts:  # beside the wire, pure files have tests by row of their own
            continue
        text = path.read_text(encoding="utf-8")
        for name, row in re.findall(r"def (test_row_([a-z]\d+)_\w+)\(", text):
            found.setdefault(row.upper(), set()).add(name)
    return found


def test_the_page_has_every_row_once() -> None:
    ids = [row for _, row, _ in rows()]
    assert len(ids) == len(set(ids)) == ROWS
    assert sum(bold for bold, _, _ in rows()) == FIRST_MILESTONE


def test_every_row_names_its_tests_and_every_test_its_row() -> None:
    assert {row: tests for _, row, tests in rows()} == names_by_row()
