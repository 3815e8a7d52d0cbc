"""Rows of the journal with everything filled in, and a journal to put them into.

Ids follow from the question's number `n`: question n has the id n * 1000, its replies the ids
right above.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gateway.core.cdr import ChargePoint, Entry, EntryKind
from gateway.core.records import (
    RECEIPT_ORDINAL,
    Answer,
    Chain,
    Outcome,
    Question,
    QuestionState,
    ReceiptSeen,
    Reply,
    ReplyState,
    StoredPart,
    Subscriber,
)
from gateway.keys import Keys
from gateway.store import Journal, StoreLimits, open_store

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
AT = 1_795_150_800 * SECOND  # 2026-11-20 10:00 in Almaty
TODAY = 20261120
KEYS = Keys(b"a key of tests alone".ljust(32))


class SqliteEngine:
    """Makes journals on SQLite in a folder; the tables are made once and copied."""

    name = "sqlite"

    def __init__(self, folder: Path, template: Path) -> None:
        self.path = folder / "journal.db"
        self._template = template
        self._opened: list[Journal] = []

    async def open(self, **limits: int) -> Journal:
        made = self._template.exists()
        if made and not self.path.exists():
            shutil.copy(self._template, self.path)
        journal = await self.open_url(f"sqlite://{self.path}", **limits)
        if not made:
            await journal.backup(self._template)
        return journal

    async def open_url(self, url: str, **limits: int) -> Journal:
        journal = await open_store(url, keys=KEYS, limits=StoreLimits(**limits))
        self._opened.append(journal)
        return journal

    async def close(self) -> None:
        """Whatever a test has left open: a thread of an open one would outlive the tests."""
        for journal in self._opened:
            await journal.close()


ENGINES = [SqliteEngine]


def question(n: int = 1, **changes: Any) -> Question:
    return Question(
        id=n * 1000,
        link="north",
        operator="north",
        session=7,
        fingerprint=f"fingerprint{n}",
        party=f"party{n}",
        msisdn=f"7701000{n:04}",
        short_code="1012",
        channel="sms",
        received_us=AT + n * SECOND,
        day=TODAY,
        intent="lookup",
        text="талон 061200000012345678",
        parts=1,
    )._replace(**changes)


def reply(asked: Question, ordinal: int = 0, seg: int = 1, **changes: Any) -> Reply:
    return Reply(
        id=asked.id + 1 + 10 * ordinal + seg,
        question_id=asked.id,
        ordinal=ordinal,
        seg=seg,
        segs=1,
        link=asked.link,
        msisdn=asked.msisdn,
        source=asked.short_code,
        text="Өтініш қаралуда",
        text_id="appeal.in_review",
        reference=0,
        state=ReplyState.SUBMITTING,
        next_us=asked.received_us,
        expires_us=asked.received_us + 10 * MINUTE,
        receipt=True,
    )._replace(**changes)


def entry(asked: Question, key: str = "rated", **changes: Any) -> Entry:
    """An entry of the question: `key` is its kind, with its cause where it has one."""
    kind, _, cause = key.partition(":")
    settles = kind in {"charged", "voided"}
    return Entry(
        key=f"{'settled' if settles else kind}:{asked.id}" + (f":{cause}" if cause else ""),
        day=asked.day,
        question_id=asked.id,
        link=asked.link,
        operator=asked.operator,
        party=asked.party,
        channel=asked.channel,
        kind=EntryKind(kind),
        amount_tiyn=1500,
        currency="KZT",
        vat_bp=1600,
        charge_point=ChargePoint.MO,
        tariff="sms-15",
        result="status",
        reason=cause or None,
        corrects=f"settled:{asked.id}" if cause else None,
        parts=1,
        at_us=asked.received_us + 3_000,
    )._replace(**changes)


def rated_mt(asked: Question) -> Entry:
    """Rated, to be charged on the reply."""
    return entry(asked, charge_point=ChargePoint.MT)


def answer(asked: Question, *replies: Reply, **changes: Any) -> Answer:
    """One reply and a question charged on receipt, unless told otherwise."""
    return Answer(
        question_id=asked.id,
        state=QuestionState.ANSWERED,
        language="kk",
        result="status",
        ticket_kind="appeal",
        answered_us=asked.received_us + 3_000,
        replies=replies or (reply(asked),),
        entries=(entry(asked), entry(asked, "charged")),
        subscriber=Subscriber(asked.party, asked.msisdn, '{"language":"kk"}'),
    )._replace(**changes)


def promise(asked: Question, *replies: Reply, **changes: Any) -> Answer:
    state = {"state": QuestionState.PROMISED, "result": "later", "ticket_kind": None}
    return answer(asked, *replies, **(state | changes))


def sent(one: Reply, message_id: str = "A1", **changes: Any) -> Outcome:
    return Outcome(
        one.id,
        ReplyState.SUBMITTED,
        status=0,
        message_id=message_id,
        canonical_id=message_id.lower(),
        at_us=one.next_us + SECOND,
    )._replace(**changes)


def failed(one: Reply, **changes: Any) -> Outcome:
    outcome = Outcome(one.id, ReplyState.FAILED, status=8, charge="voided", at_us=AT + HOUR)
    return outcome._replace(**changes)


def receipt(canonical_id: str = "a1", **changes: Any) -> ReceiptSeen:
    return ReceiptSeen(
        "north", canonical_id, ReplyState.DELIVERED, "DELIVRD", "000", "charged", AT + HOUR
    )._replace(**changes)


async def joined(store: Journal, *seen: ReceiptSeen) -> int:
    """How many of these receipts join a reply, given in one call."""
    return len(seen) - len((await store.receipts(seen)).unmatched)


def our_receipt(asked: Question | StoredPart, **changes: Any) -> Reply:
    """Ours, owed to the account that sent it."""
    return Reply(
        id=asked.id + 900,
        question_id=asked.id,
        ordinal=RECEIPT_ORDINAL,
        seg=1,
        segs=1,
        link=asked.link,
        msisdn=asked.msisdn,
        source=asked.short_code,
        text=f"id:{asked.id} stat:DELIVRD",
        text_id="receipt",
        reference=0,
        state=ReplyState.QUEUED,
        next_us=asked.received_us,
        expires_us=asked.received_us + DAY,
        receipt=False,
    )._replace(**changes)


async def sets(store: Journal, parts: Sequence[StoredPart]) -> list[tuple[StoredPart, ...]]:
    """What these parts complete."""
    return list((await store.part(parts)).complete)


def part(n: int, number: int, total: int = 2, **changes: Any) -> StoredPart:
    return StoredPart(
        id=n,
        link="north",
        operator="north",
        session=7,
        fingerprint=f"part{n}",
        party="party1",
        msisdn="77010000001",
        short_code="1012",
        received_us=AT + n * SECOND,
        data_coding=8,
        octets=bytes([0, 255, number]),
        reference=51,
        width=8,
        total=total,
        number=number,
    )._replace(**changes)


async def chains(store: Journal, day_from: int = TODAY, day_to: int = TODAY) -> list[Chain]:
    return [chain async for chain in store.chains(day_from, day_to)]


async def chain_of(store: Journal, asked: Question) -> Chain:
    (found,) = [c for c in await chains(store, 0, 99999999) if c.question_id == asked.id]
    return found


async def states(store: Journal, asked: Question) -> list[ReplyState]:
    return [trace.state for trace in (await chain_of(store, asked)).replies]


async def kinds(store: Journal, asked: Question) -> list[str]:
    return [str(one.kind) for one in (await chain_of(store, asked)).entries]


def ids(rows: Sequence[Any]) -> list[int]:
    return [row.id for row in rows]
