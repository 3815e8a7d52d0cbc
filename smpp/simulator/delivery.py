"""One deliver_sm on its way through all its attempts, and a session's window of them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol

from smpp.simulator import wire
from smpp.simulator.framing import SEQUENCE_MAX

SEQUENCES_KEPT: Final = 64  # of one delivery's attempts
EXPIRED_KEPT: Final = 1000  # numbers whose response may still come
ENQUIRIES_OPEN_MAX: Final = 1000


@dataclass(frozen=True, slots=True)
class RetrySchedule:
    """How an SMSC repeats a delivery that got no response, or a temporary error.

    A lost connection doesn't count as an attempt: what it left open goes first on the next bind.
    """

    response_timeout_s: float = 10.0
    after_s: tuple[float, ...] = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)  # then it is given up


class Kind(Enum):
    MO = "mo"
    RECEIPT = "receipt"
    MO_COPY = "mo_copy"  # delivered once more though the first was answered
    RECEIPT_COPY = "receipt_copy"


class Owner(Protocol):
    """Who wants to know how a delivery ends."""

    def settled(self, delivery: Delivery) -> None:
        """It got its final status, or was given up (`status` None)."""

    def repeated(self, delivery: Delivery) -> None:
        """It goes out once more: after silence, a temporary error, a lost link, or by chaos."""


class Nobody:
    """The owner of receipts and copies."""

    def settled(self, delivery: Delivery) -> None:
        pass

    def repeated(self, delivery: Delivery) -> None:
        pass


NOBODY: Final = Nobody()


class Delivery:
    """One deliver_sm (or data_sm) on its way, through all its attempts."""

    __slots__ = (
        "attempts", "body", "command", "kind", "losses", "owner", "sent_at", "sequences", "status",
    )  # fmt: skip

    def __init__(
        self, body: bytes, owner: Owner, kind: Kind = Kind.MO, command: int = wire.DELIVER_SM
    ) -> None:
        self.body = body
        self.owner = owner
        self.kind = kind
        self.command = command
        self.attempts = 0
        self.losses = 0  # attempts that a lost connection ended
        self.sequences: list[int] = []
        self.status: int | None = None  # of the last response
        self.sent_at = 0.0

    def sent(self, sequence: int, now: float) -> None:
        """Note an attempt; the session calls it before the octets leave."""
        self.attempts += 1
        self.sent_at = now
        if len(self.sequences) < SEQUENCES_KEPT:
            self.sequences.append(sequence)


class Window:
    """A session's own requests: their numbers, which are open, and which were given up."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._open: dict[int, Delivery] = {}  # by sequence number, oldest first
        self._expired: dict[int, None] = {}
        self._enquiries: set[int] = set()
        self._sequence = 0

    def __len__(self) -> int:
        return len(self._open)

    def has_room(self) -> bool:
        return len(self._open) < self._size

    def next_sequence(self) -> int:
        """1 to 0x7FFFFFFF and over again (5.1.4), without numbers still open."""
        while True:
            self._sequence = self._sequence % SEQUENCE_MAX + 1
            if self._sequence not in self._open and self._sequence not in self._enquiries:
                return self._sequence

    def register(self, delivery: Delivery, now: float) -> int:
        """Open an attempt before its octets leave; its sequence number."""
        sequence = self.next_sequence()
        self._open[sequence] = delivery
        delivery.sent(sequence, now)
        return sequence

    def enquiry(self) -> int | None:
        """The number of an enquire_link to send; None when far too many are unanswered."""
        if len(self._enquiries) >= ENQUIRIES_OPEN_MAX:
            return None
        sequence = self.next_sequence()
        self._enquiries.add(sequence)
        return sequence

    def answered(self, sequence: int, command: int) -> Delivery | None:
        """The delivery that a response or generic_nack ends; None when it is none of ours."""
        delivery = self._open.get(sequence)
        if delivery is None or command not in (
            delivery.command | wire.RESPONSE, wire.GENERIC_NACK,
        ):  # fmt: skip
            return None
        del self._open[sequence]
        return delivery

    def enquiry_answered(self, sequence: int) -> bool:
        if sequence not in self._enquiries:
            return False
        self._enquiries.remove(sequence)
        return True

    def expire(self, before: float) -> list[Delivery]:
        """Those sent before that time; they leave the window."""
        numbers = []
        for sequence, delivery in self._open.items():
            if delivery.sent_at > before:
                break  # the rest is younger
            numbers.append(sequence)
        for sequence in numbers:
            self._expired[sequence] = None
            if len(self._expired) > EXPIRED_KEPT:
                del self._expired[next(iter(self._expired))]
        return [self._open.pop(sequence) for sequence in numbers]

    def late(self, sequence: int) -> bool:
        """Whether that number's timeout had run out; true once."""
        if sequence not in self._expired:
            return False
        del self._expired[sequence]
        return True

    def clear(self) -> list[Delivery]:
        """The session ends; what was open, oldest first."""
        left = list(self._open.values())
        self._open.clear()
        return left
