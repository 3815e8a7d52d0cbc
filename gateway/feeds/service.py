"""The feeds API behind its web pages: what a client with an API key can read and push.

What a client may not, cannot or should not do now is a RefusedRequest, told as a problem.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from typing import Final, Protocol

import msgspec
import structlog

from gateway.feeds.callers import Callers
from gateway.feeds.limits import FeedLimits, Limiter
from gateway.feeds.rows import (
    RESULTS,
    Line,
    answer_to_lines,
    answer_to_put,
    line_from,
    row_from,
)
from gateway.feeds.view import document
from gateway.problems import Problem, RefusedRequest, wrong_field
from lookup.feed.fields import Refused, code, number
from lookup.registry.feed_keys import READ, FeedKey
from lookup.registry.feeds import (
    Answer,
    FeedStore,
    KeyEndedError,
    OtherRequestError,
    Outcome,
    Repeatable,
)
from lookup.registry.source import Registry
from lookup.registry.sqlite import RegistryBusyError, RegistryError

HOUR_US: Final = 3_600_000_000
USED_EVERY_US: Final = 600_000_000  # how often the last use of a key that only reads is stored
USED_WITHIN_S: Final = 0.2
STORE_RETRY_S: Final = 30
BUSY_RETRY_S: Final = 1
LINES_PER_TURN: Final = 32  # parsed before the others on the event loop get their turn
PAUSE_S: Final = 0.001

log = structlog.get_logger()
_encode = msgspec.json.Encoder().encode


class FeedCounters(Protocol):
    """What is counted (gateway.metrics)."""

    def pushed(self, result: str, count: int) -> None: ...
    def feed_refused(self, reason: str) -> None: ...


class Feeds:
    """See the module; all methods raise RefusedRequest."""

    def __init__(
        self,
        *,
        store: FeedStore,
        registry: Registry,
        limits: FeedLimits,
        hash_phone: Callable[[str], str],
        now_us: Callable[[], int],
        loop_time: Callable[[], float],
        counters: FeedCounters,
    ) -> None:
        self.limits = limits
        self.limiter = Limiter(limits)
        self._callers = Callers(store, self.limiter, limits, now_us=now_us, loop_time=loop_time)
        self._store = store
        self._registry = registry
        self._hash_phone = hash_phone
        self._now_us = now_us
        self._counters = counters

    async def caller(self, authorization: str | None, address: str, right: str) -> FeedKey:
        """Whose request it is; to be asked first."""
        with self._told():
            key = await self._callers.caller(authorization, address, right)
            if right == READ:
                await self._used(key)
            return key

    async def find(self, key: FeedKey, asked: str, kind: str | None) -> bytes:
        """The tickets of a number, as far as bodies of the key hold them."""
        with self._told():
            wanted, kind = _address(asked, kind)
            tree = await self._store.tree()
            shown = await self._registry.show(wanted)
            tickets = [
                document(ticket)
                for ticket in shown
                if kind in {None, ticket.record.kind}
                and key.scope.allows_kind(ticket.record.kind)
                and tree.holds(key.scope, ticket.body_id, ticket.events)
            ]
            if not tickets:
                raise RefusedRequest(
                    Problem(404, "ticket", "no body of this key holds such a ticket")
                )
            return _encode({"number": wanted, "tickets": tickets})

    async def put(
        self, key: FeedKey, asked: str, kind: str | None, octets: bytes, repeat_key: str | None
    ) -> Answer:
        """Store one ticket; the answer is given after the commit."""
        with self._told(), self.limiter.push():
            wanted, kind = _address(asked, kind)
            now_us = self._now_us()
            row = row_from(octets, key.feed, self._hash_phone, now_us, wanted, kind)

            def answer(outcomes: Sequence[Outcome]) -> Answer:
                told = answer_to_put(row, outcomes[0])
                if isinstance(told, Problem):
                    raise RefusedRequest(told)  # and nothing is stored
                return told

            digest = _digest(b"PUT", wanted.encode(), (kind or "").encode(), octets)
            again = self._repeatable(repeat_key, 0, digest)
            told = await self._store.push([row], key, now_us, answer, again)
        result = "repeated" if told.repeated else _result(told)
        self._counters.pushed(result, 1)
        log.info("ticket_pushed", key=key.id, feed=key.feed, ticket=wanted, result=result)
        return told

    async def put_lines(
        self,
        key: FeedKey,
        part: int,
        lines: Sequence[tuple[int, bytes]],
        repeat_key: str | None,
    ) -> tuple[bytes, Counter[str]]:
        """Store one group of a batch's lines, given with their places: what is told of them."""
        with self._told():
            parsed = await self._parsed(key, lines)
            rows = [line.row for line in parsed if line.row is not None]

            def answer(outcomes: Sequence[Outcome]) -> Answer:
                return Answer(200, answer_to_lines(parsed, outcomes))

            digest = _digest(b"batch", *(b"%d %s" % line for line in lines))
            again = self._repeatable(repeat_key, part, digest)
            told = await self._store.push(rows, key, self._now_us(), answer, again)
        counts = _counted(told.octets)
        for result, count in counts.items():
            self._counters.pushed("repeated" if told.repeated else result, count)
        return told.octets, counts

    def batch_ended(self, key: FeedKey, counts: Counter[str], stopped: str | None) -> None:
        """For the log: once for each batch."""
        log.info(
            "batch_ended", key=key.id, feed=key.feed, added=counts["added"],
            updated=counts["updated"], unchanged=counts["unchanged"], stale=counts["stale"],
            rejected=counts["rejected"], stopped=stopped,
        )  # fmt: skip

    def refused(self, problem: Problem) -> None:
        """Count what was not done."""
        self._counters.feed_refused(problem.kind or str(problem.status))

    async def _parsed(self, key: FeedKey, lines: Sequence[tuple[int, bytes]]) -> list[Line]:
        parsed, now_us = [], self._now_us()
        for at, (place, octets) in enumerate(lines, start=1):
            parsed.append(line_from(place, octets, key.feed, self._hash_phone, now_us))
            if at % LINES_PER_TURN == 0:
                await asyncio.sleep(PAUSE_S)  # messages go first
        return parsed

    async def _used(self, key: FeedKey) -> None:
        """Store that it was used, now and then, and never at the price of the answer."""
        now_us = self._now_us()
        if now_us - (key.used_us or 0) < USED_EVERY_US:
            return
        try:
            async with asyncio.timeout(USED_WITHIN_S):
                await self._store.key_used(key, now_us)
        except (TimeoutError, RegistryBusyError):
            pass  # its next request will tell

    def _repeatable(self, repeat_key: str | None, part: int, digest: str) -> Repeatable | None:
        if repeat_key is None:
            return None
        until_us = self._now_us() + self.limits.repeat_hours * HOUR_US
        return Repeatable(repeat_key, part, digest, until_us)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What goes wrong below, as a client is told of it."""
        try:
            yield
        except Refused as refused:
            raise wrong_field(422, refused.field, refused.reason) from None
        except KeyEndedError:
            raise RefusedRequest(Problem(401, "key", "this key has ended")) from None
        except OtherRequestError:
            reason = "came with another request before"
            raise wrong_field(422, "Idempotency-Key", reason) from None
        except RegistryBusyError:
            detail = "others are writing to the registry"
            raise RefusedRequest(Problem(503, "busy", detail, retry_after_s=BUSY_RETRY_S)) from None
        except RegistryError as error:
            log.error("feed_store_failed", reason=str(error))
            detail = "the registry cannot be written now"
            raise RefusedRequest(
                Problem(503, "store", detail, retry_after_s=STORE_RETRY_S)
            ) from None


def _address(asked: str, kind: str | None) -> tuple[str, str | None]:
    """Number and kind of a request's address, checked; raises Refused."""
    if kind == "":
        raise Refused("kind", "is empty; name one, or leave it out")
    return number({"number": asked}, "number"), code({"kind": kind}, "kind")


def _digest(*pieces: bytes) -> str:
    state = sha256()
    for piece in pieces:
        state.update(b"%d:" % len(piece))
        state.update(piece)
    return state.hexdigest()


def _result(told: Answer) -> str:
    return next(iter(_counted(told.octets)), "stale")


def _counted(octets: bytes) -> Counter[str]:
    """Results in what is told: an answer to a repeat is octets only."""
    marks = {result: b'"result":"%s"' % result.encode() for result in RESULTS}
    found = {result: octets.count(mark) for result, mark in marks.items()}
    return Counter({result: count for result, count in found.items() if count})
