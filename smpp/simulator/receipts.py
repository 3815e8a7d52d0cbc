"""Delivery receipts in the forms operators write them (SMPP 3.4 Appendix B, 5.3.2.12, 5.3.2.35),
and the message ids they name. Pure.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from smpp.simulator import wire

TEXT_CHARACTERS_MAX: Final = 20  # of the message, at a receipt's end (Appendix B)


class IdForm(StrEnum):
    """How submit_sm_resp writes a message_id."""

    DECIMAL = "decimal"  # 16 digits, leading zeros
    HEX = "hex"  # lower case, no padding
    UUID = "uuid"


class ReceiptForm(StrEnum):
    """How a receipt is written."""

    STANDARD = "standard"  # Appendix B to the letter
    HEX_ID = "hex_id"  # the id in the other base than the response's, upper case
    NO_COUNTS = "no_counts"  # no sub, dlvrd and text
    TLV_ONLY = "tlv_only"  # no text at all
    UCS2 = "ucs2"  # UTF-16 text, dates of 14 and 12 digits, stat in lower case, err in hex


class ReceiptTime(StrEnum):
    AFTER = "after"  # the response, at once
    BEFORE = "before"  # the response
    DELAYED = "delayed"
    NONE = "none"


class State(StrEnum):
    """The word in a receipt; the order of MESSAGE_STATES gives message_state."""

    DELIVERED = "DELIVRD"
    EXPIRED = "EXPIRED"
    DELETED = "DELETED"
    UNDELIVERABLE = "UNDELIV"
    ACCEPTED = "ACCEPTD"
    UNKNOWN = "UNKNOWN"
    REJECTED = "REJECTD"


MESSAGE_STATES: Final = {  # 5.2.28
    State.DELIVERED: 2,
    State.EXPIRED: 3,
    State.DELETED: 4,
    State.UNDELIVERABLE: 5,
    State.ACCEPTED: 6,
    State.UNKNOWN: 7,
    State.REJECTED: 8,
}


@dataclass(frozen=True, slots=True)
class ReceiptPolicy:
    """When and how receipts are sent to who asked for them (registered_delivery, 5.2.17)."""

    when: ReceiptTime = ReceiptTime.AFTER
    form: ReceiptForm = ReceiptForm.STANDARD
    delay_ms: int = 200  # for DELAYED
    lead_ms: int = 30  # for BEFORE: how long the response follows its receipt
    failed_percent: float = 0.0  # of messages end in `failed_state`
    failed_state: State = State.UNDELIVERABLE
    failed_error: int = 5


class Outcome(NamedTuple):
    """What a receipt tells."""

    number: int  # of the message, see message_id
    message_id: str  # as the response wrote it
    state: State
    error: int
    submitted: datetime
    done: datetime
    text: str


class ReceiptBody(NamedTuple):
    octets: bytes
    data_coding: int
    tlvs: wire.Tlvs


def message_id(form: IdForm, number: int) -> str:
    """The id of this SMSC's n-th message."""
    if form is IdForm.DECIMAL:
        return f"{number:016d}"
    if form is IdForm.HEX:
        return f"{number:x}"
    digest = hashlib.sha256(b"message %d" % number).digest()
    return str(uuid.UUID(bytes=digest[:16], version=4))


def compose(form: ReceiptForm, outcome: Outcome) -> ReceiptBody:
    """The text and TLVs of a receipt."""
    if form is ReceiptForm.TLV_ONLY:
        tlvs = (
            (wire.TAG_RECEIPTED_MESSAGE_ID, outcome.message_id.encode("ascii") + b"\0"),
            (wire.TAG_MESSAGE_STATE, bytes((MESSAGE_STATES[outcome.state],))),
        )
        return ReceiptBody(b"", 0, tlvs)
    if form is ReceiptForm.UCS2:
        words = (
            f"id:{outcome.message_id} sub:001 dlvrd:{_delivered(outcome)} "
            f"submit date:{outcome.submitted:%Y%m%d%H%M%S} done date:{outcome.done:%y%m%d%H%M%S} "
            f"stat:{outcome.state.lower()} err:{outcome.error:04x} text:"
        )
        octets = words.encode("utf-16-be")
        if len(octets) <= wire.SHORT_MESSAGE_OCTETS_MAX:
            return ReceiptBody(octets, 8, ())
        return ReceiptBody(b"", 8, ((wire.TAG_MESSAGE_PAYLOAD, octets),))
    written = _other_base(outcome) if form is ReceiptForm.HEX_ID else outcome.message_id
    dates = f"submit date:{outcome.submitted:%y%m%d%H%M} done date:{outcome.done:%y%m%d%H%M}"
    end = f"stat:{outcome.state} err:{outcome.error:03d}"
    if form is ReceiptForm.NO_COUNTS:
        return ReceiptBody(f"id:{written} {dates} {end}".encode("ascii"), 0, ())
    shown = outcome.text[:TEXT_CHARACTERS_MAX].encode("ascii", "replace").decode("ascii")
    counts = f"sub:001 dlvrd:{_delivered(outcome)}"
    return ReceiptBody(f"id:{written} {counts} {dates} {end} text:{shown}".encode("ascii"), 0, ())


def _delivered(outcome: Outcome) -> str:
    return "001" if outcome.state is State.DELIVERED else "000"


def _other_base(outcome: Outcome) -> str:
    """Decimal for an id given in hex, hex for one in decimal; a UUID changes its case alone."""
    if outcome.message_id == message_id(IdForm.HEX, outcome.number):
        return str(outcome.number)
    if outcome.message_id == message_id(IdForm.DECIMAL, outcome.number):
        return f"{outcome.number:X}"
    return outcome.message_id.upper()
