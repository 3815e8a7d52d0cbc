from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.reading import Asked
from gateway.core.segments import fits_one_part
from gateway.core.telling import RESTRICTED, UNKNOWN, Chosen, Said, Telling, tail
from lookup.compare import CLOSED_BUT_OPEN
from lookup.status import (
    FineFacts,
    InspectionFacts,
    PassedOn,
    Pause,
    TermFacts,
    TicketRecord,
)
from tests.support.wording import (
    LANGUAGES,
    NOUNS,
    NOW_US,
    TODAY,
    body,
    sms,
    statuses,
    telling,
    terms,
    ticket,
    voice,
)

YESTERDAY = TODAY - timedelta(days=1)
TOMORROW = TODAY + timedelta(days=1)
ACT = InspectionFacts(date(2026, 11, 17), TODAY, date(2026, 12, 4))
OWED = FineFacts(amount=20000, pay_by=TOMORROW)
BARE = FineFacts(amount=20000)


def choose(record: TicketRecord, *, verified: bool = True) -> Chosen:
    return telling().choose(record, today=TODAY, now_us=NOW_US, verified=verified)


def choose_voice(record: TicketRecord, *, verified: bool = True) -> Chosen:
    return telling().choose_voice(record, today=TODAY, now_us=NOW_US, verified=verified)


def words(record: TicketRecord, language: str, *, verified: bool = True, **how: Any) -> Said:
    return telling().words(record, language, today=TODAY, now_us=NOW_US, verified=verified, **how)


def say(record: TicketRecord, language: str = "ru", *, verified: bool = True, **how: Any) -> str:
    return words(record, language, verified=verified, **how).text


# Each status of each kind with the text that tells it to the verified owner, and the spoken one.
TOLD = {
    "appeal": {
        "registered": ("appeal.registered", "appeal.registered"),
        "forwarded": ("appeal.forwarded", "appeal.forwarded"),
        "in_review": ("appeal.in_review", "appeal.in_review"),
        "on_agreeing": ("appeal.in_review", "appeal.in_review"),
        "extended": ("appeal.extended", "appeal.extended"),
        "suspended": ("appeal.suspended", "appeal.suspended"),
        "info_requested": ("appeal.info_requested", "appeal.info_requested"),
        "hearing": ("appeal.hearing_set", "status_only"),
        "overdue": ("gen.status_body", "status_plain"),
        "satisfied": ("appeal.satisfied", "appeal.answered"),
        "partly": ("appeal.partly", "appeal.answered"),
        "refused": ("appeal.refused", "appeal.answered"),
        "explained": ("appeal.explained", "appeal.answered"),
        "noted": ("appeal.noted", "appeal.answered"),
        "terminated": ("appeal.terminated", "appeal.answered"),
        "left": ("appeal.left", "appeal.answered"),
        "returned": ("appeal.returned", "appeal.answered"),
        "withdrawn": ("appeal.withdrawn", "appeal.answered"),
        "joined": ("appeal.joined_other", "appeal.answered"),
        "objected": ("appeal.objected", "status_due"),
        "in_court": ("appeal.in_court", "appeal.in_court"),
        "court_decided": ("appeal.court_decided", "appeal.answered"),
        "not_connected": ("appeal.not_connected", "appeal.not_connected"),
    },
    "crime_report": {
        "registered": ("crime.registered", "status_due"),
        "checking": ("crime.checking", "status_due"),
        "opened": ("crime.opened", "crime.opened"),
        "passed": ("crime.passed", "status_due"),
        "no_offence": ("crime.no_offence", "status_plain"),
        "administrative": ("crime.administrative", "status_plain"),
        "extended": ("crime.extended", "status_due"),
        "interrupted": ("crime.interrupted", "status_plain"),
        "closed": ("crime.closed", "status_plain"),
        "prosecutor": ("crime.prosecutor", "status_due"),
        "court": ("crime.court", "status_plain"),
        "overdue": ("gen.status_body", "status_plain"),
    },
    "inspection": {
        "submitted": ("insp.submitted", "status_plain"),
        "registered": ("insp.registered", "insp.registered"),
        "refused": ("insp.refused", "insp.refused"),
        "returned": ("insp.returned", "status_plain"),
        "extended": ("insp.extended", "status_due"),
        "suspended": ("insp.suspended", "status_plain"),
        "resumed": ("insp.resumed", "status_due"),
        "participants_changed": ("insp.participants", "status_due"),
        "cancelled": ("insp.cancelled", "status_plain"),
        "finished": ("insp.finished", "status_plain"),
        "expired": ("gen.status_body", "status_plain"),
    },
    "fine": {
        "protocol": ("fine.protocol", "status_plain"),
        "unpaid": ("fine.unpaid", "fine.unpaid"),
        "half": ("gen.status_body", "status_plain"),
        "partly": ("gen.status_due", "status_due"),
        "paid": ("fine.paid", "fine.paid"),
        "payment_pending": ("fine.payment_pending", "status_plain"),
        "late": ("fine.unpaid", "fine.unpaid"),
        "bailiff": ("fine.bailiff", "status_plain"),
        "paid_but_enforced": ("gen.status_plain", "status_only"),
        "appealed": ("fine.appealed", "status_due"),
        "cancelled": ("fine.cancelled", "status_plain"),
    },
    "service_request": {
        "accepted": ("service.accepted", "status_due"),
        "passed": ("service.passed", "service.passed"),
        "controlled": ("service.controlled", "status_due"),
        "done": ("service.done", "status_plain"),
        "not_possible": ("service.not_possible", "status_plain"),
        "overdue": ("gen.status_body", "status_plain"),
    },
    "support": {
        "open": ("support.open", "status_due"),
        "closed": ("support.closed", "status_plain"),
        "overdue": ("gen.status_body", "status_plain"),
    },
    "escalation": {
        "taken": ("gen.disagree_taken", "status_due"),
        "checked": ("gen.status_on", "status_plain"),
        "overdue": ("gen.status_body", "status_plain"),
    },
}
FACTS: dict[str, dict[str, Any]] = {"fine": {"fine": OWED}, "inspection": {"inspection": ACT}}
EACH = [(kind, status) for kind, texts in TOLD.items() for status in texts]
EACH += [("investigation", status) for status in TOLD["crime_report"]]


