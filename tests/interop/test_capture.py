"""tshark, a dissector that knows SMPP from the standard alone, opens what we write."""

from __future__ import annotations

import asyncio
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from smpp import library, pdu
from smpp.capture.masking import mask
from smpp.capture.pcap import Captured, PcapFile
from smpp.operators import DEFAULT
from tests.support import peer
from tests.support.foreign.program import found

TSHARK_S = 60.0
START_US = 1_795_000_000_999_999
LARGE = b"061200000012345678" * 2_000  # 36,000 octets: many TCP segments

CONVERSATION = [  # whether the SMSC says it, and what
    (False, library.bind(pdu.BIND_TRANSCEIVER, 1, "1012", "s3cret", DEFAULT)),
    (True, peer.pdu(0x80000009, 1, b"smsc\0" + peer.tlv(0x0210, b"\x34"))),
    (True, peer.deliver_sm(7, b"061200000012345678")),
    (False, peer.pdu(0x80000005, 7, b"\0")),
    (True, peer.deliver_sm(8, peer.part(9, 2, 1, "сөз".encode("utf-16-be")), esm_class=0x40)),
    (True, peer.data_sm(9, LARGE)),
    (False, peer.pdu(peer.SUBMIT_SM, 2, peer.message_body(b"answer", dest=b"77011234567"))),
    (True, peer.pdu(0x80000004, 2, b"1A2B\0")),
    (True, peer.deliver_sm(10, peer.receipt_text(b"1A2B"), esm_class=4)),
    (False, library.unbind(3)),
    (True, peer.pdu(0x80000006, 3)),
]
COMMANDS = [int.from_bytes(octets[4:8], "big") for _, octets in CONVERSATION]


def captured(session: int, bind: int, start: int = 0) -> list[Captured]:
    return [
        Captured(START_US + at * 1_000, bind, session, from_smsc, mask(octets))
        for at, (from_smsc, octets) in enumerate(CONVERSATION)
        if at >= start
    ]


async def tshark(path: Path, *words: str) -> str:
    process = await asyncio.create_subprocess_exec(
        found("tshark"), "-n", "-r", str(path), *words,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(TSHARK_S):
        out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out.decode()


async def fields(path: Path, *names: str) -> list[list[list[str]]]:
    """The values of these fields in each packet that holds SMPP."""
    options = [word for name in names for word in ("-e", name)]
    packets = json.loads(await tshark(path, "-Y", "smpp", "-T", "json", *options))
    layers: list[dict[str, Any]] = [packet["_source"]["layers"] for packet in packets]
    return [[layer.get(name, []) for name in names] for layer in layers]


@pytest.fixture
def both_binds(tmp_path: Path) -> Path:
    path = tmp_path / "out.pcap"
    with PcapFile(path) as file:
        assert file.write_all([*captured(1, 0), *captured(2, 1, start=2)]) == 20
    return path


async def test_every_pdu_is_read_and_none_is_malformed(both_binds: Path) -> None:
    whole = await tshark(both_binds, "-V")
    assert "Malformed" not in whole
    assert await tshark(both_binds, "-Y", "_ws.malformed || tcp.analysis.flags") == ""
    seen = await fields(both_binds, "tcp.stream", "smpp.command_id")
    for stream, first in (("0", 0), ("1", 2)):
        read = [int(ids[0], 16) for streams, ids in seen if streams == [stream]]
        assert read == COMMANDS[first:]


async def test_a_session_seen_from_its_start_has_a_handshake(both_binds: Path) -> None:
    assert (await tshark(both_binds, "-Y", "tcp.flags.syn == 1")).count("\n") == 2


async def test_the_times_are_those_of_the_pdus(both_binds: Path) -> None:
    words = ("-t", "e", "-T", "fields", "-e", "_ws.col.Time", "-Y", "smpp")
    seconds = [round(float(line) * 1e6) for line in (await tshark(both_binds, *words)).split()]
    assert seconds == sorted(
        START_US + at * 1_000 for start in (0, 2) for at in range(start, len(CONVERSATION))
    )


async def test_the_smsc_has_the_port_by_which_dissectors_know_smpp(both_binds: Path) -> None:
    seen = await fields(both_binds, "smpp.command_id", "tcp.srcport")
    bind, response = seen[0], seen[1]
    assert (int(bind[0][0], 16), int(response[0][0], 16)) == (9, 0x80000009)
    assert bind[1] != ["2775"]
    assert response[1] == ["2775"]


async def test_texts_digits_and_passwords_are_masked_where_tshark_finds_them(
    both_binds: Path,
) -> None:
    seen = await fields(
        both_binds, "smpp.password", "smpp.source_addr", "smpp.destination_addr", "smpp.message"
    )
    assert {value for packet in seen for value in packet[0]} == {"xxxxxx"}
    assert {value for packet in seen for value in packet[1]} == {"7701xxxxx67"}
    assert {value for packet in seen for value in packet[2]} == {"1012", "7701xxxxx67"}
    assert "061200000012345678" not in await tshark(both_binds, "-V", "-x")


def test_only_its_owner_may_read_a_capture_and_none_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "out.pcap"
    with PcapFile(path) as file:
        file.write_all(captured(1, 0))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        PcapFile(path)
    assert path.read_bytes() == before
