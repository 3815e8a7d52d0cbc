"""The journal's contract, of tickets about which systems contradict each other."""

from __future__ import annotations

from datetime import date
from typing import Any

from gateway.core.records import Finding, WalkSeen
from gateway.store import Journal
from gateway.store.limits import FINDING_US
from tests.support.journal import AT, DAY, HOUR


def finding(n: int = 1, **changes: Any) -> Finding:
    return Finding(
        kind="fine",
        number=f"19750000000{n:04}",
        rule="paid_but_enforced",
        sources=("bailiffs", "treasury"),
        found_us=AT,
    )._replace(**changes)


async def test_a_finding_is_kept_with_all_that_is_known_of_it(store: Journal) -> None:
    await store.keep_findings([finding()])
    (kept,) = await store.findings(0, 10)
    assert kept[1:] == (*finding()[:4], AT, AT, None, None, None)


async def test_a_finding_told_again_stays_one_and_was_seen_again(store: Journal) -> None:
    await store.keep_findings([finding(), finding(found_us=AT + HOUR)])
    await store.keep_findings([finding(found_us=AT - DAY, sources=("a", "b", "c"))])
    (kept,) = await store.findings(0, 10)
    assert (kept.found_us, kept.seen_us, kept.sources) == (AT, AT + HOUR, ("a", "b", "c"))


async def test_rules_kinds_and_numbers_are_findings_of_their_own(store: Journal) -> None:
    found = [finding(), finding(2), finding(rule="closed_but_open"), finding(kind="appeal")]
    await store.keep_findings(found)
    assert await store.findings_left() == len(found)


async def test_findings_come_page_by_page_in_the_order_of_finding(store: Journal) -> None:
    await store.keep_findings([finding(n) for n in range(1, 6)])
    first = await store.findings(0, 3)
    second = await store.findings(first[-1].id, 3)
    assert [kept.number for kept in (*first, *second)] == [finding(n).number for n in range(1, 6)]


async def test_a_cleared_finding_stays_listed_and_is_not_open(store: Journal) -> None:
    await store.keep_findings([finding(1), finding(2)])
    one, other = await store.findings(0, 10)
    assert await store.clear_findings([one.id, 999], AT + HOUR) == 1
    assert await store.clear_findings([one.id], AT + 2 * HOUR) == 0
    assert (await store.findings(0, 10))[0].cleared_us == AT + HOUR
    assert await store.findings(0, 10, open_only=True) == [other]
    assert await store.findings_left() == 1


async def test_a_finding_seen_after_it_was_cleared_opens_anew(store: Journal) -> None:
    await store.keep_findings([finding()])
    (kept,) = await store.findings(0, 10)
    await store.clear_findings([kept.id], AT + HOUR)
    await store.keep_findings([finding(found_us=AT + HOUR)])  # it was on its way before
    assert await store.findings_left() == 0
    await store.keep_findings([finding(found_us=AT + 2 * HOUR)])
    (kept,) = await store.findings(0, 10)
    assert (kept.found_us, kept.cleared_us) == (AT + 2 * HOUR, None)


async def test_what_was_seen_meanwhile_is_not_cleared(store: Journal) -> None:
    await store.keep_findings([finding(found_us=AT + HOUR)])
    (kept,) = await store.findings(0, 10)
    assert await store.clear_findings([kept.id], AT) == 0


async def test_a_finding_goes_after_its_term(store: Journal) -> None:
    await store.keep_findings([finding(1), finding(2, found_us=AT + DAY)])
    await store.purge(AT + FINDING_US - 1)
    assert len(await store.findings(0, 10)) == 2
    await store.purge(AT + FINDING_US)
    assert [kept.number for kept in await store.findings(0, 10)] == [finding(2).number]


async def test_a_finding_told_is_marked_until_it_opens_anew(store: Journal) -> None:
    await store.keep_findings([finding(1), finding(2)])
    one, other = await store.findings(0, 10)
    await store.tell_findings([one], AT + HOUR)
    await store.keep_findings([finding(1, found_us=AT + 2 * HOUR)])  # it still shows: no news
    told = [(kept.number, kept.told_us) for kept in await store.findings(0, 10)]
    assert told == [(one.number, AT + HOUR), (other.number, None)]
    await store.clear_findings([one.id], AT + 3 * HOUR)
    await store.keep_findings([finding(1, found_us=AT + 4 * HOUR)])
    assert (await store.findings(0, 10))[0].told_us is None


async def test_a_finding_that_opened_anew_since_it_was_listed_is_not_marked(store: Journal) -> None:
    await store.keep_findings([finding()])
    listed = await store.findings(0, 10)
    await store.clear_findings([listed[0].id], AT + HOUR)
    await store.keep_findings([finding(found_us=AT + 2 * HOUR)])
    await store.tell_findings(listed, AT + 3 * HOUR)
    assert [kept.told_us for kept in await store.findings(0, 10)] == [None]


def walk(n: int = 1, **changes: Any) -> Finding:
    seen = WalkSeen(3, date(2026, 3, 1), "forwarded", date(2026, 9, 5), "tax")._replace(**changes)
    return finding(n, kind="appeal", rule="circulating", sources=("police",), walk=seen)


async def test_what_circulates_stands_apart_from_contradictions(store: Journal) -> None:
    await store.keep_findings([walk(1), finding(2), walk(3)])
    assert [kept.number for kept in await store.findings(0, 10)] == [finding(2).number]
    assert await store.findings_left() == 1
    first, second = await store.findings(0, 10, walks=True)
    assert (first.number, first.walk, first.sources) == (walk(1).number, walk().walk, ("police",))
    assert await store.findings(first.id, 10, open_only=True, walks=True) == [second]
    numbers = [walk(3).number, finding(2).number, "7"]
    assert await store.walks_of(numbers, ["fine", "appeal"]) == [second]
    assert await store.walks_of(numbers, ["fine"]) == []


async def test_what_circulates_is_told_as_it_was_seen_last(store: Journal) -> None:
    await store.keep_findings([walk()._replace(found_us=AT + HOUR)])
    await store.keep_findings([walk(forwards=9)])  # told late
    await store.keep_findings([walk(forwards=4, status="explained")._replace(found_us=AT + DAY)])
    (kept,) = await store.findings(0, 10, walks=True)
    assert (kept.found_us, kept.seen_us) == (AT + HOUR, AT + DAY)
    assert kept.walk == walk(forwards=4, status="explained").walk


async def test_nothing_to_keep_or_clear_is_no_call(store: Journal) -> None:
    await store.keep_findings([])
    await store.tell_findings([], AT)
    assert await store.clear_findings([], AT) == 0
