from __future__ import annotations

from typing import Any

import pytest

from gateway.core.statuses import Statuses
from tests.support.wording import sms, statuses, table, voice


def problems(change: dict[str, Any]) -> list[str]:
    """The problems of the shipped file with some rows changed; None takes a key away."""
    return Statuses.from_table(merged(table("statuses.toml"), change), sms(), voice()).check()


def merged(base: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for key, value in change.items():
        if value is None:
            result.pop(key)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merged(result[key], value)
        else:
            result[key] = value
    return result


NEW_ROW = {"kk": "Жаңа", "ru": "Новый", "en": "New"}


def test_the_shipped_file_has_no_problems() -> None:
    assert statuses().check() == []


@pytest.mark.parametrize(
    ("kind", "final"),
    [
        ("crime_report", {"no_offence", "administrative", "closed", "court"}),
        ("investigation", {"no_offence", "administrative", "closed", "court"}),
        ("inspection", {"refused", "cancelled", "finished"}),
        ("fine", {"paid", "cancelled"}),
        ("service_request", {"done", "not_possible"}),
        ("support", {"closed"}),
        ("escalation", {"checked"}),
        (
            "appeal",
            {
                *("satisfied", "partly", "refused", "explained", "noted", "terminated", "left"),
                *("returned", "withdrawn", "joined", "court_decided"),
            },
        ),
    ],
)
def test_final_statuses_are_those_ruled(kind: str, final: set[str]) -> None:
    codes = {row.code for row in statuses().kinds[kind].rows.values()}
    assert {code for code in codes if statuses().is_final(kind, code)} == final


@pytest.mark.parametrize("status", ["suspended", "objected", "hearing", "in_court", "satisfied"])
def test_no_term_runs_in_a_resting_or_final_status(status: str) -> None:
    assert not statuses().can_be_overdue("appeal", status)


@pytest.mark.parametrize("status", ["registered", "forwarded", "in_review", "extended"])
def test_a_term_runs_in_an_open_status(status: str) -> None:
    assert statuses().can_be_overdue("appeal", status)


def test_a_name_is_given_by_language() -> None:
    assert statuses().name("fine", "half", "ru") == "Действует скидка 50%"
    assert statuses().name("investigation", "checking", "kk") == "Тексерілуде"


def test_a_source_s_word_for_a_status_is_the_status() -> None:
    assert statuses().row("fine", "imposed").code == "unpaid"
    assert statuses().row("inspection", "rejected_ersop").code == "refused"


def test_inside_a_sentence_a_name_begins_small_unless_an_acronym_does() -> None:
    change = {"support": {"status": {"new": {**NEW_ROW, "ru": "СДТБТ нөмірі", "kk": "ЕРДР"}}}}
    read = Statuses.from_table(merged(table("statuses.toml"), change), sms(), voice())
    assert statuses().row("appeal", "in_review").inline["ru"] == "на рассмотрении"
    assert read.row("support", "new").inline == {"kk": "ЕРДР", "ru": "СДТБТ нөмірі", "en": "new"}


def test_a_new_status_is_a_row_and_is_told_by_its_name() -> None:
    change = {"support": {"status": {"new": NEW_ROW}}}
    read = Statuses.from_table(merged(table("statuses.toml"), change), sms(), voice())
    row = read.row("support", "new")
    assert read.check() == []
    assert (row.final, row.clock, row.archived) == (False, True, False)
    assert row.texts.sms[0].text_id == "gen.status_due"
    assert row.texts.voice[-1].text_id == "status_only"


def test_a_text_knows_its_twin_for_a_due_date_by_law() -> None:
    first, *_ = statuses().row("appeal", "in_review").texts.sms
    assert (first.text_id, first.by_law) == ("appeal.in_review", "appeal.in_review_law")
    assert statuses().row("appeal", "suspended").texts.sms[0].by_law is None


@pytest.mark.parametrize(
    ("kind", "status", "tells"),
    [
        ("appeal", "in_review", True),
        ("appeal", "objected", True),  # no clock, but its text has a date
        ("crime_report", "opened", True),
        ("appeal", "in_court", False),
        ("appeal", "satisfied", False),
    ],
)
def test_a_status_tells_whether_a_due_date_matters(kind: str, status: str, tells: bool) -> None:
    assert statuses().row(kind, status).tells_due is tells


def test_a_kind_names_the_status_of_what_was_passed_on() -> None:
    assert statuses().kinds["service_request"].watched == statuses().row(
        "service_request", "controlled"
    )
    assert statuses().kinds["appeal"].watched is None


def test_kinds_alike_share_their_statuses() -> None:
    assert statuses().kinds["investigation"] is statuses().kinds["crime_report"]


@pytest.mark.parametrize(("kind", "status"), [("appeal", "sold"), ("tax", "registered")])
def test_an_unknown_status_is_named(kind: str, status: str) -> None:
    with pytest.raises(KeyError, match=f"no status {status} of {kind} in config/statuses.toml"):
        statuses().row(kind, status)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            {"support": {"status": {"open": {"fianl": True}}}},
            "support.status.open.fianl: unknown key; did you mean final?",
        ),
        (
            {"support": {"status": {"open": {"en": None}}}},
            "support.status.open.en: write a text in quotes",
        ),
        (
            {"support": {"status": {"open": {"en": "x" * 38}}}},
            "support.status.open.en: 38 letters, 37 fit: shorten it",
        ),
        (
            {"support": {"status": {"open": {"sms": "support.opne"}}}},
            "support.status.open.sms: no sms text 'support.opne'",
        ),
        (
            {"support": {"status": {"open": {"special": {"several": {"voice": "x"}}}}}},
            "support.status.open.special.several.voice: no voice text 'x'",
        ),
        (
            {"support": {"status": {"open": {"special": {"server": {}}}}}},
            "support.status.open.special.server: unknown key; did you mean several?",
        ),
        (
            {"support": {"status": {"open": {"aliases": ["closed"]}}}},
            "support.status.closed: 'closed' is used twice: keep one",
        ),
        ({"support": {"watched": "late"}}, "support.watched: support has no status 'late'"),
        ({"support": {"overdue": "late"}}, "support.overdue: support has no status 'late'"),
        (
            {"support": {"overdue": "open"}},
            "support.status.open: set past_due = true: a date has passed",
        ),
        (
            {"support": {"status": None, "overdue": None}},
            "support: give it statuses: [support.status.<code>]",
        ),
        (
            {"support": {"unverifeid": {}}},
            "support.unverifeid: unknown key; did you mean unverified?",
        ),
        (
            {"fine": {"unverified_sum": {"sms": "fine.paid"}}},
            "fine.unverified_sum.sms: name a text that needs no value",
        ),
        (
            {"fine": {"unverified_sum": {"voice": None}}},
            "fine.unverified_sum.voice: name a text that needs no value",
        ),
        (
            {"investigation": {"same_as": "crime"}},
            "investigation.same_as: 'crime' is no kind with its own statuses",
        ),
        (
            {"investigation": {"overdue": "overdue"}},
            "investigation.overdue: unknown key; known: ['same_as']",
        ),
        (
            {"general": {"open": {"sms": "gen.status_due"}}},
            "general.open.sms: end it with a text that needs no date, body or sum",
        ),
        (
            {"general": {"unknown": {"voice": None}}},
            "general.unknown.voice: name a text that needs no value",
        ),
        (
            {"general": {"secret": {"sms": "gen.status_plain"}}},
            "general.secret.sms: name a text that needs no value",
        ),
        ({"general": {"odl": {}}}, "general.odl: unknown key; did you mean old?"),
    ],
)
def test_what_is_wrong_is_told_with_its_remedy(change: dict[str, Any], problem: str) -> None:
    assert problems(change) == [f"config/statuses.toml: {problem}"]
