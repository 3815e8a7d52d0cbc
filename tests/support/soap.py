"""A SOAP service of another body: its own names for everything, and every way of misbehaving.

It shares nothing with lookup/soap*.py: requests are read by defusedxml, replies written by the
standard library from tests/support/wsdl/. It serves tickets given in the form of a feed.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from aiohttp import web
from defusedxml.ElementTree import fromstring

WSDL = Path(__file__).parent / "wsdl"
NAMES = "urn:example:registry"
SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
WSU = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd}"
WSSE = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd}"
OK, NO_CARD, BROKEN = "0", "404", "5"  # Result/Code

MAP: Mapping[str, Any] = {
    "fields": {
        "number": "RegNo",
        "number_shown": "RegNoPrinted",
        "kind": "sort",
        "version": "revision",
        "source_system": "System",
        "created_at": "Registered",
        "first_filed_at": "FirstReceived",
        "status": "State.Code",
        "status_at": "State.Since",
        "body_id": "Org",
        "other_bodies": "OtherOrg",
        "due_on": "AnswerBy",
        "due_basis": "AnswerByFrom",
        "forward_count": "Transfers",
        "extended_count": "Prolongations",
        "parent_id": "Parent",
        "owner_phones": "Applicant.*.Phone",
        "owner_lang": "Language",
        "intake": "Channel",
        "answer_via": "AnswerChannel",
        "sensitivity": "Access",
        "fine.amount": "Penalty.Sum",
        "fine.half_until": "Penalty.HalfUntil",
        "fine.pay_by": "Penalty.PayBy",
        "fine.paid_amount": "Penalty.PaidSum",
        "fine.paid_at": "Penalty.PaidAt",
        "fine.payment_ref": "Penalty.Receipt",
        "fine.bailiff_since": "Penalty.BailiffSince",
        "fine.bailiff_office": "Penalty.BailiffOffice",
        "fine.conflict": "Penalty.Disputed",
        "inspection.registered_on": "Check.Registered",
        "inspection.starts_on": "Check.Starts",
        "inspection.ends_on": "Check.Ends",
        "inspection.extended_to": "Check.ProlongedTo",
    },
    "values": {"kind": {"жалоба": "appeal", "штраф": "fine", "проверка": "inspection"}},
    "events": {
        "path": "History.Step",
        "fields": {
            "at": "When",
            "stage": "Deed",
            "from_body": "From",
            "to_body": "To",
            "due_on_after": "AnswerByNow",
            "source_event_id": "id",
            "seq": "no",
        },
    },
}
"""The field map that undoes the service's names, as its file would be read."""

SORTS = {ours: theirs for theirs, ours in MAP["values"]["kind"].items()}
ATTRIBUTES = {"sort", "revision", "id", "no"}

Answer = Callable[["SoapService", web.Request, str], Awaitable[web.StreamResponse]]


