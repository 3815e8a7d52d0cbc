"""The phones: replies as citizens see them, parts joined, in a bounded store. Pure."""

from __future__ import annotations

from collections import Counter, deque
from typing import Final, NamedTuple

from smpp.simulator import segments, text, wire
from smpp.simulator.segments import Place
from smpp.simulator.text import Alphabet

INBOX_MAX: Final = 10_000  # messages kept; the oldest go first
PARTIALS_MAX: Final = 10_000  # messages of which parts are missing


class Mt(NamedTuple):
    """One message as a phone shows it."""

    msisdn: str
    source: str
    text: str
    segments: int
    data_coding: int
    message_ids: tuple[str, ...]  # in the order of the segments
    received_at: float  # loop time of the last segment, seconds
    session: int  # number of the session it came by
    answered: bool  # False: a submit_sm_resp of it was withheld

    @property
    def message_id(self) -> str:
        return self.message_ids[0]


class Segment(NamedTuple):
    """One submit_sm that was taken."""

    message: wire.Message
    message_id: str
    received_at: float
    session: int
    answered: bool


class Partial(NamedTuple):
    segments: dict[int, Segment]
    octets: dict[int, bytes]


class _Phone:
    __slots__ = ("messages", "unread")

    def __init__(self) -> None:
        self.messages: deque[Mt] = deque()
        self.unread = 0


class Inbox:
    """Counts in `counters`: partial_duplicates, partials_evicted, inbox_evicted."""

    def __init__(self, dc0: Alphabet, counters: Counter[str], limit: int = INBOX_MAX) -> None:
        self._dc0 = dc0
        self._counters = counters
        self._limit = limit
        self._phones: dict[str, _Phone] = {}
        self._order: deque[str] = deque()  # the phone of each message kept, oldest first
        self._partials: dict[tuple[object, ...], Partial] = {}

    def take(self, segment: Segment) -> Mt | None:
        """Put one segment in; the message when it is complete with it."""
        place, octets = segments.read(segment.message, self._dc0)
        mt = (
            self._join((segment,), octets) if place is None else self._place(segment, place, octets)
        )
        if mt is not None:
            self._keep(mt)
        return mt

    def of(self, msisdn: str) -> list[Mt]:
        """All messages kept for a phone, oldest first."""
        phone = self._phones.get(msisdn)
        return list(phone.messages) if phone else []

    def read_next(self, msisdn: str) -> Mt | None:
        """The phone's oldest unread message, which is read with this."""
        phone = self._phones.get(msisdn)
        if phone is None or not phone.unread:
            return None
        mt = phone.messages[-phone.unread]
        phone.unread -= 1
        return mt

    @property
    def incomplete(self) -> int:
        """Messages of which a part is missing."""
        return len(self._partials)

    def _place(self, segment: Segment, place: Place, octets: bytes) -> Mt | None:
        message = segment.message
        key = (message.source, message.destination, place.reference, place.total, place.width)
        partial = self._partials.get(key)
        if partial is None:
            if len(self._partials) >= PARTIALS_MAX:
                del self._partials[next(iter(self._partials))]
                self._counters["partials_evicted"] += 1
            partial = self._partials[key] = Partial({}, {})
        if place.number in partial.segments:
            self._counters["partial_duplicates"] += 1
        partial.segments[place.number] = segment
        partial.octets[place.number] = octets
        if len(partial.segments) < place.total:
            return None
        del self._partials[key]
        numbers = sorted(partial.segments)
        joined = b"".join(partial.octets[number] for number in numbers)
        return self._join(tuple(partial.segments[number] for number in numbers), joined)

    def _join(self, parts: tuple[Segment, ...], octets: bytes) -> Mt:
        message = parts[0].message
        if len(parts) == 1:
            ((_, message_id, received_at, session, answered),) = parts
            ids: tuple[str, ...] = (message_id,)
        else:
            ids = tuple(part.message_id for part in parts)
            last = max(parts, key=lambda part: part.received_at)
            received_at, session = last.received_at, last.session
            answered = all(part.answered for part in parts)
        alphabet = text.alphabet_of(message.data_coding, self._dc0)
        return Mt(
            message.destination, message.source, text.decode(octets, alphabet), len(parts),
            message.data_coding, ids, received_at, session, answered,
        )  # fmt: skip

    def _keep(self, mt: Mt) -> None:
        phone = self._phones.get(mt.msisdn)
        if phone is None:
            phone = self._phones[mt.msisdn] = _Phone()
        phone.messages.append(mt)
        phone.unread += 1
        self._order.append(mt.msisdn)
        if len(self._order) > self._limit:
            self._evict()

    def _evict(self) -> None:
        self._counters["inbox_evicted"] += 1
        msisdn = self._order.popleft()
        phone = self._phones[msisdn]
        phone.messages.popleft()
        phone.unread = min(phone.unread, len(phone.messages))
        if not phone.messages:
            del self._phones[msisdn]
