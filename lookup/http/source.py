"""A source of statuses behind an HTTP service that answers in JSON.

What its tickets mean is said by a field map. Everything else that can be answered, a page for
people, an error, somebody else's ticket, says nothing about a number: it makes it silent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from lookup.foreign.paths import MISSING, path_of, reach
from lookup.foreign.record import Foreign, Sorted, merged
from lookup.http.form import (
    Question,
    Template,
    TemplateError,
    UnreadableError,
    is_json,
    is_page,
    parse,
)
from lookup.outgoing.client import (
    Outbound,
    OutboundConfigError,
    OutboundError,
    OutboundSettings,
    Received,
    RetryBudget,
    auth_headers,
    check_url,
    send_patiently,
)
from lookup.outgoing.rounds import ask_all
from lookup.outgoing.settings import Auth
from lookup.source import Answers, SourceHealth, SourceUnavailableError
from lookup.status import Wanted

DEADLINE_SHARE: Final = 0.9
"""Of the deadline that others hold us to: what was answered until then still gets out."""

OK: Final = 200


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """One service; see docs/reference/settings.md, [source.http]."""

    url: str
    method: Literal["GET", "POST"] = "GET"
    body: str | None = None
    numbers_max: int = 1  # numbers in one request
    items: str = ""  # path to the ticket, or the list of tickets, in the answer
    absent_statuses: tuple[int, ...] = (404,)
    auth: Auth = "none"
    auth_name: str = ""
    secret: str = field(default="", repr=False)
    retries_max: int = 1
    retry_percent_max: int = 10
    deadline_ms: int = 1_500  # of one batch
    outbound: OutboundSettings = field(default_factory=OutboundSettings)


class HttpSource:
    """Asks each number by a request of its own, or several in one where the template can."""

    def __init__(self, settings: HttpSettings, foreign: Foreign, outbound: Outbound) -> None:
        """Use `open`."""
        self._foreign = foreign
        self._outbound = outbound
        self._settings = settings
        self._template = Template(settings.url, settings.body, settings.numbers_max)
        self._items = path_of(settings.items, "http", "items")
        self._headers = {
            "Accept": "application/json",
            **({} if settings.body is None else {"Content-Type": "application/json"}),
            **auth_headers(settings.auth, settings.auth_name, settings.secret),
        }
        self._budget = RetryBudget(
            retries_max=settings.retries_max, percent_max=settings.retry_percent_max
        )
        self._closed = False
        self._trouble = ""  # of the last request; health costs the service nothing

    @classmethod
    async def open(
        cls, settings: HttpSettings, foreign: Foreign, *, outbound: Outbound | None = None
    ) -> HttpSource:
        """Check the settings; nothing is sent, so the service may be down.

        Raises OutboundConfigError, or MapError for `items`; both are ValueErrors whose message
        names the key and the remedy.
        """
        if OK in settings.absent_statuses:
            raise OutboundConfigError("absent_statuses: 200 is an answer; name others, such as 404")
        if settings.body is not None and settings.method != "POST":
            raise OutboundConfigError('body needs method = "POST"')
        try:
            source = cls(settings, foreign, outbound or Outbound(settings.outbound))
        except TemplateError as error:
            raise OutboundConfigError(str(error)) from None
        problem = check_url(source._template.specimen)
        if problem is not None:
            raise OutboundConfigError(f"url {problem}")
        return source

    @property
    def name(self) -> str:
        return self._foreign.name

    @property
    def kinds(self) -> frozenset[str]:
        return self._foreign.kinds

    async def find_many(self, wanted: Sequence[Wanted]) -> Answers:
        if self._closed:
            raise SourceUnavailableError(self.name, "closed")
        until = asyncio.get_running_loop().time() + self._deadline_s
        outs, left = await ask_all(
            self._questions(wanted),
            lambda question: self._ask(question, until),
            at_once=self._settings.outbound.connections_max,
            until=until,
        )
        for question in left:
            self._trouble = f"no answer in {self._deadline_s * 1_000:.0f} ms"
            outs.append(Sorted({}, dict.fromkeys(question.numbers, self._trouble)))
        return self._foreign.answers(wanted, merged(outs))

    async def health(self) -> SourceHealth:
        """How the last request went; none is made for it."""
        trouble = "closed" if self._closed else self._trouble
        return SourceHealth(self.name, not trouble, trouble or "answered when last asked")

    async def close(self) -> None:
        self._closed = True
        await self._outbound.close()

    @property
    def _deadline_s(self) -> float:
        return self._settings.deadline_ms * DEADLINE_SHARE / 1_000

    def _questions(self, wanted: Sequence[Wanted]) -> list[Question]:
        if not self._template.by_kind:
            return self._template.questions(self._foreign.askable(wanted))
        return [
            question
            for kind, numbers in self._foreign.askable_by_kind(wanted).items()
            for question in self._template.questions(
                numbers, self._foreign.fields.their_word("kind", kind)
            )
        ]

    async def _ask(self, question: Question, until: float) -> Sorted:
        try:
            received = await send_patiently(
                self._outbound,
                self._budget,
                self._settings.method,
                question.url,
                self._headers,
                question.body,
                deadline_s=until - asyncio.get_running_loop().time(),
            )
            out = self._foreign.sort_out(question.numbers, self._items_of(received))
        except (OutboundError, UnreadableError) as error:
            self._trouble = str(error)
            return Sorted({}, dict.fromkeys(question.numbers, str(error)))
        self._trouble = out.trouble
        return out

    def _items_of(self, received: Received) -> object:
        """What was answered; None: surely nothing is there. Raises UnreadableError."""
        status = received.status
        page = is_page(received.content_type)
        empty = not received.body and not page
        if status in self._settings.absent_statuses and (empty or is_json(received.content_type)):
            return None
        if status != OK:
            # A 404 in words for people (a page, "404 page not found") is what proxies say in the
            # place of a service that is not there: it tells nothing of a ticket.
            words = " and a page" if page else "" if empty else " and no JSON"
            raise UnreadableError(f"answers with status {status}{words}")
        if not is_json(received.content_type):
            raise UnreadableError(
                f"answers with {'a page' if page else 'something'}, not with JSON"
            )
        items = reach(parse(received.body, received.charset), self._items)
        if items is MISSING:
            raise UnreadableError("answers without what `items` names")
        return items