class SoapService:
    """What a test may set and look at."""

    map_table = MAP
    items = "Card"

    def __init__(self, tickets: Sequence[Mapping[str, Any]], url: str, folder: Path) -> None:
        self.url = url
        self.wsdl_path = folder / "tickets.wsdl"
        self.arguments = {"Query.RegNo": "{number}", "Query.Asker": "1414"}
        self.by_number: dict[str, list[Mapping[str, Any]]] = {}
        self.knows(*tickets)
        self.answer: Answer = cards
        self.answers: dict[str, Answer] = {}  # by number, before `answer`
        self.basic: tuple[str, str] | None = None  # name and password that it wants
        self.token: tuple[str, str] | None = None  # the same in a UsernameToken
        self.digest: tuple[str, str] | None = None  # the same, of which it wants a digest
        self.nonces: set[str] = set()  # seen: each counts once
        self.asked: list[dict[str, str]] = []  # the elements of each query, by their names
        self.actions: list[str] = []
        self.released = asyncio.Event()  # ends what hangs

    def knows(self, *tickets: Mapping[str, Any]) -> None:
        """From now on these, and no others."""
        self.by_number.clear()
        for ticket in tickets:
            self.by_number.setdefault(ticket["number"], []).append(ticket)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One request: read, checked as the real one would, answered as the test wants it."""
        envelope = fromstring(await request.read(), forbid_dtd=True)
        soap = envelope.tag.removesuffix("Envelope")
        assert soap in {f"{{{SOAP_11}}}", f"{{{SOAP_12}}}"}
        if soap == f"{{{SOAP_12}}}":
            assert request.content_type == "application/soap+xml"
            self.actions.append(request.headers["Content-Type"].partition('action="')[2].strip('"'))
        else:
            assert request.content_type == "text/xml"
            self.actions.append(request.headers["SOAPAction"].strip('"'))
        if not self._known(request, envelope, soap):
            return fault(request, "Client", "who are you", "FailedAuthentication")
        query = envelope.find(f"{soap}Body/{{{NAMES}}}FindCard/{{{NAMES}}}Query")
        assert query is not None
        asked = {each.tag.removeprefix(f"{{{NAMES}}}"): each.text or "" for each in query}
        self.asked.append(asked)
        number = asked["RegNo"]
        return await self.answers.get(number, self.answer)(self, request, number)

    def _known(self, request: web.Request, envelope: Element, soap: str) -> bool:
        if self.basic:
            wanted = base64.b64encode(":".join(self.basic).encode()).decode()
            return request.headers.get("Authorization") == f"Basic {wanted}"
        if self.token:
            token = envelope.find(f"{soap}Header/{WSSE}Security/{WSSE}UsernameToken")
            return token is not None and self.token == (
                token.findtext(f"{WSSE}Username"),
                token.findtext(f"{WSSE}Password"),
            )
        if self.digest:
            token = envelope.find(f"{soap}Header/{WSSE}Security/{WSSE}UsernameToken")
            return token is not None and self._digest_holds(token, *self.digest)
        return True

    def _digest_holds(self, token: Element, name: str, password: str) -> bool:
        """As OASIS' UsernameToken Profile 1.0, 3.1 has it, with its advice against replays."""
        nonce, created = token.findtext(f"{WSSE}Nonce") or "", token.findtext(f"{WSU}Created") or ""
        age = datetime.now(UTC) - datetime.fromisoformat(created)
        if nonce in self.nonces or abs(age) > timedelta(minutes=5):
            return False
        self.nonces.add(nonce)
        written = base64.b64decode(nonce) + created.encode() + password.encode()
        told = token.find(f"{WSSE}Password")
        return (
            told is not None
            and told.get("Type", "").endswith("#PasswordDigest")
            and token.findtext(f"{WSSE}Username") == name
            and told.text == base64.b64encode(hashlib.sha1(written).digest()).decode()
        )


@asynccontextmanager
async def soap_service(tickets: Sequence[Mapping[str, Any]]) -> AsyncIterator[SoapService]:
    """A service on a free port of this machine, with its WSDL in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        app = web.Application()
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        service: SoapService

        async def handle(request: web.Request) -> web.StreamResponse:
            return await service.handle(request)

        app.router.add_post("/registry", handle)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/registry"
        for name in ("tickets.wsdl", "tickets.xsd"):
            text = (WSDL / name).read_text(encoding="utf-8")
            text = text.replace("http://address.invalid/registry", url)
            (Path(folder) / name).write_text(text, encoding="utf-8")
        service = SoapService(tickets, url, Path(folder))
        try:
            yield service
        finally:
            service.released.set()
            await runner.cleanup()


def is_12(request: web.Request) -> bool:
    return request.content_type == "application/soap+xml"


def reply(request: web.Request, body: str, status: int = 200) -> web.Response:
    """A body in the envelope of the request's version."""
    soap, kind = (SOAP_12, "application/soap+xml") if is_12(request) else (SOAP_11, "text/xml")
    text = (
        f'<?xml version="1.0" encoding="utf-8"?>\n<s:Envelope xmlns:s="{soap}"><s:Header/>'
        f"<s:Body>{body}</s:Body></s:Envelope>"
    )
    return web.Response(text=text, content_type=kind, charset="utf-8", status=status)


def found(*cards_: str, code: str = OK) -> str:
    """The body of a reply with these cards."""
    return (
        f'<FindCardResponse xmlns="{NAMES}"><Result><Code>{code}</Code></Result>'
        f"{''.join(cards_)}</FindCardResponse>"
    )


def fault(request: web.Request, code: str, text: str, name: str, status: int = 500) -> web.Response:
    """A fault whose detail holds an element `name`; in SOAP 1.2 also a subcode of that name."""
    detail = f'<{name} xmlns="{NAMES}">{text}</{name}>'
    if is_12(request):
        code = {"Client": "Sender", "Server": "Receiver"}[code]
        return reply(
            request,
            f"<s:Fault><s:Code><s:Value>s:{code}</s:Value><s:Subcode>"
            f'<s:Value xmlns:r="{NAMES}">r:{name}</s:Value></s:Subcode></s:Code>'
            f'<s:Reason><s:Text xml:lang="en">{text}</s:Text></s:Reason>'
            f"<s:Detail>{detail}</s:Detail></s:Fault>",
            status,
        )
    return reply(
        request,
        f"<s:Fault><faultcode>s:{code}</faultcode><faultstring>{text}</faultstring>"
        f"<detail>{detail}</detail></s:Fault>",
        status,
    )


