"""Delivery receipts (SMPP 3.4 Appendix B, 5.3.2.12, 5.3.2.35), as operators really send them. Pure.

Everything is optional, in any order and any spelling; the TLVs win over the text. Dates are not
read: no two operators write them alike and none says the time zone.
"""

from __future__ import annotations

import re

from smpp import tlv
from smpp.addresses import subscriber
from smpp.message_ids import canonical_id, response_id
from smpp.messages import Receipt, ReceiptState
from smpp.operators import OperatorProfile
from smpp.pdu import ShortMessage
from smpp.text import decode, user_data

_STATES = {
    # Appendix B
    "DELIVRD": ReceiptState.DELIVERED,
    "EXPIRED": ReceiptState.UNDELIVERED,
    "DELETED": ReceiptState.UNDELIVERED,
    "UNDELIV": ReceiptState.UNDELIVERED,
    "REJECTD": ReceiptState.UNDELIVERED,
    "ACCEPTD": ReceiptState.ENROUTE,
    "UNKNOWN": ReceiptState.ENROUTE,
    "ENROUTE": ReceiptState.ENROUTE,
    # seen in the field
    "DELIVERED": ReceiptState.DELIVERED,
    "UNDELIVERED": ReceiptState.UNDELIVERED,
    "UNDELIVERABLE": ReceiptState.UNDELIVERED,
    "REJECTED": ReceiptState.UNDELIVERED,
    "FAILED": ReceiptState.UNDELIVERED,
    "SKIPPED": ReceiptState.UNDELIVERED,
    "ACCEPTED": ReceiptState.ENROUTE,
    "ACKED": ReceiptState.ENROUTE,
    "BUFFRED": ReceiptState.ENROUTE,
    "BUFFERED": ReceiptState.ENROUTE,
    "SCHEDULED": ReceiptState.ENROUTE,
}
_MESSAGE_STATES = {  # 5.2.28; the word stands in for a text without `stat`
    0: "SCHEDULED",
    1: "ENROUTE",
    2: "DELIVRD",
    3: "EXPIRED",
    4: "DELETED",
    5: "UNDELIV",
    6: "ACCEPTD",
    7: "UNKNOWN",
    8: "REJECTD",
    9: "SKIPPED",
}
_FIELD = re.compile(
    r"(?<![a-z0-9_])(id|sub|dlvrd|submit[ _]?date|done[ _]?date|stat|err|text)\s*:",
    re.ASCII | re.IGNORECASE,
)
_ASCII_MARKS = (b"id:", b"stat:")
_UTF16_MARKS = tuple(mark.decode("ascii").encode("utf-16-be") for mark in _ASCII_MARKS)


# the form of Appendix B to the letter, four times as fast as the search for fields
_STANDARD = re.compile(
    r"(id):(\S+) sub:\S* dlvrd:\S* submit date:\S* done date:\S* (stat):(\S+) (err):(\S*)"
)


def fields_of(text: str) -> dict[str, str]:
    """The fields of a receipt's text by lower-case name, values stripped: at least id, stat and
    err where they are there. Never raises.

    Of a repeated field the first counts: what the subscriber was sent stands in `text:`, usually
    last, and may hold anything.
    """
    standard = _STANDARD.match(text)
    if standard is not None:
        words = standard.groups()
        return dict(zip(words[::2], words[1::2], strict=True))
    fields: dict[str, str] = {}
    name, start = "", 0
    for found in _FIELD.finditer(text):
        if name:
            fields.setdefault(name, text[start : found.start()].strip())
        name, start = found[1].lower(), found.end()
    if name:
        fields.setdefault(name, text[start:].strip())
    return fields


def is_receipt_text(text: str) -> bool:
    """Whether a text has the marks of a receipt: both an id and a state."""
    fields = fields_of(text)
    return bool(fields.get("id")) and "stat" in fields


def read_receipt(
    message: ShortMessage, profile: OperatorProfile, *, intermediate: bool = False
) -> Receipt:
    """The receipt in `message`. Never raises.

    The id is empty and the state ENROUTE where nothing tells them. An intermediate notification
    is never final. `canonical_id` is the id as it is where the profile says to learn the form.
    """
    fields = fields_of(_text(message, profile))
    stat = _first_word(fields.get("stat", ""))
    number = tlv.integer(message.tlvs, tlv.MESSAGE_STATE)
    if number not in _MESSAGE_STATES and stat.isascii() and stat.isdigit() and len(stat) == 1:
        number = int(stat)
    word = stat.upper() if number is None else _MESSAGE_STATES.get(number, stat.upper())
    state = ReceiptState.ENROUTE if intermediate else _STATES.get(word, ReceiptState.ENROUTE)
    message_id = _c_string(message.tlvs.get(tlv.RECEIPTED_MESSAGE_ID, b""))
    message_id = message_id or _first_word(fields.get("id", ""))
    return Receipt(
        message_id=message_id,
        canonical_id=response_id(canonical_id(message_id), profile.message_id_form),
        state=state,
        stat=stat or word,
        error=_first_word(fields.get("err", "")),
        source=subscriber(message.source, message.source_ton)[0],
        intermediate=intermediate,
        user_message_reference=tlv.integer(message.tlvs, tlv.USER_MESSAGE_REFERENCE),
    )


def settle(before: ReceiptState | None, after: ReceiptState) -> ReceiptState:
    """The state of a message that had `before` (None: no receipt yet) and now gets `after`.

    The first final state stays, whatever follows it.
    """
    return after if before is None or before is ReceiptState.ENROUTE else before


def _text(message: ShortMessage, profile: OperatorProfile) -> str:
    """Many SMSCs write receipts in ASCII whatever data_coding says, some in UCS-2 under 0."""
    lowered = message.octets.lower()
    if any(mark in lowered for mark in _ASCII_MARKS):
        return message.octets.decode("latin-1")
    if any(mark in lowered for mark in _UTF16_MARKS):
        return message.octets.decode("utf-16-be", "replace")
    octets = user_data(message.data_coding, message.octets, 0, profile)
    return decode(message.data_coding, octets, profile)[0] or ""


def _first_word(value: str) -> str:
    words = value.split(maxsplit=1)
    return words[0] if words else ""


def _c_string(value: bytes) -> str:
    return value.split(b"\0", 1)[0].decode("latin-1").strip()
