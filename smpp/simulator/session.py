"""One connection of an ESME to the simulated SMSC: bind, window, enquire_link, responses."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from smpp.simulator import inspection, wire
from smpp.simulator.chaos import Faults
from smpp.simulator.connection import Connection, Watch
from smpp.simulator.deliveries import Deliveries
from smpp.simulator.delivery import Delivery, Window
from smpp.simulator.framing import Pdu, encode_pdu

STRANGE_COMMAND: Final = 0x0000_0F0F  # no command of 3.4 has this number

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LinkTimers:
    """Timers and sizes of every session."""

    window: int = 10  # deliver_sm without a response
    bind_timeout_s: float = 10.0  # session_init_timer, 7.2
    enquire_link_s: float = 0.0  # silence after which we ask; 0: never
    response_timeout_s: float = 10.0
    interface_version: int | None = 0x34  # in bind_resp; None: not said


class Switch(Protocol):
    """The SMSC behind its sessions."""

    def opened(self, session: Session) -> bool:
        """Whether there is room for one more connection."""

    def bind_status(self, bind: wire.Bind, mode: str) -> int:
        """What to answer a bind in this mode with."""

    def bound(self, session: Session) -> None: ...

    def closed(self, session: Session) -> None: ...

    def submit(self, session: Session, pdu: Pdu) -> None:
        """A submit_sm or data_sm on a session that may send."""


class Session(Connection):
    """`mode` is "" until bound, then receiver, transmitter or transceiver."""

    def __init__(
        self,
        number: int,
        *,
        switch: Switch,
        faults: Faults,
        counters: Counter[str],
        deliveries: Deliveries,
        timers: LinkTimers,
        watch: Watch | None = None,
    ) -> None:
        super().__init__(number, faults, counters, watch)
        self.mode = ""
        self.bind: wire.Bind | None = None
        self.version = 0
        self._switch = switch
        self._deliveries = deliveries
        self._timers = timers
        self._window = Window(timers.window)
        self._delivered = 0  # since the connection was last cut by chaos
        self._flood = 0.0  # enquire_links owed to chaos
        self._binding = False
        self._freed = False
        self._asked = 0  # enquire_links since the peer was last heard

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if not self._switch.opened(self):
            self.drop()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._switch.closed(self)
        log.info("smsc_session_closed", session=self.number, mode=self.mode, error=str(exc or ""))

    def chunk_done(self) -> None:
        self._asked = 0
        if self._freed:
            self._freed = False
            self._deliveries.pump()

    def leave(self) -> None:
        self._deliveries.remove(self, self._window.clear())

    # What tests and the SMSC may do ----------------------------------------------------------

    @property
    def open_deliveries(self) -> int:
        """deliver_sm that wait for their response."""
        return len(self._window)

    def enquire(self) -> None:
        """Send an enquire_link."""
        sequence = self._window.enquiry()
        if sequence is None:
            self.counters["enquiries_dropped"] += 1
        else:
            self._out.send(encode_pdu(wire.ENQUIRE_LINK, 0, sequence))

    def unbind(self) -> None:
        """Ask the ESME to go; the connection closes with its unbind_resp. An unbound one closes
        at once.
        """
        if not self.mode:
            self.close()
            return
        self._leave()
        self._out.send(encode_pdu(wire.UNBIND, 0, self._window.next_sequence()))

    # Deliveries ----------------------------------------------------------------------------

    def has_room(self) -> bool:
        return self._window.has_room()

    def deliver(self, delivery: Delivery) -> None:
        """Write a deliver_sm; it is registered before its octets leave."""
        sequence = self._window.register(delivery, self.loop.time())
        self._out.send(encode_pdu(delivery.command, 0, sequence, delivery.body))
        every = self.faults.chaos.drop_every
        if every:
            self._delivered += 1
            if self._delivered >= every:
                self._delivered = 0
                self.faults.made["drop"] += 1
                # Not here: the caller is going through the sessions. After the octets left.
                self.loop.call_soon(self.drop)

    def tick(self, now: float) -> None:
        """Timers; the SMSC calls this some dozen times a second."""
        timers = self._timers
        if not self.mode:
            if not self._binding and now - self.opened_at > timers.bind_timeout_s:
                self.counters["bind_timeout"] += 1
                self.close()
            return
        self._expire(now - timers.response_timeout_s)
        if timers.enquire_link_s and now - self.heard_at > timers.enquire_link_s * (
            self._asked + 1
        ):
            self._ask_or_close()

    def flood(self, seconds: float) -> None:
        """Send the enquire_links that chaos asks for in so much time."""
        self._flood += self.faults.chaos.enquire_flood_per_s * seconds
        while self.mode and self._flood >= 1:
            self._flood -= 1
            self.faults.made["enquire_flood"] += 1
            self.enquire()

    def _ask_or_close(self) -> None:
        self._asked += 1
        if self._asked > 2:
            self.counters["silent_peer"] += 1
            self.drop()
        else:
            self.enquire()

    def _expire(self, before: float) -> None:
        silent = self._window.expire(before)
        for delivery in silent:
            self.counters["response_timeout"] += 1
            self._deliveries.silent(delivery)
        if silent:
            self._deliveries.pump_soon()

    # PDUs that come in ---------------------------------------------------------------------

    def handle(self, pdu: Pdu) -> None:
        command = pdu.command
        if command in (wire.SUBMIT_SM, wire.DATA_SM):
            self._submitted(pdu)
        elif command & wire.RESPONSE:
            self._responded(pdu)
        elif command == wire.ENQUIRE_LINK:
            self.respond(pdu, wire.ROK)
        elif command in wire.BIND_MODES:
            self._bind(pdu)
        elif command == wire.UNBIND and self.mode:
            self.respond(pdu, wire.ROK)
            self.close()
        else:
            self._refuse(pdu)
        if not self.faults.calm and self.mode:
            self._misbehave()

    def _refuse(self, pdu: Pdu) -> None:
        self.counters["requests_refused"] += 1
        if pdu.command == wire.UNBIND:
            self.respond(pdu, wire.RINVBNDSTS)
        elif pdu.command in wire.UNSUPPORTED:
            self.respond(pdu, wire.RINVCMDID)
        else:
            self._out.send(encode_pdu(wire.GENERIC_NACK, wire.RINVCMDID, pdu.sequence))

    def _misbehave(self) -> None:
        if self.faults.fires("unknown_command"):
            self._out.send(encode_pdu(STRANGE_COMMAND, 0, self._window.next_sequence()))
        if self.faults.fires("half_close"):
            self.half_close()

    def _submitted(self, pdu: Pdu) -> None:
        if self.mode in ("", "receiver"):
            self.counters["submit_unbound"] += 1
            self.respond(pdu, wire.RINVBNDSTS)
        else:
            self._switch.submit(self, pdu)

    def _responded(self, pdu: Pdu) -> None:
        delivery = self._window.answered(pdu.sequence, pdu.command)
        if delivery is not None:
            self._freed = True
            if pdu.command == wire.GENERIC_NACK:
                self.counters["nacks"] += 1
            elif pdu.body != b"\0":
                self._judge_response(pdu)
            self._deliveries.answered(delivery, pdu.status)
        elif pdu.command == wire.ENQUIRE_LINK | wire.RESPONSE and self._window.enquiry_answered(
            pdu.sequence
        ):
            pass
        elif pdu.command == wire.UNBIND | wire.RESPONSE and self._leaving:
            self.close()
        elif pdu.command == wire.GENERIC_NACK:
            self.counters["nacks"] += 1
        elif self._window.late(pdu.sequence):
            self.counters["late_response"] += 1
        else:
            self.counters["unmatched_response"] += 1

    def _judge_response(self, pdu: Pdu) -> None:
        defect = inspection.response_defect(pdu.status, pdu.body)
        if defect:
            self.counters[defect] += 1

    # Bind ----------------------------------------------------------------------------------

    def _bind(self, pdu: Pdu) -> None:
        bind = wire.decode_bind(pdu.body)
        if isinstance(bind, wire.Malformed):
            self.counters["malformed"] += 1
            self.respond(pdu, bind.status)
        elif self.mode or self._binding:
            self.respond(pdu, wire.RALYBND)
        elif self.faults.fires("bind_silence"):
            self._binding = True  # without an end from our side: the ESME's timer is tested
        elif self.faults.chaos.bind_delay_ms:
            self._binding = True
            self.loop.call_later(self.faults.chaos.bind_delay_ms / 1000, self._decide, pdu, bind)
        else:
            self._decide(pdu, bind)

    def _decide(self, pdu: Pdu, bind: wire.Bind) -> None:
        self._binding = False
        if self._leaving:
            return
        if self.faults.fires("bind_nack"):
            self._out.send(encode_pdu(wire.GENERIC_NACK, wire.RINVBNDSTS, pdu.sequence))
            self.close()
            return
        mode = wire.BIND_MODES[pdu.command]
        status = self._switch.bind_status(bind, mode)
        if self.faults.fires("bind_refused"):
            status = self.faults.chaos.bind_status
        if status:
            log.info("smsc_bind_refused", session=self.number, status=status)
            self.respond(pdu, status)
            self.close()
            return
        self.mode = mode
        self.bind = bind
        self.version = bind.interface_version
        self.respond(pdu, wire.ROK, wire.bind_response(bind, self._timers.interface_version))
        log.info(
            "smsc_session_bound", session=self.number, mode=self.mode, system_id=bind.system_id
        )
        self._switch.bound(self)
