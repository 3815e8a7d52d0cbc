"""The watched folder on disk, and where its files go. Every call here blocks: use a thread.

    <folder>/fines.csv                                  delivered, perhaps with fines.csv.ok
    <folder>/taking/20261122T071900Z-fines.csv/         being imported
    <folder>/done/20261122T071900Z-fines.csv/           imported: the file, its report, its rejects
    <folder>/refused/20261122T071900Z-fines.csv/        refused: the file and the reason

A delivery changes its place by one rename, so after a crash it stands in exactly one.
"""

from __future__ import annotations

import heapq
import os
import re
import shutil
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from lookup.deliveries.marker import OCTETS_MAX, Marker, parse_marker
from lookup.deliveries.marker import SUFFIX as MARKER

DONE: Final = "done"
REFUSED: Final = "refused"
TAKING: Final = "taking"
ENTRIES_SEEN_MAX: Final = 100_000  # looked at in one turn
WAITING_MAX: Final = 1_000  # taken into account in one turn, the first by name
NAME_OCTETS_MAX: Final = 160  # of a name as it is kept
REPORTS_READ_MAX: Final = 1_000  # the newest ones
_UNFINISHED: Final = (".part", ".partial", ".tmp", ".temp", ".filepart", ".crdownload", ".swp")
_NAME: Final = ".name"  # as it was delivered; no delivery begins with a dot
_STAMP: Final = "%Y%m%dT%H%M%SZ"
_KEPT: Final = re.compile(r"([0-9]{8}T[0-9]{6}Z)-(?!\.\.?$)[^/]+", re.DOTALL)


class Facts(NamedTuple):
    """What changes when a file is written to or another takes its place."""

    inode: int
    size: int  # octets
    mtime_ns: int


class Waiting(NamedTuple):
    """A file in the folder that is not taken yet."""

    name: str
    facts: Facts
    marked: bool  # its sender says that it is whole, and its size does not belie it


