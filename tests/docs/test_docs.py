"""What holds for all pages: links lead somewhere, the README shows the demo as it is, the places
that CONTRIBUTING names exist, and so do the pages that the code names."""

from __future__ import annotations

import asyncio
import re
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.pages import (
    DOCS,
    ROOT,
    anchor,
    pages,
    read,
    rows,
    section,
    sections,
    without_blocks,
)

DEMO_S = 40.0
PACKAGES = ("gateway", "smpp", "ivr", "lookup")
_LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
# Where a new thing gets a name of its own.
_OPEN = re.compile(r"<\w+>\*?")


def is_there(place: str) -> bool:
    return any(ROOT.glob(_OPEN.sub("*", place).rstrip("/")))


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", pages(), ids=named)
def test_links_lead_somewhere(page: Path) -> None:
    for found in _LINK.finditer(without_blocks(page.read_text(encoding="utf-8"))):
        path, _, place = found["target"].partition("#")
        if "://" in path:
            continue
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{named(page)} links to {found['target']}"
        if place:
            headings = sections(target.read_text(encoding="utf-8"))
            assert place in {anchor(each.heading) for each in headings}, found["target"]


def test_every_page_can_be_reached_from_the_four_doors() -> None:
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        for found in _LINK.finditer(without_blocks(page.read_text(encoding="utf-8"))):
            path = found["target"].partition("#")[0]
            if path and "://" not in path:
                waiting.append((page.parent / path).resolve())
    unreached = {named(page) for page in pages()} - {named(page) for page in reached}
    assert unreached <= {"CHANGELOG.md"}


def test_the_doors_name_every_page() -> None:
    doors = DOCS / "README.md"
    linked = {
        (DOCS / found["target"].partition("#")[0]).resolve()
        for found in _LINK.finditer(doors.read_text(encoding="utf-8"))
    }
    assert {page for page in DOCS.rglob("*.md") if page.parent.name != "adr"} - {doors} <= linked


def test_a_page_has_one_title_and_headings_in_steps() -> None:
    for page in pages():
        levels = [each.level for each in sections(page.read_text(encoding="utf-8"))]
        assert levels[0] == 1, named(page)
        assert levels.count(1) == 1, named(page)
        assert all(after - before <= 1 for before, after in pairwise(levels))


async def test_the_readme_shows_what_the_demo_prints() -> None:
    """The block is the demo's output, left out at lines of three dots."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.search(r"<!-- demo -->\n```text\n(.*?)```\n<!-- /demo -->", text, re.DOTALL)
    assert shown is not None
    demo = await asyncio.create_subprocess_exec(
        *(str(Path(sys.executable).parent / "jauap"), "demo"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        env={"PYTHONUTF8": "1", "PATH": "/usr/bin:/bin"},
    )
    async with asyncio.timeout(DEMO_S):
        printed = (await demo.communicate())[0].decode()
    assert demo.returncode == 0
    at = 0
    for piece in shown[1].split("\n...\n"):
        found = printed.find(piece.strip("\n") + "\n", at)
        assert found >= 0, f"the demo does not print this, or not in this order:\n{piece}"
        at = found + len(piece)
    assert printed.startswith(shown[1].partition("\n...\n")[0])
    assert printed.endswith(shown[1].rpartition("\n...\n")[2])


def test_the_readme_fits_one_screen_and_a_half() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 80


def test_the_commands_of_the_readme_are_targets_of_make() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+) ", readme, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_places_that_contributing_names_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    places = [
        place
        for cells in rows(section(text, "Where do I put ...").body)
        for cell in cells[1:]
        for place in re.findall(r"`([\w./<>*-]+/[\w./<>*-]*)`", cell)
    ]
    assert places
    for place in places:
        assert is_there(place), f"{place} is not there"


def test_the_rooms_of_the_architecture_exist() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    for place in re.findall(r"`((?:config|docs|gateway|smpp|ivr|lookup|tests)/[\w./-]*)`", text):
        assert (ROOT / place).exists(), place


def test_the_places_that_pages_name_exist() -> None:
    pattern = re.compile(r"`((?:config|docs|gateway|smpp|ivr|lookup|tests)/[\w./<>*-]*)`")
    for page in DOCS.rglob("*.md"):
        for place in pattern.findall(page.read_text(encoding="utf-8")):
            assert is_there(place), f"{named(page)}: {place}"


def test_the_pages_that_code_names_exist() -> None:
    pattern = re.compile(r"\b(docs/[\w/-]+\.md)\b")
    sources = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    for path in [*sources, *(ROOT / "config").rglob("*.toml")]:
        for place in pattern.findall(path.read_text(encoding="utf-8")):
            assert (ROOT / place).exists(), f"{named(path)} names {place}"


def test_the_decisions_are_listed() -> None:
    listed = set(re.findall(r"\((\d{4}-[\w-]+\.md)\)", read("adr/README.md")))
    assert listed == {path.name for path in (DOCS / "adr").glob("0*.md")}
