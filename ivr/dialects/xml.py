"""Documents in XML: what every dialect that writes it must mind. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree.ElementTree import Element

from ivr.dialects.contract import Document

XML = "text/xml"
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'

# ElementTree writes these as they are, and a platform then rejects the whole document.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_IN_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_IN_ATTRIBUTE = str.maketrans(  # but for "&", which comes first
    {
        "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;", "\n": "&#10;", "\t": "&#09;",
    }
)  # fmt: skip
_NONE: Mapping[str, str] = {}
_PLAIN = re.compile(r"[^&<>]*").fullmatch  # most texts are
_PLAIN_BUT_AND = re.compile(r"[^<>\"\r\n\t]*").fullmatch  # most values are


def legal(text: str) -> str:
    """The text without the signs that XML 1.0 forbids."""
    return _NOT_XML.sub("", text)


def document(root: Element, content_type: str = XML) -> Document:
    """The element as a document in UTF-8; all texts in it must be `legal`, and no name in it may be
    one of a namespace."""
    return Document(content_type, (DECLARATION + written(root)).encode())


def written(element: Element) -> str:
    """As ElementTree does it, which looks through the whole tree for namespaces first."""
    inside = escaped(element.text) if element.text else ""
    for inner in element:
        inside += written(inner)
    made = tag(element.tag, dict(element.items()), inside)
    return made + element.tail.translate(_IN_TEXT) if element.tail else made


def tag(name: str, attributes: Mapping[str, str] = _NONE, inside: str = "") -> str:
    """An element; `inside` is XML already."""
    start = "<" + name
    for key, value in attributes.items():
        known = value if value.isalnum() else _in_attribute(value)
        start += f' {key}="{known}"'
    return f"{start}>{inside}</{name}>" if inside else start + " />"


def _in_attribute(value: str) -> str:
    if "&" in value:
        value = value.replace("&", "&amp;")
    return value if _PLAIN_BUT_AND(value) else value.translate(_IN_ATTRIBUTE)


def escaped(text: str) -> str:
    """A text that is `legal`, between tags."""
    return text if _PLAIN(text) else text.translate(_IN_TEXT)
