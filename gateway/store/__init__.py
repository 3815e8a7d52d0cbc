"""The one durable thing: questions, parts, replies to send, ledger. `journal.Journal` says what
may be asked of it, `open_store` opens the engine that the settings name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from gateway.store.errors import StoreDataError, StoreOpenError, StoreSchemaError
from gateway.store.journal import Journal, StoreUnavailableError
from gateway.store.limits import StoreLimits
from gateway.store.sqlite import open_sqlite

__all__ = [
    "Journal",
    "StoreDataError",
    "StoreLimits",
    "StoreOpenError",
    "StoreSchemaError",
    "StoreUnavailableError",
    "file_of",
    "open_store",
]


async def open_store(
    url: str, *, backlog_max: int | None = None, limits: StoreLimits | None = None
) -> Journal:
    """Open the store at `url` and bring its tables up to date. `Journal.close` it in the end.

    `url`: "sqlite:///var/lib/jauap/journal.db", or "sqlite:journal.db" for a path relative to
    the working directory. `backlog_max`: the calls that may wait for the writer, where it
    differs from that of `limits`.

    Raises StoreOpenError, or StoreSchemaError where the tables are newer than this program.
    """
    path = file_of(url)
    limits = limits or StoreLimits()
    if backlog_max is not None:
        limits = replace(limits, backlog_max=backlog_max)
    return await open_sqlite(path, limits)


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
