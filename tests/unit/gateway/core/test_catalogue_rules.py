from __future__ import annotations

from typing import Any

import pytest

from gateway.core.catalogue_rules import Form, read_rules

TABLE: dict[str, Any] = {
    "languages": ["kk", "en"],
    "forbidden": [{"pattern": "(?i)www", "why": "no links"}],
    "sms": {
        "file": "replies/{language}.toml",
        "units_max": 20,
        "gsm7": ["en"],
        "short_dates": ["from"],
        "worst": {"n": 7, "due": 8},
        "texts": {"gen": {"due": {"names": ["n", "due"], "note": "a note"}}, "ok": {"names": []}},
    },
    "voice": {
        "file": "voice/{language}.toml",
        "forms": {"gen": {"of": ["due"], "languages": ["en"]}},
        "texts": {"due": {"names": ["due"]}},
    },
}


def check(
    text_id: str, language: str, source: str, fields: tuple[str, ...] = (), channel: str = "sms"
) -> list[str]:
    problems: list[str] = []
    rules = read_rules(TABLE, channel, problems)
    assert problems == []
    return list(rules.check(text_id, language, source, fields))


def test_rules_are_read_by_channel() -> None:
    sms = read_rules(TABLE, "sms", [])
    voice = read_rules(TABLE, "voice", [])
    assert sms.languages == ("kk", "en")
    assert sms.file_of("kk") == "replies/kk.toml"
    assert (sms.units_max, voice.units_max) == (20, 0)
    assert sms.names == {"gen.due": {"n", "due"}, "ok": set()}
    assert voice.forms == {"gen": Form(("due",), ("en",))}


@pytest.mark.parametrize(
    ("language", "source", "fields", "problems"),
    [
        ("kk", "{n}: {due}", ("n", "due"), []),
        (
            "kk",
            "{n}: {sum}",
            ("n", "sum"),
            [
                "holds {sum}, which is not declared for it in config/catalogue.toml",
                "lacks {due}, which config/catalogue.toml declares for it",
            ],
        ),
        ("kk", "{n}{due}Www.", ("n", "due"), ["holds 'Www': no links"]),
        (
            "kk",
            "{n}: {due}: мерзімі",
            ("n", "due"),
            ["26 units at the greatest lengths, 20 fit: shorten it"],
        ),
        (
            "kk",
            "{n}{due}🙏🙏🙏",
            ("n", "due"),
            ["21 units at the greatest lengths, 20 fit: shorten it"],
        ),
        (
            "en",
            "{n}: {due} №",
            ("n", "due"),
            ["holds '№', not in the GSM 7-bit alphabet: write it otherwise"],
        ),
    ],
)
def test_a_text_is_held_against_its_rules(
    language: str, source: str, fields: tuple[str, ...], problems: list[str]
) -> None:
    assert check("gen.due", language, source, fields) == problems


@pytest.mark.parametrize(
    ("language", "field", "problems"),
    [
        ("kk", "due", []),
        ("en", "due_gen", []),
        ("kk", "due_gen", ["holds {due_gen}, a form that kk does not have: write {due}"]),
        (
            "en",
            "due_acc",
            [
                "holds {due_acc}, which is not declared for it in config/catalogue.toml",
                "lacks {due}, which config/catalogue.toml declares for it",
            ],
        ),
        (
            "en",
            "n_gen",
            [
                "holds {n_gen}, which is not declared for it in config/catalogue.toml",
                "lacks {due}, which config/catalogue.toml declares for it",
            ],
        ),
    ],
)
def test_a_spoken_form_counts_as_its_name(language: str, field: str, problems: list[str]) -> None:
    assert check("due", language, f"{{{field}}}", (field,), channel="voice") == problems


def test_spoken_texts_may_be_of_any_length() -> None:
    assert check("due", "kk", "{due}" + "х" * 500, ("due",), channel="voice") == []


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"langauges": []}, "langauges: unknown key; did you mean languages?"),
        ({"forbidden": "www"}, "forbidden: write it as [[forbidden]] tables"),
        (
            {"forbidden": [{"pattern": "(", "why": "x"}]},
            "forbidden[0]: '(' is no regular expression: ",
        ),
        ({"sms": {**TABLE["sms"], "units_max": 0}}, "sms.units_max: write a whole number above 0"),
        (
            {"sms": {**TABLE["sms"], "unit_max": 1}},
            "sms.unit_max: unknown key; did you mean units_max?",
        ),
        (
            {"sms": {**TABLE["sms"], "texts": {"a": {"names": ["sum"]}}}},
            "sms.texts.a: give sum a greatest length in sms.worst",
        ),
        (
            {"sms": {**TABLE["sms"], "texts": {"a": {"nmaes": ["n"]}}}},
            "sms.texts.a.nmaes: unknown key; known: names, note",
        ),
        (
            {"sms": {**TABLE["sms"], "forms": {"gen": {"langs": ["ru"]}}}},
            "sms.forms.gen.langs: unknown key; did you mean languages?",
        ),
    ],
)
def test_what_is_wrong_with_the_rules_is_told(changes: dict[str, Any], problem: str) -> None:
    problems: list[str] = []
    read_rules({**TABLE, **changes}, "sms", problems)
    assert problems[0].startswith(f"config/catalogue.toml: {problem}")


@pytest.mark.parametrize(
    ("texts", "wrong"),
    [
        ({"gen": {"due": {"names": ["n", "due"]}, "due_law": {"names": ["due", "n"]}}}, []),
        ({"gen": {"due": {"names": ["n", "due"]}, "due_law": {"names": ["n"]}}}, ["gen.due_law"]),
        ({"gen": {"due_law": {"names": ["n", "due"]}}}, ["gen.due_law"]),
        ({"ok": {"names": ["n"]}, "ok_law": {"names": ["n"]}}, ["ok_law"]),
    ],
)
def test_a_text_by_law_has_the_names_of_its_twin_and_a_due_date(
    texts: dict[str, Any], wrong: list[str]
) -> None:
    problems: list[str] = []
    read_rules({**TABLE, "sms": {**TABLE["sms"], "texts": texts}}, "sms", problems)
    assert problems == [
        f"config/catalogue.toml: sms.texts.{text_id}: give it the names of the text without _law"
        for text_id in wrong
    ]
