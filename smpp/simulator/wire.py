"""The bodies of SMPP 3.4 PDUs as an SMSC reads and writes them, after the specification. Pure.

This is a second codec on purpose: it shares nothing with the one the gateway uses, so a mistake
made there can't be made here as well and stay unseen. Sections are those of SMPP 3.4 Issue 1.2.
"""

from __future__ import annotations

import re
import struct
from typing import Final, NamedTuple

# Commands (5.1.2.1)
BIND_RECEIVER: Final = 0x01
BIND_TRANSMITTER: Final = 0x02
QUERY_SM: Final = 0x03
SUBMIT_SM: Final = 0x04
DELIVER_SM: Final = 0x05
UNBIND: Final = 0x06
REPLACE_SM: Final = 0x07
CANCEL_SM: Final = 0x08
BIND_TRANSCEIVER: Final = 0x09
ENQUIRE_LINK: Final = 0x15
SUBMIT_MULTI: Final = 0x21
DATA_SM: Final = 0x103
RESPONSE: Final = 0x8000_0000  # the bit that makes a command its response
GENERIC_NACK: Final = 0x8000_0000

BIND_MODES: Final = {
    BIND_RECEIVER: "receiver",
    BIND_TRANSMITTER: "transmitter",
    BIND_TRANSCEIVER: "transceiver",
}

UNSUPPORTED: Final = frozenset({QUERY_SM, REPLACE_SM, CANCEL_SM, SUBMIT_MULTI})  # refused by name

# Statuses that an SMSC gives (5.1.3)
ROK: Final = 0x00
RINVMSGLEN: Final = 0x01
RINVCMDLEN: Final = 0x02
RINVCMDID: Final = 0x03
RINVBNDSTS: Final = 0x04
RALYBND: Final = 0x05
RSYSERR: Final = 0x08
RBINDFAIL: Final = 0x0D
RINVPASWD: Final = 0x0E
RINVSYSID: Final = 0x0F
RMSGQFUL: Final = 0x14
RTHROTTLED: Final = 0x58
RX_T_APPN: Final = 0x64

# Optional parameters (5.3.2)
TAG_RECEIPTED_MESSAGE_ID: Final = 0x001E
TAG_SAR_MSG_REF_NUM: Final = 0x020C
TAG_SAR_TOTAL_SEGMENTS: Final = 0x020E
TAG_SAR_SEGMENT_SEQNUM: Final = 0x020F
TAG_SC_INTERFACE_VERSION: Final = 0x0210
TAG_MESSAGE_PAYLOAD: Final = 0x0424
TAG_MESSAGE_STATE: Final = 0x0427

ESM_RECEIPT: Final = 0x04  # deliver_sm carries a receipt (5.2.12)
ESM_UDHI: Final = 0x40

SHORT_MESSAGE_OCTETS_MAX: Final = 254
ADDRESS_OCTETS_MAX: Final = 20  # without the NUL (4.4.1)

Tlvs = tuple[tuple[int, bytes], ...]

_TLV_HEAD = struct.Struct(">HH")
_NUL = 0
_TIME = re.compile(rb"\d{15}R|\d{13}[0-4]\d[+-]")  # relative, absolute (7.1.1)


class Malformed(NamedTuple):
    """A body that can't be read; `status` is what to answer the PDU with."""

    reason: str
    status: int


class Bind(NamedTuple):
    """Any of the three bind requests (4.1)."""

    system_id: str
    password: str
    system_type: str
    interface_version: int
    address_ton: int
    address_npi: int
    address_range: str


class Message(NamedTuple):
    """deliver_sm and submit_sm (4.6.1, 4.4.1); data_sm (4.7.1) has a part of these fields.

    `octets` is short_message alone; `oddities` names what was wrong but could be read.
    """

    source: str
    destination: str
    octets: bytes = b""
    data_coding: int = 0
    esm_class: int = 0
    registered_delivery: int = 0
    tlvs: Tlvs = ()
    source_ton: int = 1
    source_npi: int = 1
    destination_ton: int = 1
    destination_npi: int = 1
    service_type: str = ""
    protocol_id: int = 0
    priority_flag: int = 0
    schedule: bytes = b""
    validity: bytes = b""
    replace_if_present: int = 0
    default_message: int = 0
    oddities: tuple[str, ...] = ()

    def tlv(self, tag: int) -> bytes | None:
        """The first value under `tag`, None where there is none."""
        for each, value in self.tlvs:
            if each == tag:
                return value
        return None

    def user_data(self) -> bytes:
        """What the phone gets: message_payload where it is present, else short_message."""
        if self.tlvs:
            payload = self.tlv(TAG_MESSAGE_PAYLOAD)
            if payload is not None:
                return payload
        return self.octets


def encode_tlvs(tlvs: Tlvs) -> bytes:
    return b"".join(_TLV_HEAD.pack(tag, len(value)) + value for tag, value in tlvs)


def decode_tlvs(body: bytes, at: int) -> tuple[Tlvs, int]:
    """The TLVs from `at` on, and how many octets at the end belong to none of them."""
    tlvs, end = [], len(body)
    while end - at >= 4:
        tag, length = _TLV_HEAD.unpack_from(body, at)
        if at + 4 + length > end:
            break
        tlvs.append((tag, body[at + 4 : at + 4 + length]))
        at += 4 + length
    return tuple(tlvs), end - at


