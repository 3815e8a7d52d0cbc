"""The WSDL side: what is asked, what is made of a reply, and that nothing is ever fetched."""

from __future__ import annotations

import logging
import os
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zeep.exceptions import ExternalReferenceForbidden

from lookup.soap.outcomes import FaultError, SoapSetupError, UnreadableError
from lookup.soap.service import LocalFiles, Service, load_service
from tests.support.soap import NAMES, SOAP_11, SOAP_12, WSDL, trap

URL = "http://127.0.0.1:9/registry"


def service(operation: str = "FindCard", **changes: Any) -> Service:
    wanted: dict[str, Any] = {"wsdl": WSDL / "tickets.wsdl", "url": URL, "octets_max": 100_000}
    return load_service(operation=operation, **(wanted | changes))


def envelope(body: str, soap: str = SOAP_11) -> bytes:
    return f'<s:Envelope xmlns:s="{soap}"><s:Body>{body}</s:Body></s:Envelope>'.encode()


def found(inside: str) -> bytes:
    return envelope(
        f'<FindCardResponse xmlns="{NAMES}"><Result><Code>0</Code></Result>{inside}'
        "</FindCardResponse>"
    )


def read(
    octets: bytes, status: int = 200, content_type: str = "text/xml", of: Service | None = None
) -> Any:
    return (of or service()).read(status, content_type, None, octets)


def unreadable(octets: bytes, status: int = 200, content_type: str = "text/xml") -> str:
    with pytest.raises(UnreadableError) as caught:
        read(octets, status, content_type)
    return str(caught.value)


def copied(folder: Path, old: str = "", new: str = "", name: str = "tickets.wsdl") -> Path:
    """The WSDL with its XSD in a folder, changed in one place."""
    for each in WSDL.iterdir():
        text = each.read_text(encoding="utf-8")
        if each.name == name and old:
            assert old in text
            text = text.replace(old, new, 1)
        (folder / each.name).write_text(text, encoding="utf-8")
    return folder / "tickets.wsdl"


# What is asked


def test_a_request_is_one_of_the_operation_with_its_action() -> None:
    headers, body = service().request({"Query": {"RegNo": "<7501&>", "Sort": "штраф"}})
    assert headers["SOAPAction"] == '"urn:example:FindCard"'
    assert headers["Content-Type"] == "text/xml; charset=utf-8"
    query = fromstring(body).find(f"{{{SOAP_11}}}Body/{{{NAMES}}}FindCard/{{{NAMES}}}Query")
    assert query is not None
    assert [(each.tag, each.text) for each in query] == [
        (f"{{{NAMES}}}RegNo", "<7501&>"),
        (f"{{{NAMES}}}Sort", "штраф"),
    ]


def test_soap_1_2_is_spoken_where_the_port_speaks_it() -> None:
    headers, body = service(port="Registry12").request({"Query": {"RegNo": "1"}})
    assert headers["Content-Type"] == (
        'application/soap+xml; charset=utf-8; action="urn:example:FindCard"'
    )
    assert fromstring(body).tag == f"{{{SOAP_12}}}Envelope"


def test_a_username_token_goes_into_the_header() -> None:
    body = service(user=("gate", "s3cret")).request({"Query": {"RegNo": "1"}}).body
    assert b"<wsse:Username>gate</wsse:Username>" in body
    assert b'#PasswordText">s3cret</wsse:Password>' in body


@pytest.mark.parametrize(
    "arguments",
    [{"Query": {"Regno": "1"}}, {"x": "1"}, {"Query": {"Sort": "1"}}, {"Query": {"RegNo": "\x00"}}],
)
def test_arguments_that_do_not_fit_are_told_with_those_that_do(arguments: dict[str, Any]) -> None:
    with pytest.raises(SoapSetupError, match=r"tickets.wsdl: arguments do not fit .* takes Query"):
        service().request(arguments)


# The WSDL


def test_the_address_is_the_one_of_the_port_unless_another_is_set() -> None:
    assert service().url == URL
    assert service(url=None).url == "http://address.invalid/registry"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"operation": "Find"}, "has no operation 'Find'; it has: FindCard, Look"),
        ({"port": "X"}, "has no SOAP port 'X'; it has: Registry11, Registry12"),
        ({"service": "X"}, "has no service 'X'; it has: RegistryService"),
        ({"wsdl": WSDL / "tickets.xsd"}, "has no service ''; it has: none"),
    ],
)
def test_what_the_wsdl_does_not_have_is_told_with_what_it_has(
    changes: dict[str, Any], told: str
) -> None:
    with pytest.raises(SoapSetupError) as caught:
        service(**changes)
    assert str(caught.value).endswith(told)
    assert str(WSDL) in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("</wsdl:service>", '</wsdl:service><wsdl:service name="Two"/>', "several services"),
        ('address location="http://address.invalid/registry"', "address", "no address; set url"),
        ('element="t:FindCardResponse"', 'element="t:Nothing"', "has no operation 'FindCard'"),
        ('type="w:Registry">', 'type="w:Nothing">', "is no WSDL that can be used (IndexError"),
        ("</wsdl:types>", "</wsdl:typos>", "is not well-formed XML"),
        ("<wsdl:definitions", "<!DOCTYPE x><wsdl:definitions", "holds a DTD"),
        ("tickets.xsd", "missing.xsd", "missing.xsd: cannot be read (No such file or directory)"),
        ("tickets.xsd", "/dev/zero", "/dev/zero: is no file"),
    ],
)
def test_a_wsdl_that_cannot_be_used_is_told_by_file_and_reason(
    old: str, new: str, told: str, tmp_path: Path
) -> None:
    with pytest.raises(SoapSetupError) as caught:
        service(wsdl=copied(tmp_path, old, new), url=None)
    assert told in str(caught.value)
    assert str(caught.value).startswith(new if new.startswith("/") else str(tmp_path))


