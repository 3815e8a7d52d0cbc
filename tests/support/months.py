"""Months of an operator's questions in a journal: rated by the shipped tariff, answered, replied
to, some of them late. The same seed gives the same rows.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from gateway import config
from gateway.clock import KAZAKHSTAN, Clock, Ids
from gateway.core.cdr import Entry
from gateway.core.civil import Civil
from gateway.core.ledger import credit, late_credit, open_chain
from gateway.core.records import (
    Answer,
    Outcome,
    Question,
    QuestionState,
    ReplyState,
)
from gateway.core.tariff import Tariffs
from gateway.store import Journal
from tests.support import journal as rows

TARIFFS = Tariffs.from_table(config.table("tariffs.toml"))
CIVIL = Civil(KAZAKHSTAN)
_CLOCK = Clock()
_BATCH = 500
_NUMBERS = itertools.count(1)

RESULTS = ("status",) * 12 + ("not_found", "bad_length", "help", "thanks", "promised", "iin")
KINDS = ("appeal", "crime_report", "fine")


class Asked(NamedTuple):
    """A question with its answer; the rows are in no journal yet."""

    question: Question
    answer: Answer


def at_us(text: str) -> int:
    """A civil time of Kazakhstan, such as 2026-11-30 23:59, in UTC microseconds."""
    local = datetime.fromisoformat(text).replace(tzinfo=KAZAKHSTAN)
    return int(local.astimezone(UTC).timestamp()) * rows.SECOND


def asked(
    at: str | int,
    result: str = "status",
    *,
    operator: str = "north",
    channel: str = "sms",
    parts: int = 1,
    segments: int = 1,
    kind: str | None = "appeal",
    answered_us: int | None = None,
    **changes: Any,
) -> Asked:
    """A question received then, with the entries of the shipped tariff."""
    n = next(_NUMBERS)
    received_us = at_us(at) if isinstance(at, str) else at
    question = rows.question(
        n,
        operator=operator,
        link=operator,
        channel=channel,
        parts=parts,
        received_us=received_us,
        day=_CLOCK.day(received_us),
        **changes,
    )
    answered_us = answered_us or received_us + 3_000
    promised = result == "promised"
    return Asked(
        question,
        rows.answer(
            question,
            *(
                rows.reply(question, seg=seg + 1, segs=segments, state=ReplyState.SUBMITTING)
                for seg in range(segments)
            ),
            state=QuestionState.PROMISED if promised else QuestionState.ANSWERED,
            result=result,
            ticket_kind=kind,
            answered_us=answered_us,
            entries=open_chain(question, rated(question, result), result, answered_us),
        ),
    )


def rated(question: Question, result: str) -> Any:
    return TARIFFS.rate(
        operator=question.operator,
        channel=question.channel,
        on=CIVIL.day(question.received_us),
        result=result,
        parts=question.parts,
    )


def answered_late(
    of: Asked, at: str, result: str = "not_found", entries: tuple[Entry, ...] | None = None
) -> Answer:
    """The late answer to a promised question: a credit where its result is free, else nothing."""
    late_us = at_us(at)
    if entries is None:
        entries = late_credit(
            of.question,
            rated(of.question, "promised"),
            rated(of.question, result),
            result,
            day=_CLOCK.day(late_us),
            at_us=late_us,
        )
    made = Ids(lambda: late_us)() + of.question.id // 1000
    return rows.answer(
        of.question,
        rows.reply(of.question, 1, id=made),
        result=result,
        answered_us=late_us,
        entries=entries,
    )


def credited(of: Asked, at: str, cause: str, amount_tiyn: int | None = None) -> Entry:
    """Money given back by somebody's decision, on that day."""
    booked_us = at_us(at)
    new = credit(
        of.answer.entries,
        cause,
        day=_CLOCK.day(booked_us),
        at_us=booked_us,
        amount_tiyn=amount_tiyn,
    )
    assert isinstance(new, Entry), new
    return new


async def store(journal: Journal, *given: Asked) -> None:
    """Questions and answers, as they would be taken, and their replies delivered."""
    for start in range(0, len(given), _BATCH):
        batch = given[start : start + _BATCH]
        await journal.take([each.question for each in batch], [each.answer for each in batch])
        await journal.settle(
            [
                Outcome(
                    reply.id,
                    ReplyState.SUBMITTED,
                    status=0,
                    message_id=str(reply.id),
                    canonical_id=str(reply.id),
                    at_us=reply.next_us + rows.SECOND,
                )
                for each in batch
                for reply in each.answer.replies
            ]
        )


def month_of(
    first: date, count: int, seed: int, operators: tuple[str, ...] = ("north",)
) -> Iterator[Asked]:
    """`count` questions over the month that begins on that day, in the order of time."""
    random = Random(seed)
    begins_us = CIVIL.midnight_us(first)
    after = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    span_us = CIVIL.midnight_us(after) - begins_us
    for at in sorted(begins_us + random.randrange(span_us) for _ in range(count)):
        result = random.choice(RESULTS)
        yield asked(
            at,
            result,
            operator=random.choice(operators),
            parts=random.choice((1, 1, 1, 1, 2)),
            segments=random.choice((1, 1, 1, 2)),
            kind=random.choice(KINDS) if result == "status" else None,
        )
