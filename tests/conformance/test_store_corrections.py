"""The journal's contract, of corrections: credits and adjustments booked after the answer, and the
questions of a phone that they are looked up by."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.cdr import Entry
from gateway.core.ledger import BY_RULE, check_entries, kept_tiyn
from gateway.core.records import Question
from gateway.store import Journal, StoreDataError
from tests.support.journal import (
    DAY,
    TODAY,
    SqliteEngine,
    answer,
    chain_of,
    entry,
    promise,
    question,
    reply,
)


async def asked(store: Journal, n: int = 1, **changes: Any) -> Question:
    """A question charged 1500 tiyn."""
    made = question(n, **changes)
    await store.take([made], [answer(made)])
    return made


def credit(of: Question, cause: str = "a", tiyn: int = 1500, **changes: Any) -> Entry:
    return entry(of, f"credited:{cause}", amount_tiyn=-tiyn, **changes)


async def kept(store: Journal, of: Question) -> int:
    entries = (await chain_of(store, of)).entries
    assert check_entries(entries) == []
    return kept_tiyn(entries)


# -- book


async def test_a_credit_is_booked_with_all_its_fields(store: Journal) -> None:
    of = await asked(store)
    new = credit(of, reason="жауап келмеді (aigul)", day=TODAY + 3, at_us=of.received_us + 3 * DAY)
    assert await store.book([new]) == {new.key}
    chain = await chain_of(store, of)
    assert chain.entries == (*answer(of).entries, new)


async def test_a_cause_is_booked_once(store: Journal) -> None:
    of = await asked(store)
    first = credit(of, tiyn=500)
    await store.book([first])
    assert await store.book([first._replace(amount_tiyn=-700)]) == frozenset()
    assert await kept(store, of) == 1000


async def test_of_two_that_book_one_cause_at_once_one_does(store: Journal) -> None:
    of = await asked(store)
    both = await asyncio.gather(*(store.book([credit(of, tiyn=500)]) for _ in range(2)))
    assert sorted(map(len, both)) == [0, 1]
    assert await kept(store, of) == 1000


@pytest.mark.parametrize("together", [True, False], ids=["in one call", "in two at once"])
async def test_no_more_is_given_back_than_is_left(store: Journal, together: bool) -> None:
    of = await asked(store)
    first, second, third = (credit(of, cause, 700) for cause in "abc")
    if together:
        written = await store.book([first, second, third])
    else:
        written = frozenset().union(
            *await asyncio.gather(*(store.book([each]) for each in (first, second, third)))
        )
    assert written == {first.key, second.key}
    assert await kept(store, of) == 100


async def test_two_processes_together_give_back_no_more(
    engine: SqliteEngine, store: Journal
) -> None:
    of = await asked(store)
    beside = await engine.open()
    written = await asyncio.gather(
        store.book([credit(of, "a", 1000)]), beside.book([credit(of, "b", 1000)])
    )
    assert sorted(map(len, written)) == [0, 1]
    assert await kept(store, of) == 500


async def test_what_was_not_charged_cannot_be_credited(store: Journal) -> None:
    promised = question(2)
    await store.take([promised], [promise(promised, entries=(entry(promised),))])
    assert await store.book([credit(promised), credit(question(3))]) == frozenset()
    assert await store.stray_entries(10) == []


async def test_a_correction_names_an_entry_of_its_own_chain(store: Journal) -> None:
    of, other = await asked(store), await asked(store, 2)
    wrong = credit(of, corrects=f"settled:{other.id}")
    assert await store.book([wrong, credit(of, "b", corrects=None)]) == frozenset()


async def test_an_adjustment_goes_either_way(store: Journal) -> None:
    of = await asked(store)
    more = entry(of, "adjusted:2026-11", amount_tiyn=500)
    less = entry(of, "adjusted:2026-12", amount_tiyn=-2000)
    assert await store.book([more, less]) == {more.key, less.key}
    assert await kept(store, of) == 0


async def test_corrections_stand_in_the_order_of_their_booking(store: Journal) -> None:
    """Each was legal when it was booked, and so is the chain for whoever reads it."""
    of = await asked(store)
    more = entry(of, "adjusted:z", amount_tiyn=500)
    new = [
        more,
        credit(of, "b", 1900),
        entry(of, "adjusted:a", amount_tiyn=-50),
        credit(of, "a", 50),
    ]
    for each in new:
        assert await store.book([each]) == {each.key}
    assert (await chain_of(store, of)).entries[2:] == tuple(new)
    assert await kept(store, of) == 0


async def test_chains_are_not_begun_or_settled_by_hand(store: Journal) -> None:
    of = await asked(store)
    for kind in ("rated", "charged", "voided"):
        with pytest.raises(StoreDataError, match="comes with its answer"):
            await store.book([credit(of), entry(of, kind)])
    assert await kept(store, of) == 1500


async def test_nothing_to_book_is_nothing(store: Journal) -> None:
    assert await store.book([]) == frozenset()


@settings(max_examples=25, deadline=None)
@given(amounts=st.lists(st.integers(1, 1600), min_size=1, max_size=6))
async def test_whatever_is_booked_leaves_a_legal_chain(
    tmp_path_factory: pytest.TempPathFactory, amounts: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("booked")
    engine = SqliteEngine(folder, tmp_path_factory.getbasetemp() / "sqlite.made")
    try:
        store = await engine.open()
        of = await asked(store)
        new = [credit(of, str(n), tiyn) for n, tiyn in enumerate(amounts)]
        written = await store.book(new)
        left = 1500
        for each in new:
            assert (each.key in written) == (left + each.amount_tiyn >= 0)
            left += each.amount_tiyn if each.key in written else 0
        assert await kept(store, of) == left
    finally:
        await engine.close()


# -- a late answer after a credit by hand


async def promised(store: Journal) -> Question:
    of = question()
    await store.take([of], [promise(of)])
    return of


def late(of: Question, **changes: Any) -> Any:
    """Its answer at last, and all the money back."""
    new = credit(of, BY_RULE, reason="not_found")
    return answer(of, reply(of, 1), entries=(new,), result="not_found", **changes)


async def test_a_late_answer_gives_back_what_is_left(store: Journal) -> None:
    of = await promised(store)
    await store.book([credit(of, "desk", 400)])
    await store.take([], [late(of)])
    assert await kept(store, of) == 0
    assert [each.amount_tiyn for each in (await chain_of(store, of)).entries[2:]] == [-400, -1100]


async def test_a_late_answer_gives_nothing_back_where_nothing_is_left(store: Journal) -> None:
    of = await promised(store)
    await store.book([credit(of, "desk")])
    await store.take([], [late(of)])
    assert len((await chain_of(store, of)).entries) == 3
    assert await kept(store, of) == 0


async def test_a_late_answer_and_a_credit_at_once_give_back_no_more_than_was_paid(
    store: Journal,
) -> None:
    of = await promised(store)
    await asyncio.gather(store.take([], [late(of)]), store.book([credit(of, "desk", 1000)]))
    assert await kept(store, of) == 0


async def test_the_credit_of_a_late_answer_that_is_dropped_is_dropped(store: Journal) -> None:
    of = await promised(store)
    await store.take([], [answer(of, reply(of, 1), entries=())])
    await store.take([], [late(of)])
    assert await kept(store, of) == 1500


async def test_a_question_answered_late_for_the_first_time_has_its_whole_chain(
    store: Journal,
) -> None:
    of = question()
    await store.take([of])
    entries = (*answer(of).entries, credit(of, BY_RULE))
    await store.take([], [answer(of, entries=entries)])
    assert (await chain_of(store, of)).entries == entries


# -- by phone


async def test_the_questions_of_a_phone_are_found(store: Journal) -> None:
    mine = [await asked(store, n, party="mine") for n in (1, 3)]
    await asked(store, 2)
    found = await store.asked_by("mine", TODAY, TODAY, 10)
    assert found == [await store.chain(each.id) for each in mine]
    assert await store.asked_by("nobody", TODAY, TODAY, 10) == []


async def test_days_and_limit_choose_among_the_questions_of_a_phone(store: Journal) -> None:
    for n in range(1, 5):
        await asked(store, n, party="mine", day=TODAY + n)
    found = await store.asked_by("mine", TODAY + 2, TODAY + 4, 2)
    assert [chain.day for chain in found] == [TODAY + 2, TODAY + 3]


async def test_the_questions_of_a_phone_stand_in_the_order_of_their_ids(store: Journal) -> None:
    """A clock that stepped back over midnight gives the later question the earlier day."""
    await asked(store, 1, party="mine", day=TODAY + 1)
    await asked(store, 2, party="mine", day=TODAY)
    found = await store.asked_by("mine", TODAY, TODAY + 1, 10)
    assert [chain.question_id for chain in found] == [1000, 2000]
