"""A file or folder on the disk itself, not in the system's memory alone."""

from __future__ import annotations

import os
from pathlib import Path


def flush(path: Path) -> None:
    """On return its contents (of a folder: its names) outlive a power cut. Raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
