"""GET /prompts/: the recordings that documents have named."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from ivr.problems import problem
from ivr.prompts.serving import Prompts
from ivr.prompts.speaker import PromptsBusyError

Handler = Callable[[web.Request], Awaitable[web.Response]]

_FOREVER = "public, max-age=31536000, immutable"
_NEVER = "private, no-store"


def make_prompt_pages(prompts: Prompts) -> tuple[tuple[str, Handler], ...]:
    """Routes for GET: recordings of single calls, and those of fixed sentences by language."""

    async def handle(request: web.Request) -> web.Response:
        parts = request.match_info
        name = parts["name"]
        if "language" in parts:
            name = f"{parts['language']}/{name}"
        try:
            prompt = await prompts.fetch(name)
        except PromptsBusyError as busy:
            answer = problem(503, "Speech is being made for others", str(busy))
            answer.headers["Retry-After"] = "1"
            return answer
        if prompt is None:
            return problem(404, "No such recording", "it was never offered, or is gone")
        if prompt.private:
            return _wav(prompt.wav, {"Cache-Control": _NEVER})
        headers = {"Cache-Control": _FOREVER, "ETag": f'"{name}"'}
        if headers["ETag"] in request.headers.get("If-None-Match", ""):
            return web.Response(status=304, headers=headers)
        return _wav(prompt.wav, headers)

    return ("/prompts/{name}", handle), ("/prompts/{language}/{name}", handle)


def _wav(wav: bytes, headers: dict[str, str]) -> web.Response:
    return web.Response(body=wav, headers={"Content-Type": "audio/wav", **headers})
