"""Group commit: one task, one connection, one transaction for all that is waiting."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import aiosqlite
import structlog

from gateway.store.errors import StoreDataError
from gateway.store.journal import StoreUnavailableError
from gateway.store.limits import PURGE_ROWS, StoreLimits
from gateway.store.sqlite_calls import Call, Take, comes_alone, documents, weight
from gateway.store.sqlite_connection import (
    breaks_connection,
    connect_writer,
    is_data_fault,
)
from gateway.store.sqlite_connection import disconnect as close_connection
from gateway.store.sqlite_locks import FileLock
from gateway.store.sqlite_results import Told, results
from gateway.store.sqlite_seals import COMMIT, Sealer

GATHER_TURNS_MAX = 12  # of the event loop, before a transaction begins all the same
GATHER_S = 0.005  # likewise

_log = structlog.get_logger()


class Chore(NamedTuple):
    """Work that is not merged with any other and sees to its own transactions."""

    name: str
    run: Callable[[aiosqlite.Connection], Awaitable[object]]


class _Waiting(NamedTuple):
    call: Call | Chore
    heard: asyncio.Future[object]


class SqliteWriter:
    """Owns the connection that writes. `ask` from anywhere; `serve` in a task of its own.

    Calls that wait together share a transaction. If one of them breaks a rule of the schema they
    are run again one by one, so that it fails alone. If the disk, the file or a lock is to blame,
    all of them are refused, and the next ones find out whether it is over.
    """

    def __init__(self, path: Path, limits: StoreLimits, commits: FileLock, sealer: Sealer) -> None:
        self._path = path
        self._limits = limits
        self._commits = commits
        self._sealer = sealer
        self._unwitnessed = False
        self._connection: aiosqlite.Connection | None = None
        self._waiting: deque[_Waiting] = deque()
        self._wake = asyncio.Event()
        self._closing = False
        self._told: list[Told] = []
        self._rows = 0  # written since the last checkpoint
        self.committed_at: float | None = None  # loop time of the last commit, if it succeeded

    @property
    def backlog(self) -> int:
        """Calls that wait for their transaction to begin."""
        return len(self._waiting)

    async def connect(self) -> None:
        """Open the connection. Raises sqlite3.Error."""
        self._connection = await connect_writer(self._path, self._limits, self._hear, self._sealer)

    def _hear(self, kind: str, first: object, second: object) -> None:
        self._told.append((kind, first, second))  # in the connection's thread, inside a commit

    def ask(self, call: Call | Chore) -> asyncio.Future[object]:
        """The future result of the call. Raises StoreUnavailableError at once when full."""
        if self._closing:
            raise StoreUnavailableError("the journal is closed")
        if len(self._waiting) >= self._limits.backlog_max:
            raise StoreUnavailableError(
                f"{self._limits.backlog_max} calls are waiting for the journal"
            )
        heard: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(call, heard))
        self._wake.set()
        return heard

    def stop(self) -> None:
        """Take no more calls; `serve` ends once the waiting ones are done."""
        self._closing = True
        self._wake.set()

    async def serve(self) -> None:
        """Commit what is asked until stopped."""
        try:
            while self._waiting or not self._closing:
                if self._waiting:
                    await self._gather()
                    await self._commit(self._next())
                    if self._rows >= self._limits.checkpoint_rows:
                        await self._checkpoint()
                else:
                    self._wake.clear()
                    await self._wake.wait()
        finally:
            self._closing = True
            _refuse(self._waiting, StoreUnavailableError("the journal was closed"))
            self._waiting.clear()
            await self.disconnect()

    async def _gather(self) -> None:
        """Let calls, which ask one by one, come together: each transaction costs the event loop as
        much as several of their rows. It begins when a turn of the loop has brought nothing more.
        Nobody waits for others behind what comes in batches, as SMS do."""
        loop = asyncio.get_running_loop()
        until = loop.time() + GATHER_S
        for _ in range(GATHER_TURNS_MAX):
            before = len(self._waiting)
            if not comes_alone(self._waiting[0].call):
                return
            await asyncio.sleep(0)
            if len(self._waiting) == before or loop.time() > until:
                return

    def _next(self) -> list[_Waiting]:
        """What the next transaction takes: all that waits, within the limit.

        A question answered twice must not be answered twice in one transaction, which could not
        tell the answers apart; the second waits for the next.
        """
        batch: list[_Waiting] = []
        rows = 0
        answered: set[int] = set()
        while self._waiting and rows < self._limits.transaction_rows_max:
            one = self._waiting[0]
            if one.heard.cancelled():
                self._waiting.popleft()
                continue
            if isinstance(one.call, Chore):
                return batch or [self._waiting.popleft()]
            if isinstance(one.call, Take):
                ids = {answer.question_id for answer in one.call.answers}
                if not answered.isdisjoint(ids):
                    break
                answered |= ids
            rows += weight(one.call)
            batch.append(self._waiting.popleft())
        return batch

    async def _commit(self, batch: Sequence[_Waiting]) -> None:
        if not batch:
            return
        try:
            heard = await self._carry_out([one.call for one in batch])
        except (sqlite3.Error, StoreDataError) as error:
            if isinstance(error, sqlite3.Error) and not is_data_fault(error):
                await self._fail(batch, error)
            elif len(batch) > 1:
                for one in batch:
                    await self._commit([one])
            else:
                _log.error("store_call_refused", reason=str(error))
                _refuse(batch, StoreDataError(f"{_name(batch[0].call)}: {error}"), error)
        except asyncio.CancelledError:
            _refuse(batch, StoreUnavailableError("the journal was closed during the call"))
            raise
        else:
            self.committed_at = asyncio.get_running_loop().time()
            if (self._sealer.witness.problem is not None) is not self._unwitnessed:
                self._tell_of_witness()
            for one, result in zip(batch, heard, strict=True):
                if not one.heard.done():
                    one.heard.set_result(result)

    def _tell_of_witness(self) -> None:
        problem = self._sealer.witness.problem
        self._unwitnessed = problem is not None
        if problem is None:
            _log.info("store_witness_back", batch=self._sealer.batch)
        else:  # what is committed is safe; that it is all there could not be proven
            _log.error("store_witness_failed", reason=problem, batch=self._sealer.batch)

    async def _carry_out(self, calls: Sequence[Call | Chore]) -> Sequence[object]:
        if self._connection is None:
            await self.connect()
        assert self._connection is not None
        if not self._commits.share():
            await asyncio.to_thread(self._commits.share, wait=True)
        try:
            return await self._attempt(self._connection, calls)
        except sqlite3.OperationalError:
            if not self._sealer.altered:
                raise
            await self.disconnect()
            await self.connect()  # looks at the definitions anew
            return await self._attempt(self._connection, calls)
        finally:
            self._commits.release()
            self._rows += sum(map(_rows, calls))

    async def _attempt(
        self, connection: aiosqlite.Connection, calls: Sequence[Call | Chore]
    ) -> Sequence[object]:
        first = calls[0]
        if isinstance(first, Chore):
            return [await _done(first, connection)]
        merged = [call for call in calls if not isinstance(call, Chore)]
        self._told.clear()
        columns = (*documents(merged), *self._sealer.stamp())
        await connection.execute_fetchall(COMMIT, columns)
        return results(merged, self._told)

    async def _checkpoint(self) -> None:
        """Copy the log into the file, after the callers have heard: nobody waits for this but
        the next transaction."""
        if self._connection is None or not self._commits.seize():
            return  # another process commits: next time
        self._rows = 0
        try:
            await self._connection.execute_fetchall("PRAGMA wal_checkpoint(PASSIVE)")
        except sqlite3.Error as error:  # nothing is lost: what was committed is in the log
            _log.warning("store_checkpoint_failed", reason=str(error))
            if breaks_connection(error):
                await self.disconnect()
        finally:
            self._commits.release()

    async def _fail(self, batch: Sequence[_Waiting], error: sqlite3.Error) -> None:
        if self.committed_at is not None:
            _log.error("store_unavailable", reason=str(error))
        self.committed_at = None
        if breaks_connection(error):
            await self.disconnect()
        _refuse(batch, StoreUnavailableError(f"the journal cannot be written: {error}"), error)

    async def disconnect(self) -> None:
        """Close the connection; the next commit opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await close_connection(connection)


async def _done(chore: Chore, connection: aiosqlite.Connection) -> object:
    """Raises StoreDataError for a number that no column holds: the writer outlives it."""
    try:
        return await chore.run(connection)
    except OverflowError as error:
        raise StoreDataError(f"not a value of the journal: {error}") from error


def _rows(call: Call | Chore) -> int:
    return PURGE_ROWS if isinstance(call, Chore) else weight(call)


def _name(call: Call | Chore) -> str:
    return call.name if isinstance(call, Chore) else type(call).__name__.lower()


def _refuse(
    batch: Sequence[_Waiting] | deque[_Waiting],
    refusal: Exception,
    cause: BaseException | None = None,
) -> None:
    for one in batch:
        if not one.heard.done():
            # A new one for each caller: they would otherwise share one growing traceback.
            mine = type(refusal)(*refusal.args)
            mine.__cause__ = cause
            one.heard.set_exception(mine)
