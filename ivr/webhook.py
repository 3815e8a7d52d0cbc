"""The HTTP edge of calls: requests of voice platforms, and the documents they get."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, NamedTuple

from aiohttp import web

from ivr.actions import LANGUAGES
from ivr.attendant.attendant import (
    STEP_DEADLINE_S,
    Attendant,
    CallCounters,
)
from ivr.attendant.documents import Documents, missing_texts
from ivr.attendant.open_calls import CALLS_MAX, IDLE_S, OpenCalls
from ivr.attendant.people import People
from ivr.dialects.contract import Dialect, PromptUrl, RawRequest, Refusal
from ivr.events import CallEvents, NobodyWatches
from ivr.problems import problem
from ivr.speech.phrases import VoiceTexts
from ivr.switch import CallDesk

Handler = Callable[[web.Request], Awaitable[web.Response]]


class Webhook(NamedTuple):
    """`handle` takes GET and POST on the table's path; `run` must be running beside it."""

    handle: Handler
    run: Callable[[], Coroutine[Any, Any, None]]
    attendant: Attendant


def make_webhook(
    *,
    link: str,
    dialect: Dialect,
    secrets: Sequence[str],
    public_url: str,
    desk: CallDesk,
    voice: VoiceTexts,
    prompt_url: PromptUrl,
    numbers: Sequence[str],
    operator_target: str | None,
    now_us: Callable[[], int],
    loop_time: Callable[[], float],
    counters: CallCounters,
    nonce_secret: str,
    events: CallEvents | None = None,
    people: People | None = None,
    language: str = LANGUAGES[0],
    notice: bool = False,
    calls_max: int = CALLS_MAX,
    idle_s: float = IDLE_S,
    step_deadline_s: float = STEP_DEADLINE_S,
) -> Webhook:
    """The webhook of one `[[ivr]]` table.

    `public_url` is what the platform calls us by, without a path of ours: signatures are over it
    and the path as received. `nonce_secret` is ours alone and lasts over restarts. Raises
    ValueError where texts or secrets are missing.
    """
    _check(link, voice, secrets)
    attendant = Attendant(
        link=link,
        dialect=dialect,
        secrets=tuple(secrets),
        desk=desk,
        documents=Documents(
            link=link,
            dialect=dialect,
            nonce_secret=nonce_secret,
            url_secret=secrets[0],
            voice=voice,
            prompt_url=prompt_url,
            operator_target=operator_target,
            now_us=now_us,
        ),
        numbers=tuple(numbers),
        operator=bool(operator_target),
        now_us=now_us,
        loop_time=loop_time,
        counters=counters,
        language=language,
        notice=notice,
        events=NobodyWatches() if events is None else events,
        people=People() if people is None else people,
        step_deadline_s=step_deadline_s,
        calls=OpenCalls(calls_max=calls_max, idle_s=idle_s),
    )
    return Webhook(_handler(attendant, public_url.rstrip("/")), attendant.run, attendant)


def _check(link: str, voice: VoiceTexts, secrets: Sequence[str]) -> None:
    if missing := missing_texts(voice):
        raise ValueError(f"[[ivr]] '{link}': config/voice/ lacks {', '.join(missing)}; write them")
    if not secrets or not all(secrets):
        raise ValueError(f"[[ivr]] '{link}': give a secret; an unsigned webhook is never believed")


def _handler(attendant: Attendant, base: str) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        raw = RawRequest(
            request.method,
            base + request.raw_path,
            request.headers,
            await request.read(),
        )
        answer = await attendant.answer(raw)
        if isinstance(answer, Refusal):
            return problem(403, "The signature is not valid", answer.reason)
        return web.Response(
            body=answer.body,
            headers={
                "Content-Type": f"{answer.content_type}; charset=utf-8",
                "Cache-Control": "no-store",
            },
        )

    return handle
