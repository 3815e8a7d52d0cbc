"""What waits for the ESME: MO messages and receipts, their windows, and their second attempts."""

from __future__ import annotations

import asyncio
import heapq
from collections import Counter, deque
from collections.abc import Iterable
from typing import Final, Protocol

from smpp.simulator import wire
from smpp.simulator.chaos import Faults
from smpp.simulator.delivery import NOBODY, Delivery, Kind, RetrySchedule

BACKLOG_MAX: Final = 200_000  # deliveries waiting in all
TEMPORARY: Final = frozenset({wire.RX_T_APPN, wire.RMSGQFUL, wire.RTHROTTLED, wire.RSYSERR})


class Receiver(Protocol):
    """A session that deliveries can go by."""

    def has_room(self) -> bool: ...

    def deliver(self, delivery: Delivery) -> None: ...


class Deliveries:
    """Counts in `counters`: redelivered, given_up, backlog_full, deliveries."""

    def __init__(
        self,
        faults: Faults,
        counters: Counter[str],
        retry: RetrySchedule,
    ) -> None:
        self._faults = faults
        self._counters = counters
        self._retry = retry
        self._queue: deque[Delivery] = deque()
        self._later: list[tuple[float, int, Delivery]] = []  # a heap by time due
        self._order = 0  # ties in the heap go by age
        self._receivers: deque[Receiver] = deque()  # the next to be used first
        self._pump_scheduled = False

    @property
    def waiting(self) -> int:
        """Deliveries that are on no session."""
        return len(self._queue) + len(self._later)

    def offer(self, delivery: Delivery, delay_s: float = 0.0) -> bool:
        """Take a delivery; False when the backlog is full."""
        if self.waiting >= BACKLOG_MAX:
            self._counters["backlog_full"] += 1
            return False
        if delay_s > 0:
            self._postpone(delivery, delay_s)
        else:
            self._queue.append(delivery)
            self.pump_soon()
        return True

    def pump_soon(self) -> None:
        """Deliver at the end of this turn, however often this is called in it."""
        if not self._pump_scheduled:
            self._pump_scheduled = True
            asyncio.get_running_loop().call_soon(self.pump)

    def pump(self) -> None:
        """Deliver while there is something waiting and a session with room for it."""
        self._pump_scheduled = False
        queue = self._queue
        while queue:
            receiver = self._next_receiver()
            if receiver is None:
                return
            self._counters["deliveries"] += 1
            receiver.deliver(queue.popleft())

    def add(self, receiver: Receiver) -> None:
        """A receiver was bound. The first one gets all that waited for its second attempt, too."""
        if not self._receivers:
            for _, _, delivery in sorted(self._later, key=lambda each: each[1]):
                self._queue.append(delivery)
            self._later.clear()
        self._receivers.append(receiver)
        self.pump_soon()

    def remove(self, receiver: Receiver, left: Iterable[Delivery]) -> None:
        """A receiver went away; `left` had no response and goes first on the next bind."""
        if receiver in self._receivers:
            self._receivers.remove(receiver)
        open_ = list(left)
        for delivery in open_:
            delivery.losses += 1
            self._repeat(delivery)
        self._queue.extendleft(reversed(open_))
        self.pump_soon()

    def answered(self, delivery: Delivery, status: int) -> None:
        """The ESME responded. The caller pumps afterwards."""
        delivery.status = status
        if status in TEMPORARY:
            self._again(delivery)
            return
        delivery.owner.settled(delivery)
        if status == wire.ROK and not self._faults.calm:
            self._copy(delivery)

    def silent(self, delivery: Delivery) -> None:
        """No response within the response timeout."""
        delivery.status = None
        self._again(delivery)

    def tick(self, now: float) -> None:
        """Queue what is due by now."""
        later = self._later
        due = bool(later) and later[0][0] <= now
        while later and later[0][0] <= now:
            self._queue.append(heapq.heappop(later)[2])
        if due:
            self.pump_soon()

    def abandon(self) -> None:
        """The SMSC stops: whatever waits is given up."""
        left = [*self._queue, *(delivery for _, _, delivery in self._later)]
        self._queue.clear()
        self._later.clear()
        for delivery in left:
            self._give_up(delivery)

    def _again(self, delivery: Delivery) -> None:
        made = delivery.attempts - delivery.losses
        if made > len(self._retry.after_s):
            self._give_up(delivery)
            return
        self._repeat(delivery)
        self._postpone(delivery, self._retry.after_s[made - 1])

    def _repeat(self, delivery: Delivery) -> None:
        self._counters["redelivered"] += 1
        delivery.owner.repeated(delivery)

    def _give_up(self, delivery: Delivery) -> None:
        self._counters["given_up"] += 1
        delivery.owner.settled(delivery)

    def _copy(self, delivery: Delivery) -> None:
        delay_s = self._faults.chaos.duplicate_mo_ms / 1000
        if delivery.kind is Kind.MO and self._faults.fires("duplicate_mo"):
            delivery.owner.repeated(delivery)
            copy = Delivery(delivery.body, NOBODY, Kind.MO_COPY, delivery.command)
        elif delivery.kind is Kind.RECEIPT and self._faults.fires("duplicate_receipt"):
            copy = Delivery(delivery.body, NOBODY, Kind.RECEIPT_COPY, delivery.command)
        else:
            return
        self.offer(copy, delay_s)

    def _postpone(self, delivery: Delivery, delay_s: float) -> None:
        self._order += 1
        heapq.heappush(
            self._later, (asyncio.get_running_loop().time() + delay_s, self._order, delivery)
        )

    def _next_receiver(self) -> Receiver | None:
        """Sessions take turns; one without room is passed over."""
        receivers = self._receivers
        for _ in range(len(receivers)):
            receiver = receivers[0]
            receivers.rotate(-1)
            if receiver.has_room():
                return receiver
        return None
