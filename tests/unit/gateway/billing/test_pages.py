"""The act as a page: what stands in it, in three languages."""

from __future__ import annotations

import re
import zlib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from defusedxml.ElementTree import fromstring

from gateway import config
from gateway.billing.charts import lying, upright
from gateway.billing.figures import Figures, Reason, Terms
from gateway.billing.pages import CARRIED_SHOWN_MAX, act_page, svg
from gateway.billing.parties import Party, Sides
from gateway.billing.pdf import pdf_of
from gateway.billing.reconciled import LateLine, Summary
from gateway.billing.words import Words
from gateway.clock import Clock
from tests.support.acts import EMPTY, FULL, ROW

SVG = "{http://www.w3.org/2000/svg}"


def words(language: str = "en") -> Words:
    return Words.from_table(language, config.table(f"act/{language}.toml"))


def page(figures: Figures = FULL, language: str = "en", *, draft: bool = False) -> str:
    return act_page(figures, words(language), draft=draft, day_of=Clock().day)


def shown(figures: Figures = FULL, language: str = "en", **how: Any) -> str:
    """The text of the body, blanks as one."""
    body = re.sub(
        r"<svg.*?</svg>", "", page(figures, language, **how).split("<body>")[1], flags=re.S
    )
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)).replace("&#39;", "'")


@pytest.mark.parametrize(
    "told",
    [
        "Reconciliation act November 2026, operator north",
        "The month was closed on 2026-12-11.",
        "Kept of subscribers for questions of the month 30,000.00",
        "For questions of earlier months −15.00",
        "Kept in all 29,985.00 VAT inside it 4,135.86 In all without VAT 25,849.14",
        "The operator's share, without VAT 10,339.66",
        "The service owner's share, without VAT 15,509.48",
        "Owed for calls by their payers 60.00",
        "status told 3 4 45.00 45.00 −15.00 0.00 30.00",
        "Redeliveries of a message, not charged: 7.",
        "Not charged, for the reply did not arrive: 2, 30.00.",
        "Delivery of the reply not known by the close of the month: 1, 15.00.",
        "taken, sent again 1 In all 4",
        "not found credited 1 −15.00",
        "by decision, see the entries credited 1 −7.00",
        "October 2026 16 % −15.00 −2.07 −12.93",
        "October 2026 operator 40 % without VAT (north-40) −1 −12.93 −5.17 −7.76",
        "owner 5 300 60.00 8.28 Not ended: 1.",
        "Of it for calls of earlier months: −1.00.",
        "only theirs 2 0.00 –",
        "only ours month border no 1 15.00 –",
        "Disputed rows: 2, which is 1.02 % of the larger side. Payment of the disputed part is",
        "The operator's file: north-11.csv, SHA-256 abab",
        "42 2026-10-20 credited not found 2026-11-05 −15.00",
        "For the service owner position name signature date Seal For the operator position",
    ],
)
def test_an_act_shows_its_figures(told: str) -> None:
    assert told in shown()


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("kk", "Салыстыру актісі 2026 жылғы қараша, «north» операторы"),
        ("kk", "Барлығы ұсталды 29 985,00 оның ішінде ҚҚС 4 135,86"),
        ("ru", "Акт сверки ноябрь 2026 года, оператор «north»"),
        ("ru", "Всего удержано 29 985,00 в том числе НДС 4 135,86"),
    ],
)
def test_an_act_is_written_in_each_language(language: str, told: str) -> None:
    assert told in shown(language=language).replace("\u00a0", " ")
    assert f'<html lang="{language}">' in page(language=language)


@pytest.mark.parametrize(
    ("terms", "told"),
    [
        (Terms("a", "operator", None, 350), "operator 3.50 a question without VAT (a)"),
        (Terms("b", "owner", 0, None), "owner 0\u00a0% without VAT (b)"),
        (Terms("c", "owner", None, 0), "owner 0.00 a question without VAT (c)"),
    ],
)
def test_the_terms_of_a_share_are_told(terms: Terms, told: str) -> None:
    assert told in page(EMPTY._replace(settled=(EMPTY.settled[0]._replace(terms=terms),)))


PARTY = Party(
    name={"kk": "«Солтүстік» АҚ", "ru": "АО «Север»", "en": "North JSC"},
    bin="990140001233",
    position={"kk": "Директор", "ru": "Директор", "en": "Director"},
    signatory={"kk": "А. Үлгі", "ru": "А. Образцов", "en": "A. Sample"},
    contract="17/2026",
    contract_date=date(2026, 1, 15),
)
NAMED = FULL._replace(sides=Sides(PARTY._replace(name={"kk": "М", "ru": "М", "en": "Us"}), PARTY))


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "Service owner Operator Name Us North JSC BIN 990140001233 990140001233 "
               "Contract No. 17/2026 of 2026-01-15"),
        ("ru", "Владелец сервиса Оператор Наименование М АО «Север» БИН 990140001233 "
               "990140001233 Договор № 17/2026 от 15.01.2026"),
        ("kk", "Сервис иесі Оператор Атауы М «Солтүстік» АҚ БСН 990140001233 990140001233 "
               "Шарт № 17/2026, 15.01.2026"),
        ("en", "For the operator North JSC Director position A. Sample name signature date Seal"),
    ],
)  # fmt: skip
def test_both_sides_stand_with_their_legal_names(language: str, told: str) -> None:
    assert told in shown(NAMED, language)
    assert "blank" not in page(NAMED, language).split("</style>")[1]


