"""The SMSC double itself: takes binds, delivers what subscribers text, keeps what they get.

It stands on the far side of the network and knows only SMPP 3.4: nothing of it is shared with the
code it tests.
"""

from __future__ import annotations

import asyncio
import random
import ssl
from collections import Counter
from collections.abc import Callable, Collection
from datetime import datetime, timedelta, timezone
from types import TracebackType
from typing import Final, Self

from smpp.simulator import wire
from smpp.simulator.chaos import CALM, Chaos, Faults
from smpp.simulator.connection import Watch
from smpp.simulator.deliveries import BACKLOG_MAX, Deliveries
from smpp.simulator.delivery import Delivery, RetrySchedule
from smpp.simulator.inbox import INBOX_MAX, Inbox, Mt
from smpp.simulator.intake import Intake
from smpp.simulator.listener import SESSIONS_MAX, Listener
from smpp.simulator.mo import Course, Mo, MoResult, compose_mo
from smpp.simulator.receipts import IdForm, ReceiptPolicy
from smpp.simulator.segments import SplitForm
from smpp.simulator.session import LinkTimers, Session
from smpp.simulator.signals import Signals
from smpp.simulator.text import Alphabet

REFERENCES: Final = 0x1_0000
SOME_DAY: Final = datetime(2026, 11, 20, 10, tzinfo=timezone(timedelta(hours=5)))


class BacklogFullError(RuntimeError):
    """More deliveries wait than the SMSC keeps; bind a receiver or ask for less."""


