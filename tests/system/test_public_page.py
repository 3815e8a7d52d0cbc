"""The public page and the service's own pages, over HTTP, with the real desk and store behind."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import aiohttp
import pytest

from gateway.core.cdr import EntryKind
from tests.support.inside import running

NUMBER = "061200000012345678"


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.words.append(data.strip())


def words(page: str) -> str:
    parser = _Words()
    parser.feed(page)
    return " ".join(filter(None, parser.words))


async def post(http: str, number: str, lang: str = "ru") -> tuple[int, str, dict[str, str]]:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{http}/", data={"number": number, "lang": lang}) as response,
    ):
        return response.status, await response.text(), dict(response.headers)


async def get(http: str, path: str, **headers: str) -> tuple[int, str, dict[str, str]]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{http}{path}", headers=headers) as response,
    ):
        return response.status, await response.text(), dict(response.headers)


@pytest.mark.parametrize(
    ("lang", "expected"),
    [("kk", "*5678: қаралуда"), ("ru", "*5678: на рассмотрении"), ("en", "*5678: under review")],
)
async def test_a_number_is_answered_in_the_page_s_language(
    tmp_path: Path, lang: str, expected: str
) -> None:
    async with running(tmp_path) as inside:
        status, page, headers = await post(inside.http, NUMBER, lang)
        shown = words(page)
        assert status == 200
        assert expected in shown or "мерзім" in shown or "срок" in shown or "overdue" in shown
        assert NUMBER in shown
        assert headers["Cache-Control"] == "no-store"
        (chain,) = await inside.chains()
        assert (chain.channel, chain.language, chain.msisdn) == ("web", lang, None)
        assert [(e.kind, e.amount_tiyn) for e in chain.entries] == [(EntryKind.RATED, 0)]


async def test_the_form_follows_the_browser_s_language_and_needs_no_script(tmp_path: Path) -> None:
    async with running(tmp_path) as inside:
        _, page, headers = await get(inside.http, "/", **{"Accept-Language": "en-GB,ru;q=0.5"})
        assert 'lang="en"' in page
        assert "<script" not in page
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        _, page, _ = await get(inside.http, "/?lang=kk", **{"Accept-Language": "en"})
        assert '<html lang="kk">' in page


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "{{ 7 * 7 }}",
        "\x00\u202e",
        "",
    ],
)
async def test_whatever_is_typed_is_shown_as_text(tmp_path: Path, text: str) -> None:
    async with running(tmp_path) as inside:
        status, page, _ = await post(inside.http, text)
        assert status == 200
        parser = _Words()
        parser.feed(page)
        assert not {"script", "img"} & set(parser.tags)
        assert "49" not in words(page).replace("1414", "")


def on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("journal.db*"))


async def test_an_iin_is_refused_and_never_stored(tmp_path: Path) -> None:
    async with running(tmp_path) as inside:
        _, page, _ = await post(inside.http, "850101300124")
        assert "ИИН" in words(page)
        assert (await inside.chains())[0].intent == "iin"
    assert b"850101300124" not in on_disk(tmp_path)


async def test_guessing_numbers_is_stopped_for_the_whole_network(tmp_path: Path) -> None:
    async with running(tmp_path) as inside:
        for n in range(5):
            await post(inside.http, f"0612000000999999{n:02}")
        _, page, _ = await post(inside.http, NUMBER)
        assert "*5678" not in words(page)


async def test_health_tells_what_is_well_and_metrics_count(tmp_path: Path) -> None:
    async with running(tmp_path) as inside:
        assert (await get(inside.http, "/health/live"))[0] == 200
        status, body, _ = await get(inside.http, "/health/ready")
        assert status == 200
        assert '"library": "SQLite' in body
        await post(inside.http, NUMBER)
        _, metrics, _ = await get(inside.http, "/metrics")
        assert 'jauap_questions_total{result="status"} 1.0' in metrics


@pytest.mark.parametrize(("path", "status"), [("/nothing", 404), ("/ivr/none", 404)])
async def test_errors_are_problem_documents(tmp_path: Path, path: str, status: int) -> None:
    async with running(tmp_path) as inside:
        code, body, headers = await get(inside.http, path)
        assert (code, headers["Content-Type"].split(";")[0]) == (status, "application/problem+json")
        assert f'"status": {status}' in body


async def test_a_body_over_the_limit_is_refused(tmp_path: Path) -> None:
    async with running(tmp_path) as inside:
        status, _, headers = await post(inside.http, "1" * 200_000)
        assert status == 413
        assert headers["Content-Type"].startswith("application/problem+json")
