"""docs/reference/answers.md: what every ticket is answered, as the code and the texts say it now.

`python -m tests.support.answers` writes the page; tests/docs/test_answers.py compares it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from gateway.core.reading import Asked
from gateway.core.segments import units
from gateway.core.telling import Said, Telling
from lookup.status import Body, FineFacts, InspectionFacts, PassedOn, TermFacts, TicketRecord
from tests.support.pages import DOCS
from tests.support.rules import rules
from tests.support.wording import (
    CONFIG,
    LANGUAGES,
    NOW_US,
    TODAY,
    bases,
    sms,
    statuses,
    terms,
    ticket,
)

PAGE = DOCS / "reference" / "answers.md"

HEAD = (
    "# What is answered\n\n"
    "Every status of every kind, in the three languages, with the SMS that it gives: to a phone"
    " that is linked to the ticket, and to any other where that differs. Written by"
    " `python -m tests.support.answers` from the code and the texts as they are; a test fails"
    " where they differ. Asked on 20 November 2026 at 10:00. The tickets are samples, and each"
    " has all that its texts can tell.\n\n"
    "Septets are counted where a text is all GSM-7 (160 a part), else UTF-16 units (70 a part)."
    " Every answer is one part. When a due date is by law: [terms](terms.md).\n\n"
)
COLUMNS = (
    "| Status | Told to | | SMS | Part |\n"
    "|---|---|---|---|---|\n"
)  # fmt: skip

_YESTERDAY = TODAY - timedelta(days=1)
_LATE = TODAY - timedelta(days=29)
_FINE = FineFacts(amount=20_000, pay_by=TODAY + timedelta(days=12))
_ACT = InspectionFacts(date(2026, 11, 17), TODAY, date(2026, 12, 4))
_HOUR_US = 3_600_000_000
_LAW: dict[str, Any] = {"due_on": None, "due_basis": None, "term": TermFacts()}
_EARLY: dict[str, Any] = {"created_on": date(2026, 10, 1), "first_filed_on": date(2026, 10, 1)}

_NUMBERS = {
    "appeal": "750100000000431207",
    "crime_report": "263100030000001",
    "investigation": "276940031000265",
    "inspection": "123456789013",
    "fine": "197500000123456",
    "service_request": "10000012",
    "support": "10000020",
    "escalation": "10000037",
}
_BODY_OF = {
    "crime_report": "karaganda-police",
    "investigation": "karaganda-police",
    "inspection": "tax-shymkent",
    "fine": "karaganda-police",
    "service_request": "kokshetau-front",
}


@dataclass(frozen=True)
class Case:
    """A ticket under the name that the page gives it; `as_read` as in Telling.words."""

    name: str
    record: TicketRecord
    as_read: str | None = None


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for kind in _NUMBERS:
        parts.append(f"## {rules().kinds.name(kind)['en'].capitalize()} (`{kind}`)\n\n{COLUMNS}")
        parts += [line for case in cases(kind) for line in _rows(case)]
        parts.append("\n")
    parts.append(f"## What stands beside the status\n\n{COLUMNS}")
    parts += [line for case in _special() for line in _rows(case)]
    parts.append(f"\n## Without a ticket\n\n{COLUMNS}")
    parts += [line for name, said in _without() for line in _lines(name, "anyone", said)]
    return "".join(parts)


# -- tickets


def sample(kind: str, status: str, **changes: Any) -> TicketRecord:
    """A ticket of a kind that has all it may need."""
    own: dict[str, Any] = {
        "number": _NUMBERS[kind],
        "body": _bodies()[_BODY_OF.get(kind, "almaty-akimat")],
    }
    if kind == "fine":
        own["fine"] = _FINE
    if kind == "inspection":
        own["inspection"] = _ACT
    return ticket(kind, status, **{**own, **changes})


def _bodies() -> dict[str, Body]:
    told = json.loads((CONFIG / "demo" / "bodies.json").read_text(encoding="utf-8"))["bodies"]
    return {
        row["id"]: Body(
            id=row["id"],
            code=row["code"],
            connected=row["connected"],
            region=row["region"],
            phone=row["phone"],
            sms_name=row["sms_name"],
            name=row["name"],
            voice_name=row["voice_name"],
        )
        for row in told
    }


_FACTS_OF: dict[tuple[str, str], dict[str, Any]] = {
    ("appeal", "hearing"): {"status_on": date(2026, 11, 25)},
    ("appeal", "joined"): {"joined_to": "061200000012345678"},
    ("inspection", "extended"): {"inspection": _ACT._replace(extended_to=date(2026, 12, 11))},
    ("inspection", "expired"): {"inspection": _ACT._replace(ends_on=_YESTERDAY)},
    ("fine", "half"): {"fine": _FINE._replace(half_until=date(2026, 11, 25))},
    ("fine", "partly"): {"fine": _FINE._replace(paid_amount=5_000)},
    ("fine", "late"): {"fine": _FINE._replace(pay_by=_YESTERDAY)},
    ("fine", "bailiff"): {"fine": _FINE._replace(pay_by=_LATE, bailiff_since=_YESTERDAY)},
    ("fine", "paid"): {"fine": _FINE._replace(paid_amount=20_000, paid_on=date(2026, 11, 9))},
    ("fine", "paid_but_enforced"): {
        "fine": _FINE._replace(
            paid_amount=20_000, paid_on=date(2026, 11, 9), bailiff_since=_YESTERDAY
        )
    },
}


def cases(kind: str) -> Iterator[Case]:
    told = set()
    for row in statuses().kinds[kind].rows.values():
        if row.code in told:  # under another name of a source's
            continue
        told.add(row.code)
        facts = _FACTS_OF.get((kind, row.code), {})
        if row.code == "overdue":
            facts = {"due_on": _LATE}
        yield Case(f"`{row.code}`", sample(kind, row.code, **facts))


def _special() -> Iterator[Case]:
    there = PassedOn("appeal", _NUMBERS["appeal"], "in_review", date(2026, 12, 1), None)
    there = there._replace(body=_bodies()["karaganda-police"])
    passed = sample("service_request", "passed", due_on=None, passed_to=there)
    far = _bodies()["almaty-akimat"]._replace(connected=False)
    yield Case("eOtinish number", sample("appeal", "in_review", number="ЖТ-2026-00431220"))
    yield Case("sent to and fro", sample("appeal", "forwarded", forward_count=3))
    yield Case("no due date known", sample("appeal", "forwarded", forward_count=3, due_on=None))
    yield Case("joint bodies", sample("appeal", "in_review", other_bodies=2))
    yield Case("body not connected", sample("appeal", "in_review", body=far))
    yield Case("body not known", sample("appeal", "in_review", body=None))
    yield Case("due by law", sample("appeal", "in_review", **_LAW))
    yield Case("extended by law", sample("appeal", "extended", **_LAW))
    yield Case("overdue by law", sample("appeal", "in_review", **_LAW, **_EARLY))
    yield Case("fine, by law", sample("fine", "unpaid", fine=FineFacts(amount=20_000), **_LAW))
    yield Case("24 hours run", _hours_ago(5))
    yield Case("24 hours over today", _hours_ago(25))
    yield Case("24 hours over", _hours_ago(73))
    yield Case("passed on and watched", passed)
    yield Case("overdue there", passed._replace(passed_to=there._replace(due_on=_LATE)))
    yield Case("passed on, no date there", passed._replace(passed_to=there._replace(due_on=None)))
    further = there._replace(
        status="forwarded", then=there._replace(body=_bodies()["tax-shymkent"])
    )
    yield Case("passed on again from there", passed._replace(passed_to=further))
    yield Case("answered there", passed._replace(passed_to=there._replace(status="explained")))
    yield Case("secret, its source says", sample("appeal", "in_review", secret=True))
    hearing = {"status_on": TODAY, "due_on": None}
    yield Case("hearing, its day not known", sample("appeal", "hearing", **hearing))
    video: dict[str, Any] = {"intake": "video", "answer_via": "visit"}
    yield Case("answer to a video appeal", sample("appeal", "explained", **video))
    yield Case("in the archive", sample("appeal", "explained", status_on=date(2020, 5, 4)))
    report: dict[str, Any] = {"inspection": InspectionFacts()}
    yield Case("report of an inspection, taken", sample("escalation", "taken", **report))
    yield Case("report of an inspection, checked", sample("escalation", "checked", **report))
    yield Case(
        "paid in one base, enforced in another",
        sample("fine", "bailiff", conflict="paid_but_enforced", fine=_FINE._replace(paid_on=_LATE)),
    )
    yield Case(
        "paid in one base, owed in another",
        sample("fine", "paid", conflict="closed_but_open"),
    )
    yield Case(
        "closed in one base, open in another",
        sample("appeal", "in_review", conflict="closed_but_open"),
    )
    hours = NOW_US - 3 * _HOUR_US
    yield Case("copy of this morning", sample("appeal", "in_review", as_of_us=hours))
    days = NOW_US - 50 * _HOUR_US
    yield Case("copy of another day", sample("appeal", "overdue", due_on=_LATE, as_of_us=days))
    yield Case("letters read as digits", sample("fine", "paid"), as_read=_NUMBERS["fine"])
    yield Case("status not known here", sample("appeal", "sold"))


def _hours_ago(hours: int) -> TicketRecord:
    starts_us = NOW_US - hours * _HOUR_US
    day = terms().civil.day(starts_us)
    facts = {**_LAW, "term": TermFacts(starts_us), "created_on": day, "first_filed_on": day}
    return sample("crime_report", "registered", **facts)


def _without() -> Iterator[tuple[str, dict[str, Said]]]:
    tell, number = telling(), _NUMBERS["appeal"]
    appeal = Asked(number, ("appeal",))
    act = Asked(_NUMBERS["inspection"], ("inspection",))
    either = Asked(_NUMBERS["crime_report"], ("crime_report", "investigation"))
    yield "nobody knows it", {code: tell.missing(appeal, code) for code in LANGUAGES}
    yield "no such act", {code: tell.missing(act, code) for code in LANGUAGES}
    yield "of two kinds", {code: tell.ambiguous(either, either.kinds, code) for code in LANGUAGES}
    for name, text_id, shown in (
        ("a base is silent", "gen.base_silent", {}),
        ("a base is silent for one of several", "gen.base_silent_number", {"n": "*0001"}),
    ):
        yield (
            name,
            {
                code: Said(
                    text_id,
                    sms().text(text_id, code, {**shown, "base": bases().name("police", code)}),
                )
                for code in LANGUAGES
            },
        )


# -- lines


def telling() -> Telling:
    kinds = rules().kinds
    nouns = {kind: kinds.nouns(kind) for kind in kinds.names}
    return Telling(sms(), statuses(), nouns, terms=terms())


def _rows(case: Case) -> Iterator[str]:
    owner, other = (
        {
            code: telling().words(
                case.record, code, today=TODAY, now_us=NOW_US, verified=linked,
                as_read=case.as_read,
            )
            for code in LANGUAGES
        }
        for linked in (True, False)
    )  # fmt: skip
    if owner == other:
        yield from _lines(case.name, "anyone", owner)
    else:
        yield from _lines(case.name, "the owner", owner)
        yield from _lines(case.name, "others", other)


def _lines(name: str, whom: str, said: dict[str, Said]) -> Iterator[str]:
    for code, (_, text) in said.items():
        count, gsm7 = units(text)
        part = f"{count}/160 septets" if gsm7 else f"{count}/70 units"
        shown = text.replace("*", r"\*")
        yield f"| {name} | {whom} | {code} | {shown} | {part} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
