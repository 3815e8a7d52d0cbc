"""XML of strangers, looked through before anything that could be harmed reads it.

A document gets through only as plain elements in bounded number and depth: no DTD, hence no
entities to expand or to fetch, and no references inside. What is let through is handed on as
UTF-8 without a declaration, so that the next parser (libxml2, inside zeep) cannot read the same
octets in another encoding than the one they were looked through in.
"""

from __future__ import annotations

import codecs
import re
from typing import Final, NamedTuple
from xml.etree.ElementTree import ParseError

from defusedxml.common import (  # type: ignore[import-untyped]  # ships without type information
    DefusedXmlException,
)
from defusedxml.ElementTree import (  # type: ignore[import-untyped]  # as above
    DefusedXMLParser,
)

ENCODINGS: Final = frozenset(
    {"utf-8", "utf-16-le", "utf-16-be", "ascii", "iso8859-1", "cp1252"}
    | {"cp1251", "kz1048", "iso8859-5", "koi8-r"}
)
"""By Python's names; windows-1251 is what the older systems of the country write."""

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARATION: Final = re.compile(r"<\?xml\s[^>]{0,200}\?>")
_DECLARED: Final = re.compile(rb"<\?xml\s[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})")


class XmlLimits(NamedTuple):
    """How much of a document is read; beyond, it is refused."""

    octets_max: int
    depth_max: int  # elements inside one another
    elements_max: int
    attributes_max: int  # of one element, its namespace declarations included
    instructions: bool  # whether processing instructions may stand in it


REPLY: Final = XmlLimits(
    octets_max=10_485_760, depth_max=40, elements_max=20_000, attributes_max=32,
    instructions=False,  # SOAP 1.1, 3: a message must not contain any
)  # fmt: skip
DESCRIPTION: Final = XmlLimits(
    octets_max=4_194_304, depth_max=60, elements_max=100_000, attributes_max=64, instructions=True
)


class XmlRefusedError(Exception):
    """The document is not read; the reason quotes nothing of it."""


class Checked(NamedTuple):
    """A harmless document. Names are written {namespace}name."""

    octets: bytes  # UTF-8, without declaration
    root: str
    first: str | None  # the first element inside the last element right under the root


def checked(octets: bytes, limits: XmlLimits, charset: str | None = None) -> Checked:
    """Look through a document; raises XmlRefusedError.

    The `charset` of its content type goes before the document's own declaration, a byte order
    mark before both (RFC 7303, 3).
    """
    if len(octets) > limits.octets_max:
        raise XmlRefusedError(f"is longer than {limits.octets_max} octets")
    text = _text(octets, charset)
    if "\x00" in text:  # by a NUL, parsers guess at UTF-16, whatever encoding they are told
        raise XmlRefusedError("holds NUL characters")
    declaration = _DECLARATION.match(text)
    plain = text[declaration.end() :].encode() if declaration else text.encode()
    shape = _Shape(limits)
    parser = DefusedXMLParser(target=shape, encoding="utf-8", forbid_dtd=True)
    try:
        parser.feed(plain)
        parser.close()
    except ParseError as error:
        raise XmlRefusedError(f"is not well-formed XML: {error}") from error
    except DefusedXmlException as error:
        raise XmlRefusedError("holds a DTD or entities") from error
    return Checked(plain, shape.root, shape.first)


def _text(octets: bytes, charset: str | None) -> str:
    name = next((name for bom, name in _BOMS if octets.startswith(bom)), charset)
    if name is None:
        declared = _DECLARED.match(octets)
        name = declared[1].decode() if declared else "utf-8"
    try:
        codec = codecs.lookup(name)
        if codec.name not in ENCODINGS:
            raise XmlRefusedError(f"is written in {codec.name}, which is not read")
        return octets.decode(codec.name).removeprefix("\ufeff")
    except LookupError as error:
        raise XmlRefusedError("names an encoding that does not exist") from error
    except UnicodeDecodeError as error:
        raise XmlRefusedError(f"is not in the encoding {error.encoding} it claims") from error


class _Shape:
    """What the parser tells of the document; refuses as soon as a limit is passed."""

    def __init__(self, limits: XmlLimits) -> None:
        self.root = ""
        self.first: str | None = None
        self._limits = limits
        self._depth = 0
        self._elements = 0
        self._declared = 0  # namespaces, of the element about to start

    def start_ns(self, prefix: str, uri: str) -> None:
        self._declared += 1

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        limits = self._limits
        self._depth += 1
        self._elements += 1
        if self._depth > limits.depth_max:
            raise XmlRefusedError(f"is nested over {limits.depth_max} elements deep")
        if self._elements > limits.elements_max:
            raise XmlRefusedError(f"has over {limits.elements_max} elements")
        if len(attributes) + self._declared > limits.attributes_max:
            raise XmlRefusedError(f"has an element with over {limits.attributes_max} attributes")
        # SOAP encoding (1.1, 5.4.1): zeep copies what is referred to, and copies may refer on.
        if not limits.instructions and attributes.get("href", "").startswith("#"):
            raise XmlRefusedError("holds references to its own parts")
        self._declared = 0
        if self._depth == 1:
            self.root = tag
        elif self._depth == 2:
            self.first = None
        elif self._depth == 3 and self.first is None:
            self.first = tag

    def pi(self, target: str, data: str | None = None) -> None:
        if not self._limits.instructions:
            raise XmlRefusedError("holds processing instructions")

    def end(self, tag: str) -> None:
        self._depth -= 1

    def data(self, text: str) -> None:
        """Texts are bounded by the document's length."""

    def close(self) -> None:
        """Nothing is built."""
