"""Looks at an operator's SMSC from the account of one link: binds, asks, waits, leaves.

It sends nothing to anybody but the one SMS to `to`. What subscribers send meanwhile is refused
with the profile's busy_status, so that the operator keeps it and delivers it again later. What it
saw is a value: `smpp.probe.findings` says what it means.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from smpp import library, pdu, text
from smpp.links import Role, roles
from smpp.messages import Submit
from smpp.operators import BindForm, OperatorProfile
from smpp.probe.seen import (
    Attempt,
    AttemptSeen,
    BindSeen,
    MessageSeen,
    Seen,
    first_attempt,
    is_own_receipt,
    next_attempt,
    with_attempt,
)
from smpp.probe.wire import Answered, ProbeWire, Target
from smpp.status import BindAction, bind_action
from smpp.submit import TLV_INTERFACE_VERSION_MIN, encode_submit

CONNECT_S: Final = 10.0
ANSWER_S: Final = 30.0  # a response is waited for, whatever the profile's timer
UNBIND_S: Final = 5.0
ENQUIRIES: Final = 3
MESSAGES_MAX: Final = 1_000  # looked at; more are refused unseen
VALIDITY_S: Final = 3_600
WORDS: Final = "Jauap: probe"  # of the SMS to one's own phone


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeOptions:
    """`to`: one SMS is sent there; empty: none. `second` tries a second bind of the same form."""

    system_id: str
    password: str
    short_code: str
    to: str = ""
    wait_s: float = 30.0
    second: bool = False
    connect_s: float = CONNECT_S
    answer_s: float = ANSWER_S


class Probe:
    """One run. `target` is asked at each connection, `reference` is any 16-bit number, `now` an
    aware time for an absolute validity_period."""

    def __init__(
        self,
        target: Callable[[], Target],
        profile: OperatorProfile,
        options: ProbeOptions,
        *,
        reference: int,
        now: Callable[[], datetime],
    ) -> None:
        self._target = target
        self._profile = profile
        self._options = options
        self._reference = reference
        self._now = now
        self._loop = asyncio.get_running_loop()
        self._began_s = self._loop.time()
        self._binds: list[BindSeen] = []
        self._second: BindSeen | None = None
        self._enquiries_s: list[float | None] = []
        self._attempts: list[AttemptSeen] = []
        self._receipts: list[MessageSeen] = []
        self._messages: list[MessageSeen] = []
        self._peer_enquiries_s: list[float] = []
        self._held: list[tuple[ProbeWire, pdu.Frame]] | None = None  # while an id is awaited
        self._wires: list[ProbeWire] = []

    async def run(self) -> Seen:
        """Bind, look, leave. Never raises for what a peer does."""
        closed_after_s: float | None = None
        began_s = self._loop.time()
        try:
            wires = await self._bind()
            if wires:
                await self._enquire(wires[0])
                if self._options.second:
                    await self._bind_again()
                if self._options.to:
                    await self._submit(wires[0])
                began_s = self._loop.time()
                closed_after_s = await self._wait(wires)
        finally:
            waited_s = self._loop.time() - began_s
            for wire in self._wires:
                await wire.leave(UNBIND_S)
        return Seen(
            binds=tuple(self._binds),
            second=self._second,
            enquiries_s=tuple(self._enquiries_s),
            attempts=tuple(self._attempts),
            reference=self._reference,
            receipts=tuple(self._receipts),
            messages=tuple(self._messages),
            peer_enquiries_s=tuple(self._peer_enquiries_s),
            closed_after_s=closed_after_s,
            waited_s=waited_s,
        )

    # bind

    async def _bind(self) -> list[ProbeWire]:
        """The wires of the form that the profile has, else of the other one."""
        for form in sorted(BindForm, key=lambda form: form is not self._profile.bind):
            seen, wires = await self._bind_as(form)
            self._binds.append(seen)
            if wires:
                return wires
            if seen.status and bind_action(seen.status) is BindAction.LONG_BACKOFF:
                break  # wrong credentials: a second try could lock the account
        return []

    async def _bind_as(self, form: BindForm) -> tuple[BindSeen, list[ProbeWire]]:
        wires: list[ProbeWire] = []
        took_s, version = 0.0, None
        for role in roles(form):
            seen, wire = await self._bind_one(form, role)
            if wire is None:
                for each in wires:
                    await each.leave(UNBIND_S)
                return seen, []
            wires.append(wire)
            took_s = max(took_s, seen.took_s)
            version = seen.version if version is None else version
        return BindSeen(form, 0, took_s, version), wires

    async def _bind_one(self, form: BindForm, role: Role) -> tuple[BindSeen, ProbeWire | None]:
        options = self._options
        wire = ProbeWire(self._on_message, self._on_enquiry)
        problem = await wire.connect(self._target(), options.connect_s)
        if problem:
            return BindSeen(form, None, problem=problem), None
        self._wires.append(wire)
        answered = await wire.ask(
            lambda sequence: library.bind(
                role.command_id, sequence, options.system_id, options.password, self._profile
            ),
            options.answer_s,
        )
        frame = answered.frame
        if frame is None:
            ended = "the connection was closed" if wire.closed.done() else "no response"
            wire.close()
            problem = f"{ended} after {answered.took_s:.3g} s"
            return BindSeen(form, None, answered.took_s, problem=problem), None
        if frame.status or frame.command_id == pdu.GENERIC_NACK:
            wire.close()
            return BindSeen(form, frame.status or pdu.RBINDFAIL, answered.took_s), None
        version = pdu.decode_bind_response(frame.body).interface_version
        return BindSeen(form, 0, answered.took_s, version), wire

    async def _bind_again(self) -> None:
        form = next(each.form for each in self._binds if each.status == 0)
        self._second, wire = await self._bind_one(form, roles(form)[0])
        if wire is not None:
            await wire.leave(UNBIND_S)

    # ask

    async def _enquire(self, wire: ProbeWire) -> None:
        for _ in range(ENQUIRIES):
            answered = await wire.ask(library.enquire_link, self._options.answer_s)
            self._enquiries_s.append(None if answered.frame is None else answered.took_s)
            if answered.frame is None:
                break

    async def _submit(self, wire: ProbeWire) -> None:
        version = next(each.version for each in self._binds if each.status == 0)
        attempt: Attempt | None = first_attempt(self._profile, version)
        while attempt is not None:
            self._held = []
            answered = await self._attempt(wire, attempt, version)
            frame, took_s = answered
            status = None if frame is None else frame.status
            message_id = pdu.decode_response_id(frame.body) if frame and not status else ""
            self._attempts.append(AttemptSeen(attempt, status, took_s, message_id))
            held, self._held = self._held, None
            for each in held:
                self._on_message(*each)
            attempt = next_attempt(self._attempts)

    async def _attempt(self, wire: ProbeWire, attempt: Attempt, version: int | None) -> Answered:
        profile = with_attempt(self._profile, attempt)
        data_coding, octets = text.encode(WORDS, profile)
        submit = Submit(
            reply_id=self._reference,
            source=self._options.short_code,
            destination=self._options.to,
            data_coding=data_coding,
            octets=octets,
            receipt=True,
            validity_s=VALIDITY_S,
        )
        taken = TLV_INTERFACE_VERSION_MIN if attempt.tlv else version
        return await wire.ask(
            lambda sequence: encode_submit(sequence, submit, profile, taken, self._now()),
            self._options.answer_s,
        )

    async def _wait(self, wires: list[ProbeWire]) -> float | None:
        """Say nothing, answer what comes. After how much silence the peer closed; None: it did
        not."""
        done, _ = await asyncio.wait(
            [wire.closed for wire in wires],
            timeout=self._options.wait_s,
            return_when=asyncio.FIRST_COMPLETED,
        )
        if not done:
            return None
        return min(wire.closed.result() - wire.active_s for wire in wires if wire.closed.done())

    # told by wires

    def _on_enquiry(self) -> None:
        if len(self._peer_enquiries_s) < MESSAGES_MAX:
            self._peer_enquiries_s.append(self._loop.time() - self._began_s)

    def _on_message(self, wire: ProbeWire, frame: pdu.Frame) -> None:
        if self._held is not None and len(self._held) < MESSAGES_MAX:
            self._held.append((wire, frame))
            return
        status = self._profile.busy_status
        message = pdu.decode_short_message(frame.command_id, frame.body)
        if isinstance(message, pdu.ShortMessage):
            seen = MessageSeen(self._loop.time() - self._began_s, message)
            accepted = next((each for each in self._attempts if each.status == 0), None)
            ours = is_own_receipt(message, accepted, self._reference)
            kept = self._receipts if ours else self._messages
            if len(kept) < MESSAGES_MAX:
                kept.append(seen)
            status = pdu.ROK if ours else status
        wire.send(pdu.response(frame.command_id, status, frame.sequence))
