"""The shipped texts, counted apart from the code that checks them at start."""

from __future__ import annotations

import re
from datetime import date, timedelta
from string import Formatter
from typing import Any

import pytest

from gateway.core.catalogue import Catalogue
from gateway.core.segments import GSM7_BASIC, GSM7_EXTENSION
from gateway.core.telling import Chosen, Said
from lookup.status import FineFacts, InspectionFacts, PassedOn, TermFacts, TicketRecord
from tests.support.wording import (
    LANGUAGES,
    NOW_US,
    TODAY,
    body,
    sms,
    statuses,
    table,
    telling,
    ticket,
    voice,
)


def choose(record: TicketRecord, *, verified: bool = True) -> Chosen:
    return telling().choose(record, today=TODAY, now_us=NOW_US, verified=verified)


def words(
    record: TicketRecord, language: str, *, verified: bool = True, as_read: str | None = None
) -> Said:
    return telling().words(
        record,
        language,
        today=TODAY,
        now_us=NOW_US,
        verified=verified,
        as_read=as_read,
        tail_signs=6,
    )


SMS_IDS = sorted(sms())
VOICE_IDS = sorted(voice())
FORM = re.compile(r"_(gen|acc|abl|dat|times|words)$")
FORM_KK = re.compile(r"_(abl|dat)$")  # of hours alone
LINK = re.compile(r"(?i)http|www|://|\.kz|\.com|@")
BLAME = re.compile(r"(?i)уважаем|құрметті|\bdear\b|извин|сожал|кешір|sorry|apolog")
VERDICT = re.compile("[Зз]аңсыз|[Нн]езаконн|[Ii]llegal")


def holes(text: str) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(text) if name]


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def is_one_part(text: str) -> bool:
    septets = sum(2 if sign in GSM7_EXTENSION else 1 for sign in text)
    gsm7 = set(text) <= set(GSM7_BASIC + GSM7_EXTENSION)
    return (gsm7 and septets <= 160) or units(text) <= 70


@pytest.mark.parametrize("catalogue", [sms(), voice()], ids=["sms", "voice"])
def test_the_files_have_no_problems(catalogue: Catalogue) -> None:
    assert catalogue.languages == LANGUAGES
    assert catalogue.check() == []


@pytest.mark.parametrize("text_id", SMS_IDS)
def test_a_reply_has_the_same_holes_in_each_language(text_id: str) -> None:
    found = {language: set(holes(sms().template(text_id, language))) for language in LANGUAGES}
    assert found["kk"] == found["ru"] == found["en"] == sms().names(text_id)


@pytest.mark.parametrize("text_id", VOICE_IDS)
def test_a_spoken_text_has_the_same_holes_but_for_grammar(text_id: str) -> None:
    for language in LANGUAGES:
        names = holes(voice().template(text_id, language))
        assert {FORM.sub("", name) for name in names} == voice().names(text_id)
        if language == "kk":
            assert not [n for n in names if FORM.search(n) and not FORM_KK.search(n)]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text_id", SMS_IDS)
def test_a_reply_fits_one_part_at_its_longest(text_id: str, language: str) -> None:
    template = sms().template(text_id, language)
    longest = template.format(**{name: "9" * sms().worst[name] for name in holes(template)})
    assert units(longest) <= 70
    if language == "en":
        assert set(longest) <= set(GSM7_BASIC + GSM7_EXTENSION)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_holds_a_link_a_verdict_or_an_apology(language: str) -> None:
    for catalogue in (sms(), voice()):
        for text_id in catalogue:
            text = catalogue.template(text_id, language)
            for pattern in (LINK, BLAME, VERDICT):
                assert not pattern.search(text), f"{text_id}: {text}"


def test_keywords_told_to_reply_with_are_those_understood() -> None:
    told = {
        (text_id, word)
        for text_id in sms()
        for language in LANGUAGES
        for word in re.findall(r"[А-ЯӘҒҚҢӨҰҮҺІ]{4,}|[A-Z]{4,}", sms().template(text_id, language))
    }
    assert {word for _, word in told} == {
        *("ШАҒЫМ", "ЖАЛОБА", "DISAGREE", "ЗАҢСЫЗ", "НЕЗАКОННО", "ILLEGAL", "СТОП", "STOP"),
    }


