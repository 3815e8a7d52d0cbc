"""Five sources of different type, as other bodies would run them, and the settings that name them.

Police (HTTP) and prosecutor (SOAP) can be made to hang and to lie; fines stand in a PostgreSQL,
inspection acts come as deliveries in a folder, appeals stand in the registry.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomlkit
from aiohttp import web

from tests.support import soap, views
from tests.support.far_service import HERE, Handle, served
from tests.support.feed import PHONE, appeal, fine, inspection, write_feed
from tests.support.foreign_register import MAP_FILE, in_its_form
from tests.support.postgres import Database, shared
from tests.support.service import FAR

LONG_AGO = "2026-10-05T12:00:00+05:00"


def offence(kind: str, number: str, status: str) -> dict[str, Any]:
    """A report or an investigation of the phone `PHONE`."""
    return appeal(
        kind=kind,
        number=number,
        number_shown=number,
        status=status,
        due_on=FAR,
        forward_count=0,
        owner_phones=[PHONE],
        events=[],
    )


BOTH = "263100030000001"  # a report and an investigation share it
REPORT = offence("crime_report", "263100030000002", "registered")
WALKED = offence("crime_report", "263100030000005", "passed") | {"forward_count": 3}
CASE = offence("investigation", "263100030000003", "opened")
IN_BOTH = (
    offence("crime_report", BOTH, "registered"),
    offence("investigation", BOTH, "opened"),
)
FINE = fine(
    number="263100030000004",
    status="unpaid",
    fine={"amount": 19660, "half_until": None, "pay_by": FAR},
    owner_phones=[PHONE],
)
ACT = inspection(status="refused")


@dataclass
class Police:
    """An HTTP service that answers in JSON, while it does not hang."""

    cards: Mapping[str, dict[str, Any]]
    hangs: bool = False
    fails: Handle | None = None  # answers in the place of the cards
    asked: list[str] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        number = request.path.rpartition("/")[2]
        self.asked.append(number)
        if self.fails is not None:
            return await self.fails(request)
        if self.hangs:
            await self.over.wait()
        card = self.cards.get(number)
        if card is None:
            return web.json_response({"message": "no card"}, status=404)
        return web.Response(
            body=json.dumps(in_its_form(card), ensure_ascii=False).encode(),
            headers={"Content-Type": "application/json"},
        )


@dataclass
class Five:
    """The other bodies' systems, and the part of the settings that names them."""

    police: Police
    prosecutor: soap.SoapService
    fines: Database
    folder: Path
    settings: str

    def prosecutor_lies(self) -> None:
        """HTML for XML, with 200."""
        self.prosecutor.answer = soap.octets(b"<html><body>Welcome</body></html>", "text/html")

    def prosecutor_answers(self) -> None:
        self.prosecutor.answer = soap.cards


@asynccontextmanager
async def five_sources(folder: Path) -> AsyncIterator[Five]:
    """Everything but the service itself; `folder` gets maps, secrets and the deliveries."""
    deliveries = folder / "deliveries"
    deliveries.mkdir()
    write_feed(deliveries / "acts.ndjson", ACT)
    async with AsyncExitStack() as held:
        cards = {each["number"]: each for each in (REPORT, WALKED, IN_BOTH[0])}
        police = Police(cards)
        port = await held.enter_async_context(served(police.handle))
        held.callback(police.over.set)
        prosecutor = await held.enter_async_context(soap.soap_service([CASE, IN_BOTH[1]]))
        database = await held.enter_async_context(shared.get().database())
        await views.fill(database, [FINE])
        settings = _settings(folder, port, prosecutor, database.dsn)
        yield Five(police, prosecutor, database, deliveries, settings)


def _settings(folder: Path, port: int, prosecutor: soap.SoapService, dsn: str) -> str:
    (folder / "dsn").write_text(dsn, encoding="utf-8")
    (folder / "fines.toml").write_text(tomlkit.dumps(views.MAP), encoding="utf-8")
    (folder / "erdr.toml").write_text(tomlkit.dumps(dict(soap.MAP)), encoding="utf-8")
    patient = {"deadline_ms": 600, "failures_max": 3, "open_s": 0.5}
    outgoing = {"private_networks": [HERE], "retries_max": 0}
    tables: list[dict[str, Any]] = [
        {
            "name": "acts", "type": "files", "kinds": ["inspection"], "copy_age_max_s": 3_600,
            "path": str(folder / "acts.db"), "base": "inspections",
            "files": {"folder": str(folder / "deliveries"), "poll_s": 0.1, "settle_s": 0.1},
        },
        {
            "name": "kui", "type": "http", "kinds": ["crime_report"], "base": "police",
            "map": str(MAP_FILE), **patient,
            "http": {"url": f"http://127.0.0.1:{port}/card/{{number}}", **outgoing},
        },
        {
            "name": "erdr", "type": "soap", "kinds": ["investigation"], "base": "prosecutor",
            "map": str(folder / "erdr.toml"), **patient,
            "soap": {
                "wsdl": str(prosecutor.wsdl_path), "operation": "FindCard",
                "arguments": prosecutor.arguments, "items": prosecutor.items, **outgoing,
            },
        },
        {
            "name": "erap", "type": "postgres", "kinds": ["fine"], "base": "fines",
            "map": str(folder / "fines.toml"),
            "postgres": {
                "dsn_file": str(folder / "dsn"), "view": views.VIEW,
                "number_column": views.NUMBER_COLUMN,
            },
        },
    ]  # fmt: skip
    return "\n" + tomlkit.dumps({"source": tables})
