"""Complaints that circulate in systems which cannot be read from end to end: as far as they showed
while citizens asked, from the journal, where `gateway.findings` puts them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from gateway.core.records import KeptFinding
from gateway.store.journal import Journal
from lookup.feed.vocabulary import STATUSES
from lookup.source import Answers
from lookup.status import Body, TicketRecord, Wanted

_KINDS = tuple(STATUSES)


class Page(NamedTuple):
    records: tuple[TicketRecord, ...]
    next_after: int | None


class Noted:
    """What the journal knows of them, as `lookup.circulation.Listed`: one record a ticket, as it
    was when it was last asked for. `find_body` finds the body of an id."""

    def __init__(self, journal: Journal, find_body: Callable[[str], Body | None]) -> None:
        self._journal = journal
        self._find_body = find_body

    async def circulating(self, forwards_min: int, *, limit: int, after: int) -> Page:
        """Raises StoreUnavailableError."""
        kept = await self._journal.findings(after, limit, walks=True)
        told = [each for each in kept if each.walk and each.walk.forwards >= forwards_min]
        return Page(tuple(map(self._record, told)), kept[-1].id if len(kept) == limit else None)

    async def find_many(self, wanted: Sequence[Wanted]) -> Answers:
        """Raises StoreUnavailableError."""
        found: dict[str, list[TicketRecord]] = {}
        numbers = [item.number for item in wanted]
        for each in await self._journal.walks_of(numbers, _KINDS) if numbers else ():
            found.setdefault(each.number, []).append(self._record(each))
        return {item: tuple(found[item.number]) for item in wanted if item.number in found}

    def _record(self, kept: KeptFinding) -> TicketRecord:
        walk = kept.walk
        assert walk is not None
        return TicketRecord(
            kind=kept.kind,
            number=kept.number,
            number_shown=kept.number,
            source=" ".join(kept.sources),
            status=walk.status,
            status_on=walk.status_on,
            created_on=walk.first_filed_on,
            first_filed_on=walk.first_filed_on,
            due_on=None,
            due_basis=None,
            body=None if walk.body is None else self._find_body(walk.body),
            other_bodies=0,
            forward_count=walk.forwards,
            extended_count=0,
            owner_hashes=(),
            owner_lang=None,
            answer_via=None,
            intake=None,
            joined_to=None,
            fine=None,
            inspection=None,
            as_of_us=kept.seen_us,
        )
