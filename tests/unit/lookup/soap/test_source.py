"""A SOAP source against a real service that misbehaves in every way it can."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from lookup.foreign.mapping import FieldMap
from lookup.foreign.record import Foreign
from lookup.outgoing.client import OutboundSettings
from lookup.soap import source as soap
from lookup.soap.outcomes import SoapSetupError
from lookup.soap.source import SoapSettings, SoapSource
from lookup.source import SourceUnavailableError
from lookup.status import Wanted
from tests.support.feed import appeal, fine, hash_phone
from tests.support.soap import (
    BROKEN,
    NO_CARD,
    SoapService,
    card,
    cards,
    faulty,
    found,
    hang,
    octets,
    reply,
    saying,
    soap_service,
    trap,
)
from tests.unit.lookup.soap.test_xml import LAUGHS, QUADRATIC

AN_APPEAL = Wanted("750100000000431215", ("appeal",))
A_FINE = Wanted("197500000431233", ("fine",))
ABSENT = Wanted("750100000000431216", ("appeal",))
LOOPBACK = OutboundSettings(
    connections_max=4, private_networks=("127.0.0.0/8",), answer_octets_max=262_144
)


def settings(service: SoapService, **changes: Any) -> SoapSettings:
    wanted: dict[str, Any] = {
        "wsdl": service.wsdl_path,
        "operation": "FindCard",
        "arguments": service.arguments,
        "items": service.items,
        "outbound": LOOPBACK,
        "deadline_s": 5.0,
    }
    return SoapSettings(**(wanted | changes))


def foreign(*kinds: str) -> Foreign:
    return Foreign(
        name="foreign",
        kinds=frozenset(kinds or ("*",)),
        fields=FieldMap.from_table(SoapService.map_table, "map"),
        find_body=lambda _: None,
        hash_phone=hash_phone,
    )


@asynccontextmanager
async def asking(service: SoapService, **changes: Any) -> AsyncIterator[SoapSource]:
    source = await SoapSource.open(settings(service, **changes), foreign())
    try:
        yield source
    finally:
        await source.close()


@pytest.fixture
async def service() -> AsyncIterator[SoapService]:
    async with soap_service([appeal(), fine()]) as running:
        yield running


async def silence(source: SoapSource, *wanted: Wanted) -> SourceUnavailableError:
    with pytest.raises(SourceUnavailableError) as caught:
        await source.find_many(wanted or [AN_APPEAL])
    return caught.value


# What is asked, and what is told


async def test_the_operation_is_asked_with_its_arguments(service: SoapService) -> None:
    async with asking(service) as source:
        (ticket,) = (await source.find_many([AN_APPEAL]))[AN_APPEAL]
    assert (ticket.kind, ticket.number, ticket.status) == ("appeal", AN_APPEAL.number, "forwarded")
    assert service.asked == [{"RegNo": AN_APPEAL.number, "Asker": "1414"}]
    assert service.actions == ["urn:example:FindCard"]


async def test_soap_1_2_is_spoken_by_its_port(service: SoapService) -> None:
    async with asking(service, port="Registry12", absent_faults=("NoSuchCard",)) as source:
        assert set(await source.find_many([AN_APPEAL])) == {AN_APPEAL}
        service.answer = faulty("Client", "NoSuchCard")
        assert await source.find_many([AN_APPEAL]) == {}
        service.answer = faulty("Server", "Broken")
        assert "Receiver" in (await silence(source)).reason


@pytest.mark.parametrize(
    ("auth", "wanted"),
    [("basic", "basic"), ("username_token", "token"), ("username_digest", "digest")],
)
async def test_who_asks_is_told_in_the_way_agreed(
    service: SoapService, auth: str, wanted: str
) -> None:
    setattr(service, wanted, ("gate", "s3crét"))
    async with asking(service, auth=auth, auth_name="gate", secret="s3crét") as source:
        for _ in range(2):  # a digest counts once
            assert set(await source.find_many([AN_APPEAL])) == {AN_APPEAL}
    async with asking(service, auth=auth, auth_name="gate", secret="other") as source:
        refused = await silence(source)
        assert "FailedAuthentication" in refused.reason
        assert "other" not in str(refused)


async def test_a_kind_is_asked_for_in_their_word(service: SoapService) -> None:
    service.arguments = {"Query.RegNo": "{number}", "Query.Sort": "{kind}"}
    either = Wanted(A_FINE.number, ("crime_report", "fine"))
    service.answers[A_FINE.number] = by_sort
    async with asking(service) as source:
        answers = await source.find_many([either])
    assert [ticket.kind for ticket in answers[either]] == ["fine"]
    assert sorted(asked["Sort"] for asked in service.asked) == ["crime_report", "штраф"]


async def by_sort(service: SoapService, request: web.Request, number: str) -> web.StreamResponse:
    if service.asked[-1]["Sort"] == "штраф":
        return await cards(service, request, number)
    return reply(request, found(code=NO_CARD))


async def test_a_number_is_silent_when_one_of_its_kinds_is(service: SoapService) -> None:
    async def half(at: SoapService, request: web.Request, number: str) -> web.StreamResponse:
        if at.asked[-1]["Sort"] == "штраф":
            return await cards(at, request, number)
        return web.Response(status=500)

    service.arguments = {"Query.RegNo": "{number}", "Query.Sort": "{kind}"}
    service.answer = half
    either = Wanted(A_FINE.number, ("crime_report", "fine"))
    async with asking(service) as source:
        refused = await silence(source, either)
    assert refused.answered == {}
    assert not refused.alive


async def test_a_long_reply_is_read_off_the_loop(
    service: SoapService, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = [
        {"seq": no, "at": "2026-10-05T12:00:00+05:00", "stage": "registered",
         "source_event_id": str(no)}
        for no in range(300)
    ]  # fmt: skip
    service.knows(appeal(events=steps))
    moved: list[object] = []
    to_thread = asyncio.to_thread

    async def watched(function: Any, *arguments: Any) -> Any:
        moved.append(function.__name__)
        return await to_thread(function, *arguments)

    async with asking(service) as source:
        monkeypatch.setattr(soap.asyncio, "to_thread", watched)
        assert set(await source.find_many([AN_APPEAL])) == {AN_APPEAL}
        assert moved == ["read"]


async def test_several_numbers_are_asked_at_once_within_the_limit(service: SoapService) -> None:
    inside: set[str] = set()
    most: list[int] = []
    full = asyncio.Event()

    async def counted(at: SoapService, request: web.Request, number: str) -> web.StreamResponse:
        inside.add(number)
        most.append(len(inside))
        if len(inside) == LOOPBACK.connections_max:
            full.set()
        await full.wait()
        inside.discard(number)
        return await cards(at, request, number)

    service.answer = counted
    wanted = [Wanted(str(10_000_000 + no), ("appeal",)) for no in range(12)]
    async with asking(service) as source:
        assert await source.find_many(wanted) == {}
    assert max(most) == LOOPBACK.connections_max
    assert len(service.asked) == 12


# Not there, or silent


async def test_an_answer_without_a_ticket_says_that_there_is_none(service: SoapService) -> None:
    async with asking(service) as source:
        assert await source.find_many([ABSENT]) == {}


async def test_with_values_agreed_only_they_say_that_there_is_none(service: SoapService) -> None:
    async with asking(service, absent_values={"Result.Code": NO_CARD}) as source:
        assert await source.find_many([ABSENT]) == {}
        assert set(await source.find_many([AN_APPEAL])) == {AN_APPEAL}
        service.answer = saying(found(code=BROKEN))
        assert "did not say that there is none" in (await silence(source, ABSENT)).reason
        service.answer = saying(found("<Card sort=''/>", code=NO_CARD))
        assert await source.find_many([ABSENT]) == {}


async def test_a_fault_agreed_for_it_says_that_there_is_none(service: SoapService) -> None:
    service.answer = faulty("Client", "NoSuchCard")
    async with asking(service, absent_faults=("NoSuchCard",)) as source:
        assert await source.find_many([ABSENT, AN_APPEAL]) == {}
        assert (await source.health()).answering


@pytest.mark.parametrize(
    "answer", [faulty("Server", "Broken"), faulty("Client", "NoSuchCard", 200)]
)
async def test_any_other_fault_is_silence(service: SoapService, answer: Any) -> None:
    service.answer = answer
    async with asking(service, absent_faults=("Gone",)) as source:
        refused = await silence(source)
    assert "fault" in refused.reason
    assert refused.answered == {}


async def test_a_path_that_is_not_in_the_answer_is_silence(service: SoapService) -> None:
    async with asking(service, items="Card.7") as source:
        refused = await silence(source)
    assert refused.reason == "items: '7' is not in its reply, but: no names"


async def test_those_that_were_answered_are_told_though_another_is_silent(
    service: SoapService,
) -> None:
    service.answers[A_FINE.number] = octets(b"<html>busy</html>", "text/html")
    async with asking(service) as source:
        refused = await silence(source, AN_APPEAL, A_FINE, ABSENT)
    assert {item: len(tickets) for item, tickets in refused.answered.items()} == {
        AN_APPEAL: 1,
        ABSENT: 0,
    }
    assert not refused.alive


async def test_one_that_hangs_keeps_no_other_from_its_answer(service: SoapService) -> None:
    service.answers[A_FINE.number] = hang
    async with asking(service, deadline_s=0.3) as source:
        refused = await silence(source, A_FINE, AN_APPEAL)
        assert set(refused.answered) == {AN_APPEAL}
        assert "0.3 s" in refused.reason


async def test_a_ticket_that_cannot_be_used_is_told_by_its_field_alone(
    service: SoapService,
) -> None:
    service.knows(appeal(status="mislaid"), fine())
    async with asking(service) as source:
        refused = await silence(source, AN_APPEAL, A_FINE)
    assert "status" in refused.reason
    assert "mislaid" not in str(refused)
    assert set(refused.answered) == {A_FINE}
    assert refused.alive


async def test_an_answer_for_another_number_is_silence(service: SoapService) -> None:
    for lie in (card(fine()), card(appeal()) + card(fine()), "<Card sort='x'><RegNo/></Card>"):
        service.answer = saying(found(lie))
        async with asking(service) as source:
            refused = await silence(source, ABSENT)
            assert not (await source.health()).answering
        assert refused.answered == {}


# Replies that would do harm

TEN_MB = found(f"<Card><RegNo>{'1' * 10_000_000}</RegNo></Card>").encode()
DEEP = b"<a>" * 5_000 + b"</a>" * 5_000
WIDE = b"<a " + b" ".join(b'xmlns:n%d="u"' % no for no in range(15_000)) + b"/>"
MANY = found("<Card/>" * 25_000).encode()
LIES = {
    "html": (octets(b"<html><body>log in</body></html>", "text/html"), "text/html"),
    "html as xml": (octets(b"<html><body/></html>"), "no envelope"),
    "json": (octets(b"{}", "application/json"), "application/json"),
    "nothing": (octets(b""), "not well-formed"),
    "half": (octets(found(card(appeal())).encode()[:-40]), "not well-formed"),
    "laughs": (octets(LAUGHS), "DTD"),
    "quadratic": (octets(QUADRATIC), "DTD"),
    "deep": (octets(DEEP), "deep"),
    "wide": (octets(WIDE), "attributes"),
    "many": (octets(MANY), "elements"),
    "large": (octets(TEN_MB), "262144"),
    "another encoding": (octets("<a>Ә</a>".encode("utf-16-le")), "encoding"),
    "compressed": (octets(b"<a/>", headers={"Content-Encoding": "gzip"}), ""),
    "another message": (saying('<FindPersonResponse xmlns="urn:example:registry"/>'), "another"),
    "a new element": (saying(found("<Fresh>1</Fresh>")), "WSDL"),
    "a bad date": (
        saying(found(card(appeal(due_on="01.12.2026")))),
        "not of the type",
    ),
    "refused": (octets(b"", status=401), "401"),
    "moved for good": (octets(b"", status=404), "404"),
    "busy": (octets(b"", status=503), "503"),
    "multipart": (octets(b"--x\r\n", "multipart/related; boundary=x"), "multipart"),
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
async def test_a_reply_that_is_no_answer_is_silence_and_does_no_harm(
    service: SoapService, lie: str
) -> None:
    answer, told = LIES[lie]
    service.answer = answer
    loop = asyncio.get_running_loop()
    async with asking(service, retries_max=0) as source:
        began = loop.time()
        refused = await silence(source)
        assert loop.time() - began < 5.0  # of bombs, nothing was expanded
        assert told in refused.reason
        assert refused.answered == {}
        assert not (await source.health()).answering
        service.answer = cards
        assert set(await source.find_many([AN_APPEAL])) == {AN_APPEAL}
        assert (await source.health()).answering


@pytest.mark.parametrize("where", ["file", "http", "dtd", "parameter"])
async def test_an_entity_from_outside_is_not_fetched(
    service: SoapService, where: str, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text(AN_APPEAL.number)
    async with trap() as visited:
        dtd = {
            "file": f'<!DOCTYPE x [<!ENTITY e SYSTEM "{secret.as_uri()}">]>',
            "http": f'<!DOCTYPE x [<!ENTITY e SYSTEM "{visited.url}">]>',
            "dtd": f'<!DOCTYPE x SYSTEM "{visited.url}x.dtd">',
            "parameter": f'<!DOCTYPE x [<!ENTITY % e SYSTEM "{visited.url}"> %e;]>',
        }[where]
        reference = "&e;" if where in {"file", "http"} else AN_APPEAL.number
        body = found(card(appeal()).replace(AN_APPEAL.number, reference))
        text = f'{dtd}<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">'
        service.answer = octets(f"{text}<s:Body>{body}</s:Body></s:Envelope>".encode())
        async with asking(service) as source:
            assert "DTD" in (await silence(source)).reason
        assert visited.visits == 0


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed(service: SoapService, status: int) -> None:
    async with trap() as visited:
        service.answer = octets(b"", status=status, headers={"Location": visited.url})
        async with asking(service) as source:
            await silence(source)
        assert visited.visits == 0


# Up and down


async def test_it_opens_while_the_service_is_down_and_answers_once_it_is_up() -> None:
    async with soap_service([appeal()]) as service:
        at = settings(service)
        async with trap() as closed:
            url = closed.url
        source = await SoapSource.open(settings(service, url=url), foreign())
        refused = await silence(source)
        assert refused.answered == {}
        await source.close()
        source = await SoapSource.open(at, foreign())
        assert set(await source.find_many([AN_APPEAL])) == {AN_APPEAL}
        await source.close()


async def test_a_busy_service_is_asked_once_more(service: SoapService) -> None:
    async def second(at: SoapService, request: web.Request, number: str) -> web.StreamResponse:
        if len(at.asked) == 1:
            return web.Response(status=503)
        return await cards(at, request, number)

    service.answer = second
    async with asking(service, retries_max=1, retry_percent_max=100) as source:
        assert set(await source.find_many([AN_APPEAL])) == {AN_APPEAL}
    assert len(service.asked) == 2


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"operation": "Find"}, "has no operation 'Find'"),
        ({"arguments": {"Query.RegNo": "7"}}, "none of them holds {number}"),
        ({"arguments": {"RegNo": "{number}"}}, "arguments do not fit"),
        ({"items": "a..b"}, "items"),
        ({"items": "Cards"}, "items: 'Cards' is not in the answer, but: Result, Card"),
        ({"items": "Result"}, "the map reads 'Access', which no ticket has; it has: Code, Text"),
        ({"absent_values": {"a..b": ""}}, "absent_values"),
        ({"absent_values": {"Result.Cod": ""}}, "absent_values: 'Cod' is not in the answer"),
        ({"url": "ftp://127.0.0.1/"}, "the address"),
        ({"wsdl": Path("missing.wsdl")}, "missing.wsdl: is no file"),
        ({"auth": "username_token", "auth_name": "gate"}, "needs a secret: name secret_env"),
        ({"auth": "username_digest", "auth_name": "gate"}, "needs a secret: name secret_env"),
    ],
)
async def test_what_cannot_work_is_told_when_it_is_opened(
    service: SoapService, changes: dict[str, Any], told: str
) -> None:
    with pytest.raises(SoapSetupError) as caught:
        await SoapSource.open(settings(service, **changes), foreign())
    assert told in str(caught.value)


def test_who_has_no_soap_source_does_not_pay_for_zeep() -> None:
    code = (
        "import sys, lookup.soap.source; assert not {'zeep', 'lxml', 'requests'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
