"""Platforms that post forms and follow XML: Twilio, what speaks like it, and Plivo."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, Protocol
from urllib.parse import urlencode
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import aiohttp

from tests.support.players.contract import GATHER, HANGUP, TRANSFER, Heard, Words

FORM = "application/x-www-form-urlencoded"
DOCUMENT_OCTETS_MAX = 65_536

Fields = dict[str, str]
Sign = Callable[[str, Fields], Mapping[str, str]]  # URL and posted fields: the headers


class Tags(NamedTuple):
    """What a platform calls its verbs."""

    speak: str
    gather: str
    addresses: frozenset[str]  # inside Dial


class Tongue(Protocol):
    """The fields in which a platform tells what happens on one call."""

    @property
    def tags(self) -> Tags: ...
    def started(self) -> Fields: ...
    def keyed(self, digits: str, *, finished: bool) -> Fields: ...
    def silent(self) -> Fields: ...
    def dialled(self, *, connected: bool, seconds: int) -> Fields: ...
    def over(self, seconds: int) -> Fields: ...


class Waiting(NamedTuple):
    """What the last document asked for; `rest` is what follows where no key came."""

    url: str
    keys_max: int
    finish: str
    tells_silence: bool
    rest: tuple[Element, ...]


class FormPlayer:
    """See Player. Requests are posted one after the other, each on a connection of its own."""

    def __init__(self, webhook: str, tongue: Tongue, sign: Sign, words: Words) -> None:
        self.webhook = webhook
        self.tongue = tongue
        self.sign = sign
        self.words = words
        self.waiting: Waiting | None = None
        self.dial_url = ""

    async def call(self) -> Heard:
        return await self._document(self.webhook, self.tongue.started())

    async def keys(self, keys: str) -> Heard:
        waiting = self._waits()
        digits, end, _ = keys.partition(waiting.finish) if waiting.finish else (keys, "", "")
        digits = digits[: waiting.keys_max]
        if not digits:
            return await self._no_keys(waiting)
        finished = bool(end) and len(digits) < waiting.keys_max
        return await self._document(waiting.url, self.tongue.keyed(digits, finished=finished))

    async def silence(self) -> Heard:
        return await self._no_keys(self._waits())

    async def operator(self, *, connected: bool, seconds: int = 0) -> Heard:
        url, self.dial_url = self.dial_url, ""
        assert url, "no transfer is going on, or nobody asked for its result"
        fields = self.tongue.dialled(connected=connected, seconds=seconds)
        return await self._document(url, fields)

    async def hang_up(self, seconds: int) -> None:
        await self._post(self.webhook, self.tongue.over(seconds))

    # -- what the documents say

    async def _no_keys(self, waiting: Waiting) -> Heard:
        if waiting.tells_silence:
            return await self._document(waiting.url, self.tongue.silent())
        return await self._follow(waiting.rest)

    async def _document(self, url: str, fields: Fields) -> Heard:
        self.waiting = None
        root = ElementTree.fromstring(await self._post(url, fields))
        assert root.tag == "Response"
        return await self._follow(tuple(root))

    async def _follow(self, verbs: tuple[Element, ...]) -> Heard:
        said: list[tuple[str, str]] = []
        tags = self.tongue.tags
        for number, verb in enumerate(verbs):
            if verb.tag == tags.gather:
                said += self._said(verb)
                self.waiting = _waiting(verb, verbs[number + 1 :])
                return Heard(tuple(said), GATHER)
            if verb.tag == "Dial":
                assert {address.tag for address in verb} <= tags.addresses
                assert "".join(verb.itertext())
                self.dial_url = verb.attrib.get("action", "")
                return Heard(tuple(said), TRANSFER)
            if verb.tag == "Hangup":
                return Heard(tuple(said), HANGUP)
            if verb.tag == "Redirect":
                assert verb.attrib["method"] == "POST"
                heard = await self._document(verb.text or "", self.tongue.silent())
                return heard._replace(said=(*said, *heard.said))
            said += self._said([verb])
        raise AssertionError("the document ends in silence")

    def _said(self, verbs: Iterable[Element]) -> Iterator[tuple[str, str]]:
        for verb in verbs:
            text = verb.text or ""
            assert text, f"<{verb.tag}> is empty"
            if verb.tag == "Play":
                yield self.words(text)
            else:
                assert verb.tag == self.tongue.tags.speak, f"<{verb.tag}> is not known"
                yield verb.attrib["language"][:2], text

    def _waits(self) -> Waiting:
        assert self.waiting is not None, "nothing is asked"
        return self.waiting

    # -- requests

    async def _post(self, url: str, fields: Fields) -> bytes:
        headers = {"Content-Type": FORM, **self.sign(url, fields)}
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, data=urlencode(fields), headers=headers) as reply,
        ):
            body = await reply.read()
            assert reply.status == 200, body
            assert reply.headers["Content-Type"].startswith("text/xml")
            assert len(body) <= DOCUMENT_OCTETS_MAX
            return body


def _waiting(verb: Element, rest: tuple[Element, ...]) -> Waiting:
    asked = verb.attrib
    assert asked["method"] == "POST"
    assert asked.get("input", asked.get("inputType")) == "dtmf"
    finish = asked["finishOnKey"].replace("none", "")
    assert finish == "" or (len(finish) == 1 and finish in "0123456789*#")
    seconds = [int(asked[name]) for name in asked if name.lower().endswith("timeout")]
    assert min(seconds) > 0
    keys_max = int(asked["numDigits"])
    assert keys_max > 0
    tells = asked.get("actionOnEmptyResult") == "true"
    return Waiting(asked["action"], keys_max, finish, tells, rest)
