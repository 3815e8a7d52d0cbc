"""One record for each leg of a call: opened when it begins, closed by whoever first says it ended.

What the store cannot take waits here and is tried again; what a crash or a forgetful platform
left open is closed by `sweep`, at no charge, until the platform's own word restates it.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import structlog

from gateway.clock import Clock, day_date
from gateway.core.call_records import (
    CALLER,
    CLOSING,
    CallLeg,
    CallRecord,
    CallTrace,
    measured_s,
)
from gateway.core.call_tariff import CallTariffs
from gateway.keys import Keys
from gateway.memories import Memories
from gateway.store.journal import Journal, StoreUnavailableError
from ivr.attendant.open_calls import TALK_S
from ivr.switch import CallEnd, CallStart, Leg

LEGS_KEPT_MAX = 50_000  # open ones kept near; more are found in the store
ENDS_KEPT_MAX = 10_000  # not yet written; one more is left to `sweep`
SWEEP_S = 15.0
LOST_AFTER_S = int(TALK_S)  # of an earlier life and not told of since: as long as live ones wait
LEG_S_MAX = 86_400  # no leg is longer
PAGE = 200
REAPED = "reaped"

Key = tuple[str, str, str]

log = structlog.get_logger()


class Counters(Protocol):
    """What is counted here."""

    def call_closed(self, link: str, outcome: str, closed_by: str) -> None: ...


class CallRecords:
    """See the module. Nothing here raises StoreUnavailableError but `sweep`."""

    def __init__(
        self,
        *,
        journal: Journal,
        memories: Memories,
        tariffs: CallTariffs,
        keys: Keys,
        clock: Clock,
        next_id: Callable[[], int],
        counters: Counters,
    ) -> None:
        self._journal = journal
        self._memories = memories
        self._tariffs = tariffs
        self._keys = keys
        self._clock = clock
        self._next_id = next_id
        self._counters = counters
        self._open: OrderedDict[Key, CallLeg] = OrderedDict()
        self._unwritten: dict[Key, CallLeg] = {}  # of `_open`: not on disk so far
        self._ends: dict[tuple[Key, int | None], CallEnd] = {}
        self._begun_us = clock.now_us()

    async def open(self, start: CallStart) -> None:
        """A call began, or is still going on. What is remembered of its phone is heard with that,
        and goes to `memories`: to ask for it apart would be another visit to a thread."""
        key = (start.link, start.call_id, CALLER)
        if key in self._open:
            return
        leg = self._leg(key, start.caller, start.called, start.started_us)
        self._open[key] = self._unwritten[key] = leg
        if len(self._open) > LEGS_KEPT_MAX:
            oldest, _ = self._open.popitem(last=False)
            self._unwritten.pop(oldest, None)
        try:
            begun = await self._journal.begin_call(leg)
            self._memories.learn(leg.party, begun.facts)
            await self._opened(leg, written=begun.written)
        except StoreUnavailableError:
            log.warning("call_not_opened", link=start.link, reason="the store is away")

    async def close(self, end: CallEnd) -> None:
        """A leg is over. On return it is on disk, or kept here until it is."""
        place = (_key(end), end.seconds)
        if place not in self._ends and len(self._ends) >= ENDS_KEPT_MAX:
            log.error("call_end_dropped", link=end.link, count=len(self._ends))
            return
        self._ends[place] = end
        try:
            await self._write([end])
        except StoreUnavailableError:
            log.warning("call_end_kept", link=end.link, count=len(self._ends))

    async def run(self) -> None:
        """Sweep for ever."""
        while True:
            await asyncio.sleep(SWEEP_S)
            try:
                await self.sweep()
            except StoreUnavailableError:
                log.warning("call_sweep_put_off", reason="the store is away")

    async def sweep(self) -> None:
        """Write what waits; close what nobody has told of for long. Raises
        StoreUnavailableError."""
        if self._unwritten:
            await self._write_open(list(self._unwritten.values()))
        if self._ends:
            await self._write(list(self._ends.values()))
        now_us = self._clock.now_us()
        before_us = now_us - LEG_S_MAX * 1_000_000
        if now_us - self._begun_us >= LOST_AFTER_S * 1_000_000:
            before_us = now_us - LOST_AFTER_S * 1_000_000
        after_id = 0
        while legs := await self._journal.open_calls(before_us, after_id, PAGE):
            after_id = legs[-1].id
            lost = [leg for leg in legs if self._is_lost(leg, now_us)]
            await self._write([_reaped(leg) for leg in lost])

    def _is_lost(self, leg: CallLeg, now_us: int) -> bool:
        too_long = now_us - leg.started_us >= LEG_S_MAX * 1_000_000
        return too_long or (leg.link, leg.call_id, leg.leg) not in self._open

    # -- inside

    async def _write_open(self, legs: Sequence[CallLeg]) -> None:
        written = await self._journal.open_legs(legs)
        for leg in legs:
            await self._opened(leg, written=leg.id in written)

    async def _opened(self, leg: CallLeg, *, written: bool) -> None:
        key = (leg.link, leg.call_id, leg.leg)
        if not written and key in self._open:  # begun in an earlier life
            known = await self._journal.find_leg(*key)
            if known is not None and known.last is not None:
                self._open.pop(key, None)  # it is over: what is told of it restates at most
            elif known is not None and key in self._open:
                self._open[key] = known.leg
        self._unwritten.pop(key, None)

    async def _write(self, ends: Sequence[CallEnd]) -> None:
        records = [record for end in ends if (record := await self._record(end)) is not None]
        written = await self._journal.close_legs(records)
        for end in ends:
            self._open.pop(_key(end), None)
            self._unwritten.pop(_key(end), None)
            self._ends.pop((_key(end), end.seconds), None)
        self._tell(record for record in records if record.id in written)

    def _tell(self, records: Iterable[CallRecord]) -> None:
        for record in records:
            leg = record.leg
            self._counters.call_closed(leg.link, record.outcome, record.closed_by)
            log.info(
                "call_ended",
                link=leg.link,
                record=record.id,
                leg=leg.leg,
                outcome=record.outcome,
                closed_by=record.closed_by,
                seconds=record.platform_s,
                measured_s=record.measured_s,
            )

    async def _record(self, end: CallEnd) -> CallRecord | None:
        """None where the leg is closed and this end tells nothing more."""
        key = _key(end)
        leg = self._open.get(key)
        if leg is None or key in self._unwritten:
            known = await self._journal.find_leg(*key)
            if known is not None and known.last is not None:
                return self._restated(known, known.last, end)
            if known is not None:
                leg = known.leg
            elif leg is None:
                leg = self._leg(key, end.caller, end.called, end.started_us)
        answered_us = end.answered_us
        if answered_us is not None and leg.started_us < end.started_us:
            answered_us = leg.started_us  # a restart forgot the first part of the call
        ended_us = max(end.ended_us, leg.started_us)
        return self._priced(leg, end, answered_us, ended_us)

    def _restated(self, known: CallTrace, last: CallRecord, end: CallEnd) -> CallRecord | None:
        """The platform's seconds, come after the leg was closed; its times stay."""
        if end.seconds is None or last.platform_s is not None:
            return None
        return self._priced(known.leg, end, last.answered_us, last.ended_us)

    def _priced(
        self, leg: CallLeg, end: CallEnd, answered_us: int | None, ended_us: int
    ) -> CallRecord:
        spoken_s = measured_s(answered_us, ended_us)
        rated = self._tariffs.rate(
            link=leg.link,
            number=leg.called,
            leg=leg.leg,
            on=day_date(leg.day),
            platform_s=end.seconds,
            measured_s=spoken_s,
        )
        return CallRecord(
            id=self._next_id(),
            leg=leg,
            number=CLOSING,
            answered_us=answered_us,
            ended_us=ended_us,
            platform_s=end.seconds,
            measured_s=spoken_s,
            outcome=end.outcome,
            closed_by=end.closed_by,
            language=end.language,
            tariff=rated.rule_id,
            payer=rated.payer,
            billable_s=rated.billable_s,
            amount_tiyn=rated.amount_tiyn,
            currency=self._tariffs.currency,
            vat_bp=rated.vat_bp,
        )

    def _leg(self, key: Key, caller: str, called: str, started_us: int) -> CallLeg:
        link, call_id, leg = key
        return CallLeg(
            id=self._next_id(),
            link=link,
            call_id=call_id,
            leg=leg,
            party=self._keys.party(caller or nobody(call_id)),
            msisdn=caller,
            called=called,
            started_us=started_us,
            day=self._clock.day(started_us),
        )


def nobody(call_id: str) -> str:
    """Who stands for a caller that shows no phone: the call."""
    return f"call:{call_id}"


def _key(end: CallEnd) -> Key:
    return end.link, end.call_id, end.leg.value


def _reaped(leg: CallLeg) -> CallEnd:
    """Of how long it was nothing is known: nothing is charged."""
    return CallEnd(
        link=leg.link,
        call_id=leg.call_id,
        caller=leg.msisdn,
        called=leg.called,
        started_us=leg.started_us,
        ended_us=leg.started_us,
        seconds=None,
        outcome=REAPED,
        leg=Leg(leg.leg),
        closed_by="reaper",
    )