@pytest.mark.parametrize(("kind", "status"), EACH)
def test_each_status_has_its_text(kind: str, status: str) -> None:
    record = ticket(kind, status, **FACTS.get(kind, {}))
    expected = TOLD.get(kind, TOLD["crime_report"])[status]
    assert choose(record).text_id == expected[0]
    assert choose_voice(record).text_id == expected[1]


def test_the_table_above_leaves_no_status_out() -> None:
    known = {
        (code, row.code) for code, kind in statuses().kinds.items() for row in kind.rows.values()
    }
    assert set(EACH) == known


@pytest.mark.parametrize(
    ("record", "text_id", "spoken"),
    [
        (ticket(due_on=YESTERDAY), "appeal.overdue", "appeal.overdue"),
        (ticket(due_on=YESTERDAY, body=None), "gen.overdue", "status_only"),
        (ticket("crime_report", "checking", due_on=YESTERDAY), "crime.overdue", "status_due"),
        (ticket("support", "open", due_on=YESTERDAY, body=None), "gen.overdue", "status_only"),
        (ticket("service_request", "passed", due_on=YESTERDAY), "appeal.overdue", "status_due"),
        (ticket(forward_count=2), "appeal.forwarded_many", "appeal.forwarded_many"),
        (ticket(forward_count=2, due_on=None), "appeal.forwarded_times", "status_plain"),
        (ticket(other_bodies=1), "appeal.several_bodies", "appeal.several_bodies"),
        (ticket(body=body(connected=False)), "appeal.not_connected", "appeal.not_connected"),
        (ticket(status="hearing", status_on=TOMORROW), "appeal.hearing", "status_plain"),
        (
            ticket(status="refused", intake="video", answer_via="visit"),
            "video.answer_ready",
            "appeal.answered",
        ),
        (ticket(status="joined", joined_to="0612"), "appeal.joined", "appeal.answered"),
        (
            ticket("inspection", "registered", inspection=ACT._replace(ends_on=YESTERDAY)),
            "insp.expired",
            "status_due",
        ),
        (ticket("fine", "unpaid", fine=OWED._replace(half_until=TODAY)), "fine.half", "fine.half"),
        (ticket("fine", "unpaid", fine=OWED._replace(pay_by=YESTERDAY)), "fine.late", "status_due"),
        (
            ticket("fine", "partly", fine=OWED._replace(paid_amount=5000)),
            "fine.partly",
            "status_due",
        ),
        (
            ticket("fine", "paid", fine=OWED._replace(paid_on=YESTERDAY, bailiff_since=TODAY)),
            "fine.paid_but_enforced_call",
            "fine.paid_but_enforced_call",
        ),
        (
            ticket("fine", "paid_but_enforced", fine=OWED._replace(paid_on=YESTERDAY)),
            "fine.paid_but_enforced_call",
            "fine.paid_but_enforced_call",
        ),
        (ticket("fine", "unpaid"), "fine.neutral", "fine.neutral"),
        (ticket("escalation", "taken", inspection=ACT), "insp.report_taken", "insp.report_taken"),
        (ticket("escalation", "checked", inspection=ACT), "insp.report_result", "status_plain"),
    ],
)
def test_derived_and_special_statuses_have_their_texts(
    record: TicketRecord, text_id: str, spoken: str
) -> None:
    assert choose(record).text_id == text_id
    assert choose_voice(record).text_id == spoken


