"""What an answer may hold, as a WSDL has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lookup.soap.outcomes import SoapSetupError
from lookup.soap.service import load_service
from tests.support.soap import WSDL

OUTPUT = '<xsd:element name="FindCardResponse">'
ITSELF = """
        <xsd:element name="Result" type="t:Result"/>
        <xsd:element name="Card" type="t:Card" minOccurs="0" maxOccurs="unbounded"/>
"""


def require(folder: Path, response: str, path: str, *names: str, more: str = "") -> None:
    """Ask for names at a path of an answer made of these elements."""
    for each in WSDL.iterdir():
        text = each.read_text(encoding="utf-8")
        if each.suffix == ".xsd":
            before, _, after = text.partition(OUTPUT)
            after = after.replace(ITSELF.strip(), response, 1)
            text = before + OUTPUT + after.replace("</xsd:schema>", f"{more}</xsd:schema>")
            assert response in text
        (folder / each.name).write_text(text, encoding="utf-8")
    service = load_service(folder / "tickets.wsdl", "FindCard", octets_max=1_000)
    service.require("items", tuple(path.split(".")) if path else (), names)


def element(name: str, kind: str, more: str = "") -> str:
    return f'<xsd:element name="{name}" type="{kind}" {more}/>'


MANY = 'maxOccurs="unbounded"'
BOTH = element("Result", "t:Result") + element("Card", "t:Card", MANY)


@pytest.mark.parametrize(
    ("response", "path"),
    [
        (BOTH, "Card"),
        (BOTH, "Card.0"),
        (BOTH, "Card.*"),
        (BOTH, "Card.-1"),
        (element("Card", "t:Card"), ""),
        (element("Card", "t:Card", MANY), ""),
    ],
)
def test_what_the_schema_has_is_found(response: str, path: str, tmp_path: Path) -> None:
    require(tmp_path, response, path, "RegNo", "sort", "State")


def test_a_message_with_one_member_is_left_out_of_the_path(tmp_path: Path) -> None:
    wrapper = (
        '<xsd:complexType name="Wrapper"><xsd:sequence><xsd:element name="Card" type="t:Card"/>'
        "</xsd:sequence></xsd:complexType>"
    )
    require(tmp_path, element("FindCardResult", "t:Wrapper"), "", "RegNo", more=wrapper)
    require(tmp_path, element("R", "t:Wrapper", MANY), "Card", "RegNo", more=wrapper)


@pytest.mark.parametrize(
    ("path", "names", "told"),
    [
        ("Cards", (), "items: 'Cards' is not in the answer, but: Result, Card"),
        ("Card.Deeper", (), "items: 'Deeper' is not in the answer"),
        ("Card", ("RegNo", "Stat"), "the map reads 'Stat', which no ticket has; it has: RegNo"),
    ],
)
def test_a_slip_is_told_with_what_there_is(
    path: str, names: tuple[str, ...], told: str, tmp_path: Path
) -> None:
    with pytest.raises(SoapSetupError) as caught:
        require(tmp_path, BOTH, path, *names)
    assert told in str(caught.value)
    assert str(tmp_path) in str(caught.value)


DERIVED = """
<xsd:complexType name="LongCard"><xsd:complexContent><xsd:extension base="t:Card"><xsd:sequence>
<xsd:element name="More" type="xsd:string"/></xsd:sequence></xsd:extension></xsd:complexContent>
</xsd:complexType>"""


@pytest.mark.parametrize(
    ("response", "path", "more"),
    [
        (BOTH, "Card", DERIVED),
        (element("Answer", "xsd:anyType"), "Card", ""),
        (element("Answer", "xsd:string"), "", ""),
        ("<xsd:any/>" + element("Card", "t:Card"), "Card", ""),
    ],
)
def test_what_the_schema_leaves_open_is_not_checked(
    response: str, path: str, more: str, tmp_path: Path
) -> None:
    require(tmp_path, response, path, "More", more=more)


def test_what_is_derived_is_known_by_all_its_members(tmp_path: Path) -> None:
    response = element("Result", "t:Result") + element("Card", "t:LongCard")
    require(tmp_path, response, "Card", "More", "RegNo", "sort", more=DERIVED)
    with pytest.raises(SoapSetupError, match="the map reads 'Less'"):
        require(tmp_path, response, "Card", "Less", more=DERIVED)
