from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, fromstring, tostring

from hypothesis import given
from hypothesis import strategies as st

from ivr.dialects.xml import document, legal


def test_a_document_says_that_it_is_xml_in_utf_8() -> None:
    root = Element("Response")
    root.text = "Сәлем & <b>"
    assert document(root).content_type == "text/xml"
    assert document(root, "application/voicexml+xml").content_type == "application/voicexml+xml"
    assert document(root).body.decode() == (
        '<?xml version="1.0" encoding="UTF-8"?><Response>Сәлем &amp; &lt;b&gt;</Response>'
    )


def test_what_xml_forbids_is_left_out() -> None:
    assert legal("a\x00b\x07c\x1fd\ufffee\ufffff\ud800g") == "abcdefg"
    assert legal("a\tb\nc\rdӘ😀") == "a\tb\nc\rdӘ😀"


@given(st.text())
def test_any_legal_text_is_read_back(text: str) -> None:
    root = Element("Response")
    root.text = legal(text).replace("\r", "")  # readers turn it into \n
    assert (fromstring(document(root).body).text or "") == root.text


@given(st.text(), st.text(), st.text(), st.lists(st.sampled_from("abc"), max_size=4))
def test_elements_are_written_as_the_standard_library_writes_them(
    text: str, value: str, tail: str, tags: list[str]
) -> None:
    root = Element("Response")
    inside = root
    for tag in tags:
        inside = SubElement(inside, tag, {"at": legal(value), "xml:lang": "kk"})
        inside.text, inside.tail = legal(text), legal(tail)
        SubElement(inside, "empty")
    written = document(root).body.decode().partition("?>")[2]
    assert written == tostring(root, encoding="unicode")
