"""A switch of one's own: posts signed JSON events and does the list of actions it gets."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any

import aiohttp

from tests.support.players.contract import GATHER, HANGUP, TRANSFER, Heard, Words

DIALECTS = ("json",)


class JsonPlayer:
    """docs/reference/ivr-json.md, from the other side."""

    def __init__(self, url: str, secret: str, told: dict[str, str], words: Words) -> None:
        self._url = url
        self._secret = secret
        self._told = told
        self._words = words
        self._events = 0
        self._next: dict[str, Any] = {}  # the action that waits for the caller or an operator

    async def call(self) -> Heard:
        return await self._tell("call_started")

    async def keys(self, keys: str) -> Heard:
        assert self._next["action"] == GATHER
        most, finish = self._next["max"], self._next["finish"]
        entry, hashed, _ = keys.partition(finish) if finish else (keys, "", "")
        entry = entry[:most]
        complete = bool(hashed) or len(entry) == most
        ending = "complete" if complete else "timeout"
        return await self._tell("digits", digits=entry + hashed, ending=ending)

    async def silence(self) -> Heard:
        assert self._next["action"] == GATHER
        return await self._tell("digits", digits="", ending="empty")

    async def operator(self, *, connected: bool, seconds: int = 0) -> Heard:
        assert self._next["action"] == TRANSFER
        return await self._tell("transfer_result", connected=connected, seconds=seconds)

    async def hang_up(self, seconds: int) -> None:
        assert await self._post("hangup", status="completed", seconds=seconds) == []

    async def _tell(self, event: str, **members: object) -> Heard:
        if "step" in self._next:
            members["step"] = self._next["step"]
        actions = await self._post(event, **members)
        said = []
        for action in actions:
            self._next = action
            if action["action"] != "say":
                assert action is actions[-1]
                return Heard(tuple(said), action["action"])
            url = action["url"]
            said.append((action["language"], action["text"]))
            assert url is None or self._words(url) == said[-1]
        return Heard(tuple(said), HANGUP)

    async def _post(self, event: str, **members: object) -> list[dict[str, Any]]:
        self._events += 1
        told = self._told | {"event": event, "event_id": str(self._events)} | members
        body = json.dumps(told).encode()
        dated = str(int(time.time()))
        mac = hmac.digest(self._secret.encode(), dated.encode() + b"." + body, hashlib.sha256)
        headers = {
            "Content-Type": "application/json",
            "X-Timestamp": dated,
            "X-Signature": "v1=" + mac.hex(),
        }
        async with (
            aiohttp.ClientSession() as session,
            session.post(self._url, data=body, headers=headers) as reply,
        ):
            assert (reply.status, reply.content_type) == (200, "application/json")
            actions: list[dict[str, Any]] = await reply.json()
            return actions


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
) -> JsonPlayer:
    """See MakePlayer."""
    assert dialect in DIALECTS
    told = {"call_id": call_id, "from": caller, "to": called}
    return JsonPlayer(base_url + path, secret, told, words)
