"""A voice platform as a test plays it: one call, over real sockets, against a real gateway.

One file here for each family of platforms; tests/conformance/test_calls.py holds the same calls
through all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

GATHER = "gather"
TRANSFER = "transfer"
HANGUP = "hangup"

Words = Callable[[str], tuple[str, str]]  # the URL of a recording: its language and its text


class Heard(NamedTuple):
    """What one document made the platform do.

    `said` are (language, text) of every phrase, in order: spoken by the platform's voice or played
    from a recording, whose words the test knows. `then`: GATHER, TRANSFER or HANGUP.
    """

    said: tuple[tuple[str, str], ...]
    then: str


class Player(Protocol):
    """One call, held by the rules of its platform. What the gateway refuses, and what the platform
    would not understand, is an AssertionError."""

    async def call(self) -> Heard:
        """Dial, and follow the first document."""

    async def keys(self, keys: str) -> Heard:
        """Press keys, finish key and all, as a caller does, and wait for what comes of it."""

    async def silence(self) -> Heard:
        """Press nothing until the platform gives up waiting."""

    async def operator(self, *, connected: bool, seconds: int = 0) -> Heard:
        """The transfer is over: whether an operator spoke with the caller, and for how long. Where
        a platform ends the call itself after a conversation, HANGUP with nothing said."""

    async def hang_up(self, seconds: int) -> None:
        """The caller, or the document, has ended the call of `seconds`: the platform reports it."""


class MakePlayer(Protocol):
    """`make` of each module here. `base_url` is where the gateway listens, `path` the webhook's,
    `caller` and `called` as the platform writes numbers of subscribers (+7..., "" where hidden)."""

    def __call__(
        self,
        dialect: str,
        *,
        base_url: str,
        path: str,
        secret: str,
        caller: str,
        called: str,
        call_id: str,
        words: Words,
    ) -> Player: ...
