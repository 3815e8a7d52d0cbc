"""Whether a document is VoiceXML 2.1, by our schema of the parts used."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from lxml import etree

SCHEMA = Path(__file__).with_name("vxml.rng")


def problems(document: bytes) -> str:
    """What is wrong with the document, "" where it is right."""
    try:
        tree = etree.fromstring(document)
    except etree.XMLSyntaxError as error:
        return f"not XML: {error}"
    schema = _schema()
    return "" if schema.validate(tree) else str(schema.error_log)


@cache
def _schema() -> etree.RelaxNG:
    return etree.RelaxNG(etree.parse(SCHEMA))
