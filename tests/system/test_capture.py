"""`jauap capture` and `jauap smsc --record` against the real programs: what leaves them is whole,
and tells of nobody."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

from smpp.simulator import ReceiptPolicy, Smsc
from tests.support.foreign.program import found, free_ports
from tests.support.raw_esme import DELIVER, SUBMIT, TRX, RawEsme, bind_body, submit_body
from tests.support.service import (
    JAUAP,
    SECRET,
    LinkTo,
    Service,
    make_folder,
    serving,
    until,
    write_open_tickets,
)

MSISDN = "77019876543"
STEM = "06120000007913"
NUMBER = STEM + "0042"
FIRST = int(STEM + "0000")
CANARIES = (MSISDN, MSISDN[3:], NUMBER, STEM, SECRET, "*0042")


def spellings(canary: str) -> tuple[bytes, ...]:
    return canary.encode(), canary.encode("utf-16-be"), canary.encode().hex().encode()


async def dissected(path: Path, *fields: str) -> list[dict[str, list[str]]]:
    """The fields of each packet that tshark reads as SMPP."""
    words = [word for field in fields for word in ("-e", field)]
    process = await asyncio.create_subprocess_exec(
        found("tshark"), "-n", "-r", str(path), "-Y", "smpp", "-T", "json", *words,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return [packet["_source"]["layers"] for packet in json.loads(out)]


def commands(packets: list[dict[str, list[str]]]) -> list[int]:
    return [int(each, 16) for packet in packets for each in packet["smpp.command_id"]]


def assert_nobody_is_in(path: Path) -> None:
    octets = path.read_bytes()
    for canary in CANARIES:
        for spelling in spellings(canary):
            assert spelling not in octets, canary


async def ask(smsc: Smsc) -> None:
    for words in (NUMBER, f"Здравствуйте, где {NUMBER}?", "Добрый день! " * 10 + NUMBER):
        await smsc.send_mo(MSISDN, words)
        await smsc.next_mt(MSISDN)


async def test_what_passed_on_a_link_is_written_without_texts_and_numbers(tmp_path: Path) -> None:
    feed = write_open_tickets(tmp_path / "feed.ndjson", FIRST, 100)
    async with (
        Smsc(password=SECRET, receipts=ReceiptPolicy()) as smsc,
        serving(tmp_path, LinkTo("north", smsc.port, bind="pair"), tickets=[feed]) as service,
    ):
        await smsc.bound()
        await ask(smsc)
        smsc.drop()
        await until(lambda: [each.number for each in smsc.sessions if each.mode] == [3, 4])
        done = await capture(service, tmp_path / "all.pcap")
        told = json.loads(done)
        await capture(service, tmp_path / "one.pcap", "--bind", "1")
        code, page = await service.get("/links/north/capture")
        assert (code, "Not Found" in page) == (404, True), "without the token nobody is told"

    packets = await dissected(tmp_path / "all.pcap", "smpp.command_id", "_ws.malformed")
    seen = commands(packets)
    assert told == {"file": str(tmp_path / "all.pcap"), "pdus": len(seen), "sessions": 4}
    assert {1, 2, 4, 5, 0x80000004, 0x80000005} <= set(seen)
    assert seen.count(1) == seen.count(2) == 2, "the session before the drop is still there"
    assert not any("_ws.malformed" in packet for packet in packets)
    assert set(commands(await dissected(tmp_path / "one.pcap", "smpp.command_id"))) >= {1, 5}
    assert_nobody_is_in(tmp_path / "all.pcap")


async def capture(service: Service, output: Path, *options: str) -> str:
    done = await service.command(
        "capture", "north", "-c", str(service.settings), "-o", str(output),
        "--url", service.http, "--json", *options,
    )  # fmt: skip
    assert done.code == 0, done.err
    assert service.written.count("capture") == 0, "no token and no path of it is in the log"
    return done.out


async def test_a_capture_that_cannot_be_had_says_why(tmp_path: Path) -> None:
    async with (
        Smsc(password=SECRET) as smsc,
        serving(tmp_path, LinkTo("north", smsc.port)) as service,
    ):
        common = ("-c", str(service.settings), "--url", service.http)
        unknown = await service.command("capture", "south", *common, "-o", "a.pcap")
        assert (unknown.code, "'south'" in unknown.err) == (2, True)
        (tmp_path / "b.pcap").write_bytes(b"kept")
        exists = await service.command("capture", "north", *common, "-o", "b.pcap")
        assert (exists.code, (tmp_path / "b.pcap").read_bytes()) == (2, b"kept")
        await smsc.bound()
        nothing = await service.command("capture", "north", *common, "-o", "c.pcap", "--bind", "7")
        assert (nothing.code, (tmp_path / "c.pcap").exists()) == (1, False)
    away = await service.command("capture", "north", *common, "-o", "d.pcap")
    assert (away.code, "does the service run" in away.err) == (2, True)


async def test_another_web_server_is_told_from_the_service(tmp_path: Path) -> None:
    service = Service(await make_folder(tmp_path, []))

    async def hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(hello, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        done = await service.command(
            "capture", "north", "-c", str(service.settings), "--url", url, "-o", "a.pcap"
        )
    assert (done.code, "not this service" in done.err) == (2, True)
    assert "Traceback" not in done.err
    assert not (tmp_path / "a.pcap").exists()


async def test_a_disk_without_room_leaves_no_half_of_a_capture(tmp_path: Path) -> None:
    async with (
        Smsc(password=SECRET) as smsc,
        serving(tmp_path, LinkTo("north", smsc.port)) as service,
    ):
        await smsc.bound()
        process = await asyncio.create_subprocess_exec(
            "sh", "-c", 'ulimit -f 0; exec "$@"', "sh", *JAUAP, "capture", "north",
            "-c", str(service.settings), "--url", service.http, "-o", "a.pcap",
            cwd=tmp_path, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        async with asyncio.timeout(20):
            _, err = await process.communicate()
    assert process.returncode == 2
    assert b"a.pcap: cannot be written" in err
    assert b"Traceback" not in err
    assert not (tmp_path / "a.pcap").exists()


async def test_a_simulator_that_cannot_listen_leaves_no_recording(tmp_path: Path) -> None:
    record = tmp_path / "smsc.pcap"
    async with Smsc() as other:
        process = await asyncio.create_subprocess_exec(
            *JAUAP, "smsc", "--listen", f"127.0.0.1:{other.port}", "--record", str(record),
            stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        async with asyncio.timeout(20):
            _, err = await process.communicate()
    assert (process.returncode, record.exists()) == (2, False)
    assert b"a free port" in err


async def test_the_simulator_records_what_it_sees(tmp_path: Path) -> None:
    feed = write_open_tickets(tmp_path / "feed.ndjson", FIRST, 100)
    (port,) = free_ports(1)
    record = tmp_path / "smsc.pcap"
    simulator = await asyncio.create_subprocess_exec(
        *JAUAP, "smsc", "--listen", f"127.0.0.1:{port}", "--password", SECRET,
        "--record", str(record),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert simulator.stdout is not None
    async with asyncio.timeout(20):
        assert b"SMSC of short code" in await simulator.stdout.readline()
        async with serving(tmp_path, LinkTo("north", port), tickets=[feed]):
            pass
        simulator.terminate()
        await simulator.communicate()
    packets = await dissected(record, "smpp.command_id", "smpp.password", "_ws.malformed")
    assert commands(packets)[:2] == [9, 0x80000009]
    assert packets[0]["smpp.password"] == ["x" * len(SECRET)]
    assert not any("_ws.malformed" in packet for packet in packets)
    assert_nobody_is_in(record)


async def test_a_recording_replaces_no_file(tmp_path: Path) -> None:
    record = tmp_path / "smsc.pcap"
    record.write_bytes(b"kept")
    process = await asyncio.create_subprocess_exec(
        *JAUAP, "smsc", "--listen", "127.0.0.1:0", "--record", str(record),
        stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(20):
        _, err = await process.communicate()
    assert (process.returncode, record.read_bytes()) == (2, b"kept")
    assert re.search(rb"exists.*name a new file", err)


async def test_an_account_that_binds_to_us_is_captured_from_the_smscs_side(tmp_path: Path) -> None:
    feed = write_open_tickets(tmp_path / "feed.ndjson", FIRST, 100)
    account = {"name": "north", "binds_max": 1}
    async with (
        serving(tmp_path, tickets=[feed], accounts=[account]) as service,
        RawEsme(service.smsc_port) as esme,
    ):
        await esme.bind(TRX, bind_body("north", SECRET))
        esme.send(SUBMIT, submit_body(NUMBER.encode(), "1012", source=MSISDN, registered=1))
        await esme.read_command(DELIVER)
        await capture(service, tmp_path / "account.pcap")
    packets = await dissected(
        tmp_path / "account.pcap", "smpp.command_id", "tcp.srcport", "_ws.malformed"
    )
    ports = {int(p["smpp.command_id"][0], 16): p["tcp.srcport"][0] for p in packets}
    assert ports[5] == ports[0x80000004] == "2775", "we are the SMSC there"
    assert ports[4] != "2775"
    assert not any("_ws.malformed" in packet for packet in packets)
    assert_nobody_is_in(tmp_path / "account.pcap")