@pytest.mark.parametrize(
    ("changes", "text_id", "spoken"),
    [
        ({"due_on": None}, "gen.status_body", "status_plain"),
        ({"body": None}, "gen.status_due", "status_only"),
        ({"due_on": None, "body": None}, "gen.status_on", "status_only"),
        ({"due_on": None, "body": None, "status_on": None}, "gen.status_plain", "status_only"),
        ({"status": "refused", "body": None}, "gen.status_on", "appeal.answered"),
        ({"status": "refused", "status_on": None}, "gen.status_body", "status_only"),
    ],
)
def test_a_ticket_that_lacks_a_value_gets_a_shorter_text(
    changes: dict[str, Any], text_id: str, spoken: str
) -> None:
    assert choose(ticket(**changes)).text_id == text_id
    assert choose_voice(ticket(**changes)).text_id == spoken


def test_the_flags_say_final_and_overdue() -> None:
    assert choose(ticket())[2:5] == (False, False, "in_review")
    assert choose(ticket(due_on=YESTERDAY))[2:5] == (False, True, "overdue")
    assert choose(ticket(status="refused"))[2:5] == (True, False, "refused")
    late = ticket("fine", "unpaid", fine=OWED._replace(pay_by=YESTERDAY))
    assert choose(late)[2:5] == (False, True, "late")


@pytest.mark.parametrize(("kind", "status"), [("appeal", "sold"), ("tax", "in_review")])
def test_an_unknown_kind_or_status_is_told_plainly(kind: str, status: str) -> None:
    record = ticket(kind, status)
    assert choose(record) == Chosen("gen.status_unknown", {}, False, False, UNKNOWN)
    assert choose_voice(record).text_id == "status_unknown"
    assert say(record, "kk") == "*1207: жүйеде бар. Толығырақ: 1414"


# -- what a phone may know


@pytest.mark.parametrize("kind", ["crime_report", "investigation"])
@pytest.mark.parametrize("status", [*TOLD["crime_report"], "sold"])
@pytest.mark.parametrize("due_on", [YESTERDAY, None])
def test_others_learn_one_and_the_same_of_a_report(
    kind: str, status: str, due_on: date | None
) -> None:
    record = ticket(kind, status, due_on=due_on, status_on=date(2020, 1, 1))
    neutral = Chosen("crime.neutral", {}, False, False, RESTRICTED)
    assert choose(record, verified=False) == choose_voice(record, verified=False) == neutral
    assert say(record, verified=False) == "*1207: зарегистрировано. Подробнее: 1414"