def test_an_operation_without_an_answer_is_no_good(tmp_path: Path) -> None:
    path = copied(
        tmp_path,
        '<wsdl:output><soap:body use="literal"/></wsdl:output>\n      <wsdl:fault',
        "<wsdl:fault",
    )
    with pytest.raises(SoapSetupError, match="gives no answer; name another"):
        service(wsdl=path)


def test_a_pipe_for_a_wsdl_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wsdl")
    with pytest.raises(SoapSetupError, match=r"pipe.wsdl: is no file"):
        service(wsdl=tmp_path / "pipe.wsdl")


async def test_nothing_is_fetched_while_a_wsdl_is_read(tmp_path: Path) -> None:
    async with trap() as visited:
        dtd = f'<?xml version="1.0"?><!DOCTYPE x SYSTEM "{visited.url}x.dtd"><x/>'
        entity = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{visited.url}x">]><x>&e;</x>'
        (tmp_path / "dtd.wsdl").write_text(dtd)
        (tmp_path / "entity.wsdl").write_text(entity)
        for path, told in (
            (copied(tmp_path, "tickets.xsd", f"{visited.url}tickets.xsd"), "nothing is fetched"),
            (tmp_path / "dtd.wsdl", "holds a DTD"),
            (tmp_path / "entity.wsdl", "holds a DTD"),
            (Path(visited.url), "is no file; lay the WSDL beside the settings"),
        ):
            with pytest.raises(SoapSetupError, match=told):
                service(wsdl=path)
        included = tmp_path / "included"
        included.mkdir()
        location = f'schemaLocation="{visited.url}more.xsd"'
        path = copied(
            included,
            '<xsd:element name="FindCard">',
            f'<xsd:include {location}/><xsd:element name="FindCard">',
            "tickets.xsd",
        )
        with pytest.raises(SoapSetupError, match="nothing is fetched"):
            service(wsdl=path)
        assert visited.visits == 0


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/a.xsd", "ftp://127.0.0.1/a", "data:,x"])
def test_its_transport_reads_files_alone(url: str) -> None:
    with pytest.raises(ExternalReferenceForbidden):
        LocalFiles().load(url)
    assert LocalFiles().load((WSDL / "tickets.xsd").as_uri()).startswith(b"\n<xsd:schema")


# What is made of a reply


CARD = (
    '<Card sort="штраф"><RegNo>7501</RegNo><Registered>2026-10-05T12:00:00Z</Registered>'
    "<State><Code>x</Code></State><AnswerBy>2999-12-01</AnswerBy>"
    "<Penalty><Sum>19660.00</Sum><Disputed>true</Disputed></Penalty></Card>"
)


def test_a_reply_becomes_plain_values_of_the_types_in_the_schema() -> None:
    answer = read(found(CARD))
    (card,) = answer["Card"]
    assert answer["Result"] == {"Code": 0, "Text": None}
    assert (card["sort"], card["RegNo"], card["State"]["Code"]) == ("штраф", "7501", "x")
    assert card["Registered"] == datetime(2026, 10, 5, 12, tzinfo=UTC)
    assert card["AnswerBy"] == date(2999, 12, 1)
    assert (card["Penalty"]["Sum"], card["Penalty"]["Disputed"]) == (Decimal(19660), True)
    assert card["OtherOrg"] == []
    assert card["Check"] is None


