"""Files that appear whole or not at all, with their SHA-256 beside them; only their owner may read
them, as they hold plain MSISDNs and sums."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path

PRIVATE = 0o600


def create(path: Path) -> io.BufferedWriter:
    """A new private file, in place of one that a crash left behind. Raises OSError."""
    path.unlink(missing_ok=True)
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb")


def sync(file: io.BufferedWriter) -> None:
    """What was written is on disk."""
    file.flush()
    os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make the renames in a folder last."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def seal_of(path: Path, sha256: str) -> bytes:
    """The line for `path`.sha256, in the form that `sha256sum -c` reads."""
    return f"{sha256}  {path.name}\n".encode()


def write_whole(path: Path, octets: bytes) -> str:
    """Write `path` and `path`.sha256, replacing what was there; returns the SHA-256. Raises
    OSError; then `path` is what it was."""
    sha256 = hashlib.sha256(octets).hexdigest()
    _replace(path, octets)
    _replace(path.with_name(f"{path.name}.sha256"), seal_of(path, sha256))
    sync_folder(path.parent)
    return sha256


def _replace(path: Path, octets: bytes) -> None:
    part = path.with_name(f"{path.name}.part")
    try:
        with create(part) as file:
            file.write(octets)
            sync(file)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
