"""XML of strangers: what is let through, and that nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from lookup.soap.xml import DESCRIPTION, REPLY, XmlRefusedError, checked

LAUGHS = (
    b'<!DOCTYPE a [<!ENTITY l0 "lol">'
    + b"".join(
        b'<!ENTITY l%d "%s">' % (level, b"&l%d;" % (level - 1) * 10) for level in range(1, 10)
    )
    + b"]><a>&l9;</a>"
)
QUADRATIC = b'<!DOCTYPE a [<!ENTITY l "%s">]><a>%s</a>' % (b"l" * 50_000, b"&l;" * 50_000)


def refusal(octets: bytes, charset: str | None = None) -> str:
    with pytest.raises(XmlRefusedError) as caught:
        checked(octets, REPLY, charset)
    return str(caught.value)


def test_a_plain_document_is_let_through_and_its_frame_told() -> None:
    octets = (
        b'<e:E xmlns:e="u"><e:Head><x/></e:Head><e:Body><y xmlns="v"><z/></y><w/></e:Body></e:E>'
    )
    assert checked(octets, REPLY) == (octets, "{u}E", "{v}y")
    assert checked(b"<a><b/></a>", REPLY).first is None


@pytest.mark.parametrize("octets", [LAUGHS, QUADRATIC], ids=["laughs", "quadratic"])
def test_a_document_that_would_expand_is_refused_at_its_dtd(octets: bytes) -> None:
    assert refusal(octets) == "holds a DTD or entities"


@pytest.mark.parametrize(
    "dtd",
    [
        b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd">',
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:9/"> %x;]>',
        b"<!DOCTYPE a>",
    ],
)
def test_a_dtd_is_refused_whatever_it_holds(dtd: bytes) -> None:
    assert refusal(dtd + b"<a>&x;</a>") == "holds a DTD or entities"


def test_depth_number_and_attributes_of_elements_are_bounded() -> None:
    limits = REPLY._replace(depth_max=3, elements_max=5, attributes_max=2)
    assert checked(b'<a><b><c x="1" y="2"/></b><b/><b/></a>', limits)
    for octets, reason in (
        (b"<a><b><c><d/></c></b></a>", "is nested over 3 elements deep"),
        (b"<a><b/><b/><b/><b/><b/></a>", "has over 5 elements"),
        (b'<a x="1" y="2" z="3"/>', "has an element with over 2 attributes"),
        (b'<a x="1" xmlns:y="2" xmlns="3"/>', "has an element with over 2 attributes"),
    ):
        with pytest.raises(XmlRefusedError, match=reason):
            checked(octets, limits)


def test_a_document_over_its_size_is_not_even_parsed() -> None:
    limits = REPLY._replace(octets_max=10)
    assert checked(b"<aaaaaaa/>", limits)
    with pytest.raises(XmlRefusedError, match="is longer than 10 octets"):
        checked(b"no XML at all", limits)


def test_references_to_own_parts_are_refused_in_a_reply() -> None:
    assert refusal(b'<a><b href="#1"/><c id="1"/></a>') == "holds references to its own parts"
    assert checked(b'<a><b href="http://127.0.0.1/"/></a>', REPLY)


def test_processing_instructions_may_stand_in_a_description_only() -> None:
    octets = b'<?xml-stylesheet href="a.xsl"?><a/>'
    assert refusal(octets) == "holds processing instructions"
    assert checked(octets, DESCRIPTION).octets == octets


@pytest.mark.parametrize(
    ("octets", "charset"),
    [
        ('<?xml version="1.0" encoding="windows-1251"?><a>Шағым</a>', "kz1048"),
        ('<?xml version="1.0" encoding="windows-1251"?><a>Жалоба</a>', "utf-8"),
    ],
)
def test_the_charset_of_the_content_type_wins(octets: str, charset: str) -> None:
    text = octets.partition("?>")[2]
    assert checked(octets.encode(charset), REPLY, charset).octets == text.encode()


@pytest.mark.parametrize(
    "octets",
    [
        "<a>Өтініш</a>".encode(),
        '<?xml version="1.0"?><a>Өтініш</a>'.encode("utf-8-sig"),
        '<?xml version="1.0" encoding="utf-16"?><a>Өтініш</a>'.encode("utf-16"),
        b"\xfe\xff" + "<a>Өтініш</a>".encode("utf-16-be"),
    ],
)
def test_what_is_let_through_is_utf_8_without_a_declaration(octets: bytes) -> None:
    assert checked(octets, REPLY).octets == "<a>Өтініш</a>".encode()


def test_the_declaration_tells_the_encoding_where_nothing_else_does() -> None:
    octets = '<?xml version="1.0" encoding="windows-1251"?><a>Жалоба</a>'.encode("cp1251")
    assert checked(octets, REPLY).octets == "<a>Жалоба</a>".encode()


@pytest.mark.parametrize(
    ("octets", "charset", "reason"),
    [
        (b"<a/>", "utf-7", "is written in utf-7, which is not read"),
        (b"<a/>", "rot13", "is written in rot-13, which is not read"),
        (b"<a/>", "nonsense", "names an encoding that does not exist"),
        (b"<a>\xff</a>", None, "is not in the encoding utf-8 it claims"),
        (b'<?xml version="1.0" encoding="utf-8"?>\xd0', None, "is not in the encoding"),
        ("<a>\u0436</a>".encode("utf-16-le"), None, "holds NUL characters"),
    ],
)
def test_an_encoding_that_cannot_be_trusted_is_refused(
    octets: bytes, charset: str | None, reason: str
) -> None:
    assert reason in refusal(octets, charset)


@pytest.mark.parametrize("octets", [b"", b"<a>", b"<a/><b/>", b"<a>&b;</a>", b"<html><br></html>"])
def test_what_is_no_xml_is_refused_without_quoting_it(octets: bytes) -> None:
    assert refusal(octets).startswith("is not well-formed XML")
    assert "br" not in refusal(octets)


_PIECES = st.sampled_from(
    b"<a>|</a>|<b/>|<!DOCTYPE a>|<!ENTITY x 'y'>|&x;|&lt;|<![CDATA[|]]>|<?p?>|<!--|-->|text"
    b"|<?xml version='1.0' encoding='utf-16'?>|\xff\xfe|\xfe\xff|\xef\xbb\xbf|\x00".split(b"|")
)


@given(st.one_of(st.binary(max_size=60), st.lists(_PIECES, max_size=12).map(b"".join)))
def test_the_next_parser_reads_what_was_let_through_and_finds_no_dtd(octets: bytes) -> None:
    try:
        let_through = checked(octets, REPLY)
    except XmlRefusedError:
        return
    root = etree.fromstring(let_through.octets, etree.XMLParser(resolve_entities=False))
    assert not root.getroottree().docinfo.doctype
    assert root.tag == let_through.root
