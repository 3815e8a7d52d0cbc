"""PDUs made fit to be shown: texts, passwords and subscribers' digits replaced. Pure.

Lengths never change and every header stays, so a dissector reads the same structure. What is not
understood is not shown: its whole body is masked. This file has a parser of its own and imports
nothing of smpp, so that the simulator's recorder may use it as well.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from typing import Final

from smpp.capture.masked_receipts import FILL, masked_receipt

HEADER_OCTETS: Final = 16
SHORT_CODE_OCTETS_MAX: Final = 6  # an address so short is a service and is shown
HEAD_SHOWN, TAIL_SHOWN = 4, 2  # octets of a longer one
SENDER_NAME_OCTETS_MAX: Final = 11  # an alphanumeric source (23.040 9.1.2.5)
TON_ALPHANUMERIC: Final = 5

_RESPONSE: Final = 0x80000000
_ESM_UDHI: Final = 0x40
_MESSAGE_TYPE: Final = 0x3C
_TYPES_OF_RECEIPTS = frozenset({0x04, 0x20})  # 5.2.12: a receipt, an intermediate notification

# A body as steps, one letter a field (see _Reader); the section of SMPP 3.4 behind each
_BODIES = {
    0x01: "ipybbbc",  # bind_receiver 4.1.3
    0x02: "ipybbbc",  # bind_transmitter 4.1.1
    0x03: "ia",  # query_sm 4.8.1
    0x04: "saaebbttbbbbmv",  # submit_sm 4.4.1
    0x05: "saaebbttbbbbmv",  # deliver_sm 4.6.1
    0x06: "",  # unbind 4.2.1
    0x07: "iattbbm",  # replace_sm 4.10.1
    0x08: "siaa",  # cancel_sm 4.9.1
    0x09: "ipybbbc",  # bind_transceiver 4.1.5
    0x0B: "ip",  # outbind 4.1.7
    0x15: "",  # enquire_link 4.11.1
    0x21: "sadebbttbbbbmv",  # submit_multi 4.5.1
    0x102: "aav",  # alert_notification 4.12.1
    0x103: "saaebbv",  # data_sm 4.7.1
    0x80000000: "",  # generic_nack 4.3.1
    0x80000001: "iv",  # bind responses 4.1
    0x80000002: "iv",
    0x80000003: "itbb",  # query_sm_resp 4.8.2
    0x80000004: "iv",  # submit_sm_resp 4.4.2
    0x80000005: "iv",  # deliver_sm_resp 4.6.2
    0x80000006: "",
    0x80000007: "",
    0x80000008: "",
    0x80000009: "iv",
    0x80000015: "",
    0x80000103: "iv",  # data_sm_resp 4.7.2
}
_MESSAGE_PAYLOAD: Final = 0x0424
_RECEIPTED_MESSAGE_ID: Final = 0x001E
_INTEGER_OCTETS_MAX: Final = 4  # values so short are shown under any tag
_ID_OCTETS_MAX: Final = 65
_VENDOR_TLVS = range(0x1400, 0x4000)  # may hold an id, a text or a number
_SHOWN_ELEMENTS = {0x00: 3, 0x08: 4, 0x04: 2, 0x05: 4, 0x24: 1, 0x25: 1}  # of a UDH, with size
_TIME = re.compile(rb"|\d{15}R|\d{13}\d\d[+-]")  # empty, relative, absolute (7.1.1)
_NUMBER = re.compile(rb"\d{10,}")  # may be a subscriber's, wherever it stands
_ID = re.compile(rb"(?=[a-z-]*\d)[0-9a-z-]+\0?", re.IGNORECASE)  # one word, digits in it
_NUMBER_IN_ID = re.compile(rb"\d(?:-?\d){9,}")
_TLV_HEAD = struct.Struct(">2H")


class _UnreadableError(Exception):
    """The body is not what its command says."""


def split(octets: bytes) -> Iterator[bytes]:
    """The PDUs of one write. What is left when a length cannot be comes last, as it is."""
    at = 0
    while at < len(octets):
        end = at + int.from_bytes(octets[at : at + 4], "big")
        if end < at + HEADER_OCTETS or end > len(octets):
            end = len(octets)
        yield octets[at:end]
        at = end


def mask(pdu: bytes) -> bytes:
    """The PDU with nothing in it that tells of a person. As long as it was; never raises.

    Octets that are no PDU (their length says otherwise) are masked from the first to the last.
    """
    if len(pdu) < HEADER_OCTETS or int.from_bytes(pdu[:4], "big") != len(pdu):
        return FILL * len(pdu)
    steps = _BODIES.get(int.from_bytes(pdu[4:8], "big"))
    body = pdu[HEADER_OCTETS:]
    if not body:
        return pdu
    try:
        return pdu[:HEADER_OCTETS] + (_Reader(body).read(steps) if steps else FILL * len(body))
    except _UnreadableError:
        return pdu[:HEADER_OCTETS] + FILL * len(body)


class _Reader:
    """Walks a body and masks it in place."""

    def __init__(self, body: bytes) -> None:
        self._body = bytearray(body)
        self._at = 0
        self._esm_class = 0

    def read(self, steps: str) -> bytes:
        for step in steps:
            if self._at >= len(self._body) and step == "v":
                break
            _STEPS[step](self)
        rest = len(self._body) - self._at
        self._fill(self._at, self._at + rest, but_nul=True)
        return bytes(self._body)

    # one field each

    def octet(self) -> None:
        self._take(1)

    def esm_class(self) -> None:
        self._esm_class = self._body[self._take(1)]

    def service_type(self) -> None:
        self._text(5)

    def system_type(self) -> None:
        self._text(12)

    def identity(self) -> None:
        """system_id or message_id."""
        self._text(64)

    def address_range(self) -> None:
        self._text(40)

    def time(self) -> None:
        start, end = self._text(16)
        if _TIME.fullmatch(self._body, start, end) is None:
            raise _UnreadableError

    def password(self) -> None:
        start, end = self._text(None)
        self._fill(start, end)

    def address(self) -> None:
        ton = self._body[self._take(2)]
        start, end = self._text(None)
        self._body[start:end] = masked_address(bytes(self._body[start:end]), ton)

    def destinations(self) -> None:
        """number_of_dests, then addresses and names of lists (5.2.24-26)."""
        for _ in range(self._body[self._take(1)]):
            kind = self._body[self._take(1)]
            if kind == 1:
                self.address()
            elif kind == 2:
                self._text(20)
            else:
                raise _UnreadableError

    def message(self) -> None:
        length = self._body[self._take(1)]
        start = self._take(length)
        self._user_data(start, start + length, receipt=self._is_receipt(self._at))

    def tlvs(self) -> None:
        receipt = self._is_receipt(self._at)
        for tag, start, end in self._walk_tlvs(self._at):
            if tag == _MESSAGE_PAYLOAD:
                self._user_data(start, end, receipt=receipt)
            elif end - start > _INTEGER_OCTETS_MAX:
                self._body[start:end] = _masked_value(tag, bytes(self._body[start:end]))
            self._at = end

    # what they share

    def _take(self, octets: int) -> int:
        """Pass over so many; where they begin."""
        start = self._at
        if start + octets > len(self._body):
            raise _UnreadableError
        self._at = start + octets
        return start

    def _text(self, octets_max: int | None) -> tuple[int, int]:
        """A C-octet string; one longer than the standard's shows that fields have shifted."""
        start = self._at
        end = self._body.find(0, start)
        if end < 0 or (octets_max is not None and end - start > octets_max):
            raise _UnreadableError
        self._at = end + 1
        return start, end

    def _walk_tlvs(self, at: int) -> Iterator[tuple[int, int, int]]:
        """Tag, start and end of each value; stops at what is none."""
        size = len(self._body)
        while size - at >= _TLV_HEAD.size:
            tag, length = _TLV_HEAD.unpack_from(self._body, at)
            start = at + _TLV_HEAD.size
            at = start + length
            if at > size:
                return
            yield tag, start, at

    def _is_receipt(self, tlvs_at: int) -> bool:
        """By the flag or by the TLV: a subscriber can set neither, whatever he writes."""
        return self._esm_class & _MESSAGE_TYPE in _TYPES_OF_RECEIPTS or any(
            tag == _RECEIPTED_MESSAGE_ID for tag, _, _ in self._walk_tlvs(tlvs_at)
        )

    def _fill(self, start: int, end: int, *, but_nul: bool = False) -> None:
        if but_nul:
            self._body[start:end] = re.sub(rb"[^\0]", FILL, self._body[start:end], flags=re.DOTALL)
        else:
            self._body[start:end] = FILL * (end - start)

    def _user_data(self, start: int, end: int, *, receipt: bool) -> None:
        if self._esm_class & _ESM_UDHI and start < end:
            text_at = start + self._body[start] + 1
            if text_at <= end:
                self._header(start + 1, text_at)
                start = text_at
        text = bytes(self._body[start:end])
        self._body[start:end] = masked_receipt(text) if receipt else FILL * len(text)

    def _header(self, at: int, end: int) -> None:
        """Elements of a UDH: places and ports are shown, of others the value is not."""
        while at < end:
            start = at + 2
            after = start + self._body[at + 1] if start <= end else end + 1
            if after > end:
                self._fill(at, end)
                return
            if _SHOWN_ELEMENTS.get(self._body[at]) != after - start:
                self._fill(start, after)
            at = after


