"""What a deliver_sm or data_sm is: a subscriber's message, a receipt, or nothing for us. Pure."""

from __future__ import annotations

from typing import Final, NamedTuple

from smpp import tlv, udh
from smpp.addresses import short_code, subscriber
from smpp.messages import Inbound, Part, Receipt
from smpp.operators import DEFAULT, OperatorProfile
from smpp.pdu import ESM_UDHI, ShortMessage
from smpp.reassembly import identity
from smpp.receipts import is_receipt_text, read_receipt
from smpp.text import Coding, coding, decode, user_data

MESSAGE_TYPE: Final = 0x3C  # the bits of esm_class that tell the type (5.2.12)
TYPE_RECEIPT: Final = 0x04
TYPE_INTERMEDIATE: Final = 0x20
REGISTERED_RECEIPT: Final = 0x03  # bits of registered_delivery (5.2.17); ours tell success alone
ON_SUCCESS: Final = 0x01  # receipt of success or failure; 2 asks for failures only
_IGNORED_TYPES: Final = {  # acknowledge, log, never read as a question
    0x08: "SME delivery acknowledgement",
    0x10: "SME manual acknowledgement",
    0x18: "conversation abort",
}


class Ignored(NamedTuple):
    """Nothing to do: acknowledge it with ROK and count `reason`."""

    reason: str


def read_message(
    message: ShortMessage, profile: OperatorProfile = DEFAULT
) -> Inbound | Receipt | Ignored:
    """Tell the kinds of message apart. Never raises.

    Some operators send receipts without the flag, but anybody can text what looks like one: such
    a message stays a question, and what it says as a receipt goes along as `unflagged`, for whoever
    knows the ids of our replies.
    """
    kind = message.esm_class & MESSAGE_TYPE
    if kind == TYPE_RECEIPT:
        return read_receipt(message, profile)
    if kind == TYPE_INTERMEDIATE:
        return read_receipt(message, profile, intermediate=True)
    if kind in _IGNORED_TYPES:
        return Ignored(_IGNORED_TYPES[kind])
    tlvs = message.tlvs
    if tlv.RECEIPTED_MESSAGE_ID in tlvs:  # no subscriber can set it
        return read_receipt(message, profile)
    warnings = message.warnings
    part: Part | None = None
    ported = False
    header_octets = 0
    if message.esm_class & ESM_UDHI:
        header_octets, part, ported, header_warnings = udh.read_header(message.octets)
        warnings += header_warnings
    if tlvs and part is None:
        part, sar_warnings = _sar(tlvs)
        warnings += sar_warnings
    octets = user_data(message.data_coding, message.octets, header_octets, profile)
    text: str | None = None
    unflagged: Receipt | None = None
    # parts are decoded when joined; what is addressed to an application alone is no question
    if part is None and not ported:
        text, text_warnings = decode(message.data_coding, octets, profile)
        warnings += text_warnings
        if text and ":" in text and is_receipt_text(text):
            unflagged = read_receipt(message, profile)
    source, answerable = subscriber(message.source, message.source_ton)
    destination = short_code(message.dest, profile.aliases)
    return Inbound(
        source,
        message.source_ton,
        destination,
        message.data_coding,
        octets,
        text,
        part,
        answerable,
        identity(message, source, destination, profile),
        warnings,
        message.registered_delivery & REGISTERED_RECEIPT == ON_SUCCESS,
        unflagged,
    )


def can_be_answered(message: Inbound, profile: OperatorProfile = DEFAULT) -> bool:
    """False for what can never be a question with an answer: binary, for an application, or from a
    source that no reply can reach. A part is judged by its coding and its source.
    """
    if not message.answerable or (message.text is None and message.part is None):
        return False
    return message.part is None or coding(message.data_coding, profile) is not Coding.BINARY


def _sar(tlvs: dict[int, bytes]) -> tuple[Part | None, tuple[str, ...]]:
    """The place told by the three SAR parameters (5.3.2.22-24); an incomplete set is ignored."""
    reference = tlv.integer(tlvs, tlv.SAR_MSG_REF_NUM)
    total = tlv.integer(tlvs, tlv.SAR_TOTAL_SEGMENTS)
    number = tlv.integer(tlvs, tlv.SAR_SEGMENT_SEQNUM)
    if reference is None and total is None and number is None:
        return None, ()
    if reference is None or total is None or number is None:
        return None, ("incomplete SAR parameters ignored",)
    part, warning = udh.place(reference, total, number, 0)
    return part, (warning,) if warning else ()
