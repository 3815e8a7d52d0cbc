"""PDUs as a pcap file: Ethernet, IP and TCP made up around them. The one door to scapy.

scapy takes a while to import, so it is imported when the first file is opened. What it writes is a
capture as a network card would have seen it: one TCP connection a session, numbered without gaps,
port 2775 on the SMSC's side, by which dissectors know SMPP.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, NamedTuple, Self

if TYPE_CHECKING:
    from scapy.packet import Packet

SMSC_PORT: Final = 2775  # the registered one
SEGMENT_OCTETS: Final = 1_460  # of a PDU in one TCP segment
FLOWS_MAX: Final = 10_000  # connections remembered; beyond, the oldest starts anew

_SMSC_ADDRESS: Final = "192.0.2.1"  # addresses for documentation (RFC 5737)
_SMSC_MAC: Final = "02:00:00:00:00:01"
_ESME_MAC: Final = "02:00:00:00:00:02"
_ESME_NETWORK: Final = "198.51.100."
_ESME_PORT_FIRST: Final = 49_152
_ESME_PORTS: Final = 16_384
_ESME_HOSTS: Final = 250
_ETHERNET: Final = 1  # LINKTYPE_ETHERNET
_BINDS = frozenset(id_.to_bytes(4, "big") for id_ in (1, 2, 9, 0x0B))  # bind requests, outbind
_SEQUENCE_SPACE: Final = 1 << 32


class Captured(NamedTuple):
    """One PDU to write. `session` makes the connection, `bind` the ESME's address."""

    at_us: int  # UTC microseconds since 1970
    bind: int
    session: int
    from_smsc: bool
    octets: bytes


@dataclass(slots=True)
class _Flow:
    esme: str
    port: int
    smsc_next: int = 1  # sequence number of the next octet of either side
    esme_next: int = 1


class PcapFile:
    """A new file, mode 0600; an existing one is not touched. Raises OSError.

    Each PDU is in the file when `write` returns.
    """

    def __init__(self, path: Path) -> None:
        # Loaded here: `jauap run` must not wait for scapy
        from scapy.utils import PcapWriter  # noqa: PLC0415

        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(handle, "wb")
        self._writer = PcapWriter(self._file, linktype=_ETHERNET, sync=True)
        self._writer.write_header(None)
        self._file.flush()
        self._flows: dict[int, _Flow] = {}
        self.pdus = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._writer.close()

    def write(self, captured: Captured) -> None:
        """One PDU, in as many TCP segments as it needs."""
        flow = self._flow(captured)
        octets = captured.octets
        for at in range(0, len(octets), SEGMENT_OCTETS):
            piece = octets[at : at + SEGMENT_OCTETS]
            last = at + SEGMENT_OCTETS >= len(octets)
            self._segment(flow, captured, piece, "PA" if last else "A")
        self.pdus += 1

    def write_all(self, captured: Iterable[Captured]) -> int:
        """All of them in order of time; how many they were."""
        before = self.pdus
        for each in sorted(captured, key=lambda each: each.at_us):
            self.write(each)
        return self.pdus - before

    def _flow(self, captured: Captured) -> _Flow:
        flow = self._flows.get(captured.session)
        if flow is not None:
            return flow
        if len(self._flows) >= FLOWS_MAX:
            del self._flows[next(iter(self._flows))]
        flow = self._flows[captured.session] = _Flow(
            f"{_ESME_NETWORK}{captured.bind % _ESME_HOSTS + 1}",
            _ESME_PORT_FIRST + captured.session % _ESME_PORTS,
        )
        if captured.octets[4:8] in _BINDS:
            self._handshake(flow, captured)
        return flow

    def _handshake(self, flow: _Flow, first: Captured) -> None:
        """Where the session is seen from its first PDU on; the ESME connects to the SMSC."""
        flow.smsc_next = flow.esme_next = 0
        self._segment(flow, first._replace(from_smsc=False), b"", "S")
        flow.esme_next = 1
        self._segment(flow, first._replace(from_smsc=True), b"", "SA")
        flow.smsc_next = 1
        self._segment(flow, first._replace(from_smsc=False), b"", "A")

    def _segment(self, flow: _Flow, captured: Captured, piece: bytes, flags: str) -> None:
        packet = _packet(flow, from_smsc=captured.from_smsc, piece=piece, flags=flags)
        seconds, microseconds = divmod(captured.at_us, 1_000_000)
        self._writer.write_packet(packet, sec=seconds, usec=microseconds)
        self._file.flush()
        if captured.from_smsc:
            flow.smsc_next = (flow.smsc_next + len(piece)) % _SEQUENCE_SPACE
        else:
            flow.esme_next = (flow.esme_next + len(piece)) % _SEQUENCE_SPACE


def _packet(flow: _Flow, *, from_smsc: bool, piece: bytes, flags: str) -> Packet:
    from scapy.layers.inet import IP, TCP  # noqa: PLC0415  as in PcapFile
    from scapy.layers.l2 import Ether  # noqa: PLC0415  as in PcapFile

    if from_smsc:
        ethernet = Ether(src=_SMSC_MAC, dst=_ESME_MAC)
        ip = IP(src=_SMSC_ADDRESS, dst=flow.esme)
        ports, numbers = (SMSC_PORT, flow.port), (flow.smsc_next, flow.esme_next)
    else:
        ethernet = Ether(src=_ESME_MAC, dst=_SMSC_MAC)
        ip = IP(src=flow.esme, dst=_SMSC_ADDRESS)
        ports, numbers = (flow.port, SMSC_PORT), (flow.esme_next, flow.smsc_next)
    sequence, acknowledged = numbers if flags != "S" else (numbers[0], 0)
    tcp = TCP(sport=ports[0], dport=ports[1], seq=sequence, ack=acknowledged, flags=flags)
    return ethernet / ip / tcp / piece if piece else ethernet / ip / tcp
