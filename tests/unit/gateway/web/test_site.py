"""The site around its pages: files, forms, errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import FormData
from aiohttp.test_utils import TestClient
from structlog.testing import capture_logs

from gateway import config
from gateway.web.site import FORM_FIELDS_MAX, PageFacts, PublicAnswer, make_site
from tests.support.feeds_api import AsServed

FORM = "application/x-www-form-urlencoded"


class Front:
    """Says back what it was asked."""

    async def ask(self, text: str, address: str, language: str) -> PublicAnswer:
        return PublicAnswer((f"asked {text!r} in {language}",), language)


@asynccontextmanager
async def site() -> AsyncIterator[TestClient[Any, Any]]:
    words = {code: config.table(f"web/{code}.toml") for code in config.LANGUAGES}
    facts = PageFacts(words, "kk", "1012", 15, "1414")
    made = make_site(Front(), facts, webhooks=[], pages=[], body_size_max=4_096)  # type: ignore[arg-type]
    async with TestClient(AsServed(made)) as client:
        yield client


async def test_the_style_sheet_is_served_and_nothing_beside_it() -> None:
    async with site() as client:
        async with client.get("/static/site.css") as response:
            assert (response.status, response.content_type) == (200, "text/css")
        for name in ("", "x", "..%2fsite.py", "x" * 5_000, "%00", "site.css/x"):
            async with client.get(f"/static/{name}") as response:
                assert (response.status, response.content_type) == (404, "application/problem+json")


@pytest.mark.parametrize(
    "body",
    [b"number=12&lang=en", b"number=1%32&lang=en", b"number=12&lang=en&number=12"],
)
async def test_a_form_is_read(body: bytes) -> None:
    headers = {"Content-Type": FORM}
    async with site() as client, client.post("/", data=body, headers=headers) as response:
        assert response.status == 200
        assert "asked &#39;12&#39; in en" in await response.text()


@pytest.mark.parametrize(
    "body", [b"", b"%", b"%FF=%FF", b"\xff\xfe=\x00", b"number", b"=&=&=", b"number=%D0%96"]
)
async def test_whatever_a_form_holds_it_is_answered(body: bytes) -> None:
    headers = {"Content-Type": FORM}
    async with site() as client, client.post("/", data=body, headers=headers) as response:
        assert response.status == 200


@pytest.mark.parametrize(
    "kind",
    ["multipart/form-data", "multipart/form-data; boundary=x", "text/plain", f"{FORM}x", "no type"],
)
async def test_a_body_that_is_no_form_of_the_page_is_refused(kind: str) -> None:
    headers = {"Content-Type": kind}
    async with site() as client, client.post("/", data=b"number=12", headers=headers) as response:
        assert (response.status, response.content_type) == (415, "application/problem+json")


async def test_a_form_of_an_unknown_charset_is_read_all_the_same() -> None:
    async with site() as client:
        headers = {"Content-Type": f"{FORM}; charset=nonsense"}
        async with client.post("/", data=b"number=12&lang=ru", headers=headers) as response:
            assert response.status == 200


async def test_a_form_of_many_fields_is_refused() -> None:
    form = FormData([(f"f{n}", "x") for n in range(FORM_FIELDS_MAX + 1)])
    async with site() as client, client.post("/", data=form) as response:
        assert (response.status, response.content_type) == (400, "application/problem+json")


async def test_a_body_that_cannot_be_unpacked_is_no_mistake_of_ours() -> None:
    headers = {"Content-Type": FORM, "Content-Encoding": "gzip"}
    async with site() as client:
        with capture_logs() as logged:
            async with client.post("/", data=b"no gzip", headers=headers) as response:
                assert (response.status, response.content_type) == (400, "application/problem+json")
    assert logged == []


async def test_a_client_who_goes_while_he_sends_is_no_mistake_of_ours() -> None:
    async with site() as client, asyncio.timeout(5):
        with capture_logs() as logged:
            reader, writer = await asyncio.open_connection(client.host, client.port)
            writer.write(
                f"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\nContent-Length: 99\r\n"
                "Expect: 100-continue\r\n\r\n".encode()
            )
            await reader.readuntil(b"100 Continue\r\n\r\n")
            writer.transport.abort()
            # The server waits for its handlers before it is closed.
            await client.close()
    assert logged == []


async def test_a_wrong_method_is_told_the_right_ones() -> None:
    async with site() as client, client.delete("/metrics") as response:
        assert (response.status, response.headers["Allow"]) == (405, "GET,HEAD")


async def test_the_contract_is_served() -> None:
    async with site() as client, client.get("/openapi.yaml") as response:
        assert (response.status, response.content_type) == (200, "application/yaml")
        assert (await response.text()).startswith("openapi: 3.1.0")
