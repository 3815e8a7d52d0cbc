"""Tickets that walk from body to body: forwardings counted over all systems and over the chain of
tickets that one complaint became, the worst first.

A complaint that came to the wrong place is passed on as a ticket of its own; who forwards it there
has not begun anew. Tickets come page by page; of the chains the worst are kept, and of those that
may come again a hash.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import Final, NamedTuple, Protocol

from lookup import joined
from lookup.compare import is_final, united
from lookup.source import Answers
from lookup.status import Body, Forward, TicketRecord, Wanted

CHAIN_MAX: Final = 10  # tickets of one chain; real ones have two or three
PAGE_MAX: Final = 1_000
WAY_MAX: Final = 50  # bodies of a way that are told, the last ones
LISTED_MIN: Final = 2  # forwardings by one system's count, from which registries list a ticket

CIRCULATING: Final = "circulating"

Key = tuple[str, str]  # kind, number


class Page(Protocol):
    """Tickets forwarded at least so often by one system's count, one record a system."""

    @property
    def records(self) -> Sequence[TicketRecord]: ...

    @property
    def next_after(self) -> int | None: ...


class Listed(Protocol):
    """What can be read from end to end: lookup.registry.source.Registry, gateway.walks.Noted."""

    async def circulating(self, forwards_min: int, *, limit: int, after: int) -> Page: ...

    async def find_many(self, wanted: Sequence[Wanted]) -> Answers: ...


class Walk(NamedTuple):
    """One complaint that circulates. `chain` are its tickets, the first filed one in front, `way`
    the bodies it went through, by id; all else is of the last one, where it is now."""

    kind: str
    number: str
    forwards: int
    first_filed_on: date | None
    status: str
    body: Body | None
    chain: tuple[Key, ...]
    way: tuple[str, ...] = ()
    as_of_us: int | None = None  # when this was so, UTC microseconds; None: it is so now

    def age_days(self, today: date) -> int | None:
        """Since it was first filed; forwarding never resets that."""
        return None if self.first_filed_on is None else (today - self.first_filed_on).days


class Circulation(NamedTuple):
    walks: tuple[Walk, ...]  # the worst first: most forwardings, then the oldest
    total: int  # of all that reach the number asked for, also those not in `walks`
    by_body: tuple[tuple[Body | None, int], ...]  # of all: who has so many of them now


async def circulating(
    registries: Sequence[Listed], forwards_min: int, *, limit: int, ended: bool = False
) -> Circulation:
    """Every complaint forwarded `forwards_min` times or more that somebody still has to answer,
    with `ended` also those that are closed; at most `limit` of them told.

    Reads all tickets that a system calls forwarded twice, since systems and chains add up; a
    complaint of which none was is not seen. Raises ValueError for fewer than two forwardings or a
    limit below 1, and what reading the registries raises.
    """
    if forwards_min < LISTED_MIN or limit < 1:
        raise ValueError(f"a walk has {LISTED_MIN} forwardings or more, and the limit is above 0")
    worst: list[tuple[int, int, tuple[Key, ...], Walk]] = []  # the least bad one in front
    told: set[int] = set()  # hashes of the chains that may come again
    total = 0
    by_body: Counter[str] = Counter()
    bodies: dict[str, Body | None] = {"": None}
    for registry in registries:
        after: int | None = 0
        while after is not None:
            page = await registry.circulating(LISTED_MIN, limit=PAGE_MAX, after=after)
            after = page.next_after
            for walk, over, unique in await _walks(registries, page.records):
                if walk.forwards < forwards_min or (over and not ended):
                    continue
                if not unique:
                    known = hash(frozenset(walk.chain))
                    if known in told:
                        continue
                    told.add(known)
                total += 1
                body = walk.body.id if walk.body is not None else ""
                by_body[body] += 1
                bodies.setdefault(body, walk.body)
                filed = walk.first_filed_on or date.max
                heapq.heappush(worst, (walk.forwards, -filed.toordinal(), walk.chain, walk))
                if len(worst) > limit:
                    heapq.heappop(worst)
    return Circulation(
        tuple(entry[-1] for entry in sorted(worst, reverse=True)),
        total,
        tuple((bodies[body], count) for body, count in by_body.most_common()),
    )


async def _walks(
    registries: Sequence[Listed], records: Sequence[TicketRecord]
) -> list[tuple[Walk, bool, bool]]:
    """The chains that these tickets are of, whether each is over, and whether no other listed
    record leads to it."""
    tickets = _Tickets(registries)
    await tickets.load(record.number for record in records)
    keys = [key for key in dict.fromkeys(map(_key, records)) if key in tickets]
    chains = {key: [key] for key in keys}
    ends = {key: [key] for key in keys}
    await _grow(tickets, chains.values(), tickets.parent)
    await _grow(tickets, ends.values(), tickets.child)
    walks = []
    for key in keys:
        chain = [*reversed(chains[key]), *(each for each in ends[key] if each not in chains[key])]
        unique = len(chain) == 1 and not tickets.known_to_several(key)
        tickets_of = [tickets[each] for each in chain]
        walks.append((_walk(tickets_of), is_final(tickets_of[-1]), unique))
    return walks