def encode_message(message: Message) -> bytes:
    """The body of a deliver_sm or submit_sm. short_message may hold 255 octets at most."""
    head = (
        f"{message.service_type}\0{message.source_ton:c}{message.source_npi:c}{message.source}\0"
        f"{message.destination_ton:c}{message.destination_npi:c}{message.destination}\0"
        f"{message.esm_class:c}{message.protocol_id:c}{message.priority_flag:c}"
    ).encode("latin-1")
    flags = (
        message.registered_delivery,
        message.replace_if_present,
        message.data_coding,
        message.default_message,
        len(message.octets),
    )
    times = b"%b\0%b\0" % (message.schedule, message.validity)
    return head + times + bytes(flags) + message.octets + encode_tlvs(message.tlvs)


def encode_data(message: Message) -> bytes:
    """The body of a data_sm: its text stands in the message_payload TLV."""
    head = (
        f"{message.service_type}\0{message.source_ton:c}{message.source_npi:c}{message.source}\0"
        f"{message.destination_ton:c}{message.destination_npi:c}{message.destination}\0"
        f"{message.esm_class:c}{message.registered_delivery:c}{message.data_coding:c}"
    ).encode("latin-1")
    return head + encode_tlvs(message.tlvs)


def decode_message(body: bytes) -> Message | Malformed:
    """Read a submit_sm or deliver_sm; never raises, whatever the octets."""
    addressed = _addresses(body)
    if isinstance(addressed, Malformed):
        return addressed
    service, source, destination, tons, at = addressed
    schedule_end = body.find(_NUL, at + 3)
    validity_end = body.find(_NUL, schedule_end + 1)
    if schedule_end < 0 or validity_end < 0 or len(body) < validity_end + 6:
        return Malformed("ends within its mandatory fields", RINVCMDLEN)
    schedule = body[at + 3 : schedule_end]
    validity = body[schedule_end + 1 : validity_end]
    registered, replace, coding, default, size = body[validity_end + 1 : validity_end + 6]
    text_at = validity_end + 6
    text_end = text_at + size
    if text_end > len(body):
        return Malformed("sm_length is longer than the rest of the body", RINVMSGLEN)
    tlvs: Tlvs = ()
    stray = 0
    if text_end < len(body):
        tlvs, stray = decode_tlvs(body, text_end)
    octets = body[text_at:text_end]
    oddities: tuple[str, ...] = ()
    if stray or schedule or validity or tlvs or size > SHORT_MESSAGE_OCTETS_MAX:
        oddities = _oddities(stray, (schedule, validity), octets, tlvs)
    return Message(
        source, destination, octets, coding, body[at], registered, tlvs, *tons, service,
        body[at + 1], body[at + 2], schedule, validity, replace, default, oddities,
    )  # fmt: skip


def decode_data(body: bytes) -> Message | Malformed:
    """Read a data_sm; never raises."""
    addressed = _addresses(body)
    if isinstance(addressed, Malformed):
        return addressed
    service, source, destination, tons, at = addressed
    if len(body) < at + 3:
        return Malformed("ends within its mandatory fields", RINVCMDLEN)
    esm_class, registered, coding = body[at : at + 3]
    tlvs, stray = decode_tlvs(body, at + 3)
    return Message(
        source, destination, b"", coding, esm_class, registered, tlvs, *tons, service,
        oddities=_oddities(stray, (), b"", tlvs),
    )  # fmt: skip


def decode_bind(body: bytes) -> Bind | Malformed:
    """Read any of the three bind requests; never raises."""
    fields = body.split(b"\0", 3)
    if len(fields) < 4 or len(fields[3]) < 4:
        return Malformed("ends within its mandatory fields", RINVCMDLEN)
    system_id, password, system_type = (field.decode("latin-1") for field in fields[:3])
    version, ton, npi = fields[3][:3]
    range_, nul, _ = fields[3][3:].partition(b"\0")
    if not nul:
        return Malformed("address_range has no end", RINVCMDLEN)
    return Bind(system_id, password, system_type, version, ton, npi, range_.decode("latin-1"))


def bind_response(bind: Bind, interface_version: int | None) -> bytes:
    """The body of a bind_resp (4.1.2). The TLV is for peers of 3.4 alone (3.4.2)."""
    body = b"SMSC\0"
    if interface_version is None or bind.interface_version < 0x34:
        return body
    return body + encode_tlvs(((TAG_SC_INTERFACE_VERSION, bytes((interface_version,))),))


def _addresses(body: bytes) -> tuple[str, str, str, tuple[int, int, int, int], int] | Malformed:
    """service_type, source, destination, their four TON and NPI, and where the rest begins."""
    service_end = body.find(_NUL)
    source_end = body.find(_NUL, service_end + 3)
    destination_end = body.find(_NUL, source_end + 3)
    if service_end < 0 or source_end < 0 or destination_end < 0:
        return Malformed("an address has no end", RINVCMDLEN)
    return (
        body[:service_end].decode("latin-1"),
        body[service_end + 3 : source_end].decode("latin-1"),
        body[source_end + 3 : destination_end].decode("latin-1"),
        (
            body[service_end + 1], body[service_end + 2],
            body[source_end + 1], body[source_end + 2],
        ),
        destination_end + 1,
    )  # fmt: skip


def _oddities(stray: int, times: tuple[bytes, ...], octets: bytes, tlvs: Tlvs) -> tuple[str, ...]:
    found = []
    if stray:
        found.append("stray_octets")
    if any(time and _TIME.fullmatch(time) is None for time in times):
        found.append("time_form")
    if len(octets) > SHORT_MESSAGE_OCTETS_MAX:
        found.append("short_message_too_long")
    if octets and any(tag == TAG_MESSAGE_PAYLOAD for tag, _ in tlvs):
        found.append("two_texts")
    return tuple(found)
