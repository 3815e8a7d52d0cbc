"""PDUs of one turn of the loop leave in one write, and not at all while the peer does not read."""

from __future__ import annotations

import asyncio
from typing import cast

from smpp.writer import Writer


class Wire:
    """What a transport is asked to do."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.reading = True
        self.closing = False

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True

    abort = close

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        assert not self.closing
        self.reading = True


def attached() -> tuple[Writer, Wire]:
    writer, wire = Writer(asyncio.get_running_loop()), Wire()
    writer.attach(cast(asyncio.Transport, wire))
    return writer, wire


async def test_what_is_put_in_one_turn_leaves_in_one_write() -> None:
    writer, wire = attached()
    for pdu in (b"a", b"b", b"c"):
        writer.put(pdu)
    assert (wire.written, writer.flushes) == ([], 0)
    await asyncio.sleep(0)
    assert (wire.written, writer.flushes) == ([b"abc"], 1)
    writer.put(b"d")
    await asyncio.sleep(0)
    assert (wire.written, writer.flushes) == ([b"abc", b"d"], 2)


async def test_nothing_is_written_to_or_read_from_a_peer_that_does_not_read() -> None:
    writer, wire = attached()
    writer.pause()
    writer.put(b"a")
    await asyncio.sleep(0)
    writer.put(b"b")
    await asyncio.sleep(0)
    assert (wire.written, wire.reading, writer.flushes) == ([], False, 0)
    writer.resume()
    assert (wire.written, wire.reading) == ([b"ab"], True)


async def test_closing_lets_out_what_is_gathered_and_nothing_after_it() -> None:
    writer, wire = attached()
    writer.put(b"last")
    writer.close()
    writer.put(b"too late")
    await asyncio.sleep(0)
    writer.resume()
    assert wire.written == [b"last"]
    assert wire.closing


async def test_without_a_connection_nothing_happens() -> None:
    writer = Writer(asyncio.get_running_loop())
    writer.put(b"a")
    await asyncio.sleep(0)
    for act in (writer.pause, writer.resume, writer.close, writer.abort):
        act()
    assert writer.flushes == 0