class Folder:
    """One watched folder. Raises OSError where the disk does."""

    def __init__(self, path: Path, now_us: Callable[[], int]) -> None:
        self.path = path
        self._now_us = now_us

    def prepare(self) -> None:
        """Make the folders in it; the folder itself must be there, a mount may be missing."""
        if not self.path.is_dir():
            raise FileNotFoundError(f"the folder {self.path} is not there: mount it, or make it")
        for name in (TAKING, DONE, REFUSED):
            (self.path / name).mkdir(mode=0o700, exist_ok=True)

    def waiting(self) -> list[Waiting]:
        """Files that can be taken, in the order of their names."""
        markers: set[str] = set()
        files: list[os.DirEntry[str]] = []
        with os.scandir(self.path) as entries:
            for entry in islice(entries, ENTRIES_SEEN_MAX):
                if entry.name.endswith(MARKER):
                    markers.add(entry.name.removesuffix(MARKER))
                elif _is_delivery(entry):
                    files.append(entry)
        found = []
        for entry in heapq.nsmallest(WAITING_MAX, files, key=lambda entry: entry.name):
            facts = facts_of(Path(entry.path))
            if facts is not None:
                marked = entry.name in markers and self._agrees(entry.name, facts)
                found.append(Waiting(entry.name, facts, marked))
        return found

    def take(self, name: str) -> Path:
        """Move a delivery out of the folder; its own folder is returned."""
        taken = self._new_folder(kept_name(name))
        (taken / _NAME).write_bytes(os.fsencode(name))
        marker = self.path / f"{name}{MARKER}"
        if marker.is_file():  # first, so that no delivery ever loses what it must agree with
            marker.rename(taken / MARKER)
        (self.path / name).rename(delivery_in(taken))
        return taken

    def taken(self) -> list[Path]:
        """Deliveries whose import had begun; what was taken only by half is given back."""
        found = []
        for folder in sorted(self._kept(TAKING)):
            if os.path.lexists(delivery_in(folder)):
                found.append(folder)
                continue
            marker = folder / MARKER
            if marker.exists():
                name = os.fsdecode((folder / _NAME).read_bytes())
                marker.rename(self.path / f"{name}{MARKER}")
            shutil.rmtree(folder)
        return found

    def put(self, taken: Path, where: str) -> None:
        """Into `done` or `refused`, as a whole."""
        sync_folder(taken)
        taken.rename(self.path / where / taken.name)
        sync_folder(self.path / where)

    def purge(self, before_us: int) -> int:
        """Remove what was taken before, done and refused; returns how many."""
        before = self._stamp(before_us)
        kept = [*self._kept(DONE), *self._kept(REFUSED)]
        old = [folder for folder in kept if folder.name < before]
        for folder in old:
            shutil.rmtree(folder)
        return len(old)

    def kept_reports(self) -> Iterator[bytes]:
        """The newest reports of deliveries done, oldest first."""
        folders = heapq.nlargest(REPORTS_READ_MAX, self._kept(DONE), key=lambda folder: folder.name)
        for folder in reversed(folders):
            report = report_in(folder, DONE)
            if report.is_file():
                yield report.read_bytes()

    def _kept(self, where: str) -> list[Path]:
        """The folders of deliveries; what somebody else laid there is left alone."""
        with os.scandir(self.path / where) as entries:
            return [
                Path(entry.path)
                for entry in entries
                if _KEPT.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False)
            ]

    def _agrees(self, name: str, facts: Facts) -> bool:
        path = self.path / f"{name}{MARKER}"
        laid = facts_of(path)
        if laid is None or laid.mtime_ns < facts.mtime_ns:  # it speaks of an earlier content
            return False
        try:
            marker = read_marker(path)
        except PermissionError:
            return False
        return marker is not None and marker.size in {None, facts.size}

    def _new_folder(self, kept: str) -> Path:
        now_us = self._now_us()
        for later_s in range(60):
            folder = self.path / TAKING / f"{self._stamp(now_us + later_s * 1_000_000)}-{kept}"
            if not any((self.path / place / folder.name).exists() for place in (DONE, REFUSED)):
                try:
                    folder.mkdir(mode=0o700)
                except FileExistsError:
                    continue
                return folder
        raise FileExistsError(f"{self.path}: a minute of deliveries named {kept} within a second")

    @staticmethod
    def _stamp(at_us: int) -> str:
        return datetime.fromtimestamp(at_us // 1_000_000, UTC).strftime(_STAMP)


def facts_of(path: Path) -> Facts | None:
    """Of a regular file; None where there is none (any more)."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return Facts(status.st_ino, status.st_size, status.st_mtime_ns)


def delivery_in(folder: Path) -> Path:
    """The file itself, in its own folder."""
    match = _KEPT.fullmatch(folder.name)
    assert match is not None
    return folder / folder.name[len(match[1]) + 1 :]


def report_in(folder: Path, where: str) -> Path:
    """`<name>.done.json` or `<name>.refused.json`."""
    return folder / f"{delivery_in(folder).name}.{where}.json"


def read_marker(path: Path) -> Marker | None:
    """None where it is no file, or not any more."""
    if facts_of(path) is None:
        return None
    with path.open("rb") as file:
        return parse_marker(file.read(OCTETS_MAX))


def kept_name(name: str) -> str:
    """A name that prints, is no longer than fits with what is added to it, and ends as before."""
    clean = printable(name)
    stem, dot, suffix = clean.rpartition(".")
    if not dot or len(suffix) > 10:
        stem, dot, suffix = clean, "", ""
    octets = stem.encode()[: NAME_OCTETS_MAX - len(suffix.encode()) - 1]
    return octets.decode(errors="ignore") + dot + suffix


def printable(name: str) -> str:
    """The name with `_` for what cannot be shown or written to a log."""
    return "".join(sign if sign.isprintable() else "_" for sign in name)


def write_whole(path: Path, content: bytes) -> None:
    """On disk when it returns, and never half of it."""
    part = path.with_name(path.name + ".part")
    with os.fdopen(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)


def sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_delivery(entry: os.DirEntry[str]) -> bool:
    name = entry.name
    return (
        not name.startswith((".", "~$"))
        and not name.lower().endswith((*_UNFINISHED, "~"))
        and entry.is_file(follow_symlinks=False)
    )
