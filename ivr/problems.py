"""What a refused HTTP request gets: problem+json (RFC 9457)."""

from __future__ import annotations

import json

from aiohttp import web


def problem(status: int, title: str, detail: str) -> web.Response:
    """`detail` names no phone, no ticket and no secret: it is shown to whoever asks."""
    return web.Response(
        status=status,
        body=json.dumps(
            {"type": "about:blank", "title": title, "status": status, "detail": detail}
        ).encode(),
        headers={"Content-Type": "application/problem+json", "Cache-Control": "no-store"},
    )
