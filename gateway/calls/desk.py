"""The gateway as a call sees it (ivr.switch.CallDesk): the same desk, the same ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from gateway.calls.copies import Copies
from gateway.calls.records import CallRecords, nobody
from gateway.calls.spoken import Spoken
from gateway.core import copied
from gateway.core import memory as remembering
from gateway.core.call_records import KeptCallBack
from gateway.core.memory import Memory
from gateway.desk import Desk
from gateway.keys import Keys
from gateway.memories import Memories
from gateway.rules import Rules
from gateway.store.journal import Journal, StoreUnavailableError
from ivr.callers import may_be_called
from ivr.switch import (
    CallAnswer,
    CallBack,
    CallEnd,
    CallOutcome,
    CallQuestion,
    CallStart,
    TextOutcome,
)

log = structlog.get_logger()


class Calls:
    """See the module."""

    def __init__(
        self,
        *,
        journal: Journal,
        desk: Desk,
        records: CallRecords,
        copies: Copies,
        memories: Memories,
        rules: Rules,
        keys: Keys,
        next_id: Callable[[], int],
        deadline_s: float,
        call_backs_max: int,
    ) -> None:
        self._journal = journal
        self._desk = desk
        self._records = records
        self._copies = copies
        self._memories = memories
        self._kinds = rules.kinds
        self._spoken = Spoken(rules.kinds, rules.telling)
        self._keys = keys
        self._next_id = next_id
        self._deadline_s = deadline_s
        self._call_backs_max = call_backs_max
        self._texts: asyncio.TaskGroup | None = None  # those being taken, while `run` runs

    async def run(self) -> None:
        """Keep the records of calls in order, for ever."""
        try:
            async with asyncio.TaskGroup() as self._texts:
                await self._records.run()
        finally:
            self._texts = None

    async def opened(self, start: CallStart) -> str | None:
        await self._records.open(start)
        memory = await self._memory(start.caller)
        return memory.language if memory is not None and memory.language_chosen else None

    async def choose_language(self, caller: str, language: str) -> None:
        """Kept near at once, on disk with the caller's next question."""
        memory = await self._memory(caller)
        if memory is not None:
            chosen = remembering.with_language(memory, language, chosen=True)
            self._memories.put(self._keys.party(caller), chosen)

    async def ask(self, question: CallQuestion) -> CallAnswer:
        reading = copied.keyed(
            question.digits, question.menu, question.kind, question.language, self._kinds
        )
        asking = self._desk.asking(
            link=question.link,
            operator=question.link,
            session=0,
            identity=f"{question.link}:{question.call_id}:{question.step}".encode(),
            msisdn=question.caller,
            short_code=question.called,
            channel="ivr",
            text=None,
            reading=reading,
            nobody=nobody(question.call_id),
        )
        try:
            statuses, turn = await self._desk.consult(asking, self._deadline_s)
        except StoreUnavailableError:
            log.warning("call_not_answered", reason="the store is away")
            return CallAnswer(CallOutcome.UNAVAILABLE, ())
        moment = self._desk.moment(question.link, question.caller, "ivr")
        return self._spoken.answer(question, statuses, turn, moment, self._copies.offer(question))

    async def text(self, question: CallQuestion) -> TextOutcome:
        taking = self._copies.text(question)
        if self._texts is None:
            return await taking
        # A call that gives up waiting must not leave a text half way from the disk to its link.
        return await asyncio.shield(self._texts.create_task(taking))

    async def call_back(self, wanted: CallBack) -> bool:
        if not may_be_called(wanted.caller):
            return False
        kept = KeptCallBack(
            id=self._next_id(),
            link=wanted.link,
            call_id=wanted.call_id,
            party=self._keys.party(wanted.caller),
            msisdn=wanted.caller,
            language=wanted.language,
            wish=wanted.wish,
            asked_us=wanted.at_us,
        )
        try:
            return await self._journal.keep_call_back(kept, self._call_backs_max)
        except StoreUnavailableError:
            log.warning("call_back_not_kept", reason="the store is away")
            return False

    async def ended(self, end: CallEnd) -> None:
        await self._records.close(end)

    async def _memory(self, caller: str) -> Memory | None:
        """What is remembered of a caller; None of hidden ones, and while the store is away."""
        if not caller:
            return None
        party = self._keys.party(caller)
        try:
            await self._memories.load([party])
        except StoreUnavailableError:
            return None
        return self._memories.get(party)
