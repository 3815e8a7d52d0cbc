"""SMPP 3.4 on the wire: framing, tolerant decoders, response encoders. Pure.

The decoders never raise, whatever the octets. They keep raw numbers and octets: an unknown status,
command, TON or TLV is no error here. What a PDU's own lengths make unreadable comes back as
`Malformed` and concerns that PDU alone; only a broken command_length (`Broken`) ends a session.
submit_sm is written by smpp.submit, the session's own requests by smpp.library.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from smpp import tlv

# command_id (5.1.2.1); a response is its request with RESPONSE_BIT
RESPONSE_BIT: Final = 0x80000000
GENERIC_NACK: Final = 0x80000000
BIND_RECEIVER: Final = 0x01
BIND_TRANSMITTER: Final = 0x02
QUERY_SM: Final = 0x03
SUBMIT_SM: Final = 0x04
DELIVER_SM: Final = 0x05
UNBIND: Final = 0x06
REPLACE_SM: Final = 0x07
CANCEL_SM: Final = 0x08
BIND_TRANSCEIVER: Final = 0x09
OUTBIND: Final = 0x0B
ENQUIRE_LINK: Final = 0x15
SUBMIT_MULTI: Final = 0x21
ALERT_NOTIFICATION: Final = 0x102
DATA_SM: Final = 0x103
BIND_RECEIVER_RESP: Final = 0x80000001
BIND_TRANSMITTER_RESP: Final = 0x80000002
SUBMIT_SM_RESP: Final = 0x80000004
DELIVER_SM_RESP: Final = 0x80000005
UNBIND_RESP: Final = 0x80000006
BIND_TRANSCEIVER_RESP: Final = 0x80000009
ENQUIRE_LINK_RESP: Final = 0x80000015
DATA_SM_RESP: Final = 0x80000103

# command_status (5.1.3), those the session names; smpp.status has the rest, smpp.library the names
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
RINVSYSTYP: Final = 0x53
RTHROTTLED: Final = 0x58
RX_T_APPN: Final = 0x64

ESM_UDHI: Final = 0x40  # one bit of esm_class among others (5.2.12)
HEADER_OCTETS: Final = 16
PDU_SIZE_MAX: Final = 70_000  # octets: 64 KiB of message_payload and the fields around it

_HEADER = struct.Struct(">4I")
_HEADER_AND_NUL = struct.Struct(">4Ix")
_AFTER_DEST = struct.Struct("10B")  # esm_class to sm_length where both times are empty
_AFTER_TIMES = struct.Struct("5B")  # registered_delivery to sm_length
# first octets of what port scanners and lost web clients send (a TLS hello apart)
_FOREIGN = dict.fromkeys((b"HTTP", b"GET ", b"HEAD", b"POST", b"PUT ", b"OPTI"), "HTTP")
_FOREIGN[b"SSH-"] = "SSH"
_PRINTABLE = bytes(range(0x20, 0x7F))
_WITH_MESSAGE_ID = frozenset({SUBMIT_SM_RESP, DELIVER_SM_RESP, DATA_SM_RESP})


class Frame(NamedTuple):
    """One PDU cut from the stream; `body` is what follows the header, undecoded."""

    command_id: int
    status: int
    sequence: int
    body: bytes


class Broken(NamedTuple):
    """The stream's framing is lost: answer generic_nack with these and close (4.3.1)."""

    status: int
    sequence: int
    reason: str


class Malformed(NamedTuple):
    """One PDU that cannot be read: answer it with `status`; the link stays up."""

    status: int
    reason: str


class ShortMessage(NamedTuple):
    """The fields of deliver_sm, submit_sm or data_sm as they came (4.4.1, 4.6.1, 4.7.1).

    `octets` is message_payload where there is one, else short_message; `hidden` keeps the latter
    where the former won (3.2.3 forbids both). What data_sm lacks is 0 or empty.
    """

    service_type: bytes
    source_ton: int
    source_npi: int
    source: bytes
    dest_ton: int
    dest_npi: int
    dest: bytes
    esm_class: int
    protocol_id: int
    priority: int
    schedule: bytes
    validity: bytes
    registered_delivery: int
    replace: int
    data_coding: int
    octets: bytes
    tlvs: dict[int, bytes]
    warnings: tuple[str, ...] = ()
    hidden: bytes = b""


class BindResponse(NamedTuple):
    """bind_*_resp (4.1.2). A refused bind may have no body at all: then all is empty."""

    system_id: str
    interface_version: int | None  # sc_interface_version; None where the SMSC says none
    tlvs: dict[int, bytes]


_new = tuple.__new__  # builds a NamedTuple without its slower constructor, on the hot path


