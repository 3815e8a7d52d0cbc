"""What a caller hears in a whole call, as one WAV a language: a gateway is called over its JSON
dialect, its recordings are fetched and played one after the other, keys sound as telephones do.

`python -m tests.support.call_audio FOLDER` makes the clips with espeak-ng where FOLDER has none
yet, and writes kk.wav, ru.wav, en.wav, and what is said in them as kk.txt, ru.txt, en.txt.
"""

from __future__ import annotations

import asyncio
import math
import shutil
import sys
import tempfile
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import aiohttp

from gateway.calls.recordings import ESPEAK, clips_needed
from gateway.rules import load_rules
from gateway.settings import Settings
from ivr.prompts.building import build
from ivr.prompts.sound import RATE_HZ, read_wav, silence, wav
from ivr.prompts.speaker import Speaker
from tests.support.inside import running
from tests.support.players.json_hmac import JsonPlayer
from tests.support.service import toml

SECRET = "the-shared-word-of-this-table"
PATH = "/ivr/1414"
NUMBER = "061200000012345678"
WRONG = "061200000099999999"
LANGUAGE_KEYS = {"kk": "1", "ru": "2", "en": "3"}
# Appeals; a number that is not there, read back and keyed anew; the answer, told once more; then
# the caller has heard enough and presses nothing.
KEYS = ("1", WRONG + "#", "2", NUMBER + "#", "9", "")

THINKING_MS = 600  # before the first key of an entry
SILENT_MS = 2_000  # where no key is pressed; platforms wait longer
KEY_MS = 90
BETWEEN_KEYS_MS = 110
KEY_PEAK = 6_000  # of each of the two tones
_ROWS = (697, 770, 852, 941)
_COLUMNS = (1_209, 1_336, 1_477)
_KEYPAD = ("123", "456", "789", "*0#")
TONES = {
    key: (row, column)
    for row, keys in zip(_ROWS, _KEYPAD, strict=True)
    for key, column in zip(keys, _COLUMNS, strict=True)
}


class CallAudio(NamedTuple):
    """One call: what was heard, keys among it, and the same in words, a turn a line."""

    wav: bytes
    said: tuple[str, ...]


class _Line(JsonPlayer):
    """A platform that keeps what it was told to play."""

    def __init__(self, base_url: str, caller: str) -> None:
        told = {"call_id": f"call-{caller}", "from": caller, "to": "+77001414141"}
        super().__init__(base_url + PATH, SECRET, told, self._words_of)
        self._said: dict[str, tuple[str, str]] = {}
        self.urls: list[str] = []

    async def _post(self, event: str, **members: object) -> list[dict[str, Any]]:
        actions = await super()._post(event, **members)
        for action in actions:
            if action["action"] == "say":
                assert action["url"], f"nothing is recorded of: {action['text']}"
                self.urls.append(action["url"])
                self._said[action["url"]] = action["language"], action["text"]
        return actions

    def _words_of(self, url: str) -> tuple[str, str]:
        return self._said[url]


async def call_audio(folder: Path, clips: Path, language: str) -> CallAudio:
    """A call in `language` to a gateway in `folder`, answered with the recordings of `clips`."""
    (folder / "call-secret").write_text(SECRET, encoding="ascii")
    table = {
        "name": "1414",
        "dialect": "json",
        "path": PATH,
        "secret_file": str(folder / "call-secret"),
        "numbers": ["1414"],
        "operator_target": "+77172000000",
        "recording_notice": True,
    }
    more = f"\n[[ivr]]\n{toml(table)}"
    prompts = {"folder": str(clips), "required": True}
    heard: list[bytes] = []
    said: list[str] = []
    async with (
        running(folder, prompts=prompts, more=more) as inside,
        aiohttp.ClientSession(inside.http) as session,
    ):
        line = _Line(inside.http, "+77010000001")

        async def play(turn: Sequence[tuple[str, str]]) -> None:
            said.extend(f"{spoken}: {text}" for spoken, text in turn)
            for url in line.urls:
                async with session.get(urlsplit(url).path) as reply:
                    assert reply.status == 200
                    heard.append(read_wav(await reply.read())[1])
            line.urls.clear()

        await play((await line.call()).said)
        for keys in (LANGUAGE_KEYS[language], *KEYS):
            heard.append(keyed(keys))
            said.append(f"> {keys or 'nothing'}")
            await play((await (line.keys(keys) if keys else line.silence())).said)
        samples = b"".join(heard)
        await line.hang_up(seconds=len(samples) // (2 * RATE_HZ))
    return CallAudio(wav(samples), tuple(said))


def keyed(keys: str) -> bytes:
    """Keys as they sound: two tones each, after a pause for thought; none: silence."""
    if not keys:
        return silence(SILENT_MS)
    return silence(THINKING_MS) + b"".join(_key(key) + silence(BETWEEN_KEYS_MS) for key in keys)


def _key(key: str) -> bytes:
    low, high = (2 * math.pi * hertz / RATE_HZ for hertz in TONES[key])
    return array(
        "h",
        (
            round(KEY_PEAK * (math.sin(low * at) + math.sin(high * at)))
            for at in range(RATE_HZ * KEY_MS // 1_000)
        ),
    ).tobytes()


async def _main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    espeak = shutil.which(ESPEAK)
    assert espeak, f"install {ESPEAK}: `make tools` does"
    needed = clips_needed(load_rules(Settings()))
    built = await build(folder / "clips", needed, Speaker(espeak), lambda *_: None)
    assert not any(each.missing for each in built.values())
    for language in LANGUAGE_KEYS:
        with tempfile.TemporaryDirectory() as gateway:
            audio = await call_audio(Path(gateway), folder / "clips", language)
        (folder / f"{language}.wav").write_bytes(audio.wav)
        (folder / f"{language}.txt").write_text("\n".join(audio.said) + "\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1])))
