from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from ivr.actions import Phrase, Piece
from ivr.prompts import Prompts, make_prompt_pages, speaker
from tests.support.recordings import clip, phrase, recorded, recordings_of, samples_in, tone
from tests.support.speaker import make_speaker

END = phrase(Piece("Конец.", "goodbye"))
ANSWER = END._replace(private=True)


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[tuple[Prompts, aiohttp.ClientSession]]:
    prompts = Prompts(
        recordings=recordings_of(folder, {clip("goodbye"): recorded(tone(200))}),
        espeak=str(make_speaker(folder)),
        public_url="",
        key=b"key",
    )
    site = web.Application()
    for path, handler in make_prompt_pages(prompts):
        site.router.add_get(path, handler)
    runner = web.AppRunner(site, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with aiohttp.ClientSession(base) as session:
            yield prompts, session
    finally:
        await runner.cleanup()


def url_of(prompts: Prompts, said: Phrase) -> str:
    url = prompts.url(said)
    assert url is not None
    return url


async def test_a_fixed_sentence_may_be_kept_for_ever(tmp_path: Path) -> None:
    async with served(tmp_path) as (prompts, session):
        url = url_of(prompts, END)
        async with session.get(url) as reply:
            body = await reply.read()
            assert (reply.status, reply.headers["Content-Type"]) == (200, "audio/wav")
            assert reply.headers["Content-Length"] == str(len(body))
            assert reply.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            etag = reply.headers["ETag"]
        assert len(samples_in(body)) > len(tone(200))
        async with session.get(url, headers={"If-None-Match": f'"other", {etag}'}) as reply:
            assert (reply.status, await reply.read()) == (304, b"")
        async with session.head(url) as reply:
            assert (reply.status, reply.headers["Content-Length"]) == (200, str(len(body)))


async def test_what_tells_of_a_ticket_may_be_kept_by_nobody(tmp_path: Path) -> None:
    async with (
        served(tmp_path) as (prompts, session),
        session.get(url_of(prompts, ANSWER)) as reply,
    ):
        assert reply.status == 200
        assert reply.headers["Cache-Control"] == "private, no-store"
        assert "ETag" not in reply.headers


@pytest.mark.parametrize("path", ["0" * 40 + ".wav", "ru/goodbye.0.wav", "ru/%2e%2e%2fx", "x/y/z"])
async def test_what_was_never_offered_is_not_there(tmp_path: Path, path: str) -> None:
    async with served(tmp_path) as (_, session), session.get(f"/prompts/{path}") as reply:
        assert reply.status == 404


async def test_who_waits_too_long_a_line_is_told_to_come_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speaker, "WAITING_MAX", 0)
    async with served(tmp_path) as (prompts, session):
        spoken = phrase(Piece("слова", None), private=True)
        async with session.get(url_of(prompts, spoken)) as reply:
            assert (reply.status, reply.headers["Retry-After"]) == (503, "1")
            assert reply.headers["Cache-Control"] == "no-store"
            assert (await reply.json(content_type="application/problem+json"))["status"] == 503