def card(ticket: Mapping[str, Any], **changes: object) -> str:
    """A ticket of a feed in the service's own words."""
    values = {**ticket, **changes}
    values["kind"] = SORTS.get(values["kind"], values["kind"])
    tree: dict[str, Any] = {}
    for ours, path in MAP["fields"].items():
        part, _, inner = ours.partition(".")
        value = values.get(part)
        if inner:
            value = (value or {}).get(inner)
        _lay(tree, path.split("."), value)
    if "events" in values:
        steps: list[dict[str, Any]] = []
        for event in values["events"]:
            steps.append({})
            for ours, path in MAP["events"]["fields"].items():
                _lay(steps[-1], [path], event.get(ours))
        tree["History"] = {"Step": steps}
    # In the order of the XSD, and a part of a known kind even where it is empty.
    if values.get("inspection") is not None:
        tree.setdefault("Check", {})
    top = Element("Card", xmlns=NAMES)
    for name in ORDER:
        _write(top, name, tree.get(name))
    return tostring(top, encoding="unicode")


ORDER = (
    "sort", "revision", "RegNo", "RegNoPrinted", "System", "Registered", "FirstReceived", "State",
    "Org", "OtherOrg", "AnswerBy", "AnswerByFrom", "Transfers", "Prolongations", "Parent",
    "Applicant", "Language", "Channel", "AnswerChannel", "Access", "Penalty", "Check", "History",
)  # fmt: skip


def _lay(tree: dict[str, Any], path: Sequence[str], value: Any) -> None:
    if value is None:
        return
    if "*" in path:
        outer, _, inner = path
        tree[outer] = [{inner: each} for each in value]
    elif len(path) == 1:
        tree[path[0]] = value
    else:
        _lay(tree.setdefault(path[0], {}), path[1:], value)


def _write(parent: Element, name: str, value: Any) -> None:
    if value is None:
        return
    if name in ATTRIBUTES:
        parent.set(name, str(value))
    elif isinstance(value, list):
        for each in value:
            _write(parent, name, each)
    elif isinstance(value, dict):
        inside = SubElement(parent, name)
        for key, each in value.items():
            _write(inside, key, each)
    else:
        text = str(value).lower() if isinstance(value, bool) else str(value)
        SubElement(parent, name).text = text


# How it may answer. Each is told the service, the request and the number asked.


async def cards(service: SoapService, request: web.Request, number: str) -> web.StreamResponse:
    """The tickets of this number; without any, an answer without a card, as the agreement is."""
    known = service.by_number.get(number, [])
    return reply(request, found(*map(card, known), code=OK if known else NO_CARD))


async def hang(service: SoapService, request: web.Request, number: str) -> web.StreamResponse:
    await service.released.wait()
    return reply(request, found())


def saying(body: str, status: int = 200) -> Answer:
    """This body, in an envelope."""

    async def answer(_: SoapService, request: web.Request, __: str) -> web.StreamResponse:
        return reply(request, body, status)

    return answer


def faulty(code: str, name: str, status: int = 500) -> Answer:
    async def answer(_: SoapService, request: web.Request, __: str) -> web.StreamResponse:
        return fault(request, code, "the text of the fault", name, status)

    return answer


def octets(content: bytes, content_type: str = "text/xml", **more: Any) -> Answer:
    """These octets; `more` goes to the response, such as status or headers."""

    async def answer(_: SoapService, __: web.Request, ___: str) -> web.StreamResponse:
        headers = {"Content-Type": content_type, **more.pop("headers", {})}
        return web.Response(body=content, headers=headers, **more)

    return answer


class Trap:
    """A server that nobody must come to."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.visits = 0


@asynccontextmanager
async def trap() -> AsyncIterator[Trap]:
    async def visited(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        set_.visits += 1
        writer.close()

    server = await asyncio.start_server(visited, "127.0.0.1", 0)
    set_ = Trap(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    try:
        yield set_
    finally:
        server.close()
        await server.wait_closed()
