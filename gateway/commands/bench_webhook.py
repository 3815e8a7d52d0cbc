"""What `jauap bench calls` measures the gateway beside: a bare handler of aiohttp.

`python -m gateway.commands.bench_webhook PORT PATH` reads the form of each request, as any webhook
must, and answers all of them with one document, until it is told to end.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Final

from aiohttp import web

from gateway.commands.bench_subjects import HOST

# As long as a genuine one, and read the same way: the next step is posted to its action.
DOCUMENT: Final = (
    '<?xml version="1.0" encoding="UTF-8"?><Response><Gather action='
    '"http://127.0.0.1:65535{path}?step=1&amp;nonce=0123456789abcdef" actionOnEmptyResult="true" '
    'finishOnKey="#" input="dtmf" method="POST" numDigits="64" timeout="7"><Say language="en-US">'
    "Enter the number from your slip, then press hash.</Say></Gather></Response>"
)


async def serve(port: int, path: str) -> None:
    """The least a webhook on aiohttp can do."""
    document = DOCUMENT.replace("{path}", path).encode()
    headers = {"Content-Type": "text/xml; charset=utf-8", "Cache-Control": "no-store"}

    async def handle(request: web.Request) -> web.Response:
        await request.post()
        return web.Response(body=document, headers=headers)

    site = web.Application()
    site.router.add_post(path, handle)
    runner = web.AppRunner(site, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, HOST, port).start()
    await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2]))