@pytest.mark.parametrize("status", ["unpaid", "half", "partly", "late", "bailiff"])
def test_others_learn_only_that_a_fine_is_not_settled(status: str) -> None:
    facts = OWED._replace(half_until=TODAY, paid_amount=1)
    record = ticket("fine", status, fine=facts)
    neutral = Chosen("fine.neutral", {}, False, False, RESTRICTED)
    assert choose(record, verified=False) == choose_voice(record, verified=False) == neutral


@pytest.mark.parametrize(
    ("status", "text_id"), [("paid", "fine.paid"), ("payment_pending", "fine.payment_pending")]
)
def test_others_learn_that_a_fine_is_settled(status: str, text_id: str) -> None:
    assert choose(ticket("fine", status, fine=OWED), verified=False).text_id == text_id


def test_others_are_not_told_which_ticket_another_was_joined_to() -> None:
    joined = ticket(status="joined", joined_to="061200000012345678")
    assert say(joined, verified=False) == "*1207: присоединено к другому обращению. Тел. 1414"
    assert say(joined) == "*1207: присоединено к обращению 061200000012345678"


# -- old tickets


@pytest.mark.parametrize(
    ("days", "text_id"), [(1096, "appeal.refused"), (1097, "gen.old"), (5000, "gen.old")]
)
def test_a_ticket_closed_three_years_ago_is_in_the_archive(days: int, text_id: str) -> None:
    record = ticket(status="refused", status_on=TODAY - timedelta(days=days))
    assert choose(record).text_id == text_id
    assert choose_voice(record).text_id == "appeal.answered"


@pytest.mark.parametrize(
    ("kind", "status"), [("appeal", "in_court"), ("crime_report", "court"), ("appeal", "suspended")]
)
def test_what_still_goes_on_is_never_in_the_archive(kind: str, status: str) -> None:
    assert choose(ticket(kind, status, status_on=date(2019, 1, 1))).text_id != "gen.old"


def test_the_age_of_the_archive_is_a_setting() -> None:
    soon = Telling(sms(), statuses(), NOUNS, terms=terms(), old_after_days=1)
    record = ticket(status="refused", status_on=TODAY - timedelta(days=2))
    chosen = soon.choose(record, today=TODAY, now_us=NOW_US, verified=False)
    assert chosen.text_id == "gen.old"


# -- due dates by law


def running(kind: str = "appeal", status: str = "in_review", **changes: Any) -> TicketRecord:
    """Without a due date of its source, received on 2 November 2026."""
    facts = {"due_on": None, "due_basis": None, "term": TermFacts(), **changes}
    return ticket(kind, status, **facts)


@pytest.mark.parametrize(
    ("record", "text_id", "spoken"),
    [
        (running(), "appeal.in_review_law", "appeal.in_review_law"),
        (running(status="registered"), "appeal.registered_law", "appeal.registered_law"),
        (running(forward_count=2), "appeal.forwarded_many_law", "appeal.forwarded_many_law"),
        (running(other_bodies=1), "appeal.several_bodies_law", "appeal.several_bodies_law"),
        (running(status="extended"), "appeal.extended_law", "appeal.extended_law"),
        (running(body=None), "gen.status_due_law", "status_only"),
        (
            running(first_filed_on=date(2026, 10, 1), created_on=date(2026, 10, 1)),
            "appeal.overdue_law",
            "appeal.overdue_law",
        ),
        (
            running(first_filed_on=date(2026, 10, 1), created_on=date(2026, 10, 1), body=None),
            "gen.overdue_law",
            "status_only",
        ),
        (
            running("crime_report", "checking", term=TermFacts(NOW_US - 7_200_000_000)),
            "crime.checking_law",
            "status_due_law",
        ),
        (
            running("crime_report", "checking", term=TermFacts(NOW_US - 90_000_000_000)),
            "gen.overdue_today",
            "status_due_law",
        ),
        (running("fine", "unpaid", fine=BARE), "fine.unpaid_law", "fine.unpaid_law"),
        (running("investigation", "passed"), "crime.passed", "status_due_law"),
    ],
)
def test_a_date_by_law_has_a_text_of_its_own(
    record: TicketRecord, text_id: str, spoken: str
) -> None:
    assert choose(record).text_id == text_id
    assert choose_voice(record).text_id == spoken


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("kk", "*1207: қаралуда. Алматы әкімдігі. Заң бойынша мерзімі 23.11.26"),
        ("ru", "*1207: на рассмотрении. Акимат Алматы. По закону до 23.11.26"),
        ("en", "*1207: under review. Almaty Akimat. Due by law 23.11.26"),
    ],
)
def test_a_date_by_law_is_not_told_as_the_body_s_own(language: str, text: str) -> None:
    assert say(running(), language) == text


