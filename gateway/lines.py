"""A link as the outbox sees it, and how much of it is spoken for."""

from __future__ import annotations

from typing import Protocol

from gateway.core import delivery
from gateway.core.records import Reply, ReplyState
from smpp.messages import Submit


class Port(Protocol):
    """A link as the outbox sees it."""

    name: str
    policy: delivery.Policy

    @property
    def bound(self) -> bool: ...
    @property
    def room(self) -> int: ...
    def pack(self, reply: Reply) -> Submit: ...
    def submit(self, submit: Submit) -> None: ...
    def verdict(self, status: int, attempts: int) -> delivery.Verdict: ...


class Counters(Protocol):
    """What the outbox counts."""

    def submitted(self, link: str) -> None: ...
    def settled(self, link: str, state: ReplyState, count: int) -> None: ...


class Line:
    """One link's share of the outbox."""

    __slots__ = ("held", "last_id", "more", "oldest_us", "owed", "port", "resend", "reserved")

    def __init__(self, port: Port) -> None:
        self.port = port
        self.reserved = 0  # window slots promised to answers that are being committed
        self.held: set[int] = set()  # ids of replies in memory; the rest waits in the store
        self.more = True  # the store may hold queued replies that memory does not
        self.last_id = 0
        self.resend = False  # a new bind: replies of unknown fate may go again
        self.owed = 0  # replies that wait: the store's last count, and what came and went since
        self.oldest_us: int | None = None  # when the oldest of them was made

    @property
    def room(self) -> int:
        return self.port.room - self.reserved
