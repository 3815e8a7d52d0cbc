"""Kannel's bearerbox and smsbox as an ESME: texts go in by HTTP, what comes back is called out."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import parse_qsl

import aiohttp
from aiohttp import web

from tests.support.foreign.program import START_S, EndedError, Program, found, free_ports, program
from tests.support.service import a_look

TRIES = 3  # of a start: a port that was free may be taken before Kannel has it
LOG_LEVEL = 0  # all, PDUs as well: for the message of a test that fails
# dlr-mask and type of a receipt
DELIVERED, FAILED, BUFFERED, SUBMITTED, REFUSED = 1, 2, 4, 8, 16
ALL_RECEIPTS = DELIVERED | FAILED | SUBMITTED | REFUSED


SMSC_ID = "jauap"
UCS2 = "2"  # Kannel's number for it


def query(request: web.Request) -> dict[str, str]:
    """The fields, a character an octet: Kannel escapes UTF-16 octet by octet."""
    return dict(parse_qsl(request.rel_url.raw_query_string, encoding="latin-1"))


class Callbacks:
    """Where Kannel calls us: `/mo` with what came for its subscribers, `/dlr` with receipts."""

    def __init__(self) -> None:
        self.port = 0
        self.mos: list[Mapping[str, str]] = []
        self.receipts: list[Mapping[str, str]] = []
        self._news = asyncio.Event()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Self]:
        app = web.Application()
        app.add_routes([web.get("/mo", self._mo), web.get("/dlr", self._dlr)])
        runner = web.AppRunner(app)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.port = runner.addresses[0][1]
            yield self
        finally:
            await runner.cleanup()

    async def mo(self, timeout_s: float = 10.0, **fields: str) -> Mapping[str, str]:
        """Wait for a message with these fields; it is given once."""
        return await self._take(self.mos, fields, timeout_s)

    async def receipt(self, timeout_s: float = 10.0, **fields: str) -> Mapping[str, str]:
        """Wait for a receipt with these fields; it is given once."""
        return await self._take(self.receipts, fields, timeout_s)

    async def _take(
        self, kept: list[Mapping[str, str]], fields: dict[str, str], timeout_s: float
    ) -> Mapping[str, str]:
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    for each in kept:
                        if fields.items() <= each.items():
                            kept.remove(each)
                            return each
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise TimeoutError(f"no {fields} among {kept}") from None

    async def _mo(self, request: web.Request) -> web.Response:
        fields = query(request)
        alphabet = "utf-16-be" if fields["coding"] == UCS2 else "utf-8"
        text = fields["text"].encode("latin-1").decode(alphabet)
        self.mos.append({**fields, "text": text})
        self._news.set()
        return web.Response(text="")

    async def _dlr(self, request: web.Request) -> web.Response:
        self.receipts.append(query(request))
        self._news.set()
        return web.Response(text="")


@dataclass(frozen=True)
class KannelSettings:
    """How its one SMSC link is set up. `extra` are further lines of the smsc group."""

    smsc_port: int
    system_id: str = "kannel"
    password: str = "s3cret"
    pair: bool = False  # a transmitter and a receiver on two connections
    extra: Mapping[str, str] = field(default_factory=dict)

    def groups(self) -> str:
        """One smsc group, or one a direction under the same smsc-id."""
        port = str(self.smsc_port)
        if self.pair:
            return self._group({"port": port}) + self._group({"receive-port": port})
        return self._group({"port": port, "transceiver-mode": "true"})

    def _group(self, way: Mapping[str, str]) -> str:
        group = {
            "group": "smsc", "smsc": "smpp", "smsc-id": SMSC_ID, "host": "127.0.0.1",
            "smsc-username": self.system_id, "smsc-password": self.password,
            "system-type": '""', "interface-version": "34", "reconnect-delay": "1",
            **way, **self.extra,
        }  # fmt: skip
        return "".join(f"{key} = {value}\n" for key, value in group.items()) + "\n"


class Kannel:
    """Both boxes, bound. `send` puts a text in as a subscriber's phone would."""

    def __init__(self, http: aiohttp.ClientSession, callbacks: Callbacks) -> None:
        self.callbacks = callbacks
        self.boxes: list[Program] = []
        self._http = http

    @property
    def last_words(self) -> str:
        return "\n".join(box.last_words for box in self.boxes)

    async def start(self, stack: AsyncExitStack, folder: Path, settings: KannelSettings) -> None:
        """Raises EndedError when a box ends at once, as with a port that is taken."""
        self._admin, box, self._send = free_ports(3)
        path = self._write(folder, settings, box)
        self.boxes.clear()
        for name, ready in (("bearerbox", "running"), ("smsbox", "smsbox:")):
            command = (found(name), "-v", str(LOG_LEVEL), "--", str(path))
            self.boxes.append(await stack.enter_async_context(program(name, command, folder)))
            await self._status(ready)
        links = 2 if settings.pair else 1
        await self._status(rf"(?s)({SMSC_ID}\[.*?\(online.*?){{{links}}}")

    def _write(self, folder: Path, settings: KannelSettings, box: int) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        stub = f"http://127.0.0.1:{self.callbacks.port}"
        path = folder / "kannel.conf"
        path.write_text(
            f"""\
group = core
admin-port = {self._admin}
admin-interface = 127.0.0.1
admin-password = admin
smsbox-port = {box}
smsbox-interface = 127.0.0.1
box-allow-ip = 127.0.0.1
dlr-storage = internal
store-type = file
store-location = {folder}/kannel.store

{settings.groups()}
group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = {box}
sendsms-port = {self._send}
sendsms-interface = 127.0.0.1

group = sendsms-user
username = test
password = test
max-messages = 9
concatenation = true

group = sms-service
keyword = default
catch-all = true
max-messages = 0
omit-empty = true
alt-charset = UTF-8
get-url = "{stub}/mo?from=%p&to=%P&text=%a&coding=%c&id=%I"
""",
            encoding="utf-8",
        )
        return path

    async def _status(self, pattern: str) -> None:
        """Wait until the status page has the pattern."""
        url = f"http://127.0.0.1:{self._admin}/status.txt"
        page = ""
        try:
            async with asyncio.timeout(START_S):
                while True:
                    for box in self.boxes:
                        box.check()
                    try:
                        async with self._http.get(url) as response:
                            page = await response.text()
                    except aiohttp.ClientConnectionError:
                        page = ""
                    if re.search(pattern, page):
                        return
                    await a_look()
        except TimeoutError:
            raise TimeoutError(f"no {pattern} in:\n{page}\n{self.last_words}") from None

    async def send(
        self, text: str, *, source: str, to: str = "1012", mask: int = 0, coding: int = 0
    ) -> str:
        """sendsms; the receipt URL names the text's own mark. Returns the page's words."""
        fields = {
            "username": "test", "password": "test", "from": source, "to": to, "text": text,
            "charset": "UTF-8", "coding": str(coding),
        }  # fmt: skip
        if mask:
            fields["dlr-mask"] = str(mask)
            fields["dlr-url"] = (
                f"http://127.0.0.1:{self.callbacks.port}/dlr"
                f"?type=%d&from=%p&to=%P&reply=%A&mark={source}"
            )
        url = f"http://127.0.0.1:{self._send}/cgi-bin/sendsms"
        async with self._http.get(url, params=fields) as response:
            words = await response.text()
        assert response.status == 202, f"{words}\n{self.last_words}"
        return words


@asynccontextmanager
async def kannel(folder: Path, settings: KannelSettings) -> AsyncIterator[Kannel]:
    """Bearerbox and smsbox, bound to the SMSC of the settings, until the block ends."""
    async with (
        aiohttp.ClientSession() as http,
        Callbacks().listening() as callbacks,
        AsyncExitStack() as stack,
    ):
        boxes = Kannel(http, callbacks)
        for last in (*[False] * (TRIES - 1), True):
            try:
                await boxes.start(stack, folder, settings)
                break
            except EndedError:
                if last:
                    raise
                await stack.aclose()
        yield boxes
