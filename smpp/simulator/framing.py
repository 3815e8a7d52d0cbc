"""Octets of a connection to PDUs and back (SMPP 3.4 section 3.2). Pure."""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

HEADER_OCTETS: Final = 16
PDU_OCTETS_MAX: Final = 70_000  # a message_payload of 64 K and what stands around it
SEQUENCE_MAX: Final = 0x7FFF_FFFF  # 5.1.4

_HEADER = struct.Struct(">IIII")


class Pdu(NamedTuple):
    command: int
    status: int
    sequence: int
    body: bytes


class Framer:
    """Cuts a stream of octets into PDUs (3.2). After a command_length that can't be, `broken` holds
    that header and nothing more is read, since nobody knows where the next PDU begins.
    """

    def __init__(self) -> None:
        self.broken: Pdu | None = None
        self._chunks: list[bytes] = []
        self._size = 0
        self._wanted = HEADER_OCTETS  # joining before this many are here would be for nothing

    def feed(self, chunk: bytes) -> list[Pdu]:
        """The PDUs that end within this chunk, in order."""
        if self.broken is not None:
            return []
        self._chunks.append(chunk)
        self._size += len(chunk)
        if self._size < self._wanted:
            return []
        buffer = b"".join(self._chunks) if len(self._chunks) > 1 else chunk
        pdus, end = [], len(buffer)
        at, wanted = 0, HEADER_OCTETS
        while end - at >= HEADER_OCTETS:
            length, command, status, sequence = _HEADER.unpack_from(buffer, at)
            if not HEADER_OCTETS <= length <= PDU_OCTETS_MAX:
                self.broken = Pdu(command, status, sequence, b"")
                break
            if end - at < length:
                wanted = length
                break
            pdus.append(Pdu(command, status, sequence, buffer[at + HEADER_OCTETS : at + length]))
            at += length
        rest = b"" if self.broken is not None else buffer[at:]
        self._chunks, self._size, self._wanted = [rest] if rest else [], len(rest), wanted
        return pdus


def encode_pdu(command: int, status: int, sequence: int, body: bytes = b"") -> bytes:
    return _HEADER.pack(HEADER_OCTETS + len(body), command, status, sequence) + body
