"""The calls for the people who answer them, over HTTP: what happens, the context of a call, who
wants to be called back, and a number taken down by ear. All with the token of `[operators]`.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, Protocol

import msgspec
import structlog
from aiohttp import web

from gateway.calls.floor import Floor
from gateway.calls.stream import CallsStream
from gateway.calls.view import call_back_shown, context_shown, number_shown
from gateway.core.call_records import KeptCallBack
from gateway.core.dictation import SAID_SIGNS_MAX
from gateway.core.kinds import Kinds
from gateway.core.languages import LANGUAGES
from gateway.core.number_words import NumberWords
from gateway.core.spoken_number import DIGITS_MAX, GROUPS_MAX, take_down
from gateway.problems import Problem, RefusedRequest, wrong_field
from gateway.store.journal import StoreUnavailableError

EVENTS_PATH: Final = "/api/v1/calls/events"
CALL_PATH: Final = "/api/v1/calls/{reference:[0-9a-f]{12}}"
NUMBER_PATH: Final = "/api/v1/calls/number"
CALL_BACKS_PATH: Final = "/api/v1/calls/call-backs"
TAKE_PATH: Final = "/api/v1/calls/call-backs/{id:[0-9]{1,19}}/take"
END_PATH: Final = "/api/v1/calls/call-backs/{id:[0-9]{1,19}}/end"
JSON_TYPE: Final = "application/json"
BODY_OCTETS_MAX: Final = 16_384
CALL_BACKS_LIMIT: Final = 200  # of one page
STORE_RETRY_S: Final = 5
ID_MAX: Final = (1 << 63) - 1
PUT_BACK: Final = "put_back"
OUTCOMES: Final = ("reached", "not_reached", "refused", PUT_BACK)

log = structlog.get_logger()

_Handler = Callable[[web.Request], Coroutine[Any, Any, web.StreamResponse]]
_encode = msgspec.json.Encoder().encode


class CallBacks(Protocol):
    """Where they are kept (gateway.store.journal); all raise StoreUnavailableError."""

    async def call_backs(
        self, after_id: int, limit: int, *, open_only: bool = True
    ) -> Sequence[KeptCallBack]: ...
    async def take_call_back(self, id_: int, now_us: int) -> bool: ...
    async def end_call_back(self, id_: int, now_us: int, note: str) -> bool: ...


class CallsCounters(Protocol):
    """What is counted (gateway.metrics): requests by what was asked and the status, and the
    consoles that read the stream now."""

    def operator_request(self, what: str, status: int) -> None: ...
    def operator_streams(self, count: int) -> None: ...


class CallsApi:
    """`add_to` puts it on the site. `tokens` are all that are valid, at least one."""

    def __init__(
        self,
        *,
        floor: Floor,
        kept: CallBacks,
        words: NumberWords,
        kinds: Kinds,
        tokens: Sequence[str],
        now_us: Callable[[], int],
        counters: CallsCounters,
    ) -> None:
        self._floor = floor
        self._kept = kept
        self._words = words
        self._kinds = kinds
        self._expected = [f"Bearer {token}".encode() for token in tokens]
        self._now_us = now_us
        self._counters = counters
        self.stream = CallsStream(floor, counters.operator_streams)

    def add_to(self, site: web.Application) -> None:
        for method, path, what, handler in (
            ("GET", EVENTS_PATH, "events", self.stream.answer),
            ("GET", CALL_BACKS_PATH, "call_backs", self._call_backs),
            ("POST", TAKE_PATH, "take", self._take),
            ("POST", END_PATH, "end", self._end),
            ("POST", NUMBER_PATH, "number", self._number),
            ("GET", CALL_PATH, "call", self._call),
        ):
            site.router.add_route(method, path, self._guarded(what, handler))
        site.on_shutdown.append(self.stream.stop)

    def _guarded(self, what: str, handler: _Handler) -> _Handler:
        """Whoever holds no token learns nothing, not even whether a call exists."""

        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                if not self._holds_token(request):
                    raise RefusedRequest(Problem(401, "token", "a valid token is needed"))
                answer = await handler(request)
            except RefusedRequest as refusal:
                self._counters.operator_request(what, refusal.problem.status)
                raise
            except StoreUnavailableError:
                self._counters.operator_request(what, 503)
                detail = "the store is away"
                raise RefusedRequest(
                    Problem(503, "store", detail, retry_after_s=STORE_RETRY_S)
                ) from None
            self._counters.operator_request(what, answer.status)
            return answer

        return handle

    def _holds_token(self, request: web.Request) -> bool:
        given = request.headers.get("Authorization", "").encode("utf-8", "replace")
        return any(hmac.compare_digest(given, expected) for expected in self._expected)

    async def _call(self, request: web.Request) -> web.Response:
        call = self._floor.call(request.match_info["reference"])
        if call is None:
            raise RefusedRequest(Problem(404, "call", "no such call goes on or was just over"))
        log.info("call_context_read", call=call.latest.reference)
        return _answer(context_shown(call))

    # -- call-backs

    async def _call_backs(self, request: web.Request) -> web.Response:
        after = request.query.get("after", "0")
        if not (after.isascii() and after.isdigit()) or len(after) > 19 or int(after) > ID_MAX:
            raise wrong_field(422, "after", "must be the id of an entry")
        kept = await self._kept.call_backs(int(after), CALL_BACKS_LIMIT)
        return _answer({"call_backs": [call_back_shown(each) for each in kept]})

    async def _take(self, request: web.Request) -> web.Response:
        """The only place that shows a phone in full, and to one operator at a time."""
        id_ = _id(request)
        if not await self._kept.take_call_back(id_, self._now_us()):
            raise RefusedRequest(Problem(409, "taken", "somebody else has it, or it is done"))
        (kept,) = await self._kept.call_backs(id_ - 1, 1)
        log.info("call_back_taken", call_back=str(id_))
        return _answer(call_back_shown(kept) | {"phone": f"+{kept.msisdn}"})

    async def _end(self, request: web.Request) -> web.Response:
        id_ = _id(request)
        outcome = (await _body(request, ("outcome",))).get("outcome")
        if outcome not in OUTCOMES:
            raise wrong_field(422, "outcome", f"must be one of {', '.join(OUTCOMES)}")
        note = "" if outcome == PUT_BACK else str(outcome)
        if not await self._kept.end_call_back(id_, self._now_us(), note):
            raise RefusedRequest(Problem(409, "not-taken", "take it first"))
        log.info("call_back_ended", call_back=str(id_), outcome=outcome)
        return _answer({"id": str(id_), "outcome": outcome})

    # -- a number by ear

    async def _number(self, request: web.Request) -> web.Response:
        body = await _body(request, ("groups", "said", "language"))
        groups, said, language = body.get("groups", []), body.get("said", ""), body.get("language")
        if language not in LANGUAGES:
            raise wrong_field(422, "language", f"must be one of {', '.join(LANGUAGES)}")
        if not isinstance(said, str) or len(said) > SAID_SIGNS_MAX:
            raise wrong_field(422, "said", f"must be a text of {SAID_SIGNS_MAX} signs at most")
        if not isinstance(groups, list) or len(groups) > GROUPS_MAX or not all(map(_group, groups)):
            raise wrong_field(422, "groups", "must be the groups of an answer, digits each")
        number = take_down(groups, said, str(language), self._words, self._kinds)
        return _answer(number_shown(number, self._kinds, str(language)))


def _id(request: web.Request) -> int:
    """Of a call-back; raises RefusedRequest (404) where none could have it."""
    id_ = int(request.match_info["id"])
    if not 0 < id_ <= ID_MAX:
        raise RefusedRequest(Problem(404, "call-back", "there is no such call-back"))
    return id_


def _group(value: object) -> bool:
    return (
        isinstance(value, str)
        and value.isascii()
        and value.isdigit()
        and (len(value) <= DIGITS_MAX)
    )


async def _body(request: web.Request, fields: Sequence[str]) -> dict[str, Any]:
    """The JSON object of a request; raises RefusedRequest (400, 413, 415, 422)."""
    if request.content_type != JSON_TYPE:
        raise RefusedRequest(Problem(415, "content-type", f"send {JSON_TYPE}"))
    if (request.content_length or 0) > BODY_OCTETS_MAX:
        raise RefusedRequest(Problem(413, "size", f"more than {BODY_OCTETS_MAX} octets"))
    octets = await request.content.read(BODY_OCTETS_MAX + 1)
    if len(octets) > BODY_OCTETS_MAX:
        raise RefusedRequest(Problem(413, "size", f"more than {BODY_OCTETS_MAX} octets"))
    try:
        body = json.loads(octets)
    except (ValueError, RecursionError):
        raise RefusedRequest(Problem(400, "body", "the body is no JSON")) from None
    if not isinstance(body, dict):
        raise RefusedRequest(Problem(400, "body", "the body is no JSON object"))
    for field in body:
        if field not in fields:
            raise wrong_field(422, "body", f"has a field beside {', '.join(fields)}")
    return body


def _answer(shown: dict[str, Any]) -> web.Response:
    return web.Response(
        body=_encode(shown), headers={"Content-Type": JSON_TYPE, "Cache-Control": "no-store"}
    )
