"""The journal on SQLite: one process, one file, no server.

SQLite takes one writer at a time. That suits us: all writing verbs go through one task that
commits whatever is waiting in one transaction (`sqlite_writer`). Reading goes over connections
of its own and sees what has been committed. Commands may have the journal open beside the
service (`sqlite_locks`).
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import cast

import aiosqlite

from gateway.core.call_records import CallBegun, CallLeg, CallRecord, KeptCallBack
from gateway.core.records import (
    Answer,
    Duplicate,
    Finding,
    KeptFinding,
    Outcome,
    PartsTaken,
    Question,
    ReceiptSeen,
    ReceiptsTaken,
    Reply,
    StoredPart,
)
from gateway.core.staff import Acting
from gateway.store.errors import StoreOpenError
from gateway.store.journal import JournalHealth, StoreUnavailableError
from gateway.store.limits import StoreLimits
from gateway.store.seal_verbs import Missing
from gateway.store.sqlite_backup import copy_journal
from gateway.store.sqlite_calls import (
    BeginCall,
    Claim,
    CloseLegs,
    Confirm,
    Keep,
    OpenLegs,
    Receive,
    Settle,
    Take,
)
from gateway.store.sqlite_chores import (
    Cleaning,
    accept_loss,
    clear_findings,
    end_call_back,
    keep_call_back,
    keep_findings,
    recover,
    take_call_back,
    tell_findings,
    unpark,
)
from gateway.store.sqlite_connection import (
    connect_reader,
    disconnect,
    library_warning,
    make_file,
)
from gateway.store.sqlite_desk import SqliteDesk
from gateway.store.sqlite_locks import JournalLocks
from gateway.store.sqlite_pages import SqlitePages
from gateway.store.sqlite_schema import migrate
from gateway.store.sqlite_sealed import (
    SqliteSealed,
    begin_to_witness,
    keep_log,
    refuse_losses,
)
from gateway.store.sqlite_seals import Sealer
from gateway.store.sqlite_writer import Chore, SqliteWriter

_FRESH_S = 2.0  # a commit so recent proves that the journal can be written
_PROBE_S = 2.0  # how long `health` waits for the commit it asks for


async def open_sqlite(
    path: Path, limits: StoreLimits, sealer: Sealer, *, check: bool
) -> SqliteJournal:
    """Open the journal in that file; see `gateway.store.open_store`. `check`: not where the
    sealer's witness has seen commits that are missing."""
    path = Path(os.path.abspath(path))
    async with AsyncExitStack() as resources:
        try:
            if check:
                await asyncio.to_thread(refuse_losses, path, sealer.witness.path)
            journal = await _assemble(path, limits, sealer, resources, check=check)
        except (sqlite3.Error, OSError) as error:
            raise StoreOpenError(
                f"the journal cannot be opened ({error})",
                str(path),
                "See whether the disk is full or read-only, whether another program has locked "
                "the file, and whether it is a journal at all",
            ) from error
        journal.keep(resources.pop_all())
    return journal


async def _assemble(
    path: Path, limits: StoreLimits, sealer: Sealer, resources: AsyncExitStack, *, check: bool
) -> SqliteJournal:
    make_file(path)
    locks = JournalLocks(path)
    resources.callback(locks.close)
    if not sealer.has_key and (log := await asyncio.to_thread(keep_log, path, sealer.witness.path)):
        resources.callback(log.close)
    schema = await asyncio.to_thread(migrate, path, locks)
    short = await connect_reader(path, limits)
    resources.push_async_callback(disconnect, short)
    long = await connect_reader(path, limits)
    resources.push_async_callback(disconnect, long)
    pages = SqlitePages(path, limits)
    resources.push_async_callback(pages.close)
    resources.callback(sealer.witness.close)
    if check:
        await asyncio.to_thread(begin_to_witness, path, sealer.witness)
    writer = SqliteWriter(path, limits, locks.commits, sealer)
    resources.push_async_callback(writer.disconnect)
    await writer.connect()
    # The writer's task. `close` stops it and leaves the group, which waits for it; should it
    # ever fail, the group ends the task that opened the journal: no service without a writer.
    tasks = await resources.enter_async_context(asyncio.TaskGroup())
    tasks.create_task(writer.serve(), name="journal")
    witness = sealer.witness.path
    return SqliteJournal(path, witness, limits, schema, locks, writer, (short, long, pages))


