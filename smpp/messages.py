"""What a session hands over and what it is asked to send: the types at the seam of smpp. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Part(NamedTuple):
    """One segment's place in a long message (23.040 9.2.3.24.1, .8; SMPP 3.4 5.3.2.22-24)."""

    reference: int
    total: int
    number: int  # from 1
    width: int  # bits of the reference: 8 or 16; 0 for SAR TLVs


class ReceiptState(StrEnum):
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"  # expired, deleted, undeliverable, rejected
    ENROUTE = "enroute"  # not final: enroute, accepted, scheduled, unknown


class Receipt(NamedTuple):
    """A delivery receipt (SMPP 3.4 Appendix B, 5.3.2.12, 5.3.2.35)."""

    message_id: str  # as sent
    canonical_id: str  # comparable with SubmitResult.canonical_id
    state: ReceiptState
    stat: str  # the operator's own word, kept as sent
    error: str
    source: str  # the subscriber, normal form
    intermediate: bool = False
    user_message_reference: int | None = None


class Inbound(NamedTuple):
    """A short message from a subscriber (deliver_sm, submit_sm or data_sm, receipts excepted)."""

    source: str  # normal form: 7XXXXXXXXXX for Kazakh mobiles, else the address as sent
    source_ton: int
    destination: str  # short code, operator's aliases resolved
    data_coding: int
    octets: bytes  # user data without its header
    text: str | None  # None: binary or port-addressed, not a question; for a part: not decoded
    part: Part | None
    answerable: bool  # False: alphanumeric, empty or over-long source
    identity: bytes  # what makes two deliveries the same message; the gateway hashes it with a key
    warnings: tuple[str, ...] = ()
    wants_receipt: bool = False  # the peer asked for one of ours (registered_delivery, 5.2.17)
    unflagged: Receipt | None = None  # reads like a receipt: it is one if we know the id


class Submit(NamedTuple):
    """One segment to send to a subscriber. `reply_id` comes back with the result."""

    reply_id: int
    source: str  # the short code
    destination: str
    data_coding: int
    octets: bytes  # with UDH in front where `udhi`
    udhi: bool = False
    receipt: bool = False
    validity_s: int | None = None
    sar: Part | None = None
    payload: bool = False  # octets travel in message_payload
    session: int = 0  # the one that the question came by goes first; 0: any
    report: bool = False  # a receipt of ours (Appendix B), owed to a peer that bound to us


class SubmitEnd(StrEnum):
    """The ways a submit ends."""

    ANSWERED = "answered"  # any response, whatever its status
    EXPIRED = "expired"  # no response within the response timer: outcome unknown
    LOST = "lost"  # the bind went away after the write: outcome unknown
    UNSENT = "unsent"  # never written: safe to send again


class SubmitResult(NamedTuple):
    reply_id: int
    end: SubmitEnd
    status: int = 0  # command_status, for ANSWERED
    message_id: str = ""  # as sent; empty: no receipt can be matched
    canonical_id: str = ""
    late: bool = False  # an ANSWERED that follows an EXPIRED of the same reply


class BindState(StrEnum):
    CONNECTING = "connecting"
    BOUND = "bound"
    CLOSING = "closing"
    WAITING = "waiting"  # backing off
    REFUSED = "refused"  # credentials refused: long back-off, alarm
    STOPPED = "stopped"
    PAUSED = "paused"  # still bound, sends nothing for a while: the operator refuses our set-up
