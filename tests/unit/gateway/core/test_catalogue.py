from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.catalogue import Catalogue, body_name, long_date
from tests.support.wording import body, sms

RULES: dict[str, Any] = {
    "languages": ["kk", "ru"],
    "sms": {
        "file": "replies/{language}.toml",
        "units_max": 70,
        "short_dates": ["from"],
        "worst": {"n": 7, "due": 8, "from": 5, "body": 16, "k": 2, "status": 9},
        "texts": {
            "a": {"review": {"names": ["n", "body", "due"]}, "half": {"names": ["k", "from"]}},
            "word": {"names": ["status"]},
        },
    },
}
KK = {
    "a": {"review": "{n}: қаралуда. {body}. {due}", "half": "50% {k} {from} {{}}"},
    "word": "күйі: {status}",
}
RU = {
    "a": {"review": "{n}: {body}, до {due}", "half": "{from} скидка 50%: {k}"},
    "word": "{status}",
}


def catalogue(kk: dict[str, Any] = KK, ru: dict[str, Any] = RU) -> Catalogue:
    return Catalogue.from_tables(RULES, "sms", {"kk": kk, "ru": ru})


def test_a_text_is_filled_in_by_language() -> None:
    values = {"n": "*5678", "body": body(), "due": date(2026, 12, 5)}
    assert (
        catalogue().text("a.review", "kk", values) == "*5678: қаралуда. Алматы әкімдігі. 05.12.26"
    )
    assert catalogue().text("a.review", "ru", values) == "*5678: Акимат Алматы, до 05.12.26"


def test_percent_signs_and_doubled_braces_stay_as_written() -> None:
    values = {"k": 3, "from": date(2026, 1, 9)}
    assert catalogue().text("a.half", "kk", values) == "50% 3 09.01 {}"
    assert catalogue().text("a.half", "ru", values) == "09.01 скидка 50%: 3"


def test_a_short_date_given_as_text_is_shown_as_it_is() -> None:
    assert catalogue().text("a.half", "kk", {"k": "3", "from": "9 қаң"}) == "50% 3 9 қаң {}"


def test_a_word_is_taken_in_the_language_of_the_text() -> None:
    values = {"status": {"kk": "сотта", "ru": "в суде"}}
    assert catalogue().text("word", "kk", values) == "күйі: сотта"
    assert catalogue().text("word", "ru", values) == "в суде"


def test_a_template_is_given_as_its_file_has_it() -> None:
    assert catalogue().template("a.half", "kk") == "50% {k} {from} {{}}"


def test_ids_and_names_are_those_declared() -> None:
    assert set(catalogue()) == {"a.review", "a.half", "word"}
    assert "word" in catalogue()
    assert "a.other" not in catalogue()
    assert catalogue().names("a.review") == {"n", "body", "due"}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda c: c.text("a.other", "kk", {}), "no text a.other in replies/kk.toml"),
        (lambda c: c.text("word", "en", {}), "no text word in replies/en.toml"),
        (lambda c: c.template("a.other", "ru"), "no text a.other in replies/ru.toml"),
        (lambda c: c.text("word", "kk", {}), r"text word \(kk\) needs a value for 'status'"),
        (lambda c: c.names("a.other"), "no text a.other in config/catalogue.toml"),
    ],
)
def test_a_mistake_of_the_caller_is_named(call: Any, message: str) -> None:
    with pytest.raises(KeyError, match=message):
        call(catalogue())


def test_a_value_that_no_text_can_show_is_refused() -> None:
    with pytest.raises(TypeError, match="cannot show a NoneType"):
        catalogue().text("word", "kk", {"status": None})


@pytest.mark.parametrize(
    ("changes", "language", "name"),
    [
        ({}, "ru", "Акимат Алматы"),
        ({"sms_name": {"ru": "Акимат Алматы"}}, "kk", "Акимат Алматы"),
        ({"sms_name": {"ru": "", "kk": "Алматы әкімдігі"}}, "ru", "Алматы әкімдігі"),
        ({"sms_name": {}}, "ru", "Almaty"),
        (
            {"sms_name": {}, "region": "", "name": {"ru": "Акимат города Алматы"}},
            "ru",
            "Акимат города Ал",
        ),
        ({"sms_name": {}, "region": "", "name": {}}, "ru", "almaty-akimat"),
        ({"sms_name": {"ru": "Департамент поли ции"}}, "ru", "Департамент поли"),
        ({"sms_name": {"ru": "Департамент зем ресурсов"}}, "ru", "Департамент зем"),
    ],
)
def test_a_body_is_named_in_at_most_16_letters(
    changes: dict[str, Any], language: str, name: str
) -> None:
    assert body_name(body(**changes), language) == name


@given(st.dictionaries(st.sampled_from(["kk", "ru", "en"]), st.text()), st.text())
def test_a_body_always_has_a_name_that_fits(sms_name: dict[str, str], region: str) -> None:
    name = body_name(body(sms_name=sms_name, region=region), "kk")
    assert len(name) <= 16


@given(st.dates(min_value=date(1990, 1, 1), max_value=date(2089, 12, 31)))
def test_a_date_is_read_back_from_its_form(day: date) -> None:
    shown = long_date(day)
    century = 1900 if day.year < 2000 else 2000
    read = datetime.strptime(shown[:6] + str(century + int(shown[6:])), "%d.%m.%Y")  # noqa: DTZ007 - a civil date
    assert len(shown) == 8
    assert read.date() == day


def test_the_shipped_catalogue_tells_the_commonest_reply() -> None:
    values = {"n": "*5678", "body": body(), "due": date(2026, 12, 15)}
    shown = "*5678: қаралуда. Алматы әкімдігі. Жауап мерзімі 15.12.26"
    assert sms().text("appeal.in_review", "kk", values) == shown


def test_a_complete_catalogue_has_no_problems() -> None:
    assert catalogue().check() == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "braces hold one name, as in {due}"),
        ("{status!r}", "cannot fill in {status}; braces hold one name, as in {due}"),
        ("{status:>9}", "cannot fill in {status}; braces hold one name, as in {due}"),
        ("{}", "cannot fill in {}; braces hold one name, as in {due}"),
        ("{status.real}", "cannot fill in {status.real}; braces hold one name, as in {due}"),
        (" ", "write a text in quotes, not ' '"),
        (7, "write a text in quotes, not 7"),
    ],
)
def test_a_text_that_cannot_be_read_is_a_problem_with_a_remedy(text: object, problem: str) -> None:
    problems = catalogue(kk={**KK, "word": text}).check()
    assert problems[0].startswith("replies/kk.toml: word: ")
    assert problems[0].endswith(problem)
    assert problems[1].startswith("replies/kk.toml: word: missing; ")


def test_a_missing_and_an_undeclared_text_are_problems() -> None:
    assert catalogue(ru={"a": RU["a"], "wrod": "{status}"}).check() == [
        "replies/ru.toml: word: missing; write it, or take it out of config/catalogue.toml",
        "replies/ru.toml: wrod: not declared; add it to config/catalogue.toml or remove it",
    ]


def test_a_missing_language_is_a_problem_for_each_text() -> None:
    problems = Catalogue.from_tables(RULES, "sms", {"kk": KK}).check()
    assert [problem.partition(":")[0] for problem in problems] == ["replies/ru.toml"] * 3


def test_a_text_that_breaks_the_rules_is_a_problem() -> None:
    assert catalogue(ru={**RU, "word": "{status} {due}"}).check() == [
        "replies/ru.toml: word: holds {due}, which is not declared for it in config/catalogue.toml"
    ]
