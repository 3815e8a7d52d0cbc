"""What `jauap bench calls` measures the gateway beside: two handlers of aiohttp.

`python -m gateway.commands.bench_webhook PORT PATH` reads the form of each request, as any webhook
must, and answers all of them with one document, until it is told to end. With SECRET and FILE
behind it, it does what any honest webhook must do besides: it checks the signature, and writes the
request to an SQLite file, in a commit of its own, before it answers.
"""

from __future__ import annotations

import asyncio
import hmac
import sys
from base64 import b64encode
from collections.abc import Awaitable, Callable, Sequence
from typing import Final
from urllib.parse import parse_qsl

import aiosqlite
from aiohttp import web

from gateway.commands.bench_subjects import HOST

# As long as a genuine one, and read the same way: the next step is posted to its action.
DOCUMENT: Final = (
    '<?xml version="1.0" encoding="UTF-8"?><Response><Gather action='
    '"http://127.0.0.1:65535{path}?step=1&amp;nonce=0123456789abcdef" actionOnEmptyResult="true" '
    'finishOnKey="#" input="dtmf" method="POST" numDigits="64" timeout="7"><Say language="en-US">'
    "Enter the number from your slip, then press hash.</Say></Gather></Response>"
)
HEADERS: Final = {"Content-Type": "text/xml; charset=utf-8", "Cache-Control": "no-store"}

_TABLE: Final = "CREATE TABLE step (id INTEGER PRIMARY KEY, call_id TEXT, form BLOB)"
_KEEP: Final = "INSERT INTO step (call_id, form) VALUES (?, ?)"

Handler = Callable[[web.Request], Awaitable[web.Response]]


async def bare(port: int, path: str) -> None:
    """The least a webhook on aiohttp can do."""
    document = DOCUMENT.replace("{path}", path).encode()

    async def handle(request: web.Request) -> web.Response:
        await request.post()
        return web.Response(body=document, headers=HEADERS)

    await _serve(port, path, handle)


async def durable(port: int, path: str, secret: str, file: str) -> None:
    """The least that one can do which loses nothing and believes nobody."""
    document = DOCUMENT.replace("{path}", path).encode()
    base = f"http://{HOST}:{port}"
    async with aiosqlite.connect(file, isolation_level=None) as connection:
        for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", _TABLE):
            await connection.execute_fetchall(statement)

        async def handle(request: web.Request) -> web.Response:
            form = await request.read()
            fields = dict(parse_qsl(form.decode("ascii"), keep_blank_values=True))
            told = base + request.raw_path + "".join(k + fields[k] for k in sorted(fields))
            mac = b64encode(hmac.digest(secret.encode(), told.encode(), "sha1"))
            given = request.headers.get("X-Twilio-Signature", "").encode("ascii", "replace")
            if not hmac.compare_digest(mac, given):
                return web.Response(status=403)
            await connection.execute_fetchall(_KEEP, (fields.get("CallSid"), form))
            return web.Response(body=document, headers=HEADERS)

        await _serve(port, path, handle)


async def _serve(port: int, path: str, handle: Handler) -> None:
    site = web.Application()
    site.router.add_post(path, handle)
    runner = web.AppRunner(site, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, HOST, port).start()
    await asyncio.get_running_loop().create_future()


def main(words: Sequence[str]) -> None:
    port, path, *durably = words
    if durably:
        secret, file = durably
        asyncio.run(durable(int(port), path, secret, file))
    else:
        asyncio.run(bare(int(port), path))


if __name__ == "__main__":
    main(sys.argv[1:])
