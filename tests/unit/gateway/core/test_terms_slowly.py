"""Due dates held against a count of one's own: day after day, from the files as written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from hypothesis import example, given
from hypothesis import strategies as st

from gateway.clock import KAZAKHSTAN
from gateway.core.civil import Civil
from gateway.core.terms import Terms
from lookup.status import Pause, TermFacts, TicketRecord
from tests.support.wording import NOW_US, texts, ticket, workdays

KNOWN = {"appeal": ("in_review", "extended")}
FIRST, LAST = date(2019, 1, 1), date(2027, 6, 30)  # of the years with a file
DAY = timedelta(days=1)
LONGEST_DAYS = 400


class Counted(NamedTuple):
    """A term, and what happened to it."""

    unit: str
    length: int
    start: date
    more: tuple[str, int] | None
    pauses: tuple[Pause, ...]


# -- the slow count: nothing of gateway.core is used


def _days_off() -> tuple[frozenset[date], frozenset[date]]:
    """Days off and days worked for others, of all files."""
    off: set[date] = set()
    worked: set[date] = set()
    for name, table in texts("calendar").items():
        if name == "fixed":
            continue
        off.update(table["holidays"], table["days_off"], table["moved"], [table["kurban_ait"]])
        for row in table.get("transfer", []):
            off.add(row["off"])
            worked.add(row["worked"])
    return frozenset(off), frozenset(worked)


OFF, WORKED = _days_off()


def is_worked(day: date) -> bool:
    return day in WORKED or (day.isoweekday() <= 5 and day not in OFF)


def days_after(day: date) -> Iterator[date]:
    for _ in range(LONGEST_DAYS):
        day += DAY
        yield day


def month_later(day: date, months: int) -> date:
    """Month after month; a shorter one ends sooner."""
    year, month = day.year, day.month
    for _ in range(months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month, min(last, day.day))
        except ValueError:
            continue
    raise AssertionError(day)


def later(day: date, unit: str, length: int) -> date:
    if unit == "months":
        return month_later(day, length)
    if unit == "calendar":
        return day + length * DAY
    worked = [each for each in days_after(day) if is_worked(each)]
    return worked[length - 1]


def ends(term: Counted) -> date:
    """The last day: without pauses, then later by each day that stood still, one by one."""
    on = later(term.start, term.unit, term.length)
    if term.more is not None:
        on = later(on, *term.more)
    still = term.start
    for pause in sorted(term.pauses):
        assert pause.to_on is not None
        last = on if is_worked(on) else next(filter(is_worked, days_after(on)))
        day = pause.from_on
        stood: list[date] = []
        while day < pause.to_on:
            if day > still and pause.from_on <= last:
                stood.append(day)
            day += DAY
        if stood:
            if max(still + DAY, pause.from_on) > last:
                continue
            if term.unit == "working":
                for each in stood:
                    if is_worked(each):
                        on = next(filter(is_worked, days_after(on)))
            else:
                on += len(stood) * DAY
            still = stood[-1]
    return on if is_worked(on) else next(filter(is_worked, days_after(on)))


# -- the same by the rules


def by_rule(term: Counted) -> date | None:
    rule: dict[str, Any] = {
        "id": "r",
        "kind": "appeal",
        "unit": term.unit,
        "length": term.length,
        "basis": "b",
        "examples": [{"start": term.start, "due": term.start}],
    }
    if term.more is not None:
        rule["extension"] = {"unit": term.more[0], "length": term.more[1]}
    terms = Terms.from_table({"rule": [rule]}, KNOWN, workdays(), Civil(KAZAKHSTAN))
    found = terms.due(of(term), NOW_US)
    return None if found is None else found.on


def of(term: Counted) -> TicketRecord:
    return ticket(
        status="extended" if term.more else "in_review",
        due_on=None,
        due_basis=None,
        created_on=term.start,
        first_filed_on=term.start,
        term=TermFacts(pauses=term.pauses),
    )


units = st.sampled_from(["working", "calendar", "months"])


@st.composite
def counted(draw: st.DrawFn) -> Counted:
    unit = draw(units)
    length = draw(st.integers(1, 6 if unit == "months" else 40))
    start = draw(st.dates(FIRST, LAST - timedelta(days=LONGEST_DAYS)))
    more = draw(st.none() | st.tuples(units, st.integers(1, 3)))
    pause = st.builds(
        lambda after, days: Pause(start + after * DAY, start + (after + days) * DAY),
        st.integers(-5, 60),
        st.integers(0, 20),
    )
    pauses = draw(st.lists(pause, max_size=3))
    return Counted(unit, length, start, more, tuple(pauses))


@given(counted())
@example(Counted("working", 15, date(2024, 4, 26), None, ()))  # past a Saturday worked
@example(
    Counted("working", 1, date(2024, 12, 31), None, ())
)  # over a year's end, and a Sunday worked
@example(Counted("months", 1, date(2024, 1, 31), None, ()))  # to 29 February
@example(Counted("months", 2, date(2019, 12, 31), ("months", 2), ()))
@example(Counted("calendar", 15, date(2020, 4, 26), None, ()))  # 11 May, worked for the 8th
def test_a_due_date_is_what_counting_day_after_day_gives(term: Counted) -> None:
    assert by_rule(term) == ends(term)


@given(st.dates(FIRST, LAST))
def test_a_day_is_worked_as_the_files_say(day: date) -> None:
    assert workdays().is_working(day) is is_worked(day)


@given(
    st.datetimes(datetime(2019, 1, 1), datetime(2026, 12, 31)),  # noqa: DTZ001 - on the wall clock
    st.integers(1, 100),
)
@example(datetime(2024, 2, 29, 12), 24)  # noqa: DTZ001 - the day that had 25 hours
def test_hours_are_counted_on_the_clock_one_by_one(wall: datetime, hours: int) -> None:
    starts = wall.replace(microsecond=0, tzinfo=KAZAKHSTAN)
    rule = {
        "id": "r",
        "kind": "appeal",
        "unit": "hours",
        "length": hours,
        "basis": "b",
        "examples": [{"start": date(2026, 1, 5), "due": date(2026, 1, 5)}],
    }
    terms = Terms.from_table({"rule": [rule]}, KNOWN, workdays(), Civil(KAZAKHSTAN))
    starts_us = int(starts.timestamp()) * 1_000_000
    day = starts.date()
    record = ticket(due_on=None, created_on=day, first_filed_on=day, term=TermFacts(starts_us))
    found = terms.due(record, NOW_US)
    assert found is not None
    if starts.hour == starts.minute == starts.second == 0:  # perhaps a day without a time
        assert found.at_us is None
        return
    ended = starts.timestamp()
    for _ in range(hours):
        ended += 3_600
    assert found.at_us == int(ended) * 1_000_000
    assert found.on == datetime.fromtimestamp(ended, KAZAKHSTAN).date()
