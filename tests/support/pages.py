"""The documentation as tests read it: pages, tables, fenced blocks, links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"

_FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(?P<marks>#{1,6}) (?P<text>.+)$", re.MULTILINE)
_CODE = re.compile(r"`([^`]+)`")


class Block(NamedTuple):
    """A fenced block. `info` is what stands behind the fence: a language, then words of ours."""

    page: Path
    info: tuple[str, ...]
    body: str


class Section(NamedTuple):
    """A heading and what stands below it, up to the next heading of any level."""

    level: int
    heading: str
    body: str


def pages() -> list[Path]:
    """Every Markdown page a reader may open."""
    return sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


def read(name: str) -> str:
    """A page by its path below docs/."""
    return (DOCS / name).read_text(encoding="utf-8")


def without_blocks(text: str) -> str:
    return _FENCE.sub("", text)


def blocks(path: Path) -> list[Block]:
    text = path.read_text(encoding="utf-8")
    return [
        Block(path, tuple(found["info"].split()), found["body"]) for found in _FENCE.finditer(text)
    ]


def sections(text: str) -> list[Section]:
    text = without_blocks(text)
    heads = list(_HEADING.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    return [
        Section(len(head["marks"]), head["text"].strip(), text[head.end() : end])
        for head, end in zip(heads, ends, strict=True)
    ]


def section(text: str, heading: str) -> Section:
    """The section of that heading; it must be there once."""
    found = [each for each in sections(text) if each.heading == heading]
    assert len(found) == 1, f"{len(found)} sections are called {heading!r}"
    return found[0]


def rows(text: str) -> Iterator[list[str]]:
    """The cells of all table rows in a text, headers and rules aside."""
    lines = without_blocks(text).splitlines()
    for at, line in enumerate(lines):
        if not line.startswith("|") or _is_rule(line):
            continue
        if at + 1 < len(lines) and _is_rule(lines[at + 1]):
            continue
        yield [cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def table(text: str) -> dict[str, list[str]]:
    """Rows by the name in backticks in their first cell; no name may come twice."""
    named: dict[str, list[str]] = {}
    for cells in rows(text):
        name = _CODE.fullmatch(cells[0])
        assert name, f"the first cell {cells[0]!r} must be one name in backticks"
        assert name[1] not in named, f"{name[1]} has two rows"
        named[name[1]] = cells[1:]
    return named


def names(text: str) -> list[str]:
    """Everything in backticks."""
    return _CODE.findall(text)


def anchor(heading: str) -> str:
    """The id that a forge gives to a heading."""
    kept = re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower())
    return kept.replace(" ", "-")


def _is_rule(line: str) -> bool:
    return bool(re.fullmatch(r"\|[\s:|-]+\|", line))
