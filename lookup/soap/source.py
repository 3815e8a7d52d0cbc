"""A source of statuses behind one operation of a SOAP service, asked one number a request.

Its WSDL is a file agreed with the body; what its tickets mean is said by a field map. See
docs/how-to/add-a-source.md.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from lookup.foreign.mapping import FieldMap
from lookup.foreign.paths import MISSING, reach
from lookup.foreign.paths import Path as Steps
from lookup.foreign.record import Foreign, Sorted, merged
from lookup.outgoing.client import (
    Outbound,
    OutboundError,
    OutboundSettings,
    Received,
    RetryBudget,
    auth_headers,
    check_url,
    send_patiently,
)
from lookup.outgoing.rounds import ask_all
from lookup.soap.arguments import filled, steps, tree_of
from lookup.soap.outcomes import FaultError, SoapSetupError, UnreadableError
from lookup.source import Answers, SourceHealth, SourceUnavailableError
from lookup.status import Wanted

if TYPE_CHECKING:
    from lookup.soap.service import Request, Service

INLINE_OCTETS_MAX: Final = 16_384  # of a reply: read in some 2 ms; longer ones go to a thread
SPECIMEN: Final = "0"  # a number to try the arguments with
TOKENS: Final = frozenset({"username_token", "username_digest"})  # kinds of a UsernameToken
OWN_NAMES: Final = frozenset({"number", "status"})  # that a service in the feed's form must have


@dataclass(frozen=True, slots=True)
class SoapSettings:
    """What is agreed with the body; the keys of [source.soap] (docs/reference/settings.md)."""

    wsdl: Path
    operation: str
    arguments: Mapping[str, str]  # path -> template; {number} and {kind} are filled in
    url: str | None = None
    service: str | None = None
    port: str | None = None
    items: str = ""  # path to the ticket, or the tickets
    absent_faults: tuple[str, ...] = ()
    absent_values: Mapping[str, str] = field(default_factory=dict)  # path -> value
    auth: Literal["none", "basic", "username_token", "username_digest"] = "none"
    auth_name: str = ""
    secret: str = field(default="", repr=False)
    outbound: OutboundSettings = field(default_factory=OutboundSettings)
    retries_max: int = 1
    retry_percent_max: int = 10
    deadline_s: float = 1.35  # of one batch; below that of the guard, so that the answered get out


class _Question(NamedTuple):
    number: str
    kind: str | None  # None: the service is not told a kind


class SoapSource:
    """See `lookup.source.Source`. Make one by `open`."""

    def __init__(
        self, settings: SoapSettings, foreign: Foreign, service: Service, outbound: Outbound
    ) -> None:
        self._foreign = foreign
        self._service = service
        self._connections_max = settings.outbound.connections_max
        self._deadline_s = settings.deadline_s
        self._arguments = tree_of(settings.arguments)
        self._by_kind = any("{kind}" in template for template in settings.arguments.values())
        self._items = steps(settings.items, "items")
        self._absent_faults = frozenset(settings.absent_faults)
        self._absent_values = [
            (steps(path, "absent_values"), value) for path, value in settings.absent_values.items()
        ]
        self._auth: dict[str, str] = (
            auth_headers("basic", settings.auth_name, settings.secret)
            if settings.auth == "basic"
            else {}
        )
        self._budget = RetryBudget(
            retries_max=settings.retries_max, percent_max=settings.retry_percent_max
        )
        self._outbound = outbound
        self._trouble: str | None = None  # what was wrong when it was asked last
        self._closed = False

    @classmethod
    async def open(
        cls, settings: SoapSettings, foreign: Foreign, *, outbound: Outbound | None = None
    ) -> SoapSource:
        """Read the WSDL; the service need not be up. Raises SoapSetupError, and what
        `lookup.outgoing.client.Outbound` raises for its certificate files."""
        if settings.auth in TOKENS and not settings.secret:
            raise SoapSetupError(
                f'soap: auth = "{settings.auth}" needs a secret: name secret_env or secret_file'
            )
        service = await asyncio.to_thread(_load, settings)
        problem = check_url(service.url)
        if problem:
            raise SoapSetupError(f"soap: the address {problem}; set url, or mend the WSDL")
        source = cls(settings, foreign, service, outbound or Outbound(settings.outbound))
        source._request(_Question(SPECIMEN, None))
        mapped = foreign.fields
        names = OWN_NAMES if mapped == FieldMap.identity() else mapped.names
        service.require("items", source._items, names)
        for path, _ in source._absent_values:
            service.require("absent_values", path, ())
        return source

    @property
    def name(self) -> str:
        return self._foreign.name

    @property
    def kinds(self) -> frozenset[str]:
        return self._foreign.kinds

    async def find_many(self, wanted: Sequence[Wanted]) -> Answers:
        """See `Source.find_many`. One request a number, at most `connections_max` at once."""
        if self._closed:
            raise SourceUnavailableError(self.name, "it is closed")
        found, left = await ask_all(
            self._questions(wanted),
            self._ask,
            at_once=self._connections_max,
            until=asyncio.get_running_loop().time() + self._deadline_s,
        )
        late = f"no answer in {self._deadline_s:g} s"
        found += [self._silent(question.number, late) for question in left]
        return self._foreign.answers(wanted, merged(found))

    async def health(self) -> SourceHealth:
        """As of when it was last asked: SOAP knows no other question that harms nobody."""
        if self._closed:
            return SourceHealth(self.name, False, "closed")
        return SourceHealth(self.name, self._trouble is None, self._trouble or "answers")

    async def close(self) -> None:
        self._closed = True
        await self._outbound.close()

    def _questions(self, wanted: Sequence[Wanted]) -> list[_Question]:
        if not self._by_kind:
            return [_Question(number, None) for number in self._foreign.askable(wanted)]
        return [
            _Question(number, kind)
            for kind, numbers in self._foreign.askable_by_kind(wanted).items()
            for number in numbers
        ]

    async def _ask(self, question: _Question) -> Sorted:
        number = question.number
        try:
            items = await self._items_of(question)
        except FaultError as fault:
            if fault.codes & self._absent_faults:
                self._trouble = None
                return Sorted({number: ()}, {})
            return self._silent(number, str(fault))
        except (OutboundError, UnreadableError) as problem:
            return self._silent(number, str(problem))
        except SoapSetupError:  # its words may hold the number
            return self._silent(number, "the number does not fit the operation's arguments")
        out = self._foreign.sort_out([number], items)
        self._trouble = out.trouble or None
        return out

    def _silent(self, number: str, reason: str) -> Sorted:
        self._trouble = reason
        return Sorted({}, {number: reason})

    def _request(self, question: _Question) -> Request:
        kind = self._foreign.fields.their_word("kind", question.kind) if question.kind else ""
        return self._service.request(filled(self._arguments, question.number, kind))

    async def _items_of(self, question: _Question) -> object:
        request = self._request(question)
        received = await send_patiently(
            self._outbound, self._budget, "POST", self._service.url,
            {**request.headers, **self._auth}, request.body, deadline_s=self._deadline_s,
        )  # fmt: skip
        answer = await self._read(received)
        if self._absent_values and all(
            _written(reach(answer, path)) == value for path, value in self._absent_values
        ):
            return None
        items = _reached(answer, self._items)
        if self._absent_values and not items:
            raise UnreadableError("it gave no ticket, and did not say that there is none")
        return items

    async def _read(self, received: Received) -> object:
        reply = (received.status, received.content_type, received.charset, received.body)
        if len(received.body) <= INLINE_OCTETS_MAX:
            return self._service.read(*reply)
        return await asyncio.to_thread(self._service.read, *reply)


def _load(settings: SoapSettings) -> Service:
    # zeep takes a tenth of a second and 25 MB to import: only a gateway with SOAP pays for it.
    from lookup.soap.service import load_service  # noqa: PLC0415

    return load_service(
        settings.wsdl,
        settings.operation,
        service=settings.service,
        port=settings.port,
        url=settings.url,
        user=(settings.auth_name, settings.secret) if settings.auth in TOKENS else None,
        digest=settings.auth == "username_digest",
        octets_max=settings.outbound.answer_octets_max,
    )


def _reached(answer: object, path: Steps) -> object:
    """What lies there; None where the way ends in an empty element.

    zeep names every element the WSDL has, so a name that is not there is a mistake in `items`
    and must not pass for "no such ticket".
    """
    for length in range(len(path) + 1):
        value = reach(answer, path[:length])
        if value is None:
            return None
        if value is MISSING:
            inside = reach(answer, path[: length - 1])
            known = ", ".join(inside) if isinstance(inside, Mapping) else "no names"
            raise UnreadableError(f"items: '{path[length - 1]}' is not in its reply, but: {known}")
    return value


def _written(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else str(value)