def test_an_rpc_reply_is_read_too() -> None:
    look = service("Look")
    body = f'<r:LookResponse xmlns:r="{NAMES}"><Result><r:Code>5</r:Code></Result></r:LookResponse>'
    assert read(envelope(body), of=look)["Result"]["Code"] == 5
    with pytest.raises(UnreadableError, match="another message"):
        read(envelope(body.replace("LookResponse", "FindResponse")), of=look)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2999-12-01", "01.12.2999"),
        ("2999-12-01", "2999-13-01"),
        ("2026-10-05T12:00:00Z", "yesterday"),
        ("<Code>0</Code>", "<Code>null</Code>"),
        ("<Code>0</Code>", f"<Code>{'9' * 5_000}</Code>"),
        ("19660.00", "much"),
        ('sort="штраф"', 'sort="штраф" revision="new"'),
    ],
)
def test_a_value_of_the_wrong_type_makes_the_reply_unreadable_and_is_not_logged(
    old: str, new: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    octets = found(CARD).replace(old.encode(), new.encode())
    assert octets != found(CARD)
    reason = unreadable(octets)
    assert "type" in reason or "fit" in reason
    assert new not in caplog.text + reason


@pytest.mark.parametrize(
    ("octets", "told"),
    [
        (found("<Fresh>1</Fresh>"), "does not fit the WSDL"),
        (found("").replace(NAMES.encode(), b"urn:else"), "another message"),
        (envelope(f'<FindPersonResponse xmlns="{NAMES}"/>'), "another message"),
        (envelope(""), "another message"),
        (b'<Envelope xmlns="urn:else"/>', "no envelope"),
        (envelope("", SOAP_12), "no envelope"),
        (b"<html><body/></html>", "no envelope"),
        (found(CARD)[:-20], "is not well-formed"),
        (b"", "is not well-formed"),
        (found("<Card><RegNo>" + "1" * 100_000 + "</RegNo></Card>"), "is longer than"),
    ],
)
def test_another_message_is_never_taken_for_an_answer_without_a_ticket(
    octets: bytes, told: str
) -> None:
    assert told in unreadable(octets)


@pytest.mark.parametrize(
    ("status", "content_type", "told"),
    [
        (200, "text/html", "HTTP status 200, and no XML but text/html"),
        (200, "multipart/related", "no XML but multipart/related"),
        (202, "text/xml", "HTTP status 202 without a fault"),
        (500, "text/xml", "HTTP status 500 without a fault"),
        (401, "", "HTTP status 401 without a fault"),
    ],
)
def test_an_answer_under_another_status_or_type_is_not_believed(
    status: int, content_type: str, told: str
) -> None:
    assert told in unreadable(found(CARD), status, content_type)


def test_references_that_copy_one_another_are_refused_at_once() -> None:
    """1 kB of these keeps zeep busy for 20 s: each of six levels holds ten of the next."""
    levels = "".join(
        f'<m id="{level}">{f"<x href={chr(34)}#{level + 1}{chr(34)}/>" * 10}</m>'
        for level in range(6)
    )
    body = f'<r:LookResponse xmlns:r="{NAMES}"><Result href="#0"/></r:LookResponse>{levels}'
    with pytest.raises(UnreadableError, match="holds references to its own parts"):
        read(envelope(body), of=service("Look"))


LOADED = service()


@given(st.integers(min_value=0, max_value=len(found(CARD)) - 1))
def test_a_reply_cut_anywhere_is_never_an_answer(length: int) -> None:
    with pytest.raises(UnreadableError):
        read(found(CARD)[:length], of=LOADED)


@given(
    st.integers(min_value=0, max_value=len(found(CARD)) - 1),
    st.integers(min_value=0, max_value=30),
    st.sampled_from([b"", b"<", b"/", b"&", b"\xff", b"\x00", b"<a/>", b"0", b"xsi:nil='true' "]),
)
def test_a_damaged_reply_is_read_or_refused_and_never_empty(
    at: int, length: int, octet: bytes
) -> None:
    octets = found(CARD)
    try:
        answer = read(octets[:at] + octet + octets[at + length :], of=LOADED)
    except UnreadableError:
        return
    assert len(answer["Card"]) == 1


def soap_11_fault(inside: str) -> bytes:
    return envelope(f"<s:Fault>{inside}</s:Fault>")


@pytest.mark.parametrize("status", [200, 400, 500])
def test_a_fault_is_known_by_its_code_and_by_the_element_in_its_detail(status: int) -> None:
    octets = soap_11_fault(
        "<faultcode>s:Client.Absent</faultcode><faultstring>no 7501 here</faultstring>"
        f'<detail><NoSuchCard xmlns="{NAMES}">7501</NoSuchCard></detail>'
    )
    with pytest.raises(FaultError) as caught:
        read(octets, status)
    assert caught.value.codes == {"s:Client.Absent", "Client.Absent", "NoSuchCard"}
    assert "7501" not in str(caught.value)


def test_a_fault_of_soap_1_2_is_known_by_its_subcodes_too() -> None:
    body = (
        '<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value xmlns:r="urn:r">r:Gone'
        '</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="en">x</s:Text></s:Reason>'
        "</s:Fault>"
    )
    with pytest.raises(FaultError) as caught:
        read(envelope(body, SOAP_12), 500, "application/soap+xml", service(port="Registry12"))
    assert caught.value.codes == {"s:Sender", "Sender", "Gone"}


def test_a_fault_without_a_name_has_no_codes() -> None:
    for inside in ("", "<faultcode/>", f"<faultcode>{'x' * 101}</faultcode>"):
        with pytest.raises(FaultError) as caught:
            read(soap_11_fault(inside), 500)
        assert caught.value.codes == frozenset()
