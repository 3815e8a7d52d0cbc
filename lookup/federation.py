"""One question to many sources: who is asked, and what their answers mean together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple

from lookup.circulation import LISTED_MIN
from lookup.compare import Contradiction, contradiction, united
from lookup.guard import Guarded
from lookup.placeholders import without_placeholders
from lookup.source import ANY_KIND, Answers, Source, SourceHealth, SourceUnavailableError
from lookup.status import Found, NotFound, Partial, Status, TicketRecord, Unavailable, Wanted

_NOT_FOUND = NotFound()


class _Reply(NamedTuple):
    """What one source said to its batch; `silent` when it did not answer all of it, `late` when
    it was not waited for any longer."""

    source: str
    answers: Answers
    silent: bool
    late: bool = False


class Lookup:
    """Asks each source that serves a wanted kind, all at once, one batch a source.

    What several systems know of one ticket is told as one (lookup.compare); where they contradict
    each other, `on_contradiction` is told each time it is seen. `on_walk` is told of what goes
    from body to body, where a source elsewhere knows of it: registries are read for that. Neither
    must wait.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        *,
        on_contradiction: Callable[[Contradiction], None] | None = None,
        on_walk: Callable[[TicketRecord, tuple[str, ...]], None] | None = None,
    ) -> None:
        self._sources = tuple(sources)
        self._on_contradiction = on_contradiction
        self._on_walk = on_walk
        self._sole = (
            self._sources[0]
            if len(self._sources) == 1 and ANY_KIND in self._sources[0].kinds
            else None
        )
        self._elsewhere = tuple(
            source for source in self._sources if isinstance(source, Guarded) and source.apart
        )
        self._names_elsewhere = frozenset(source.name for source in self._elsewhere)

    def at_hand(self, wanted: Sequence[Wanted]) -> bool:
        """Whether no source elsewhere is asked for any of these, so that none of them waits."""
        return not any(_serves(source, item) for source in self._elsewhere for item in wanted)

    async def find_many(
        self, wanted: Sequence[Wanted], *, within_s: float | None = None, hurried: bool = False
    ) -> list[Status]:
        """One status for each number wanted, in the same order.

        A source that has not answered `within_s` is silent. `hurried`: a number of which a source
        has not said anything by then is Unavailable and `pending`, whatever others said, and
        sources that are slow are not waited for at all.

        Never NotFound while a source that serves one of the kinds was silent; Unavailable with
        nobody named means that no source serves any of the kinds.
        """
        if not wanted:
            return []
        if self._sole is not None and not (hurried and _is_slow(self._sole)):
            reply = await _ask_within(self._sole, wanted, within_s)
            if not reply.silent:
                return [
                    self._from_one(item, reply.answers.get(item), reply.source) for item in wanted
                ]
            return [self._merge(item, (reply,), hurried=hurried) for item in wanted]
        batches = [
            (source, [item for item in wanted if _serves(source, item)]) for source in self._sources
        ]
        asked = [(source, batch) for source, batch in batches if batch]
        if len(asked) == 1 and not (hurried and _is_slow(asked[0][0])):
            replies = [await _ask_within(*asked[0], within_s)]
        else:
            replies = await _ask_all(asked, within_s, hurried=hurried)
        pairs = [(source, reply) for (source, _), reply in zip(asked, replies, strict=True)]
        statuses: list[Status] = []
        for item in wanted:
            serving = [reply for source, reply in pairs if _serves(source, item)]
            if len(serving) == 1 and not serving[0].silent:
                only = serving[0]
                statuses.append(self._from_one(item, only.answers.get(item), only.source))
            else:
                statuses.append(self._merge(item, serving, hurried=hurried))
        return statuses

    async def health(self) -> list[SourceHealth]:
        """The condition of each source, in the order of the settings."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(source.health()) for source in self._sources]
        return [task.result() for task in tasks]

    async def close(self) -> None:
        """Close the sources in reverse order."""
        for source in reversed(self._sources):
            await source.close()

    # -- inside

    def _from_one(
        self, item: Wanted, tickets: tuple[TicketRecord, ...] | None, source: str
    ) -> Status:
        """The common case: one source, which answered; usually with one ticket of the kind
        wanted, which is no fine and so cannot contradict itself."""
        if not tickets:
            return _NOT_FOUND
        if len(tickets) == 1:
            ticket = without_placeholders(tickets[0])
            if (
                ticket.number == item.number
                and ticket.kind in item.kinds
                and ticket.fine is None
                and ticket.conflict is None
            ):
                if ticket.forward_count >= LISTED_MIN and source in self._names_elsewhere:
                    self._tell_walk(ticket, tickets)
                return Found((ticket,))
        return self._merge(item, (_Reply(source, {item: tickets}, silent=False),), hurried=False)

    def _merge(self, item: Wanted, replies: Sequence[_Reply], *, hurried: bool) -> Status:
        if not replies:
            return Unavailable(())
        by_kind: dict[str, list[TicketRecord]] = {}
        elsewhere: set[str] = set()  # kinds that a source elsewhere tells of
        silent: list[str] = []
        pending: list[str] = []
        for reply in replies:
            tickets = reply.answers.get(item)
            if tickets is None:
                if reply.silent:
                    (pending if hurried and reply.late else silent).append(reply.source)
                continue
            if any(ticket.number != item.number for ticket in tickets):
                # Somebody else's ticket: nothing this source said of the number can be trusted.
                silent.append(reply.source)
                continue
            for ticket in tickets:
                by_kind.setdefault(ticket.kind, []).append(without_placeholders(ticket))
                if reply.source in self._names_elsewhere:
                    elsewhere.add(ticket.kind)
        if pending:
            return Unavailable((*pending, *silent), pending=True)
        told = [self._one(by_kind[kind]) for kind in item.kinds if kind in by_kind]
        for ticket in told:
            if ticket.forward_count >= LISTED_MIN and ticket.kind in elsewhere:
                self._tell_walk(ticket, by_kind[ticket.kind])
        return _status(tuple(told), tuple(dict.fromkeys(silent)))

    def _one(self, records: Sequence[TicketRecord]) -> TicketRecord:
        first = records[0]
        if len(records) == 1 and first.fine is None and first.conflict is None:
            return first
        ticket = united(records)
        if self._on_contradiction is not None:
            rule = contradiction(records)
            if rule is not None:
                sources = tuple(sorted({record.source for record in records}))
                self._on_contradiction(Contradiction(ticket.kind, ticket.number, rule, sources))
        return ticket

    def _tell_walk(self, ticket: TicketRecord, records: Sequence[TicketRecord]) -> None:
        if self._on_walk is not None:
            self._on_walk(ticket, tuple(sorted({record.source for record in records})))


def _serves(source: Source, item: Wanted) -> bool:
    return ANY_KIND in source.kinds or not source.kinds.isdisjoint(item.kinds)


def _is_slow(source: Source) -> bool:
    return isinstance(source, Guarded) and source.slow


async def _ask(source: Source, batch: Sequence[Wanted]) -> _Reply:
    try:
        return _Reply(source.name, await source.find_many(batch), silent=False)
    except SourceUnavailableError as error:
        return _Reply(source.name, error.answered, silent=True)


async def _ask_within(source: Source, batch: Sequence[Wanted], within_s: float | None) -> _Reply:
    try:
        async with asyncio.timeout(within_s):
            return await _ask(source, batch)
    except TimeoutError:
        return _Reply(source.name, {}, silent=True, late=True)


async def _ask_all(
    asked: Sequence[tuple[Source, Sequence[Wanted]]], within_s: float | None, *, hurried: bool
) -> list[_Reply]:
    """The replies of all, in order. Whoever is late is told so and given up."""
    if not asked:
        return []
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_ask(source, batch)) for source, batch in asked]
        waited = [
            task
            for task, (source, _) in zip(tasks, asked, strict=True)
            if not (hurried and _is_slow(source))
        ]
        if waited:
            await asyncio.wait(waited, timeout=within_s)
        else:
            await asyncio.sleep(0)  # they answer from memory at once, or set out
        replies = [
            task.result() if task.done() else _Reply(source.name, {}, silent=True, late=True)
            for task, (source, _) in zip(tasks, asked, strict=True)
        ]
        for task in tasks:
            task.cancel()
    return replies


def _status(tickets: tuple[TicketRecord, ...], silent: tuple[str, ...]) -> Status:
    if tickets:
        return Partial(tickets, silent) if silent else Found(tickets)
    return Unavailable(silent) if silent else _NOT_FOUND
