"""Recordings of what has no platform voice, made by espeak-ng the first time they are fetched.

Only texts that our own documents have named are ever spoken. Fixed sentences are kept in a folder,
bounded; what tells of a ticket stays in memory as text and is made anew for each fetch.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import io
import re
import wave
from array import array
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import structlog

from ivr.resample import resample

RATE_HZ = 8_000  # 16-bit mono: every platform plays it
TEXT_SIGNS_MAX = 4_096
NAMES_MAX = 4_096  # texts that may be asked for, the least recently named forgotten first
FILES_MAX = 1_024  # in the folder; the oldest goes
MAKING_MAX = 2  # espeak-ng processes at once
WAITING_MAX = 64  # fetches waiting for them
MAKE_TIMEOUT_S = 5.0
VOICES: Mapping[str, str] = {"kk": "kk", "ru": "ru", "en": "en-us"}

_NAME = re.compile(r"[0-9a-f]{40}\.wav")

log = structlog.get_logger()


class PromptsBusyError(Exception):
    """More fetches are waiting than can be served soon."""


class Prompt(NamedTuple):
    """A WAV of 8 kHz, 16 bit, mono. `private`: no copy may be kept on the way."""

    wav: bytes
    private: bool


class _Named(NamedTuple):
    text: str
    language: str
    private: bool


class Prompts:
    """`espeak` is the program's path, None where it is absent: then nothing is offered. `key` makes
    the names of private recordings unguessable. `public_url` is that of this service."""

    def __init__(self, *, folder: Path, espeak: str | None, public_url: str, key: bytes) -> None:
        self._folder = folder
        self._espeak = espeak
        self._base = public_url.rstrip("/") + "/prompts/"
        self._key = key
        self._names: OrderedDict[str, _Named] = OrderedDict()
        self._making = asyncio.Semaphore(MAKING_MAX)
        self._waiting = 0

    def url(self, text: str, language: str, private: bool) -> str | None:
        """Where `text` can be fetched, at once: it is made later. None where it cannot be made."""
        if self._espeak is None or language not in VOICES or not 0 < len(text) <= TEXT_SIGNS_MAX:
            return None
        about = f"{VOICES[language]}\n{text}".encode("utf-8", "replace")
        digest = (
            hmac.new(self._key, about, hashlib.sha256) if private else hashlib.sha256(about)
        ).hexdigest()
        name = digest[:40] + ".wav"
        self._names[name] = _Named(text, language, private)
        self._names.move_to_end(name)
        if len(self._names) > NAMES_MAX:
            self._names.popitem(last=False)
        return self._base + name

    async def fetch(self, name: str) -> Prompt | None:
        """The recording; None for a name that we have not given, or where it cannot be made.

        Raises PromptsBusyError.
        """
        if not _NAME.fullmatch(name):
            return None
        named = self._names.get(name)
        kept = self._folder / name
        if named is None or not named.private:
            wav = await asyncio.to_thread(_read, kept)
            if wav is not None:
                return Prompt(wav, private=False)
        if named is None:
            return None
        if self._waiting >= WAITING_MAX:
            raise PromptsBusyError(f"{WAITING_MAX} recordings are waited for; fetch it again")
        self._waiting += 1
        try:
            async with self._making:
                wav = await self._make(named)
        finally:
            self._waiting -= 1
        if wav is None:
            return None
        if not named.private:
            await asyncio.to_thread(_keep, kept, wav)
        return Prompt(wav, named.private)

    async def _make(self, named: _Named) -> bytes | None:
        assert self._espeak is not None
        try:
            process = await asyncio.create_subprocess_exec(
                self._espeak, "-v", VOICES[named.language], "-b", "1", "--stdin", "--stdout",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
        except OSError as problem:
            log.warning("prompt_not_made", reason=str(problem), program=self._espeak)
            return None
        try:
            async with asyncio.timeout(MAKE_TIMEOUT_S):
                spoken, _ = await process.communicate(named.text.encode("utf-8", "replace"))
        except TimeoutError:
            log.warning("prompt_not_made", reason="timeout", after_s=MAKE_TIMEOUT_S)
            return None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        try:
            return await asyncio.to_thread(telephone_wav, spoken)
        except (ValueError, EOFError, wave.Error) as problem:
            log.warning("prompt_not_made", reason=str(problem), status=process.returncode)
            return None


def telephone_wav(spoken: bytes) -> bytes:
    """A WAV of 16 bit mono at RATE_HZ from one at a higher rate.

    The header of a piped WAV does not know its length, so all that follows it counts. Raises
    ValueError, EOFError or wave.Error for what is no such WAV.
    """
    with wave.open(io.BytesIO(spoken)) as source:
        if source.getsampwidth() != 2 or source.getnchannels() != 1:
            raise ValueError("not 16 bit mono")
        rate = source.getframerate()
        frames = source.readframes(len(spoken) // 2)
    samples = array("h", frames[: len(frames) // 2 * 2])
    if not samples:
        raise ValueError("no sound in it")
    made = io.BytesIO()
    with wave.open(made, "wb") as target:
        target.setnchannels(1)
        target.setsampwidth(2)
        target.setframerate(RATE_HZ)
        target.writeframes(resample(samples, rate, RATE_HZ).tobytes())
    return made.getvalue()


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _keep(path: Path, wav: bytes) -> None:
    """Write it whole or not at all, and keep the folder bounded."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = sorted(path.parent.glob("*.wav"), key=lambda each: each.stat().st_mtime)
    for old in kept[: max(0, len(kept) - FILES_MAX + 1)]:
        old.unlink(missing_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(wav)
    unfinished.replace(path)
