"""An HTML page as PDF, by WeasyPrint. The same page gives the same octets.

WeasyPrint finds Pango and the fonts on the machine: DejaVu Sans has the letters of Kazakh.
"""

from __future__ import annotations

import hashlib

import weasyprint
from weasyprint.urls import URLFetcher

_NOWHERE = URLFetcher(allowed_protocols=())


def pdf_of(page: str) -> bytes:
    """The pages as a PDF. Nothing is fetched from anywhere: a page of ours holds all it needs."""
    document = weasyprint.HTML(string=page, url_fetcher=_NOWHERE)
    identifier = hashlib.sha256(page.encode()).digest()[:16]
    made = document.write_pdf(pdf_identifier=identifier)
    assert isinstance(made, bytes)
    return made
