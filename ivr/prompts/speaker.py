"""Speech by espeak-ng, for what nobody has recorded: understood, and heard to be a machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import structlog

from ivr.prompts.sound import NotAWavError, levelled, telephone, trimmed

MAKING_MAX = 2  # espeak-ng processes at once
WAITING_MAX = 64  # texts waiting for them
MAKE_TIMEOUT_S = 5.0
TEXT_SIGNS_MAX = 4_096
VOICES: Mapping[str, str] = {"kk": "kk", "ru": "ru", "en": "en-us"}

log = structlog.get_logger()


class PromptsBusyError(Exception):
    """More recordings are waited for than can be made soon."""


class Speaker:
    """`espeak` is the program's path."""

    def __init__(self, espeak: str) -> None:
        self._espeak = espeak
        self._making = asyncio.Semaphore(MAKING_MAX)
        self._waiting = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until one more may speak. Raises PromptsBusyError."""
        if self._waiting >= WAITING_MAX:
            raise PromptsBusyError(f"{WAITING_MAX} recordings are waited for; fetch it again")
        self._waiting += 1
        try:
            async with self._making:
                yield
        finally:
            self._waiting -= 1

    async def speak(self, text: str, language: str) -> bytes | None:
        """The samples of `text`, cut and levelled as clips are; None where it cannot be made."""
        try:
            process = await asyncio.create_subprocess_exec(
                self._espeak, "-v", VOICES[language], "-b", "1", "--stdin", "--stdout",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
        except OSError as problem:
            log.warning("prompt_not_made", reason=str(problem), program=self._espeak)
            return None
        try:
            async with asyncio.timeout(MAKE_TIMEOUT_S):
                spoken, _ = await process.communicate(text.encode("utf-8", "replace"))
        except TimeoutError:
            log.warning("prompt_not_made", reason="timeout", after_s=MAKE_TIMEOUT_S)
            return None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        try:
            return await asyncio.to_thread(_cut, spoken)
        except NotAWavError as problem:
            log.warning("prompt_not_made", reason=str(problem), status=process.returncode)
            return None


def can_speak(text: str, language: str) -> bool:
    """Whether there is a voice, and something to say that is not too long."""
    return language in VOICES and len(text) <= TEXT_SIGNS_MAX and any(map(str.isalnum, text))


def _cut(spoken: bytes) -> bytes:
    samples = trimmed(levelled(telephone(spoken)))
    if not samples:
        raise NotAWavError("there is nothing but silence in it")
    return samples