def test_what_has_no_text_for_a_date_by_law_is_told_without_the_body_s_promise() -> None:
    record = ticket("inspection", "resumed", due_basis="computed", inspection=ACT)
    assert choose(record).text_id == "insp.resumed"  # the end of an inspection is a fact
    support = ticket("support", "open", due_basis="computed")
    assert choose(support).text_id == "gen.status_due_law"


def test_a_term_of_hours_tells_when_today_it_ran_out() -> None:
    late = running("crime_report", "registered", term=TermFacts(NOW_US - 90_000_000_000))
    assert say(late) == "*1207: законный срок истёк сегодня в 09:00. Акимат Алматы. 1414"


# -- passed on


def passed(kind: str = "appeal", status: str = "in_review", **changes: Any) -> TicketRecord:
    there = PassedOn(kind, "061200000012345678", status, TOMORROW, body(id="there"))
    return ticket("service_request", "passed", **{"due_on": None, "passed_to": there, **changes})


def test_a_request_passed_on_is_told_with_the_body_and_the_date_there() -> None:
    assert say(passed()) == "*1207: запрос на контроле. Акимат Алматы. Срок 21.11.26"
    assert choose(passed(), verified=False).text_id == "service.controlled"


def test_what_it_came_to_there_is_told_by_its_name() -> None:
    ended = choose(passed(status="explained"))
    assert (ended.text_id, ended.final, ended.status) == ("gen.status_body", True, "explained")
    assert say(passed(status="explained")) == "*1207: дано разъяснение. Акимат Алматы"
    assert choose_voice(passed(status="explained")).text_id == "status_only"
    nobody = passed(status="explained", body=None)
    nowhere = nobody._replace(passed_to=nobody.passed_to._replace(body=None))
    assert choose(nowhere).text_id == "gen.status_plain"


def test_an_own_outcome_is_told_before_the_one_there() -> None:
    assert choose(passed(status="explained", number="10000012")._replace(status="done"))[0] == (
        "service.done"
    )


def test_what_another_system_still_has_open_is_not_told_as_ended_there() -> None:
    ended = passed(status="explained", due_on=TOMORROW)._replace(conflict=CLOSED_BUT_OPEN)
    there = ended.passed_to._replace(due_on=YESTERDAY)
    told = choose(ended._replace(passed_to=there))
    assert (told.final, told.overdue, told.status) == (False, False, "passed")


@pytest.mark.parametrize("status", ["explained", "in_review"])
def test_a_newer_word_than_that_it_was_passed_on_is_told(status: str) -> None:
    there = PassedOn("appeal", "061200000012345678", status, YESTERDAY, body(id="there"))
    told = choose(ticket(passed_to=there, due_on=TOMORROW))
    assert (told.status, told.overdue, told.values["due"]) == ("in_review", False, TOMORROW)
    assert told.values["body"] == body()


def test_what_became_of_it_is_told_however_often_it_was_passed_on() -> None:
    there = passed(status="forwarded", due_on=YESTERDAY).passed_to
    assert there is not None
    end = there._replace(number="2", status="explained", body=body(id="end"))
    told = choose(passed()._replace(passed_to=there._replace(then=end)))
    assert (told.status, told.final, told.values["body"]) == ("explained", True, end.body)


def test_a_secret_end_of_the_way_is_not_told_to_others() -> None:
    there = passed(status="forwarded").passed_to
    assert there is not None
    end = PassedOn("crime_report", "263100030000001", "no_offence", None, body(id="police"))
    record = passed()._replace(passed_to=there._replace(then=end))
    assert choose(record).status == "no_offence"
    told = choose(record, verified=False)
    assert (told.final, told.values["body"]) == (False, body())