class SqliteJournal(SqliteDesk, SqliteSealed):
    """The writing verbs; the reading ones are inherited. `Journal` says what they promise."""

    def __init__(
        self,
        path: Path,
        witness: Path,
        limits: StoreLimits,
        schema: int,
        locks: JournalLocks,
        writer: SqliteWriter,
        readers: tuple[aiosqlite.Connection, aiosqlite.Connection, SqlitePages],
    ) -> None:
        super().__init__(path, witness, *readers)
        self._limits = limits
        self._schema = schema
        self._locks = locks
        self._writer = writer
        self._cleaning = Cleaning()
        self._resources = AsyncExitStack()

    def keep(self, resources: AsyncExitStack) -> None:
        """What `close` is to close."""
        self._resources = resources

    async def close(self) -> None:
        self._writer.stop()
        await self._resources.aclose()

    async def take(
        self,
        questions: Sequence[Question],
        answers: Sequence[Answer] = (),
        receipts: Sequence[Reply] = (),
    ) -> Sequence[Duplicate]:
        if not questions and not answers:
            return ()
        call = Take(questions, answers, receipts)
        return cast(Sequence[Duplicate], await self._writer.ask(call))

    async def part(self, parts: Sequence[StoredPart], receipts: Sequence[Reply] = ()) -> PartsTaken:
        if not parts:
            return PartsTaken((), ())
        return cast(PartsTaken, await self._writer.ask(Keep(parts, receipts)))

    async def claim(self, reply_ids: Sequence[int], now_us: int) -> frozenset[int]:
        """As in `Journal`. From here on `Reply.next_us` says since when it may have been sent."""
        if not reply_ids:
            return frozenset()
        return cast(frozenset[int], await self._writer.ask(Claim(reply_ids, now_us)))

    async def settle(self, outcomes: Sequence[Outcome]) -> None:
        if outcomes:
            await self._writer.ask(Settle(outcomes))

    async def receipts(self, receipts: Sequence[ReceiptSeen]) -> ReceiptsTaken:
        if not receipts:
            return ReceiptsTaken(frozenset(), {})
        return cast(ReceiptsTaken, await self._writer.ask(Receive(receipts)))

    async def confirm(self, session: int, through: int) -> None:
        await self._writer.ask(Confirm(session, through))

    async def recover(self, now_us: int) -> int:
        """As in `Journal`. Raises StoreOpenError while another process serves this journal: what
        that one has claimed is not of a dead process."""
        self._be_alone()
        return cast(int, await self._writer.ask(Chore("recover", partial(recover, now_us=now_us))))

    async def accept_loss(self, by: Acting, reason: str, now_us: int) -> Missing | None:
        self._be_alone()
        lost = await self.missing()
        if lost is not None:
            accept = partial(accept_loss, lost=lost, by=by, reason=reason, now_us=now_us)
            await self._writer.ask(Chore("accept_loss", accept))
        return lost

    def _be_alone(self) -> None:
        if not self._locks.service.seize():
            raise StoreOpenError(
                "another process serves this journal", str(self._path), "Stop that one first"
            )

    async def unpark(self, question_ids: Sequence[int]) -> int:
        if not question_ids:
            return 0
        chore = Chore("unpark", partial(unpark, question_ids=question_ids))
        return cast(int, await self._writer.ask(chore))

    async def keep_findings(self, findings: Sequence[Finding]) -> None:
        if findings:
            chore = Chore("keep_findings", partial(keep_findings, findings=findings))
            await self._writer.ask(chore)

    async def clear_findings(self, ids: Sequence[int], now_us: int) -> int:
        if not ids:
            return 0
        chore = Chore("clear_findings", partial(clear_findings, ids=ids, now_us=now_us))
        return cast(int, await self._writer.ask(chore))

    async def tell_findings(self, findings: Sequence[KeptFinding], now_us: int) -> None:
        if findings:
            chore = Chore("tell_findings", partial(tell_findings, findings=findings, now_us=now_us))
            await self._writer.ask(chore)

    async def open_legs(self, legs: Sequence[CallLeg]) -> frozenset[int]:
        if not legs:
            return frozenset()
        return cast(frozenset[int], await self._writer.ask(OpenLegs(legs)))

    async def begin_call(self, leg: CallLeg) -> CallBegun:
        return cast(CallBegun, await self._writer.ask(BeginCall((leg,))))

    async def close_legs(self, records: Sequence[CallRecord]) -> frozenset[int]:
        if not records:
            return frozenset()
        return cast(frozenset[int], await self._writer.ask(CloseLegs(records)))

    async def keep_call_back(self, wanted: KeptCallBack, open_max: int) -> bool:
        keep = partial(keep_call_back, wanted=wanted, open_max=open_max)
        return cast(bool, await self._writer.ask(Chore("keep_call_back", keep)))

    async def take_call_back(self, id_: int, now_us: int) -> bool:
        chore = Chore("take_call_back", partial(take_call_back, id_=id_, now_us=now_us))
        return cast(bool, await self._writer.ask(chore))

    async def end_call_back(self, id_: int, now_us: int, note: str) -> bool:
        chore = Chore("end_call_back", partial(end_call_back, id_=id_, now_us=now_us, note=note))
        return cast(bool, await self._writer.ask(chore))

    async def purge(self, now_us: int) -> int:
        chore = Chore("purge", partial(self._cleaning.clean, now_us=now_us))
        return cast(int, await self._writer.ask(chore))

    async def health(self) -> JournalHealth:
        """As in `Journal`; asks for a commit when there was none within two seconds."""
        return JournalHealth(
            engine="sqlite",
            library=f"SQLite {sqlite3.sqlite_version}",
            warning=library_warning(sqlite3.sqlite_version_info),
            writable=await self._writable(),
            schema=self._schema,
            backlog=self._writer.backlog,
        )

    async def _writable(self) -> bool:
        committed_at = self._writer.committed_at
        now = asyncio.get_running_loop().time()
        if committed_at is not None and now - committed_at < _FRESH_S:
            return True
        try:
            async with asyncio.timeout(_PROBE_S):
                await self._writer.ask(Settle(()))
        except (StoreUnavailableError, TimeoutError):
            return False
        return True

    async def backup(self, path: Path) -> int:
        return await copy_journal(self._path, path, self._limits)
