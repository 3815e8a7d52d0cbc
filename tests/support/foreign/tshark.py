"""tshark as a judge of our PDUs: each goes into a capture file and is read back from there."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from smpp.capture.pcap import Captured, PcapFile
from tests.support.foreign.program import found

TIMEOUT_S = 30.0
_BELOW = ("frame", "eth", "ip", "tcp", "tcp.segments")  # layers that the capture file makes up
SOME_DAY_US = 1_795_000_000_000_000


class Said(NamedTuple):
    """Octets that we wrote: one PDU."""

    from_smsc: bool
    octets: bytes


class Read(NamedTuple):
    """One PDU as tshark reads it. `marks` are its complaints: malformed, expert infos."""

    fields: Mapping[str, tuple[str, ...]]
    marks: tuple[str, ...]

    def one(self, field: str) -> str | None:
        values = self.fields.get(field, ())
        assert len(values) <= 1, f"{field} stands {len(values)} times"
        return values[0] if values else None


class _Pairs(list[tuple[str, Any]]):
    """A JSON object with its keys as often as they came: a TLV may be there twice."""


def read_pdus(folder: Path, said: Iterable[Said]) -> list[Read]:
    """Each PDU as tshark reads it, in a session of its own; one record a PDU, in this order."""
    path = folder / "said.pcap"
    path.unlink(missing_ok=True)
    count = 0
    with PcapFile(path) as file:
        for count, each in enumerate(said, 1):
            file.write(Captured(SOME_DAY_US + count, 1, count, each.from_smsc, each.octets))
    command = [found("tshark"), "-n", "-r", str(path), "-Y", "smpp", "-T", "json"]
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "WIRESHARK_CONFIG_DIR": str(folder)},  # no settings of this machine
        capture_output=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    packets = json.loads(done.stdout, object_pairs_hook=_Pairs)
    assert len(packets) == count, "a PDU that tshark takes for something else, or for several"
    return [_read(packet) for packet in packets]


def _read(packet: _Pairs) -> Read:
    layers = [each for each in dict(dict(packet)["_source"])["layers"] if each[0] not in _BELOW]
    fields: dict[str, list[str]] = {}
    marks = [name for name, _ in layers if name.startswith("_ws.")]
    for name, value in _walk(layers):
        if name == "_ws.expert.message":
            marks.append(value)
        fields.setdefault(name, []).append(value)
    return Read({name: tuple(values) for name, values in fields.items()}, tuple(marks))


def _walk(pairs: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, str]]:
    for name, value in pairs:
        if isinstance(value, _Pairs):
            yield from _walk(value)
        else:
            yield name, str(value)