def test_what_is_not_known_of_a_side_is_a_line() -> None:
    unknown = page(FULL).split("</style>")[1]
    assert unknown.count('class="blank"') == 5  # two names, two BIN, the contract
    undated = FULL._replace(sides=Sides(None, PARTY._replace(contract_date=None, signatory=None)))
    assert "Contract No. 17/2026 Summary" not in shown(undated)
    assert "Contract No. 17/2026 The month" in shown(undated)
    assert "Director position name signature" in shown(undated)


def test_late_rows_stand_with_their_true_days() -> None:
    summary = FULL.reconciled
    assert summary is not None
    late = (LateLine(20261003, 1, 1500, None), LateLine(20261012, 2, 3000, None))
    text = shown(FULL._replace(reconciled=Summary(**{**_fields(summary), "late": late})))
    assert "Late rows of earlier months" in text
    assert "2026-10-03 1 15.00 – 2026-10-12 2 30.00 – In all 3 45.00 –" in text
    assert "Late rows" not in shown()


def test_a_draft_says_when_the_month_closes() -> None:
    assert "Draft. The month closes on 2026-12-11" in shown(draft=True)
    assert "Draft" not in shown()


def test_the_same_figures_make_the_same_page() -> None:
    assert page() == page()


def test_an_act_of_nothing_says_so() -> None:
    text = shown(EMPTY)
    assert text.count("There are no such rows in this month.") == 4
    assert "No file of the operator comes with this act." in text
    assert "Calls" not in text
    assert "<svg" not in page(EMPTY)


def test_only_so_many_rows_stand_in_the_page_and_it_says_where_the_rest_is() -> None:
    rows = tuple(ROW._replace(question_id=n) for n in range(CARRIED_SHOWN_MAX + 5))
    long = FULL._replace(carried=rows, carried_count=len(rows))
    assert page(long).count("2026-10-20") == CARRIED_SHOWN_MAX
    assert "The first 200 are shown; the JSON form has all rows." in shown(long)


def test_what_comes_from_outside_is_text() -> None:
    evil = "<script>alert(1)</script>"
    summary = FULL.reconciled
    assert summary is not None
    hostile = FULL._replace(
        operator=evil,
        calls=(FULL.calls[0]._replace(payer=evil),),
        carried=(ROW._replace(reason=evil),),
        reasons=(Reason("credited", evil, 1, -1),),
        reconciled=Summary(**{**_fields(summary), "file": evil, "band": evil}),
    )
    html = page(hostile)
    assert "<script" not in html
    assert html.count("&lt;script&gt;") >= 6


def _fields(summary: Summary) -> dict[str, Any]:
    return {name: getattr(summary, name) for name in summary.__struct_fields__}


def test_a_page_needs_nothing_beside_it() -> None:
    links = re.findall(r"""(?:src|href|url\()\s*=?\s*["']?([^"'\s)>]+)""", page())
    assert links == []


# -- charts


@pytest.mark.parametrize("language", config.LANGUAGES)
def test_a_chart_is_xml_with_a_bar_for_each_value(language: str) -> None:
    values = [(f"a&b<{n}>", n * 1000) for n in range(12)]
    for chart in (upright("t & t", values), lying("t & t", values)):
        root = fromstring(svg(chart, words(language)))
        assert len(root.findall(f"{SVG}rect")) == 12
        assert root.findtext(f"{SVG}title") == "t & t"
        bars = [rect.findtext(f"{SVG}title") for rect in root.findall(f"{SVG}rect")]
        assert bars[1] == f"a&b<1>: {words(language).count(1000)}"


def test_a_chart_below_its_heading_has_no_title_of_its_own() -> None:
    chart = upright("Questions", [("1", 1)])
    assert svg(chart, words()).count("Questions") == 2
    assert svg(chart, words(), head=0).count("Questions") == 1


# -- PDF


def inflated(pdf: bytes) -> bytes:
    """Its compressed objects, in the clear."""
    streams = re.findall(rb"stream\n(.*?)\nendstream", pdf, re.DOTALL)
    return b"".join(zlib.decompress(each) for each in streams if each.startswith(b"x\xda"))


@pytest.mark.parametrize("language", config.LANGUAGES)
def test_a_pdf_of_the_same_page_has_the_same_octets(language: str) -> None:
    made = pdf_of(page(language=language))
    assert made.startswith(b"%PDF-")
    assert b"DejaVu" in inflated(made)  # has the letters of Kazakh, and stands in the file
    assert pdf_of(page(language=language)) == made


def test_a_pdf_fetches_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    picture = tmp_path / "secret.png"
    picture.write_bytes(b"x")
    pdf_of(f'<img src="file://{picture}"><img src="http://192.0.2.1/a.png">')
    refused = [
        each.getMessage() for each in caplog.records if "disallowed protocol" in each.getMessage()
    ]
    assert len(refused) == 2


def test_dates_of_booking_are_days_in_kazakhstan() -> None:
    """02:00 in Kazakhstan is the day before in UTC."""
    assert date(2026, 11, 5).isoformat() in shown(FULL._replace(carried=(ROW,)))
