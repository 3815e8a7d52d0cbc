"""The last PDUs of each bind, kept in memory as they passed. Pure: the clock is handed in.

A ring outlives the sessions of its bind: what one wants to see is the minutes before a drop. It
holds texts and numbers, so nothing leaves it but through `smpp.capture.masking`.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from smpp.capture.masking import split
from smpp.pdu import HEADER_OCTETS, Frame

PDUS_DEFAULT: Final = 256  # kept of a bind
RING_OCTETS_MAX: Final = 1 << 20  # of bodies and writes of one bind, whatever their count
RINGS_MAX: Final = 1_024  # binds of all links and accounts; beyond, the longest unused one goes

_HEADER = struct.Struct(">4I")


class Record(NamedTuple):
    """One PDU. `session` is the connection's number among all that were ever watched."""

    at_us: int
    bind: int
    session: int
    sent: bool  # by us
    octets: bytes  # header included, unmasked


class Ring:
    """One bind's. Holds at most `pdus_max` reads and writes and `octets_max` octets of them."""

    __slots__ = ("_now_us", "bind", "entries", "octets", "octets_max", "pdus_max")

    def __init__(
        self,
        bind: int,
        now_us: Callable[[], int],
        pdus_max: int = PDUS_DEFAULT,
        octets_max: int = RING_OCTETS_MAX,
    ) -> None:
        self.bind = bind
        self.pdus_max = pdus_max
        self.octets_max = octets_max
        self.octets = 0
        # a frame as it was read, or the octets of one write, which may be several PDUs
        self.entries: deque[tuple[int, int, Frame | bytes]] = deque()
        self._now_us = now_us

    def tap(self, session: int) -> SessionTap:
        """What a new session of this bind writes through."""
        return SessionTap(self, session, self._now_us)

    def evict(self) -> None:
        """Make room: the oldest go first. One entry stays, however large."""
        entries = self.entries
        while len(entries) > 1 and (len(entries) > self.pdus_max or self.octets > self.octets_max):
            held = entries.popleft()[2]
            self.octets -= len(held.body) if isinstance(held, Frame) else len(held)

    def records(self) -> list[Record]:
        """What it holds, oldest first, `pdus_max` at most."""
        found = [
            Record(at_us, self.bind, session, sent, octets)
            for at_us, session, held in self.entries
            for sent, octets in _pdus(held)
        ]
        return found[-self.pdus_max :]


class SessionTap:
    """A `smpp.context.Tap`: appends and returns."""

    __slots__ = ("_entries", "_now_us", "_ring", "_session")

    def __init__(self, ring: Ring, session: int, now_us: Callable[[], int]) -> None:
        self._ring = ring
        self._entries = ring.entries
        self._session = session
        self._now_us = now_us

    def received(self, frame: Frame) -> None:
        ring = self._ring
        self._entries.append((self._now_us(), self._session, frame))
        ring.octets += len(frame[3])
        if len(self._entries) > ring.pdus_max or ring.octets > ring.octets_max:
            ring.evict()

    def sent(self, octets: bytes) -> None:
        ring = self._ring
        self._entries.append((self._now_us(), self._session, octets))
        ring.octets += len(octets)
        if len(self._entries) > ring.pdus_max or ring.octets > ring.octets_max:
            ring.evict()


def _pdus(held: Frame | bytes) -> Iterator[tuple[bool, bytes]]:
    if isinstance(held, Frame):
        command_id, status, sequence, body = held
        yield False, _HEADER.pack(HEADER_OCTETS + len(body), command_id, status, sequence) + body
    else:
        for octets in split(held):
            yield True, octets


class Captures:
    """The rings of all links and accounts, by name and number of the bind."""

    def __init__(self, now_us: Callable[[], int]) -> None:
        self._now_us = now_us
        self._rings: dict[tuple[str, int], Ring] = {}
        self._sessions = 0

    def tap(self, link: str, bind: int, pdus_max: int = PDUS_DEFAULT) -> SessionTap | None:
        """The tap of a new session of that bind; None where `pdus_max` is 0: capture is off."""
        if pdus_max <= 0:
            return None
        self._sessions += 1
        key = (link, bind)
        ring = self._rings.pop(key, None) or Ring(bind, self._now_us, pdus_max)
        self._rings[key] = ring  # last in the dict: the most recently used
        if len(self._rings) > RINGS_MAX:
            del self._rings[next(iter(self._rings))]
        return ring.tap(self._sessions)

    def rings(self, link: str) -> list[Ring]:
        """That link's or account's, by number of the bind."""
        found = [ring for (name, _), ring in self._rings.items() if name == link]
        return sorted(found, key=lambda ring: ring.bind)