_STEPS: dict[str, Callable[[_Reader], None]] = {
    "a": _Reader.address,  # TON and NPI in front
    "b": _Reader.octet,
    "c": _Reader.address_range,
    "d": _Reader.destinations,
    "e": _Reader.esm_class,
    "i": _Reader.identity,
    "m": _Reader.message,  # sm_length in front
    "p": _Reader.password,
    "s": _Reader.service_type,
    "t": _Reader.time,
    "v": _Reader.tlvs,
    "y": _Reader.system_type,
}


def _masked_value(tag: int, value: bytes) -> bytes:
    """Of a TLV that is no integer: ids stay."""
    if len(value) <= _ID_OCTETS_MAX:
        if tag == _RECEIPTED_MESSAGE_ID:
            return value
        if tag in _VENDOR_TLVS and _ID.fullmatch(value):
            return _NUMBER_IN_ID.sub(lambda digits: _shortened(digits[0]), value)
    return FILL * len(value)


def masked_address(address: bytes, ton: int) -> bytes:
    """Short codes and names of senders as they are; else the first four and last two octets."""
    if len(address) <= SHORT_CODE_OCTETS_MAX + address.startswith(b"+"):
        return address
    named = ton == TON_ALPHANUMERIC and len(address) <= SENDER_NAME_OCTETS_MAX
    return address if named and _NUMBER.search(address) is None else _shortened(address)


def _shortened(value: bytes) -> bytes:
    hidden = len(value) - HEAD_SHOWN - TAIL_SHOWN - value.startswith(b"+")
    head = HEAD_SHOWN + value.startswith(b"+")
    return value[:head] + FILL * hidden + value[head + hidden :] if hidden > 0 else value
