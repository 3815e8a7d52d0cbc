"""Locks between processes that have one journal open. They are the kernel's, and end with the
process that holds them, however it ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class FileLock:
    """A lock file, shared or exclusive, held or not. Raises OSError where it cannot be made."""

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def share(self, *, wait: bool = False) -> bool:
        """Whether it is held now together with others. `wait` blocks until it is."""
        return self._take(fcntl.LOCK_SH, wait=wait)

    def seize(self) -> bool:
        """Whether it is held now, by nobody else."""
        return self._take(fcntl.LOCK_EX, wait=False)

    def release(self) -> None:
        fcntl.flock(self._handle, fcntl.LOCK_UN)

    def close(self) -> None:
        """Release for good."""
        os.close(self._handle)

    def _take(self, kind: int, *, wait: bool) -> bool:
        try:
            fcntl.flock(self._handle, kind if wait else kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


class JournalLocks:
    """The two locks of a journal.

    `commits`: shared by whoever commits, exclusive while the log is copied into the file
    (checkpoint), so that the two never meet: SQLite up to 3.51.2 can lose committed rows when
    they do. `service`: held by the one process that sends what the journal has to send.
    """

    def __init__(self, journal: Path) -> None:
        self.commits = FileLock(journal.with_name(journal.name + ".commits"))
        try:
            self.service = FileLock(journal.with_name(journal.name + ".service"))
        except OSError:
            self.commits.close()
            raise

    def close(self) -> None:
        self.commits.close()
        self.service.close()
