"""Documents in XML: what every dialect that writes it must mind. Pure."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from ivr.dialects.contract import Document

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'

# ElementTree writes these as they are, and a platform then rejects the whole document.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_IN_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_IN_ATTRIBUTE = _IN_TEXT | str.maketrans(
    {'"': "&quot;", "\r": "&#13;", "\n": "&#10;", "\t": "&#09;"}
)
_PLAIN = re.compile(r"[^&<>\"\r\n\t]*").fullmatch  # most texts and values are


def legal(text: str) -> str:
    """The text without the signs that XML 1.0 forbids."""
    return _NOT_XML.sub("", text)


def document(root: Element, content_type: str = "text/xml") -> Document:
    """The element as a document in UTF-8; all texts in it must be `legal`, and no name in it may be
    one of a namespace."""
    written = [DECLARATION]
    _write(root, written)
    return Document(content_type, "".join(written).encode())


def _write(element: Element, written: list[str]) -> None:
    """As ElementTree does it, which looks through the whole tree for namespaces first."""
    written.append(f"<{element.tag}")
    for name, value in element.items():
        known = value if _PLAIN(value) else value.translate(_IN_ATTRIBUTE)
        written.append(f' {name}="{known}"')
    if element.text or len(element):
        written.append(">")
        if element.text:
            text = element.text
            written.append(text if _PLAIN(text) else text.translate(_IN_TEXT))
        for inner in element:
            _write(inner, written)
        written.append(f"</{element.tag}>")
    else:
        written.append(" />")
    if element.tail:
        written.append(element.tail.translate(_IN_TEXT))
