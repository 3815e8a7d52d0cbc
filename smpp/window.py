"""Requests of ours that await their responses: numbers, window slots, expiry, late ones. Pure.

A request is remembered before its bytes are written, so that no response can outrun it, and it
ends in exactly one way: answered, expired, or handed back when the session dies.
"""

from __future__ import annotations

from typing import NamedTuple

SEQUENCE_MAX = 0x7FFFFFFF  # SMPP 3.4 5.1.4
LATE_S = 900.0  # how long an expired request is still recognised
LATE_MAX = 1_000  # and how many of them


class Sent(NamedTuple):
    """An open submit_sm. Times are seconds of the caller's monotonic clock."""

    reply_id: int
    sent_s: float
    mark: int  # highest mark among our responses written before it
    flush: int  # the write that carries it, see Session


class Window:
    """At most `size` open submits. All requests of the session draw their numbers here."""

    __slots__ = ("_last", "_late", "_open", "_response_s", "_size")

    def __init__(self, size: int, response_s: float, *, first: int = 1) -> None:
        if size < 1:
            raise ValueError(f"window {size}: must be at least 1")
        self._size = size
        self._response_s = response_s
        self._last = first - 1
        # All submits wait equally long, so the order of insertion is the order of deadlines.
        self._open: dict[int, Sent] = {}
        self._late: dict[int, Sent] = {}

    @property
    def free(self) -> int:
        return self._size - len(self._open)

    @property
    def open_count(self) -> int:
        return len(self._open)

    def next_sequence(self) -> int:
        """A number for a request of ours: 1 follows 0x7FFFFFFF, open numbers are skipped."""
        sequence = self._last
        while True:
            sequence = sequence + 1 if sequence < SEQUENCE_MAX else 1
            if sequence not in self._open:
                self._last = sequence
                return sequence

    def open(self, reply_id: int, now_s: float, mark: int, flush: int) -> int:
        """Remember a submit and return its sequence number. The caller checked `free`."""
        if len(self._open) >= self._size:
            raise RuntimeError(f"a submit without a slot in a window of {self._size}")
        sequence = self.next_sequence()
        self._open[sequence] = Sent(reply_id, now_s, mark, flush)
        return sequence

    def answer(self, sequence: int) -> Sent | None:
        """The open submit that this response ends; None: not open (see `late`)."""
        return self._open.pop(sequence, None)

    def late(self, sequence: int, now_s: float) -> Sent | None:
        """The expired submit that this response belongs to, given once."""
        sent = self._late.pop(sequence, None)
        if sent is None or now_s - sent.sent_s > LATE_S:
            return None
        return sent

    def next_deadline_s(self) -> float | None:
        """When the oldest open submit expires."""
        for sent in self._open.values():
            return sent.sent_s + self._response_s
        return None

    def expire(self, now_s: float) -> list[Sent]:
        """Free the slots of those unanswered for too long; they stay known to `late`."""
        sent_by_s = now_s - self._response_s
        expired = {}
        for sequence, sent in self._open.items():
            if sent.sent_s > sent_by_s:
                break
            expired[sequence] = sent
        for sequence in expired:
            del self._open[sequence]
        self._late.update(expired)
        self._forget(now_s)
        return list(expired.values())

    def close(self) -> list[Sent]:
        """The session is over: what was still open, oldest first."""
        left = list(self._open.values())
        self._open.clear()
        self._late.clear()
        return left

    def _forget(self, now_s: float) -> None:
        surplus = len(self._late) - LATE_MAX
        for sequence, sent in list(self._late.items()):
            if surplus <= 0 and now_s - sent.sent_s <= LATE_S:
                break
            del self._late[sequence]
            surplus -= 1
