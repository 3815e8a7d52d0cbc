"""The one durable thing: questions, parts, replies to send, ledger. `journal.Journal` says what
may be asked of it, `open_store` opens the engine that the settings name."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from gateway.clock import wall_us
from gateway.keys import Keys
from gateway.store.errors import (
    StoreDataError,
    StoreLossError,
    StoreOpenError,
    StoreSchemaError,
)
from gateway.store.journal import Journal, StoreUnavailableError
from gateway.store.limits import StoreLimits
from gateway.store.sqlite import open_sqlite
from gateway.store.sqlite_seals import Sealer
from gateway.store.witness import Witness

__all__ = [
    "Journal",
    "StoreDataError",
    "StoreLimits",
    "StoreLossError",
    "StoreOpenError",
    "StoreSchemaError",
    "StoreUnavailableError",
    "file_of",
    "open_store",
    "witness_of",
]


async def open_store(
    url: str,
    *,
    keys: Keys | None = None,
    now_us: Callable[[], int] = wall_us,
    witness: str | None = None,
    check: bool = True,
    backlog_max: int | None = None,
    limits: StoreLimits | None = None,
) -> Journal:
    """Open the store at `url` and bring its tables up to date. `Journal.close` it in the end.

    `url`: "sqlite:///var/lib/jauap/journal.db", or "sqlite:journal.db" for a path relative to
    the working directory. `keys`: for whoever writes; without them nothing that writes money is
    taken, and nothing is witnessed. `witness`: its file, where it is not the journal's with
    ".witness" behind its name. `check`: not to be refused where the witness is ahead, for those
    who decide what then. `backlog_max`: the calls that may wait for the writer, where it differs
    from that of `limits`.

    Raises StoreOpenError, StoreSchemaError where the tables are newer than this program, or
    StoreLossError where the witness has seen commits that are missing.
    """
    path = file_of(url)
    limits = limits or StoreLimits()
    if backlog_max is not None:
        limits = replace(limits, backlog_max=backlog_max)
    beside = Witness(witness_of(url, witness))
    sealer = Sealer(None if keys is None else keys.seal, now_us, beside)
    return await open_sqlite(path, limits, sealer, check=check and keys is not None)


def witness_of(url: str, witness: str | None = None) -> Path:
    """Where the commits of the store at `url` are witnessed."""
    path = file_of(url)
    return Path(os.path.abspath(witness or path.with_name(path.name + ".witness")))


def file_of(url: str) -> Path:
    """The journal's file. Raises StoreOpenError for a url that names none."""
    parts = urlsplit(url)
    if parts.scheme != "sqlite":
        raise StoreOpenError(
            f"there is no store engine {parts.scheme!r}", url, 'Set [store] url to "sqlite:///path"'
        )
    path = unquote(parts.path)
    if parts.netloc or not path or path.endswith("/"):
        raise StoreOpenError(
            "this store url names no file", url, 'Write "sqlite:///var/lib/jauap/journal.db"'
        )
    return Path(path)
