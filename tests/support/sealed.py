"""A sealed journal of three days, made through its verbs, and what it takes to check it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TypeVar

from gateway.billing.sealed.check import SealReport, verify_seals
from gateway.billing.sealed.heads import Head, head_of
from gateway.clock import KAZAKHSTAN, Clock
from gateway.core.call_records import RESTATED
from gateway.core.civil import Civil
from gateway.core.records import Question
from gateway.core.staff import AuditRecord, Person
from gateway.keys import Keys
from gateway.store import Journal, open_store
from tests.support.journal import (
    AT,
    DAY,
    HOUR,
    SECOND,
    TODAY,
    answer,
    entry,
    failed,
    question,
    rated_mt,
    reply,
)
from tests.support.legs import leg, record

T = TypeVar("T")

MASTER = bytes(range(32))
KEYS = Keys(MASTER)
DAYS = (20261120, 20261121, 20261122)
QUESTIONS = 24  # a day
midnight_us = Civil(KAZAKHSTAN).midnight_us
day_of = Clock().day


def asked(n: int, day: int) -> Question:
    received_us = AT + day * DAY + n * SECOND
    return question(day * 100 + n, received_us=received_us, day=TODAY + day)


class Made:
    """A journal in a folder; its clock is `now_us`."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "journal.db"
        self.url = f"sqlite://{self.path}"
        self.now_us = AT
        self.key = KEYS.seal

    async def open(self, *, writing: bool = False) -> Journal:
        keys = KEYS if writing else None
        return await open_store(self.url, keys=keys, now_us=lambda: self.now_us)

    def with_journal(self, work: Callable[[Journal], Awaitable[T]], *, writing: bool = False) -> T:
        async def on_it() -> T:
            journal = await self.open(writing=writing)
            try:
                return await work(journal)
            finally:
                await journal.close()

        return asyncio.run(on_it())

    def check(self, *heads: Head) -> SealReport:
        return self.with_journal(lambda journal: verify_seals(journal, KEYS.seal, heads, day_of))

    def head(self, day: int) -> Head:
        return self.with_journal(lambda journal: head_of(journal, day, midnight_us))


async def fill(made: Made, journal: Journal, days: Iterable[int] = range(len(DAYS))) -> None:
    """Questions charged at once or on the reply, some credited; calls, every third restated; what
    staff decided; and commits without a row of money."""
    for day in days:
        for first in range(1, QUESTIONS + 1, 4):
            made.now_us = AT + day * DAY + first * HOUR // 4
            batch = [asked(n, day) for n in range(first, first + 4)]
            paid = [answer(each) for each in batch[:2]]
            on_reply = answer(batch[2], entries=(rated_mt(batch[2]),))
            back = answer(batch[3], entries=(
                entry(batch[3]), entry(batch[3], "charged"),
                entry(batch[3], "credited:rule", amount_tiyn=-1500),
            ))  # fmt: skip
            await journal.take(batch, [*paid, on_reply, back])
            await journal.settle([failed(reply(batch[2]))])
            one = leg(day * 100 + first, started_us=made.now_us, day=TODAY + day)
            closed = record(one, language='kk "қазақша"')
            await journal.close_legs([closed])
            await journal.confirm(7, batch[-1].id)  # a commit without a row of money
            if first % 3 == 1:
                await journal.close_legs([record(one, 2, number=RESTATED, platform_s=50)])
        by_hand = asked(1, day)
        given = entry(by_hand, "credited:dispute:a", amount_tiyn=-500, reason='he said "no"\\')
        noted = AuditRecord(
            made.now_us, "aliya", "accountant", "credit", f"question {by_hand.id}", "done", {}
        )
        await journal.book([given], noted)
        person = Person(made.now_us, f"p{day}", "auditor", f"hash{day}", True, "aliya")
        await journal.change_staff(person, day, noted._replace(action="staff-add"))
