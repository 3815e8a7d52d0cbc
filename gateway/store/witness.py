"""The commit witness: a file beside the journal, on another disk if there is one, that tells how
far the journal had come. A log cut short, a file put back or gone is silent in itself: only
something outside it can say that commits are missing.

4 KiB in 64 records of 64 octets each: the number of a commit (8 octets, the most significant
first), the chain of seals by then (32), CRC-32 of those (4), zeros. A commit's record stands at
the place of its number modulo 64. The highest whole record counts; one that was torn fails its
CRC, and the one before it is told.
"""

from __future__ import annotations

import os
from errno import EINVAL
from pathlib import Path
from struct import Struct
from zlib import crc32

from gateway.store.errors import StoreOpenError
from gateway.store.flushing import flush
from gateway.store.seal_verbs import Witnessed

RECORD_OCTETS = 64
RECORDS = 64
RING_OCTETS = RECORD_OCTETS * RECORDS

_SEEN = Struct(">Q32s")
_SUM = Struct(">I")


class Witness:
    """Writes the ring; each record is on the disk when `write` returns. Used by one thread at a
    time, by several processes at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem: str | None = None  # why the last record could not be written
        self._handle: int | None = None

    def open(self) -> None:
        """Make the file where there is none. Raises StoreOpenError."""
        try:
            self._open()
        except OSError as error:
            raise StoreOpenError(
                f"the commit witness cannot be written ({error.strerror})",
                str(self.path),
                "Make its folder and let this user write there, or set [store] witness to "
                "another path",
            ) from error

    def write(self, batch: int, chain: bytes) -> None:
        """That commit is in the journal. A disk that fails is told in `problem`, and tried again
        with the next commit: the highest record says all."""
        seen = _SEEN.pack(batch, chain)
        record = (seen + _SUM.pack(crc32(seen))).ljust(RECORD_OCTETS, b"\0")
        try:
            handle = self._handle if self._handle is not None else self._open()
            os.pwrite(handle, record, batch % RECORDS * RECORD_OCTETS)
        except OSError as error:
            self.problem = f"{self.path}: {error.strerror}"
            self.close()  # a handle whose sync has failed is not believed again
        else:
            self.problem = None

    def close(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)

    def _open(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_DSYNC
        handle = os.open(self.path, flags, 0o600)
        try:
            octets = os.fstat(handle).st_size
            if octets not in (0, RING_OCTETS):  # the key file or the journal, by mistake
                raise OSError(EINVAL, f"{octets} octets are no commit witness")
            if not octets:
                os.pwrite(handle, b"\0", RING_OCTETS - 1)  # records behind the end read as none
                flush(self.path.parent)
        except OSError:
            os.close(handle)
            raise
        self._handle = handle
        return handle


def read_witness(path: Path) -> Witnessed | None:
    """The highest whole record; None where there is none, or no file. Raises StoreOpenError where
    there is one that cannot be read."""
    try:
        ring = path.read_bytes()[:RING_OCTETS]
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise StoreOpenError(
            f"the commit witness cannot be read ({error.strerror})",
            str(path),
            "Let this user read it; without it nobody knows whether the journal is whole",
        ) from error
    found = None
    for at in range(0, len(ring) - _SEEN.size - _SUM.size + 1, RECORD_OCTETS):
        seen = ring[at : at + _SEEN.size]
        (total,) = _SUM.unpack_from(ring, at + _SEEN.size)
        if crc32(seen) == total:
            one = Witnessed(*_SEEN.unpack(seen))
            found = one if found is None else max(found, one)
    return found