class Smsc:
    """An operator's SMSC. `counters` counts what it saw (and what it objects to in it),
    `faults_made` what it did on purpose; both are zero for names that never came up.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        system_id: str | None = None,
        password: str | None = None,
        short_code: str = "1012",
        other_codes: Collection[str] = (),
        chaos: Chaos = CALM,
        receipts: ReceiptPolicy = ReceiptPolicy(),  # noqa: B008  # frozen
        retry: RetrySchedule = RetrySchedule(),  # noqa: B008  # frozen
        ids: str = IdForm.DECIMAL,
        form: str = SplitForm.UDH8,
        dc0: str = Alphabet.GSM,
        window: int = 10,
        enquire_link_s: float = 0.0,
        bind_timeout_s: float = 10.0,
        interface_version: int | None = 0x34,
        mo_id_tag: int | None = None,
        modes: Collection[str] = tuple(wire.BIND_MODES.values()),
        binds_max: int = SESSIONS_MAX,
        watch: Watch | None = None,
        tls: ssl.SSLContext | None = None,
        seed: int = 1,
        inbox_max: int = INBOX_MAX,
        wall: Callable[[], datetime] | None = None,
    ) -> None:
        """Port 0 takes a free one. Without system_id or password any are taken. `form`, `ids` and
        `dc0` are values of SplitForm, IdForm and Alphabet. `mo_id_tag` is a vendor TLV that names
        each MO (and is the same when it is delivered again). `modes` are the kinds of bind taken,
        `binds_max` how many of each. `watch` sees every PDU. `wall` dates receipts and makes
        message ids differ between runs; without it, it is always the same day."""
        self.short_code = short_code
        self.counters: Counter[str] = Counter()
        self._form, self._dc0 = SplitForm(form), Alphabet(dc0)
        self._mo_id_tag = mo_id_tag
        chance = random.Random(seed).random  # noqa: S311  # faults to repeat, not secrets
        self._faults = Faults(chaos, chance)
        self._deliveries = Deliveries(self._faults, self.counters, retry)
        self._inbox = Inbox(self._dc0, self.counters, inbox_max)
        clock = wall or (lambda: SOME_DAY)
        self._intake = Intake(
            now=lambda: asyncio.get_running_loop().time(), faults=self._faults,
            counters=self.counters, deliveries=self._deliveries, inbox=self._inbox,
            policy=receipts, ids=IdForm(ids), first_id=int(clock().timestamp()) * 1000,
            short_codes=frozenset((short_code, *other_codes)), dc0=self._dc0, wall=clock,
            chance=chance, arrived=self._arrived,
        )  # fmt: skip
        self._signals = Signals()
        self._listeners: list[Callable[[Mt], None]] = []
        self._sent = 0
        timers = LinkTimers(
            window, bind_timeout_s, enquire_link_s, retry.response_timeout_s, interface_version
        )
        self._listener = Listener(
            host=host, port=port, system_id=system_id, password=password, tls=tls, timers=timers,
            faults=self._faults, counters=self.counters, deliveries=self._deliveries,
            submit=self._intake.submit, modes=modes, binds_max=binds_max, watch=watch,
        )  # fmt: skip

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen; `port` is the real one from here on. Raises OSError when it is taken."""
        await self._listener.start()

    async def stop(self, grace_s: float = 0.5) -> None:
        """Unbind the sessions, cut them after `grace_s`; what still waits is given up."""
        await self._listener.stop(grace_s)
        self._deliveries.abandon()

    # Subscribers -----------------------------------------------------------------------------

    def compose(
        self,
        msisdn: str,
        content: str | bytes,
        *,
        data_coding: int | None = None,
        short_code: str | None = None,
        form: str | None = None,
        source_ton: int = 1,
    ) -> Mo:
        """A message ready for `post`; see send_mo."""
        self._sent += 1
        tlvs: wire.Tlvs = ()
        if self._mo_id_tag is not None:
            tlvs = ((self._mo_id_tag, b"%08d" % self._sent),)
        return compose_mo(
            content,
            msisdn=msisdn,
            short_code=short_code or self.short_code,
            data_coding=data_coding,
            form=SplitForm(form) if form else self._form,
            reference=self._sent % REFERENCES,
            dc0=self._dc0,
            source_ton=source_ton,
            tlvs=tlvs,
        )

    async def send_mo(
        self,
        msisdn: str,
        content: str | bytes,
        *,
        data_coding: int | None = None,
        short_code: str | None = None,
        form: str | None = None,
        source_ton: int = 1,
        redeliver: bool = False,
    ) -> MoResult:
        """Text the short code and wait until every part is answered for good: silence, temporary
        errors and lost links are followed by further attempts. `redeliver` delivers it once more
        after that, as when the response had been lost. Raises BacklogFullError.
        """
        mo = self.compose(
            msisdn, content, data_coding=data_coding, short_code=short_code, form=form,
            source_ton=source_ton,
        )  # fmt: skip
        result = await self.redeliver(mo)
        return (await self.redeliver(mo)).after(result) if redeliver else result

    async def redeliver(self, mo: Mo) -> MoResult:
        """Deliver a message, which may have been delivered before, and wait as send_mo does."""
        future: asyncio.Future[MoResult] = asyncio.get_running_loop().create_future()

        def done(result: MoResult) -> None:
            if not future.done():
                future.set_result(result)

        self.post(mo, done)
        return await future

    def post(self, mo: Mo, done: Callable[[MoResult], None]) -> None:
        """Deliver a message; `done` is called once. Raises BacklogFullError."""
        course = Course(mo, done)
        if self._deliveries.waiting + len(course.deliveries) > BACKLOG_MAX:
            raise BacklogFullError(
                f"{BACKLOG_MAX} deliveries wait for a receiver; bind one or ask for less"
            )
        for delivery in course.deliveries:
            self._deliveries.offer(delivery)

    def deliver(self, delivery: Delivery) -> bool:
        """Deliver one PDU for an owner of one's own; False when the backlog is full."""
        return self._deliveries.offer(delivery)

    def inbox(self, msisdn: str) -> list[Mt]:
        """All messages this phone got and the SMSC still keeps, oldest first."""
        return self._inbox.of(msisdn)

    async def next_mt(self, msisdn: str, timeout_s: float = 5.0) -> Mt:
        """The oldest message of this phone that next_mt hasn't given yet. Raises TimeoutError."""
        try:
            async with asyncio.timeout(timeout_s):
                while (mt := self._inbox.read_next(msisdn)) is None:
                    await self._signals.wait(msisdn)
        except TimeoutError:
            raise TimeoutError(f"no message for {msisdn} within {timeout_s} s") from None
        return mt

    def listen(self, listener: Callable[[Mt], None]) -> None:
        """Call `listener` with each message as it arrives, until `unlisten`."""
        self._listeners.append(listener)

    def unlisten(self, listener: Callable[[Mt], None]) -> None:
        self._listeners.remove(listener)

    # Sessions --------------------------------------------------------------------------------

    @property
    def port(self) -> int:
        return self._listener.port

    @property
    def sessions(self) -> list[Session]:
        """All connections, in the order they came; an unbound one has mode ""."""
        return self._listener.sessions

    async def bound(self, n: int = 1, timeout_s: float = 10.0) -> None:
        """Wait until n receivers or transceivers are bound. Raises TimeoutError."""
        await self._listener.bound_receivers(n, timeout_s)

    def drop(self) -> None:
        """Cut every connection."""
        self._listener.drop()

    @property
    def chaos(self) -> Chaos:
        return self._faults.chaos

    @chaos.setter
    def chaos(self, chaos: Chaos) -> None:
        """Other odds from now on."""
        self._faults.chaos = chaos

    @property
    def faults_made(self) -> Counter[str]:
        return self._faults.made

    def _arrived(self, mt: Mt) -> None:
        self._signals.notify(mt.msisdn)
        for listener in tuple(self._listeners):
            listener(mt)
