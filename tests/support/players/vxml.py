"""A VoiceXML platform: the voice browser of the tests, with documents fetched over the network."""

from __future__ import annotations

import aiohttp

from ivr.dialects.url_token import url_token
from tests.support.players.contract import GATHER, HANGUP, TRANSFER, Heard, Words
from tests.support.voice_browser import FetchError, Request, VoiceBrowser
from tests.support.voice_xml import problems

DIALECTS = ("vxml",)
HIDDEN = "sip:anonymous@anonymous.invalid"
DOCUMENT_OCTETS_MAX = 65_536
BEGAN_MS = 1_795_150_800_000

_THEN = {"keys": GATHER, "transfer": TRANSFER, "disconnect": HANGUP}


class VxmlPlayer:
    """See Player."""

    def __init__(self, start_url: str, caller: str, called: str, words: Words) -> None:
        self._start_url = start_url
        self._words = words
        remote = f"tel:{caller}" if caller else HIDDEN
        self._browser = VoiceBrowser(
            self._fetch, remote=remote, local=f"sip:{called}@pbx.example.kz", now_ms=BEGAN_MS
        )

    async def call(self) -> Heard:
        await self._browser.start(self._start_url)
        return self._heard()

    async def keys(self, keys: str) -> Heard:
        await self._browser.keys(keys)
        return self._heard()

    async def silence(self) -> Heard:
        await self._browser.silence()
        return self._heard()

    async def operator(self, *, connected: bool, seconds: int = 0) -> Heard:
        await self._browser.transferred(
            "far_end_disconnect" if connected else "noanswer", seconds if connected else 0
        )
        return self._heard()

    async def hang_up(self, seconds: int) -> None:
        self._browser.now_ms = BEGAN_MS + seconds * 1_000
        await self._browser.hang_up()
        assert self._browser.waits == ""
        assert not any(event.startswith("error") for event in self._browser.events)

    def _heard(self) -> Heard:
        said = []
        for spoken in self._browser.said:
            language = spoken.language[:2]
            assert spoken.text, "a prompt is empty"
            if spoken.url is not None:
                assert self._words(spoken.url) == (language, spoken.text)
            said.append((language, spoken.text))
        return Heard(tuple(said), _THEN[self._browser.waits])

    async def _fetch(self, request: Request) -> bytes:
        method = "GET" if request.form is None else "POST"
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if request.form else {}
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, request.url, data=request.form, headers=headers) as reply,
        ):
            body = await reply.read()
            if reply.status != 200:
                raise FetchError(f"{reply.status} {body.decode(errors='replace')}")
            assert reply.content_type == "application/voicexml+xml"
            assert len(body) <= DOCUMENT_OCTETS_MAX
            assert problems(body) == ""
            return body


def make(
    dialect: str,
    *,
    base_url: str,
    path: str,
    secret: str,
    caller: str,
    called: str,
    call_id: str,
    words: Words,
) -> VxmlPlayer:
    """See MakePlayer. The platform names no calls: `call_id` is not used."""
    assert dialect in DIALECTS
    del call_id
    webhook = base_url + path
    return VxmlPlayer(f"{webhook}?token={url_token(secret, webhook)}", caller, called, words)