@pytest.mark.parametrize(
    "record",
    [ticket(), ticket(status="refused"), ticket(status="sold"), ticket("fine", "paid", fine=OWED)],
)
def test_what_a_source_calls_secret_is_for_its_owner(record: TicketRecord) -> None:
    secret = record._replace(secret=True)
    assert choose(secret) == choose(record)
    assert choose(secret, verified=False) == Chosen("gen.restricted", {}, False, False, RESTRICTED)
    assert choose_voice(secret, verified=False).text_id == "restricted"


def test_a_secret_report_of_an_offence_is_answered_as_any_other() -> None:
    report = ticket("crime_report", "checking")
    assert choose(report._replace(secret=True), verified=False) == choose(report, verified=False)


def test_a_secret_ticket_is_not_told_of_by_the_one_it_was_opened_for() -> None:
    there = passed().passed_to
    assert there is not None
    record = passed(passed_to=there._replace(secret=True))
    assert choose(record).values["body"] == there.body
    assert choose(record, verified=False).values["body"] == body()


def test_a_secret_ticket_on_the_way_lends_nothing_to_others() -> None:
    there = passed(status="forwarded").passed_to
    assert there is not None
    end = PassedOn("appeal", "2", "explained", None, None)
    for hidden in (there._replace(secret=True), there._replace(kind="crime_report")):
        record = passed()._replace(passed_to=hidden._replace(then=end))
        assert choose(record).values["body"] == there.body
        assert choose(record, verified=False).values["body"] == body()


def test_a_status_nobody_knows_there_changes_nothing() -> None:
    assert choose(passed(status="sold")).text_id == "service.controlled"


@pytest.mark.parametrize("kind", ["crime_report", "investigation", "tax"])
def test_others_learn_nothing_of_a_report_that_a_request_became(kind: str) -> None:
    record = passed(kind, "closed", body=None)
    assert choose(record, verified=False).text_id == "gen.status_on"
    assert "body" not in choose(record, verified=False).values


def test_a_contradicted_outcome_is_not_told_as_closed() -> None:
    record = ticket(status="satisfied", conflict="closed_but_open")
    assert choose(record) == Chosen("gen.status_unknown", {}, False, False, UNKNOWN)


def test_the_owner_of_a_fine_whose_discount_is_over_is_told_the_sum_and_the_date_by_law() -> None:
    facts = FineFacts(amount=20000, half_until=date(2026, 11, 9))
    record = ticket("fine", "half", due_on=None, fine=facts, term=TermFacts())
    assert say(record) == "*1207: штраф не оплачен, 20000 тг. По закону до 02.12.26"


# -- copies of some age


def aged(minutes: int, **changes: Any) -> TicketRecord:
    return ticket(**changes)._replace(as_of_us=NOW_US - minutes * 60_000_000)


@pytest.mark.parametrize(
    ("minutes", "as_of"),
    [(0, None), (60, None), (61, "08:59"), (599, "00:01"), (601, date(2026, 11, 19))],
)
def test_the_age_of_a_copy_is_told_after_an_hour(minutes: int, as_of: date | str | None) -> None:
    assert choose(aged(minutes)).as_of == choose_voice(aged(minutes)).as_of == as_of


def test_a_copy_of_another_day_is_told_as_such_however_young() -> None:
    midnight = NOW_US - 10 * 3_600_000_000
    record = ticket()._replace(as_of_us=midnight - 1)
    chosen = telling().choose(record, today=TODAY, now_us=midnight, verified=True)
    assert chosen.as_of == date(2026, 11, 19)


def test_the_age_of_what_is_final_does_not_matter() -> None:
    assert choose(aged(10_000, status="refused")).as_of is None


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("kk", "*1207: қаралуда. Мерзімі 23.11.26 (08:59 дерегі)"),  # the body finds no room
        ("ru", "*1207: на рассмотрении. Акимат Алматы. Ответ до 23.11.26 (на 08:59)"),
        ("en", "*1207: under review. Almaty Akimat. Reply due 23.11.26 (as of 08:59)"),
    ],
)
def test_an_age_stands_behind_the_fullest_text_that_leaves_it_room(
    language: str, text: str
) -> None:
    assert say(aged(61), language) == text