async def _grow(
    tickets: _Tickets, chains: Iterable[list[Key]], neighbour: Callable[[Key], Key | None]
) -> None:
    """Add to each chain its neighbours one way, as far as they are known."""
    growing = list(chains)
    for _ in range(CHAIN_MAX):
        await tickets.load(tickets.numbers_beside(chain[-1] for chain in growing))
        further = [(chain, neighbour(chain[-1])) for chain in growing]
        growing = []
        for chain, key in further:
            if key is not None and key not in chain:
                chain.append(key)
                growing.append(chain)
        if not growing:
            return


def _walk(chain: Sequence[TicketRecord]) -> Walk:
    last = chain[-1]
    forwards, count = _counted(chain)
    created = min((each.created_on for each in chain if each.created_on is not None), default=None)
    return Walk(
        kind=last.kind,
        number=last.number,
        forwards=count,
        first_filed_on=joined.first_filed(chain) or created,
        status=last.status,
        body=last.body,
        chain=tuple(map(_key, chain)),
        way=_way(forwards),
        as_of_us=last.as_of_us,
    )


def _counted(chain: Sequence[TicketRecord]) -> tuple[tuple[Forward, ...], int]:
    """The steps of all tickets, and how many there were at least.

    A step stands in the records of all tickets that came of it, and counts once. Of a number that
    is only stated nobody says which steps it counts, so two of them are not added; what a later
    ticket lists after the last word of those before it cannot be among theirs, and is.
    """
    listed = joined.forwards(chain[:1])
    count = max(len(listed), chain[0].forward_count)
    for at, ticket in enumerate(chain[1:], 1):
        further = joined.forwards(chain[: at + 1])
        words = [each.status_on for each in chain[:at]]
        if count > len(listed) and None not in words:
            word = joined.latest((*words, ticket.created_on)) or date.max
            count += max(0, _later(further, word) - _later(listed, word))
        listed = further
        count = max(count, len(listed), ticket.forward_count)
    return listed, count


def _later(forwards: Sequence[Forward], day: date) -> int:
    """Those that are no other system's note of a step of that day."""
    return sum((each.on - day).days > joined.SAME_FORWARD_DAYS for each in forwards)


def _way(forwards: Sequence[Forward]) -> tuple[str, ...]:
    """The bodies as they followed each other; one that nobody names is left out."""
    way: list[str] = []
    for forward in forwards:
        for body in (forward.from_body, forward.to_body):
            if body is not None and (not way or way[-1] != body):
                way.append(body)
    return tuple(way[-WAY_MAX:])


def _key(ticket: TicketRecord) -> Key:
    return ticket.kind, ticket.number


class _Tickets:
    """The tickets that a page of candidates needs, as all registries know them together."""

    def __init__(self, registries: Sequence[Listed]) -> None:
        self._registries = registries
        self._by_number: dict[str, dict[str, TicketRecord]] = {}
        self._several: set[Key] = set()

    def __getitem__(self, key: Key) -> TicketRecord:
        kind, number = key
        return self._by_number[number][kind]

    def __contains__(self, key: Key) -> bool:
        kind, number = key
        return kind in self._by_number.get(number, {})

    async def load(self, numbers: Iterable[str]) -> None:
        wanted = [
            Wanted(number, ()) for number in dict.fromkeys(numbers) if number not in self._by_number
        ]
        found: dict[Key, list[TicketRecord]] = {}
        for registry in self._registries:
            answers = await registry.find_many(wanted) if wanted else {}
            for record in itertools.chain.from_iterable(answers.values()):
                found.setdefault(_key(record), []).append(record)
        for item in wanted:
            self._by_number[item.number] = {}
        for key, records in found.items():
            kind, number = key
            self._by_number[number][kind] = united(records)
            if len(records) > 1:
                self._several.add(key)

    def known_to_several(self, key: Key) -> bool:
        return key in self._several

    def numbers_beside(self, keys: Iterable[Key]) -> Iterator[str]:
        for key in keys:
            ticket = self[key]
            if ticket.parent is not None:
                yield ticket.parent
            if ticket.passed_to is not None:
                yield ticket.passed_to.number

    def parent(self, key: Key) -> Key | None:
        """The ticket it was opened for. One that was joined to another did not come from it."""
        ticket = self[key]
        if ticket.parent is None or ticket.joined_to is not None:
            return None
        candidates = self._by_number.get(ticket.parent, {})
        for kind, candidate in candidates.items():
            passed_to = candidate.passed_to
            if passed_to is not None and (passed_to.kind, passed_to.number) == key:
                return kind, ticket.parent
        kinds = [ticket.kind] if ticket.kind in candidates else list(candidates)
        return (kinds[0], ticket.parent) if len(kinds) == 1 else None

    def child(self, key: Key) -> Key | None:
        """The ticket that was opened for it."""
        passed_to = self[key].passed_to
        child = None if passed_to is None else (passed_to.kind, passed_to.number)
        return child if child is not None and child in self else None
