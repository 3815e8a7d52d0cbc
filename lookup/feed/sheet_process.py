"""Asking the process that reads sheets: an XLSX file in, a file of its rows out."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Final

import msgspec

READ_OCTETS: Final = 65_536
FACTS_OCTETS_MAX: Final = 262_144  # 200 column names and the sheets left out


class SheetFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What lookup.feed.sheet tells: what it read, or why it did not."""

    columns: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()  # sheets that were not read
    rows: int = 0  # the header is the first of them
    refused: str = ""
    trouble: str = ""  # of ours: the disk is full


_facts = msgspec.json.Decoder(SheetFacts)


async def read_sheet(path: Path, rows: Path) -> SheetFacts:
    """Write the rows of an XLSX file into the new file `rows`; it is there only when all of it is.

    Raises OSError when it cannot be written. When cancelled, the process is ended.
    """
    part = rows.with_name(rows.name + ".part")
    part.unlink(missing_ok=True)  # a process of an earlier life may still write to it
    with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
        facts = await _run(path, out.fileno())
        if facts.trouble:
            raise OSError(f"{rows}: {facts.trouble}")
        await asyncio.to_thread(os.fsync, out.fileno())
    if facts.refused:
        part.unlink()
    else:
        part.rename(rows)
    return facts


async def _run(path: Path, out: int) -> SheetFacts:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-W", "ignore", "-m", "lookup.feed.sheet", str(path.absolute())),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=out,
        stderr=asyncio.subprocess.PIPE,
        env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},  # and no secret of ours
    )
    try:
        assert process.stderr is not None
        told = b""
        while len(told) < FACTS_OCTETS_MAX and (more := await process.stderr.read(READ_OCTETS)):
            told += more
        if len(told) < FACTS_OCTETS_MAX:
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    try:
        return _facts.decode(told)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return SheetFacts(
            refused="could not be read within the bounds of memory and time; "
            "deliver it as CSV or NDJSON"
        )