def test_an_age_takes_the_room_of_what_is_told_elsewhere() -> None:
    long = aged(10_000, body=body(sms_name={"ru": "Ж" * 16}))
    assert say(long) == "*1207: на рассмотрении. Срок 23.11.26 (на 13.11.26)"
    assert words(long, "ru").text_id == "gen.status_due"


def test_at_the_least_a_status_is_told_with_its_age() -> None:
    record = aged(10_000, kind="crime_report", status="opened", due_on=None)
    long = record._replace(body=body(sms_name={"kk": "Қ" * 16}))
    said = words(long, "kk", tail_signs=6)
    assert said.text_id == "gen.status_as_of"
    assert said.text == "*431207: сотқа дейінгі тергеп-тексеру басталды (13.11.26 дерегі). 1414"


# -- words


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("kk", "*1207: қаралуда. Алматы әкімдігі. Жауап мерзімі 23.11.26"),
        ("ru", "*1207: на рассмотрении. Акимат Алматы. Ответ до 23.11.26"),
        ("en", "*1207: under review. Almaty Akimat. Reply due 23.11.26"),
    ],
)
def test_the_commonest_reply(language: str, text: str) -> None:
    assert say(ticket(), language) == text


def test_a_reply_names_the_text_it_is_made_of() -> None:
    assert words(ticket(), "en", verified=False).text_id == "appeal.in_review"


def test_a_status_inside_a_sentence_is_worded_in_its_language() -> None:
    bare = ticket("crime_report", "checking", body=None, due_on=None)
    assert say(bare, "ru") == "*1207: проводится проверка, 03.11.26. Тел. 1414"
    assert say(bare, "en") == "*1207: being checked, 03.11.26. Call 1414"


def test_the_dates_of_an_inspection_are_short() -> None:
    record = ticket("inspection", "registered", inspection=ACT)
    assert say(record, "en") == "*1207: act registered. Almaty Akimat. Inspection 20.11-04.12"


def test_a_number_shows_its_last_signs() -> None:
    assert tail("061200000012345678") == "*5678"
    assert tail("ЖТ-2026-01234567", 6) == "*234567"
    assert say(ticket(), tail_signs=6).startswith("*431207: ")


def test_a_number_read_from_letters_is_shown_whole_where_it_fits() -> None:
    short = ticket("fine", "paid", fine=OWED)
    assert say(short, as_read="197500000431233").startswith("197500000431233: штраф")
    assert say(ticket(), as_read="750100000000431207").startswith("750100000000431207: на рассм")
    late = ticket(due_on=YESTERDAY)
    assert say(late, as_read="750100000000431207").startswith("*431207: срок")
    assert say(late, "en", as_read="750100000000431207").startswith("750100000000431207: overdue")


def test_a_text_too_long_for_its_values_gives_way_to_a_shorter_one() -> None:
    late = FineFacts(amount=12345678901, pay_by=YESTERDAY)
    said = words(ticket("fine", "late", fine=late), "kk")
    assert said.text_id == "fine.unpaid"
    assert "12345678901" in said.text
    old = ticket(due_on=date(2020, 1, 1), body=body(sms_name={"kk": "Қ" * 16}))
    said = words(old, "kk", tail_signs=6)
    assert said.text_id == "gen.overdue"
    joined = ticket(status="joined", joined_to="0" * 50)
    assert say(joined).endswith("к другому обращению. Тел. 1414")


def test_a_text_that_lacks_a_value_is_passed_over_on_the_way_to_a_shorter_one() -> None:
    late = FineFacts(amount=10**40, pay_by=YESTERDAY)
    record = ticket("fine", "late", fine=late, body=None, status_on=None)
    said = words(record, "ru")
    assert said.text_id == "fine.neutral"
    many = ticket(forward_count=10**9, due_on=None, body=None)
    assert words(many, "kk").text_id == "gen.status_on"


