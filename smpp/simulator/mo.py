"""A message from a subscriber: its PDUs, and what became of them. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from smpp.simulator import segments, wire
from smpp.simulator.delivery import Delivery
from smpp.simulator.segments import SplitForm
from smpp.simulator.text import Alphabet


class Mo(NamedTuple):
    """One message; every delivery of it has these very octets."""

    msisdn: str
    short_code: str
    content: str | bytes
    data_coding: int
    bodies: tuple[bytes, ...]  # of its PDUs, in order
    command: int  # deliver_sm, or data_sm


class MoResult(NamedTuple):
    """How the ESME took a message."""

    mo: Mo
    status: int | None  # 0: all parts OK; else a part's error; None: a part was never answered
    attempts: int  # deliver_sm written, all parts together
    sequences: tuple[int, ...]  # their sequence numbers
    statuses: tuple[int | None, ...]  # of the parts

    @property
    def ok(self) -> bool:
        return self.status == wire.ROK

    def after(self, earlier: MoResult) -> MoResult:
        """This delivery and an earlier one of the same message as one result."""
        return self._replace(
            attempts=earlier.attempts + self.attempts, sequences=earlier.sequences + self.sequences
        )


class Course:
    """The owner of one message's deliveries: calls `done` when the last part is settled."""

    def __init__(self, mo: Mo, done: Callable[[MoResult], None]) -> None:
        self.deliveries = tuple(Delivery(body, self, command=mo.command) for body in mo.bodies)
        self._mo = mo
        self._done = done
        self._left = len(self.deliveries)

    def settled(self, delivery: Delivery) -> None:
        self._left -= 1
        if self._left == 0:
            self._done(self._result())

    def repeated(self, delivery: Delivery) -> None:
        """Nothing to do: the delivery counts its attempts."""

    def _result(self) -> MoResult:
        statuses = tuple(delivery.status for delivery in self.deliveries)
        given = [status for status in statuses if status is not None]
        status = max(given) if len(given) == len(statuses) else None
        attempts = sum(delivery.attempts for delivery in self.deliveries)
        sequences = tuple(number for each in self.deliveries for number in each.sequences)
        return MoResult(self._mo, status, attempts, sequences, statuses)


def compose_mo(
    content: str | bytes,
    *,
    msisdn: str,
    short_code: str,
    data_coding: int | None,
    form: SplitForm,
    reference: int,
    dc0: Alphabet,
    source_ton: int = 1,
    tlvs: wire.Tlvs = (),
) -> Mo:
    """The message's PDUs. Bytes go as they are; a text in the given data_coding, or in the one its
    characters need. Raises ValueError above 255 parts.
    """
    if data_coding is None:
        data_coding = segments.choose_data_coding(content, dc0) if isinstance(content, str) else 0
    pieces = segments.cut(content, data_coding=data_coding, form=form, reference=reference, dc0=dc0)
    whole = form is SplitForm.DATA_SM
    encode = wire.encode_data if whole else wire.encode_message
    bodies = tuple(
        encode(
            wire.Message(
                source=msisdn,
                destination=short_code,
                octets=piece.octets,
                data_coding=data_coding,
                esm_class=piece.esm_class,
                tlvs=piece.tlvs + tlvs,
                source_ton=source_ton,
                destination_ton=0,
            )
        )
        for piece in pieces
    )
    command = wire.DATA_SM if whole else wire.DELIVER_SM
    return Mo(msisdn, short_code, content, data_coding, bodies, command)