class Framer:
    """Cuts a byte stream into PDUs, however the network tore it."""

    __slots__ = ("_held", "_lost", "_needed", "_size_max")

    def __init__(self, pdu_size_max: int = PDU_SIZE_MAX) -> None:
        self._size_max = pdu_size_max
        self._held = bytearray()  # the start of one PDU, never longer than pdu_size_max
        self._needed = 0  # octets to hold before looking again, so slow arrival costs O(n)
        self._lost = False

    @property
    def held_octets(self) -> int:
        """Octets of an unfinished PDU; above 0 the PDU read timer runs."""
        return len(self._held)

    def feed(self, data: bytes) -> list[Frame | Broken]:
        """The PDUs that `data` completes, in order. After a Broken nothing follows, ever."""
        found: list[Frame | Broken] = []
        if self._lost:
            return found
        if self._held:
            self._held += data
            if len(self._held) < self._needed:
                return found
            data = bytes(self._held)
            self._held.clear()
        at, size = 0, len(data)
        while size - at >= HEADER_OCTETS:
            length, command_id, status, sequence = _HEADER.unpack_from(data, at)
            if not HEADER_OCTETS <= length <= self._size_max:
                break
            end = at + length
            if end > size:
                self._hold(data[at:], length)
                return found
            body = data[at + HEADER_OCTETS : end]
            found.append(_new(Frame, (command_id, status, sequence, body)))
            at = end
        if at < size:
            broken = self._unfinished(data[at:])
            if broken is not None:
                self._lost = True
                found.append(broken)
        return found

    def _unfinished(self, rest: bytes) -> Broken | None:
        """`rest` is shorter than a header, or begins with a length that cannot be."""
        length = int.from_bytes(rest[:4], "big") if len(rest) >= 4 else HEADER_OCTETS
        if length < HEADER_OCTETS:
            return Broken(RINVCMDLEN, 0, f"command_length {length} is below {HEADER_OCTETS}")
        if length > self._size_max:
            protocol = "TLS" if rest[:2] == b"\x16\x03" else _FOREIGN.get(rest[:4])
            if protocol is not None:
                return Broken(RINVCMDLEN, 0, f"the peer speaks {protocol}, not SMPP")
            if len(rest) >= HEADER_OCTETS:
                sequence = _HEADER.unpack_from(rest)[3]
                reason = f"command_length {length} is above {self._size_max}"
                return Broken(RINVCMDLEN, sequence, reason)
        self._hold(rest, 4 if len(rest) < 4 else HEADER_OCTETS)
        return None

    def _hold(self, rest: bytes, needed: int) -> None:
        self._held += rest
        self._needed = needed


def decode_short_message(command_id: int, body: bytes) -> ShortMessage | Malformed:
    """Read the body of deliver_sm, submit_sm or data_sm. Never raises."""
    schedule = validity = hidden = octets = b""
    protocol_id = priority = replace = 0
    try:
        end = body.index(0)
        service_type = body[:end]
        source_ton, source_npi = body[end + 1], body[end + 2]
        start = end + 3
        end = body.index(0, start)
        source = body[start:end]
        dest_ton, dest_npi = body[end + 1], body[end + 2]
        start = end + 3
        end = body.index(0, start)
        dest = body[start:end]
        if command_id == DATA_SM:
            esm_class, registered, data_coding = body[end + 1], body[end + 2], body[end + 3]
            at = end + 4
        else:
            esm_class, protocol_id, priority, s, v, registered, replace, data_coding, _, length = (
                _AFTER_DEST.unpack_from(body, end + 1)
            )
            at = end + 11
            if s or v:
                schedule, validity, at = _times(body, end + 4)
                registered, replace, data_coding, _, length = _AFTER_TIMES.unpack_from(body, at)
                at += 5
            octets = body[at : at + length]
            if len(octets) < length:
                reason = f"sm_length is {length}, {len(octets)} octets are left"
                return Malformed(RINVMSGLEN, reason)
            at += length
    except (ValueError, IndexError, struct.error):
        return Malformed(RINVMSGLEN, "the mandatory fields run past the PDU")
    tlvs: dict[int, bytes] = {}
    warnings: tuple[str, ...] = ()
    if at < len(body):
        tlvs, warnings = tlv.read_tlvs(body, at)
        payload = tlvs.get(tlv.MESSAGE_PAYLOAD)
        if payload:
            octets, hidden = payload, octets
            if hidden:
                warnings += ("short_message and message_payload, the latter is read",)
    return _new(
        ShortMessage,
        (
            service_type, source_ton, source_npi, source, dest_ton, dest_npi, dest,
            esm_class, protocol_id, priority, schedule, validity, registered, replace,
            data_coding, octets, tlvs, warnings, hidden,
        ),
    )  # fmt: skip


def _times(body: bytes, at: int) -> tuple[bytes, bytes, int]:
    """schedule_delivery_time and validity_period from octet `at` on, and where they end."""
    middle = body.index(0, at)
    end = body.index(0, middle + 1)
    return body[at:middle], body[middle + 1 : end], end + 1


def decode_response_id(body: bytes) -> str:
    """The message_id of submit_sm_resp, data_sm_resp or deliver_sm_resp, exactly as sent.

    Empty without a body. Tolerates a missing NUL, even with TLVs right behind the id.
    """
    text = body.partition(b"\0")[0].decode("latin-1")
    if text.isprintable():
        return text
    size = len(body) - len(body.lstrip(_PRINTABLE))
    tlvs, warnings = tlv.read_tlvs(body, size)
    return text[:size] if tlvs and not warnings else text


def decode_bind_response(body: bytes) -> BindResponse:
    """The body of any bind_*_resp, also an empty one or one without a NUL. Never raises."""
    system_id, _, rest = body.partition(b"\0")
    tlvs, _ = tlv.read_tlvs(rest, 0)
    version = tlv.integer(tlvs, tlv.SC_INTERFACE_VERSION)
    return BindResponse(system_id.decode("latin-1"), version, tlvs)


def response(command_id: int, status: int, sequence: int, body: bytes | None = None) -> bytes:
    """The response to request `command_id` (a response's own id is taken too).

    Without `body`: one NUL, the empty message_id, where the command has one (17 octets in all),
    else nothing. The peer's sequence number is echoed as it came.
    """
    command_id |= RESPONSE_BIT
    if body is None:
        if command_id in _WITH_MESSAGE_ID:
            return _HEADER_AND_NUL.pack(HEADER_OCTETS + 1, command_id, status, sequence)
        body = b""
    return _HEADER.pack(HEADER_OCTETS + len(body), command_id, status, sequence) + body


def generic_nack(status: int, sequence: int) -> bytes:
    """4.3.1: 16 octets."""
    return _HEADER.pack(HEADER_OCTETS, GENERIC_NACK, status, sequence)