# -- no ticket, or two


@pytest.mark.parametrize(
    ("asked", "text_id", "text"),
    [
        (
            Asked("061200000012345678", ("appeal",)),
            "gen.not_found",
            "061200000012345678 не найден. Сверьте с талоном и пришлите снова",
        ),
        (
            Asked("123456789013", ("inspection",)),
            "insp.unregistered",
            "Акта 123456789013 нет в реестре. Проверяют? Ответ: НЕЗАКОННО",
        ),
        (
            Asked("061200000012345678", ("inspection",), ("appeal",)),
            "gen.not_found",
            "061200000012345678 не найден. Сверьте с талоном и пришлите снова",
        ),
    ],
)
def test_a_number_nobody_knows_is_shown_whole(asked: Asked, text_id: str, text: str) -> None:
    assert telling().missing(asked, "ru") == (text_id, text)


def test_a_number_of_two_kinds_asks_which() -> None:
    asked = Asked("263100030000001", ("crime_report", "investigation"))
    said = telling().ambiguous(asked, asked.kinds, "kk")
    assert said == ("gen.ambiguous", "263100030000001: 1 - арыз, 2 - іс. 1 не 2 жіберіңіз")


# -- whatever a source says

days = st.none() | st.dates(min_value=date(2015, 1, 1), max_value=date(2035, 12, 31))
counts = st.integers(min_value=0, max_value=10**6)
us = st.none() | st.integers(NOW_US - 10**15, NOW_US + 10**12)
pauses = st.builds(Pause, st.dates(date(2020, 1, 1), date(2030, 1, 1)), days)
amounts = st.none() | st.integers(min_value=0, max_value=10**12)
letters = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="{N"), max_size=30
)
bodies = st.none() | st.builds(
    lambda connected, region, names: body(connected=connected, region=region, sms_name=names),
    st.booleans(),
    letters,
    st.dictionaries(st.sampled_from(LANGUAGES), letters),
)
records = st.builds(
    lambda each, changes: ticket(*each, **changes),
    st.sampled_from([*EACH, ("appeal", "sold"), ("tax", "new")]),
    st.fixed_dictionaries(
        {
            "number": st.sampled_from(["10000012", "ЖТ-2026-01234567", "1" * 21]),
            "status_on": days,
            "created_on": days,
            "first_filed_on": days,
            "due_on": days,
            "body": bodies,
            "other_bodies": counts,
            "forward_count": counts,
            "joined_to": st.none() | st.text("0123456789", max_size=30),
            "due_basis": st.sampled_from([None, "backend", "computed"]),
            "term": st.none() | st.builds(TermFacts, us, days, st.lists(pauses, max_size=3)),
            "parent": st.none() | st.just("1" * 18),
            "passed_to": st.none()
            | st.builds(
                lambda each, due_on, to: PassedOn(each[0], "1" * 18, each[1], due_on, to),
                st.sampled_from([*EACH, ("tax", "new")]),
                days,
                bodies,
            ),
            "as_of_us": us,
            "conflict": st.sampled_from([None, "paid_but_enforced", "closed_but_open"]),
            "intake": st.sampled_from([None, "video"]),
            "answer_via": st.sampled_from([None, "visit"]),
            "fine": st.none() | st.builds(FineFacts, amounts, days, days, amounts, days, days),
            "inspection": st.none() | st.builds(InspectionFacts, days, days, days, days),
        }
    ),
)


@given(records, st.sampled_from(LANGUAGES), st.booleans(), st.booleans())
def test_any_ticket_is_told_in_one_part(
    record: TicketRecord, language: str, verified: bool, folded: bool
) -> None:
    as_read = record.number if folded else None
    text = say(record, language, verified=verified, as_read=as_read)
    assert fits_one_part(text)
    assert "None" not in text
    assert "{" not in text


@given(records, st.booleans())
def test_any_ticket_is_told_in_speech(record: TicketRecord, verified: bool) -> None:
    chosen = choose_voice(record, verified=verified)
    assert voice().names(chosen.text_id) <= chosen.values.keys()
    assert None not in chosen.values.values()
