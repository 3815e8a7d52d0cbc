"""Asterisk's end of FastAGI, written from its protocol: it connects, tells of a channel, obeys.

What it sends is what Asterisk 22 sends, to the letter; nothing of our own codec is used.
"""

from __future__ import annotations

import asyncio
import contextlib
import shlex
from collections.abc import Mapping, Sequence

WAIT_S = 10.0


class Asterisk:
    """One channel's connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connect(cls, host: str, port: int) -> Asterisk:
        return cls(*await asyncio.open_connection(host, port))

    def tell(self, *lines: str) -> None:
        self._writer.write("".join(f"{line}\n" for line in lines).encode())

    def tell_octets(self, octets: bytes) -> None:
        self._writer.write(octets)

    def introduce(self, environment: Mapping[str, str]) -> None:
        self.tell(*(f"{name}: {value}" for name, value in environment.items()), "")

    async def command(self) -> list[str]:
        """The next command as Asterisk parts it into words; none: the server has closed."""
        try:
            async with asyncio.timeout(WAIT_S):
                line = await self._reader.readline()
        except ConnectionResetError:  # it did not read all that was said
            return []
        assert not line or line.endswith(b"\n")
        return shlex.split(line.decode())

    async def expect(self, *words: str) -> None:
        """The next command begins so."""
        got = await self.command()
        assert got[: len(words)] == list(words)

    async def closed(self) -> None:
        """The server says nothing more."""
        assert await self.command() == []

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(ConnectionError):  # the other end was faster
            await self._writer.wait_closed()


def environment(
    script: str,
    *,
    caller: str = "+77010000001",
    called: str = "1414",
    unique_id: str = "1795150800.14",
    more: Sequence[tuple[str, str]] = (),
) -> dict[str, str]:
    """The block for a call; `script` is the path of the agi:// address. "" is a hidden caller: the
    network knows it and says that it is not to be shown."""
    return {
        "agi_network": "yes",
        "agi_network_script": script,
        "agi_request": f"agi://127.0.0.1/{script}",
        "agi_channel": "PJSIP/trunk-00000007",
        "agi_language": "ru",
        "agi_type": "PJSIP",
        "agi_uniqueid": unique_id,
        "agi_version": "22.10.1",
        "agi_callerid": caller or "+77019999999",
        "agi_calleridname": "unknown",
        "agi_callingpres": "0" if caller else "35",
        "agi_callingani2": "0",
        "agi_callington": "0",
        "agi_callingtns": "0",
        "agi_dnid": called,
        "agi_rdnis": "unknown",
        "agi_context": "from-trunk",
        "agi_extension": called,
        "agi_priority": "2",
        "agi_enhanced": "0.0",
        "agi_accountcode": "",
        "agi_threadid": "139872064792256",
        **dict(more),
    }