# Longest values a ticket may have; a tail of six signs.
LONG_BODY = body(sms_name=dict.fromkeys(("kk", "ru"), "Ж" * 16) | {"en": "W" * 16})
FINE = FineFacts(
    amount=9_999_999,
    half_until=TODAY,
    pay_by=TODAY,
    paid_on=TODAY - timedelta(days=1),
    bailiff_since=TODAY,
)
ACT = InspectionFacts(TODAY, date(2026, 12, 15), date(2026, 12, 30), date(2026, 12, 31))
LONGEST: dict[str, Any] = {
    "number": "1" * 21,
    "body": LONG_BODY,
    "forward_count": 99,
    "joined_to": "1" * 21,
    "fine": FINE,
    "inspection": ACT,
}
CASES: dict[str, dict[str, Any]] = {
    "plain": {"forward_count": 0},
    "circulating": {},
    "many bodies": {"forward_count": 0, "other_bodies": 98},
    "overdue": {"due_on": TODAY - timedelta(days=999)},
    "not paid": {"fine": FINE._replace(paid_on=None, bailiff_since=None)},
    "half over": {"fine": FineFacts(amount=9_999_999, pay_by=TODAY)},
    "part paid": {"fine": FineFacts(amount=9_999_999, paid_amount=1, pay_by=TODAY)},
    "late": {"fine": FineFacts(amount=9_999_999, pay_by=TODAY - timedelta(days=1))},
    "past its end": {"inspection": ACT._replace(extended_to=TODAY - timedelta(days=1))},
    "video": {"intake": "video", "answer_via": "visit"},
    "not connected": {"body": LONG_BODY._replace(connected=False)},
    "hearing ahead": {"status_on": TODAY + timedelta(days=1)},
    "no due date": {"due_on": None},
    "old": {"status_on": date(2020, 12, 31)},
    "no report of an act": {"inspection": None},
    "nothing known": {
        "body": None,
        "status_on": None,
        "created_on": None,
        "first_filed_on": None,
        "due_on": None,
        "joined_to": None,
        "fine": None,
        "inspection": None,
    },
}
COMPUTED = ("plain", "circulating", "many bodies", "overdue")
CASES |= {f"{name}, by law": {**CASES[name], "due_basis": "computed"} for name in COMPUTED}
CASES |= {
    "owed by law": {"fine": FineFacts(amount=9_999_999), "due_basis": "computed"},
    "part paid, by law": {
        "fine": FineFacts(amount=9_999_999, paid_amount=1),
        "due_basis": "computed",
    },
    "over by the hour": {"due_on": None, "term": TermFacts(NOW_US - 25 * 3_600_000_000)},
    "passed on": {"passed_to": PassedOn("appeal", "1" * 18, "in_review", TODAY, LONG_BODY)},
    "passed on, by law": {
        "passed_to": PassedOn("appeal", "1" * 18, "in_review", None, LONG_BODY),
        "due_basis": "computed",
    },
    "answered there": {"passed_to": PassedOn("appeal", "1" * 18, "left", None, LONG_BODY)},
    "contradicted": {"conflict": "closed_but_open"},
}
AGED = {"as_of_us": NOW_US - 30 * 86_400_000_000}  # then a text may give way to a shorter one
EACH = [(kind, row.code) for kind, each in statuses().kinds.items() for row in each.rows.values()]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("kind", "status"), sorted(set(EACH)))
def test_each_status_is_told_in_one_part_in_each_language(
    kind: str, status: str, language: str
) -> None:
    for changes in (*CASES.values(), *({**each, **AGED} for each in CASES.values())):
        record = ticket(kind, status, **{**LONGEST, **changes})
        for verified in (True, False):
            for as_read in (None, record.number):
                said = words(record, language, verified=verified, as_read=as_read)
                assert is_one_part(said.text), said
                assert not re.search(r"None|[{}]|  |\.\.|: \.", said.text), said


def test_at_the_longest_values_no_status_gives_way_to_a_shorter_text() -> None:
    """Shorter texts are for values beyond the limits, not for those within."""
    for kind, status in sorted(set(EACH)):
        for changes in CASES.values():
            record = ticket(kind, status, **{**LONGEST, **changes})
            if kind == "escalation":
                record = record._replace(number="10000012")  # always 8 digits
            chosen = choose(record)
            for language in LANGUAGES:
                said = words(record, language)
                assert said.text_id == chosen.text_id


def test_every_reply_to_a_ticket_can_be_reached() -> None:
    """A text of a kind's family that no ticket leads to is dead, or a row forgets it."""
    reached = {
        choose(ticket(kind, status, **{**LONGEST, **changes}), verified=v).text_id
        for kind, status in EACH
        for changes in CASES.values()
        for v in (True, False)
    }
    families = ("appeal.", "crime.", "insp.", "fine.", "service.", "support.", "video.")
    elsewhere = {
        "insp.unregistered",  # told where there is no ticket
        "insp.report_need_place",  # a dialogue with whoever reports
        "fine.paid_but_enforced",  # once correction requests can be filed
    }
    unreached = {text_id for text_id in SMS_IDS if text_id.startswith(families)} - reached
    assert unreached == elsewhere


def test_the_longest_name_of_a_status_is_the_limit_given_for_it() -> None:
    names = [
        name
        for kind in table("statuses.toml").values()
        for row in kind.get("status", {}).values()
        for name in (row["kk"], row["ru"], row["en"])
    ]
    assert max(map(len, names)) == sms().worst["status"]
