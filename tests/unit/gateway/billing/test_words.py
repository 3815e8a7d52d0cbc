from __future__ import annotations

import string
from datetime import date
from typing import Any

import pytest

from gateway import config
from gateway.billing.act import DECISION, UNANSWERED
from gateway.billing.months import Month
from gateway.billing.reconcile.records import Cause, Class
from gateway.billing.reconcile.summary import Band
from gateway.billing.reports import BYS, MEASURES
from gateway.billing.words import GROUPS, Words, WordsError
from gateway.core.cdr import EntryKind
from gateway.core.results import Result
from gateway.core.tariff import FREE_NUMBER
from gateway.core.tariff_failed import Failure
from gateway.core.tariff_rules import CHANNELS

TABLES = {code: config.table(f"act/{code}.toml") for code in config.LANGUAGES}
CODES = {
    "results": {*map(str, Result), UNANSWERED},
    "reasons": {FREE_NUMBER, DECISION, *map(str, Failure)},
    "kinds": set(map(str, EntryKind)),
    "channels": {*CHANNELS, "call"},
    "outcomes": {
        "waiting", "submitted", "submitted-after-resend", "failed", "unknown", "delivered",
        "undelivered", "expired",
    },
    "classes": set(map(str, Class)),
    "bands": set(map(str, Band)),
    "causes": set(map(str, Cause)) - {""},
    "measures": set(MEASURES),
    "by": set(BYS),
}  # fmt: skip


def words(language: str = "en") -> Words:
    return Words.from_table(language, TABLES[language])


@pytest.mark.parametrize("language", config.LANGUAGES)
def test_every_code_of_the_ledger_has_its_word(language: str) -> None:
    assert set(CODES) == set(GROUPS)
    for group, codes in CODES.items():
        assert set(TABLES[language][group]) == codes, group
        assert all(words(language).name(group, code).strip() for code in codes)


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", config.LANGUAGES)
def test_the_sentences_of_all_languages_name_the_same_facts(language: str) -> None:
    russian: dict[str, str] = TABLES["ru"]["text"]
    here: dict[str, str] = TABLES[language]["text"]
    assert set(here) == set(russian)
    assert {key: fields(text) for key, text in here.items()} == {
        key: fields(text) for key, text in russian.items()
    }


def test_kazakh_is_written_with_its_own_letters() -> None:
    letters = set("".join(TABLES["kk"]["text"].values()))
    assert set("әғқңөұүі") <= letters
    assert not set("ыэщ") & set("".join(TABLES["en"]["text"].values()))


@pytest.mark.parametrize(
    ("language", "tiyn", "shown"),
    [
        ("ru", 123_456_789, "1\u00a0234\u00a0567,89"),
        ("kk", -1500, "−15,00"),
        ("en", -123_456_705, "−1,234,567.05"),
        ("en", 0, "0.00"),
        ("en", -5, "−0.05"),
        ("en", None, "–"),
    ],
)
def test_money_is_shown_in_tenge_with_two_decimals(
    language: str, tiyn: int | None, shown: str
) -> None:
    assert words(language).money(tiyn) == shown


def test_rates_and_dates_are_written_as_the_language_does() -> None:
    assert words("ru").percent(1600) == "16\u00a0%"
    assert words("ru").percent(37) == "0,37\u00a0%"
    assert words("ru").month(Month(2026, 11)) == "ноябрь 2026 года"
    assert words("kk").month(Month(2026, 1)) == "2026 жылғы қаңтар"
    assert words("kk").day(20261101) == "01.11.2026"
    assert words("en").date(date(2026, 11, 1)) == "2026-11-01"


def test_a_code_without_a_word_is_shown_as_it_is() -> None:
    assert words().name("causes", "sunspots") == "sunspots"


def broken(**changes: Any) -> dict[str, Any]:
    return TABLES["en"] | changes


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (broken(text=1), r"act/en.toml: the table \[text\] is missing"),
        (broken(causes=None), r"the table \[causes\] is missing"),
        (broken(bands={"accept": 1}), r"\[bands\] accept must be a text"),
        (broken(months={"names": ["January"]}), "twelve names"),
        (broken(months=None), "twelve names"),
    ],
)
def test_a_file_of_words_that_cannot_be_used_is_told(table: dict[str, Any], told: str) -> None:
    with pytest.raises(WordsError, match=told):
        Words.from_table("en", table)


@pytest.mark.parametrize(
    ("text", "told"), [({}, "kept is missing"), ({"kept": "{sum}"}, "kept is missing or names")]
)
def test_a_sentence_that_is_missing_is_told_by_its_key(text: dict[str, str], told: str) -> None:
    with pytest.raises(WordsError, match=told):
        Words.from_table("en", broken(text=text)).text("kept")
