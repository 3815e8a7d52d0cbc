"""Reading ahead the pages that lead to the tickets, when a service starts.

A lookup passes three inner pages of the table's tree before the one that holds its row. Those of
21 million tickets take some 60 MB: read once, they stay in the system's memory, and from its
first question a service waits for the disk once a lookup, as it does among a hundred thousand.

They are found as https://www.sqlite.org/fileformat2.html says (section 1.6), in a process of its
own: to close the file again in this one would drop its locks (see sqlite.py). What is written
meanwhile may be missed; nothing is told of what was read, so that does no harm.
"""

from __future__ import annotations

import asyncio
import os
import struct
import sys
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Final

FILE_OCTETS_MIN: Final = 16_777_216  # a smaller file has so few of them that lookups find them
READ_AHEAD_MAX_S: Final = 20.0  # then the service starts without
PAGES_MAX: Final = 1_000_000  # of one level: a damaged file ends here
LEVELS_MAX: Final = 8

_INNER: Final = 0x05  # an inner page of a table
_HEAD: Final = struct.Struct(">BxxHxxxI")  # what it is, its cells, its last child
_CELL: Final = struct.Struct(">H")  # where a cell begins
_CHILD: Final = struct.Struct(">I")  # the first part of a cell
_COMMAND: Final = (
    *(sys.executable, "-P", "-c"),
    "from lookup.registry.inner_pages import main; main()",
)


async def read_ahead(path: Path, page_octets: int, root: int) -> bool:
    """Have the inner pages of the table whose root page is `root` in the system's memory.

    False: it could not be done, or not in READ_AHEAD_MAX_S; the first lookups take longer.
    """
    try:
        if path.stat().st_size < FILE_OCTETS_MIN:
            return True
        process = await asyncio.create_subprocess_exec(
            *_COMMAND,
            *(str(path.absolute()), str(page_octets), str(root)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env={},  # settings of a service are none of its business
        )
    except OSError:  # no room for one more process, say: a service answers without it, too
        return False
    try:
        async with asyncio.timeout(READ_AHEAD_MAX_S):
            return await process.wait() == 0
    except TimeoutError:
        return False
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def children(page: bytes) -> list[int]:
    """The pages below an inner page, by number from 1; none for any other page."""
    if len(page) < _HEAD.size:
        return []
    sort, cells, last = _HEAD.unpack_from(page)
    if sort != _INNER:
        return []
    below = [last]
    with suppress(struct.error):  # a page that was half written when it was read
        for cell in range(cells):
            (begin,) = _CELL.unpack_from(page, _HEAD.size + cell * _CELL.size)
            below.append(_CHILD.unpack_from(page, begin)[0])
    return below


# -- in the process beside


def main() -> None:
    """Read what the arguments name: file, octets of a page, root page."""
    path, page_octets, root = sys.argv[1:]
    read_inner(Path(path), int(page_octets), int(root))


def read_inner(path: Path, page_octets: int, root: int) -> int:
    """Read the inner pages of the tree with this root, level by level; how many there are."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def page(number: int) -> bytes:
        return os.pread(descriptor, page_octets, (number - 1) * page_octets)

    read = 0
    try:
        level = [root]
        for _ in range(LEVELS_MAX):
            below = children(page(level[0]))
            if not below or len(level) > PAGES_MAX:
                break
            for number in level:  # the disk fetches many at once
                at = (number - 1) * page_octets
                os.posix_fadvise(descriptor, at, page_octets, os.POSIX_FADV_WILLNEED)
            pages = map(page, level)
            read += len(level)
            if not children(page(below[0])):  # leaves: all of them are equally far from the root
                deque(pages, maxlen=0)
                break
            level = sorted(number for inner in pages for number in children(inner))
    finally:
        os.close(descriptor)
    return read
