"""One question to many sources: who is asked, and what their answers mean together."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from lookup.source import ANY_KIND, Answers, Source, SourceHealth, SourceUnavailableError
from lookup.status import Found, NotFound, Partial, Status, TicketRecord, Unavailable, Wanted

_NOT_FOUND = NotFound()


class _Reply(NamedTuple):
    """What one source said to its batch; `silent` when it did not answer all of it."""

    source: str
    answers: Answers
    silent: bool


class Lookup:
    """Asks each source that serves a wanted kind, all at once, one batch a source.

    Sources stand in the order of the settings: where two know a ticket of the same kind and
    number, the first one's word counts.
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = tuple(sources)
        self._sole = (
            self._sources[0]
            if len(self._sources) == 1 and ANY_KIND in self._sources[0].kinds
            else None
        )

    async def find_many(self, wanted: Sequence[Wanted]) -> list[Status]:
        """One status for each number wanted, in the same order.

        Never NotFound while a source that serves one of the kinds was silent; Unavailable with
        nobody named means that no source serves any of the kinds.
        """
        if not wanted:
            return []
        if self._sole is not None:
            reply = await _ask(self._sole, wanted)
            if not reply.silent:
                return [_from_one(item, reply.answers.get(item), reply.source) for item in wanted]
            return [_merge(item, (reply,)) for item in wanted]
        batches = [
            (source, [item for item in wanted if _serves(source, item)]) for source in self._sources
        ]
        asked = [(source, batch) for source, batch in batches if batch]
        if len(asked) == 1:
            replies = [await _ask(*asked[0])]
        else:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(_ask(source, batch)) for source, batch in asked]
            replies = [task.result() for task in tasks]
        by_source = {reply.source: reply for reply in replies}
        return [
            _merge(
                item,
                [by_source[source.name] for source, _ in asked if _serves(source, item)],
            )
            for item in wanted
        ]

    async def health(self) -> list[SourceHealth]:
        """The condition of each source, in the order of the settings."""
        return [await source.health() for source in self._sources]

    async def close(self) -> None:
        """Close the sources in reverse order."""
        for source in reversed(self._sources):
            await source.close()


def _serves(source: Source, item: Wanted) -> bool:
    return ANY_KIND in source.kinds or not source.kinds.isdisjoint(item.kinds)


async def _ask(source: Source, batch: Sequence[Wanted]) -> _Reply:
    try:
        return _Reply(source.name, await source.find_many(batch), silent=False)
    except SourceUnavailableError as error:
        return _Reply(source.name, error.answered, silent=True)


def _from_one(item: Wanted, tickets: tuple[TicketRecord, ...] | None, source: str) -> Status:
    """The common case: one source, which answered; usually with one ticket of the kind wanted."""
    if not tickets:
        return _NOT_FOUND
    if len(tickets) == 1:
        ticket = tickets[0]
        if ticket.number == item.number and ticket.kind in item.kinds:
            return Found(tickets)
    return _merge(item, (_Reply(source, {item: tickets}, silent=False),))


def _merge(item: Wanted, replies: Sequence[_Reply]) -> Status:
    if not replies:
        return Unavailable(())
    by_kind: dict[str, TicketRecord] = {}
    silent: list[str] = []
    for reply in replies:
        tickets = reply.answers.get(item)
        if tickets is None:
            if reply.silent:
                silent.append(reply.source)
            continue
        for ticket in tickets:
            if ticket.number != item.number:
                # Somebody else's ticket: nothing this source said of the number can be trusted.
                silent.append(reply.source)
                break
        else:
            for ticket in tickets:
                by_kind.setdefault(ticket.kind, ticket)
    return _status(_in_order(item.kinds, by_kind), tuple(silent))


def _in_order(
    kinds: Sequence[str], by_kind: Mapping[str, TicketRecord]
) -> tuple[TicketRecord, ...]:
    return tuple(by_kind[kind] for kind in kinds if kind in by_kind)


def _status(tickets: tuple[TicketRecord, ...], silent: tuple[str, ...]) -> Status:
    if tickets:
        return Partial(tickets, silent) if silent else Found(tickets)
    return Unavailable(silent) if silent else _NOT_FOUND
