"""Foreign ESMEs bound to the whole program over TLS."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.foreign.kannel import KannelSettings, kannel
from tests.support.foreign.scripts import script
from tests.support.service import SECRET, Service, serving, write_open_tickets

pytestmark = pytest.mark.asyncio(loop_scope="module")

FILES = Path(__file__).parents[1] / "support" / "tls"
FIRST = 61_200_000_040_000_000
NUMBER = f"{FIRST:018d}"
GSM = 0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    folder = tmp_path_factory.mktemp("tls")
    feed = write_open_tickets(folder / "feed.ndjson", FIRST, 1)
    accounts = [{"name": "npm"}, {"name": "kannel"}]
    tls = {"cert_file": str(FILES / "smsc.pem")}
    async with serving(folder, accounts=accounts, smsc_tls=tls, tickets=[feed]) as running:
        yield running


async def test_npm_checks_our_name_and_is_answered(service: Service) -> None:
    words = (str(service.smsc_port), "npm", SECRET, "bind_transceiver", str(FILES / "ca.pem"))
    async with script("npm/esme.js", *words, "smsc.test") as esme:
        assert (await esme.event("bind_answered"))["status"] == 0
        esme.tell(
            "submit", source="77010000401", text=f"where is {NUMBER}", data_coding=GSM, mark="a"
        )
        assert (await esme.event("submit_answered"))["status"] == 0
        assert (await esme.event("deliver"))["text"].startswith(f"*{NUMBER[-4:]}")


async def test_npm_does_not_bind_where_the_name_is_another(service: Service) -> None:
    words = (str(service.smsc_port), "npm", SECRET, "bind_transceiver", str(FILES / "ca.pem"))
    async with script("npm/esme.js", *words, "other.test") as esme:
        assert "altname" in (await esme.event("error"))["what"].lower()
        assert not esme.seen("bind_answered")


async def test_kannel_is_answered(service: Service, tmp_path: Path) -> None:
    settings = KannelSettings(service.smsc_port, "kannel", SECRET, extra={"use-ssl": "true"})
    async with kannel(tmp_path, settings) as boxes:
        await boxes.send(f"where is {NUMBER}", source="77010000402")
        mo = await boxes.callbacks.mo(to="+77010000402")
        assert mo["text"].startswith(f"*{NUMBER[-4:]}")
