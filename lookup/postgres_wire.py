"""What a PostgreSQL server may send us before a connection to it is cut.

asyncpg trusts a server's framing: on a message of type 0 it goes round for ever in code that
nothing can interrupt, and the whole gateway with it; a message of a gigabyte it would wait for. A
port that speaks something else, or a proxy gone wrong, must cost no more than its own connection.
"""

from __future__ import annotations

import asyncio
from struct import Struct
from typing import Any, Final

import asyncpg.connect_utils
import asyncpg.protocol

MESSAGE_OCTETS_MAX: Final = 1_048_576  # of one message; a row is bounded to a quarter of it
ANSWER_OCTETS_MAX: Final = 67_108_864  # of all messages until the server is ready again

_TYPES: Final = frozenset(b"123ACDEGHIKNRSTVWZcdnstv")  # of a server's messages: its manual, 53.7
_READY: Final = ord("Z")
_HEAD: Final = Struct("!Bi")  # type; length in octets, itself included
_LENGTH_MIN: Final = 4


class Framing:
    """The messages of one server, by their heads alone. Pure."""

    __slots__ = ("_answer", "_head", "_left")

    def __init__(self) -> None:
        self._head = b""  # of a message, as far as it has come
        self._left = 0  # octets of the message that are still to come
        self._answer = 0

    def holds(self, data: bytes) -> bool:
        """Whether what has come so far, with `data` as the next octets, can be of a server."""
        at = self._left
        while at < len(data):
            head = self._head + data[at : at + _HEAD.size - len(self._head)]
            at += len(head) - len(self._head)
            if len(head) < _HEAD.size:
                self._head = head
                break
            self._head = b""
            kind, length = _HEAD.unpack(head)
            if kind not in _TYPES or not _LENGTH_MIN <= length <= MESSAGE_OCTETS_MAX:
                return False
            self._answer = 0 if kind == _READY else self._answer + length
            if self._answer > ANSWER_OCTETS_MAX:
                return False
            at += length - _LENGTH_MIN
        self._left = max(at - len(data), 0)
        return True


class _Bounded(asyncpg.protocol.Protocol):  # type: ignore[misc]  # asyncpg tells no types
    """asyncpg's protocol, which sees no octet that has not been looked at."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._framing = Framing()
        self._way: asyncio.Transport | None = None

    def connection_made(self, transport: Any) -> None:
        self._way = transport
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self._way is None or self._way.is_closing():
            return
        if self._framing.holds(data):
            super().data_received(data)
        else:
            self._way.abort()  # asyncpg is told of a lost connection


def bound_asyncpg() -> None:
    """From now on every connection of asyncpg is bounded so. It takes no protocol from outside,
    so the name under which it makes its own is given to ours."""
    asyncpg.connect_utils.protocol.Protocol = _Bounded
