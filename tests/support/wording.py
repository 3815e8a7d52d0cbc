"""The shipped texts, loaded, and tickets to tell with them."""

from __future__ import annotations

import tomllib
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from gateway.clock import KAZAKHSTAN
from gateway.core.bases import Bases
from gateway.core.catalogue import Catalogue
from gateway.core.civil import Civil
from gateway.core.statuses import Statuses
from gateway.core.telling import Telling
from gateway.core.terms import Terms
from gateway.core.workdays import Workdays
from lookup.status import Body, TicketRecord

CONFIG = Path(__file__).parents[2] / "config"
LANGUAGES = ("kk", "ru", "en")
TODAY = date(2026, 11, 20)
NOW_US = int(datetime(2026, 11, 20, 10, tzinfo=KAZAKHSTAN).timestamp()) * 1_000_000
NOUNS = {
    "crime_report": {"kk": "арыз", "ru": "заявление", "en": "report"},
    "investigation": {"kk": "іс", "ru": "дело", "en": "case"},
}


def table(name: str) -> dict[str, Any]:
    """A file of config/, freshly parsed: a test may change it."""
    return tomllib.loads((CONFIG / name).read_text(encoding="utf-8"))


def texts(folder: str) -> dict[str, dict[str, Any]]:
    return {path.stem: table(f"{folder}/{path.name}") for path in (CONFIG / folder).glob("*.toml")}


@cache
def sms() -> Catalogue:
    return Catalogue.from_tables(table("catalogue.toml"), "sms", texts("replies"))


@cache
def voice() -> Catalogue:
    return Catalogue.from_tables(table("catalogue.toml"), "voice", texts("voice"))


@cache
def statuses() -> Statuses:
    return Statuses.from_table(table("statuses.toml"), sms(), voice())


@cache
def bases() -> Bases:
    return Bases.from_table(table("bases.toml"))


@cache
def workdays() -> Workdays:
    return Workdays.from_tables(texts("calendar"))


@cache
def terms() -> Terms:
    known = {code: kind.rows.keys() for code, kind in statuses().kinds.items()}
    return Terms.from_table(table("terms.toml"), known, workdays(), Civil(KAZAKHSTAN))


@cache
def telling() -> Telling:
    return Telling(sms(), statuses(), NOUNS, terms=terms())


def body(**changes: Any) -> Body:
    sms_name = {"kk": "Алматы әкімдігі", "ru": "Акимат Алматы", "en": "Almaty Akimat"}
    return Body(
        id="almaty-akimat",
        code="750001",
        connected=True,
        region="Almaty",
        phone=None,
        sms_name=sms_name,
        name=sms_name,
        voice_name=sms_name,
    )._replace(**changes)


def ticket(kind: str = "appeal", status: str = "in_review", **changes: Any) -> TicketRecord:
    """A ticket that has all it may need, due three days after TODAY."""
    return TicketRecord(
        kind=kind,
        number="750100000000431207",
        number_shown="750100000000431207",
        source="registry",
        status=status,
        status_on=date(2026, 11, 3),
        created_on=date(2026, 11, 2),
        first_filed_on=date(2026, 11, 2),
        due_on=date(2026, 11, 23),
        due_basis="backend",
        body=body(),
        other_bodies=0,
        forward_count=0,
        extended_count=0,
        owner_hashes=(),
        owner_lang=None,
        answer_via="post",
        intake="office",
        joined_to=None,
        fine=None,
        inspection=None,
    )._replace(**changes)
