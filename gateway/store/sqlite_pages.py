"""The ledger read from end to end: a page is on its way while the one before it is being used."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from gateway.store.journal import StoreUnavailableError
from gateway.store.limits import StoreLimits
from gateway.store.sqlite_connection import reader_pragmas

BEGIN_S = 0.000_1  # the interpreter is left to the thread so long: to begin, it needs it once

_Row = TypeVar("_Row")


class SqlitePages:
    """A reading connection on a thread of its own, opened when it is first needed.

    What is asked is begun at once, whether or not anybody waits for it yet. SQLite works without
    the interpreter's lock, so that it and whoever uses the pages run at the same time.
    """

    def __init__(self, path: Path, limits: StoreLimits) -> None:
        self._path = path
        self._limits = limits
        self._connection: sqlite3.Connection | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal-pages")

    async def pages(
        self,
        query: str,
        decoder: msgspec.json.Decoder[list[_Row]],
        rest: tuple[Any, ...],
        after: int,
        id_of: Callable[[_Row], int],
        rows_max: int,
    ) -> AsyncIterator[list[_Row]]:
        """The results of `query`, pages of `rows_max` rows each but the last; its parameters are
        the id that a page stands behind, and `rest`.

        Raises StoreUnavailableError.
        """
        coming = self._ask(query, (after, *rest))
        try:
            while True:
                try:
                    document = await coming
                except sqlite3.Error as error:
                    raise StoreUnavailableError(f"the journal cannot be read: {error}") from error
                page = decoder.decode(document)
                if len(page) < rows_max:
                    yield page
                    return
                coming = self._ask(query, (id_of(page[-1]), *rest))
                await asyncio.wait((coming,), timeout=BEGIN_S)
                yield page
        finally:
            coming.cancel()  # nobody is told what became of it, not even that it failed

    def _ask(self, query: str, parameters: Sequence[Any]) -> asyncio.Future[str]:
        loop = asyncio.get_running_loop()
        return loop.run_in_executor(self._thread, self._document, query, parameters)

    def _document(self, query: str, parameters: Sequence[Any]) -> str:
        if self._connection is None:
            self._connection = self._connect()
        [(document,)] = self._connection.execute(query, parameters).fetchall()
        assert isinstance(document, str)
        return document

    def _connect(self) -> sqlite3.Connection:
        uri = f"{self._path.as_uri()}?mode=rw"
        connection = sqlite3.connect(uri, uri=True, isolation_level=None)
        try:
            for pragma in reader_pragmas(self._limits):
                connection.execute(pragma)
        except BaseException:
            connection.close()
            raise
        return connection

    async def close(self) -> None:
        """When the page that is being read is there; nobody hears of it."""
        self._thread.submit(self._disconnect)
        await asyncio.to_thread(self._thread.shutdown)

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
