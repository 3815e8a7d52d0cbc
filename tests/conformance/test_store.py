"""The journal's contract: what every engine must keep. The verbs' promises stand in
gateway/store/journal.py; here each is tried, on every engine of ENGINES."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.core.records import (
    Chain,
    Duplicate,
    Owed,
    QuestionState,
    ReplyState,
    ReplyTrace,
    Subscriber,
)
from gateway.store import Journal, StoreDataError, StoreUnavailableError
from tests.support.journal import (
    AT,
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    TODAY,
    SqliteEngine,
    answer,
    chain_of,
    chains,
    entry,
    ids,
    kinds,
    part,
    promise,
    question,
    reply,
    sent,
    sets,
    states,
)

# -- take


async def test_a_question_and_its_answer_are_one_chain(store: Journal) -> None:
    asked = question()
    answered = answer(asked, reply(asked), reply(asked, 1, text_id="gen.wait"))
    assert await store.take([asked], [answered]) == ()

    traces = tuple(
        ReplyTrace(
            id=one.id, ordinal=one.ordinal, seg=1, segs=1, text_id=one.text_id,
            state=ReplyState.SUBMITTING, attempts=0, maybe_sent=False, message_id=None,
            status=None, submitted_us=None, done_us=None, receipt=True, stat=None, error=None,
        )
        for one in answered.replies
    )  # fmt: skip
    assert await chains(store) == [
        Chain(
            question_id=asked.id, link="north", operator="north", channel="sms", party="party1",
            msisdn="77010000001", short_code="1012", received_us=asked.received_us, day=TODAY,
            intent="lookup", state=QuestionState.ANSWERED, language="kk", result="status",
            ticket_kind="appeal", parts=1, duplicates=0, answered_us=answered.answered_us,
            replies=traces, entries=answered.entries,
        )
    ]  # fmt: skip


async def test_an_unanswered_question_is_owed_as_it_was_given(store: Journal) -> None:
    first, second = question(1), question(2, text=None, channel="web", session=0, link="web")
    await store.take([first, second])
    assert await store.owed(0, 10) == [
        Owed(first, QuestionState.ACCEPTED),
        Owed(second, QuestionState.ACCEPTED),
    ]
    assert [owed.question.id for owed in await store.owed(0, 1)] == [first.id]
    assert [owed.question.id for owed in await store.owed(first.id, 10)] == [second.id]


async def test_a_late_answer_ends_what_is_owed(store: Journal) -> None:
    asked = question()
    await store.take([asked])
    await store.take([], [answer(asked)])
    assert await store.owed(0, 10) == []
    chain = await chain_of(store, asked)
    assert (chain.state, chain.result, len(chain.replies)) == (QuestionState.ANSWERED, "status", 1)


async def test_a_redelivered_question_is_counted_and_its_answer_dropped(store: Journal) -> None:
    asked = question(1)
    copy = question(2, fingerprint=asked.fingerprint, party=asked.party)
    await store.take([asked], [answer(asked)])
    forgetful = answer(copy)._replace(subscriber=Subscriber(asked.party, asked.msisdn, "{}"))
    for _ in range(2):
        assert list(await store.take([copy], [forgetful])) == [Duplicate(copy.id, asked.id)]
    chain = await chain_of(store, asked)
    assert (chain.duplicates, len(chain.replies), len(chain.entries)) == (2, 1, 2)
    assert len(await chains(store)) == 1
    assert (await store.subscribers([asked.party]))[asked.party].facts == '{"language":"kk"}'


async def test_of_copies_in_one_call_the_first_wins(store: Journal) -> None:
    asked = question(1)
    copies = [question(n, fingerprint=asked.fingerprint) for n in (2, 3)]
    given = [asked, *copies]
    told = await store.take(given, [answer(one) for one in given])
    assert list(told) == [Duplicate(copy.id, asked.id) for copy in copies]
    assert (await chain_of(store, asked)).duplicates == 2


async def test_of_copies_in_calls_at_one_time_the_first_wins(store: Journal) -> None:
    asked, copy = question(1), question(2, fingerprint="fingerprint1")
    told = await asyncio.gather(
        store.take([asked], [answer(asked)]), store.take([copy], [answer(copy)])
    )
    assert [list(one) for one in told] == [[], [Duplicate(copy.id, asked.id)]]


async def test_a_fingerprint_belongs_to_its_link(store: Journal) -> None:
    await store.take([question(1)])
    assert not await store.take([question(2, fingerprint="fingerprint1", link="south")])


@pytest.mark.parametrize(
    ("confirmed", "later_us", "duplicate"),
    [
        (True, 59 * SECOND, True),
        (True, 60 * SECOND, False),
        (False, 60 * SECOND, True),
        (False, 48 * HOUR - 1, True),
        (False, 48 * HOUR, False),
    ],
)
async def test_a_fingerprint_lives_a_minute_once_confirmed_else_two_days(
    store: Journal, confirmed: bool, later_us: int, duplicate: bool
) -> None:
    asked = question(1)
    copy = question(2, fingerprint="fingerprint1", received_us=asked.received_us + later_us)
    await store.take([asked])
    if confirmed:
        await store.confirm(asked.session, asked.id)
    assert bool(await store.take([copy])) is duplicate


@pytest.mark.parametrize(
    ("session", "through"),
    [(7, 999), (8, 5000)],
    ids=["an earlier question", "another session"],
)
async def test_a_confirmation_is_of_its_session_up_to_its_id(
    store: Journal, session: int, through: int
) -> None:
    asked = question(1)
    copy = question(2, fingerprint="fingerprint1", received_us=asked.received_us + HOUR)
    await store.take([asked])
    await store.confirm(session, through)
    assert await store.take([copy])


async def test_a_confirmation_never_goes_back(store: Journal) -> None:
    asked = question(1)
    copy = question(2, fingerprint="fingerprint1", received_us=asked.received_us + HOUR)
    await store.take([asked])
    await asyncio.gather(store.confirm(7, 5000), store.confirm(7, 10))
    await store.confirm(7, 20)
    assert not await store.take([copy])


async def test_an_expired_fingerprint_is_the_new_question_s_for_as_long(store: Journal) -> None:
    asked = question(1)
    again = question(2, fingerprint="fingerprint1", received_us=asked.received_us + 49 * HOUR)
    third = question(3, fingerprint="fingerprint1", received_us=again.received_us + HOUR)
    await store.take([asked])
    assert not await store.take([again])
    assert list(await store.take([third])) == [Duplicate(third.id, again.id)]
    assert (await chain_of(store, asked)).duplicates == 0
    assert (await chain_of(store, again)).duplicates == 1


async def test_taking_once_more_changes_nothing(store: Journal) -> None:
    asked, open_one = question(1), question(2)
    for _ in range(3):
        assert list(await store.take([asked, open_one], [answer(asked)])) == []
    assert len(await chains(store)) == 2
    chain = await chain_of(store, asked)
    assert (chain.duplicates, len(chain.replies), len(chain.entries)) == (0, 1, 2)


async def test_a_question_given_again_with_its_answer_is_answered(store: Journal) -> None:
    asked = question(1)
    await store.take([asked])
    await store.take([asked, question(2)], [answer(asked)])
    chain = await chain_of(store, asked)
    assert (chain.state, len(chain.replies), len(chain.entries)) == (QuestionState.ANSWERED, 1, 2)


async def test_an_answer_to_an_answered_question_is_dropped(store: Journal) -> None:
    asked = question()
    await store.take([asked], [answer(asked)])
    before = await chain_of(store, asked)
    other = answer(
        asked,
        reply(asked, 3),
        result="not_found",
        entries=(entry(asked, "credited:not_found"),),
        subscriber=Subscriber(asked.party, asked.msisdn, "{}"),
    )
    await store.take([], [other])
    assert await chain_of(store, asked) == before
    assert (await store.subscribers([asked.party]))[asked.party].facts == '{"language":"kk"}'


async def test_a_promise_to_an_answered_question_is_dropped(store: Journal) -> None:
    asked = question()
    await store.take([asked], [answer(asked)])
    before = await chain_of(store, asked)
    await store.take([], [promise(asked, reply(asked, 5))])
    await store.take([asked], [promise(asked, reply(asked, 5))])
    assert await chain_of(store, asked) == before


async def test_of_two_answers_at_one_time_the_first_counts(store: Journal) -> None:
    asked = question()
    await store.take([asked])
    await asyncio.gather(
        store.take([], [answer(asked, reply(asked, 0), result="first")]),
        store.take([], [answer(asked, reply(asked, 1), result="second")]),
    )
    chain = await chain_of(store, asked)
    assert (chain.result, [trace.ordinal for trace in chain.replies]) == ("first", [0])


async def test_a_promise_leaves_the_answer_owed(store: Journal) -> None:
    asked = question()
    await store.take([asked], [promise(asked)])
    assert await store.owed(0, 10) == [Owed(asked, QuestionState.PROMISED)]
    assert (await chain_of(store, asked)).result == "later"


async def test_a_promise_and_its_answer_keep_both_replies_and_rate_once(store: Journal) -> None:
    asked = question()
    await store.take([asked])
    promised = reply(asked, 0)
    await store.take([], [promise(asked, promised)])
    await store.settle([sent(promised)])
    # Each answer counts its replies from nought; the store keeps them apart.
    late = [reply(asked, 0, id=promised.id + 50), reply(asked, 1, id=promised.id + 51)]
    await store.take([], [answer(asked, *late)])
    chain = await chain_of(store, asked)
    assert [(trace.id, trace.ordinal) for trace in chain.replies] == [
        (promised.id, 0),
        (promised.id + 50, 1),
        (promised.id + 51, 2),
    ]
    assert await kinds(store, asked) == ["rated", "charged"]
    assert (chain.state, chain.result) == (QuestionState.ANSWERED, "status")


async def test_a_promise_is_made_once(store: Journal) -> None:
    asked = question()
    await store.take([asked], [promise(asked, reply(asked, 0))])
    await store.take([], [promise(asked, reply(asked, 1))])
    assert len((await chain_of(store, asked)).replies) == 1


async def test_parked_questions_keep_their_text_until_replayed(store: Journal) -> None:
    asked = [question(n) for n in (1, 2, 3)]
    parked = [answer(one, state=QuestionState.PARKED)._replace(replies=()) for one in asked[:2]]
    await store.take(asked, parked)
    assert await store.parked(10) == asked[:2]
    assert await store.parked(1) == asked[:1]
    assert await store.unpark([asked[0].id, asked[2].id, 99]) == 1
    assert await store.parked(10) == [asked[1]]
    assert [owed.question for owed in await store.owed(0, 10)] == [asked[0], asked[2]]
    await store.take([], [answer(asked[0])])
    assert await kinds(store, asked[0]) == ["rated", "charged"]
    assert await store.unpark([asked[0].id]) == 0


async def test_a_phone_is_known_as_soon_as_it_has_asked(store: Journal) -> None:
    first, second = question(1), question(2)
    await store.take([first, second], [answer(second)._replace(subscriber=None)])
    found = await store.subscribers(["party1", "party2", "nobody"])
    assert found == {
        "party1": Subscriber("party1", first.msisdn, "{}"),
        "party2": Subscriber("party2", second.msisdn, "{}"),
    }
    assert await store.subscribers([]) == {}


async def test_what_is_remembered_of_a_phone_outlives_a_question_without_answer(
    store: Journal,
) -> None:
    first, second = question(1), question(2, party="party1")
    await store.take([first], [answer(first)])
    await store.take([second])
    assert (await store.subscribers(["party1"]))["party1"].facts == '{"language":"kk"}'
    await store.take([], [answer(second)._replace(subscriber=Subscriber("party1", "7", "{}"))])
    assert (await store.subscribers(["party1"]))["party1"] == Subscriber("party1", "7", "{}")


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("a\0b", "a\ufffdb"),
        ("a\ud83db", "a\ufffdb"),
        ("\0 \udc00 \\u0000 \\", "\ufffd \ufffd \\u0000 \\"),
        ('\\u0000 🙂 "\n', '\\u0000 🙂 "\n'),
    ],
)
async def test_signs_that_no_text_can_hold_are_replaced(
    store: Journal, text: str, stored: str
) -> None:
    await store.take([question(1, text=text), question(2)])
    assert [owed.question.text for owed in await store.owed(0, 9)] == [stored, question(2).text]


async def test_a_faulty_call_fails_alone_and_leaves_nothing(store: Journal) -> None:
    good, bad, other = question(1), question(2), question(3)
    unrated = answer(bad)._replace(entries=(entry(bad), entry(good, key="rated")))
    twice = question(4, id=good.id, received_us=AT)
    told = await asyncio.gather(
        store.take([good], [answer(good)]),
        store.take([bad], [unrated._replace(entries=(entry(bad)._replace(key="rated:7"),))]),
        store.take([twice]),
        store.part([part(90, 3, total=2)]),
        store.take([other], [answer(other), answer(other)]),
        store.take([other]),
        return_exceptions=True,
    )
    assert [type(one) for one in told] == [
        tuple, StoreDataError, StoreDataError, StoreDataError, StoreDataError, tuple,
    ]  # fmt: skip
    assert [chain.question_id for chain in await chains(store)] == [good.id, other.id]
    assert await store.subscribers([bad.party]) == {}
    assert not await store.take([bad], [answer(bad)])  # nor did its fingerprint stay


async def test_an_id_is_never_given_to_two_questions(store: Journal) -> None:
    asked = question()
    await store.take([asked], [answer(asked)])
    while await store.purge(AT + 3 * DAY):
        pass
    other = question(2, id=asked.id)
    with pytest.raises(StoreDataError):
        await store.take([other], [answer(other)])
    assert not await store.take([asked])  # while the same one may come again


async def test_a_cause_is_booked_once_over_all_days(store: Journal) -> None:
    asked = question()
    await store.take([asked], [promise(asked)])
    tomorrow = entry(asked, day=TODAY + 1, amount_tiyn=9)
    await store.take([], [answer(asked, reply(asked, 1))._replace(entries=(tomorrow,))])
    assert [(e.key, e.amount_tiyn) for e in (await chain_of(store, asked)).entries] == [
        (f"rated:{asked.id}", 1500),
        (f"settled:{asked.id}", 1500),
    ]


async def test_entries_come_in_the_order_of_a_chain(store: Journal) -> None:
    asked, neighbour = question(1), question(10)  # ids 1000 and 10000: one begins the other
    keys = ["adjusted:a", "credited:b", "charged", "rated", "credited:a"]
    given = tuple(entry(asked, key) for key in keys)
    await store.take(
        [asked, neighbour],
        [
            answer(asked)._replace(entries=given),
            answer(neighbour)._replace(entries=tuple(entry(neighbour, key) for key in keys)),
        ],
    )
    found = (await chain_of(store, asked)).entries
    assert found == tuple(given[at] for at in (3, 2, 0, 1, 4))  # corrections as they were booked


# -- reading the ledger


async def test_chains_are_of_their_days_in_the_order_of_ids(store: Journal) -> None:
    days = [TODAY + 1, TODAY - 1, TODAY, TODAY + 2, TODAY]
    asked = [question(n, day=day) for n, day in enumerate(days, 1)]
    await store.take(list(reversed(asked)))
    found = [chain.question_id for chain in await chains(store, TODAY, TODAY + 1)]
    assert found == [asked[0].id, asked[2].id, asked[4].id]
    assert await chains(store, TODAY + 3, TODAY + 9) == []


async def test_a_chain_is_found_by_its_id_whatever_its_day(store: Journal) -> None:
    asked = [question(n, day=day) for n, day in enumerate((TODAY, 19991231, TODAY + 1), 1)]
    await store.take(asked, [answer(one) for one in asked])
    for one in asked:
        found = await store.chain(one.id)
        assert found == await chain_of(store, one)
        assert found is not None
        assert len(found.entries) == 2
    for nobody in (1, asked[0].id + 1, 2**63 - 1):
        assert await store.chain(nobody) is None


async def test_chains_come_whole_however_many_there_are(store: Journal) -> None:
    asked = [question(n, day=TODAY + n % 2) for n in range(1, 1201)]
    await store.take(asked, [answer(one) for one in asked[::2]])
    found = await chains(store, TODAY, TODAY)
    assert [chain.question_id for chain in found] == [one.id for one in asked if one.day == TODAY]
    assert {len(chain.replies) for chain in await chains(store, TODAY + 1, TODAY + 1)} == {1}


async def test_ids_start_above_all_that_are_stored(store: Journal) -> None:
    assert await store.highest_id() == 0
    await store.part([part(5, 1)])
    assert await store.highest_id() == 5
    await store.take([question(1)])
    assert await store.highest_id() == 1000
    await store.take([], [answer(question(1))])
    assert await store.highest_id() == reply(question(1)).id


# -- limits, ends, copies


async def test_a_full_backlog_refuses_at_once_and_takes_the_rest(engine: SqliteEngine) -> None:
    store = await engine.open(backlog_max=3)
    told = await asyncio.gather(
        *(store.take([question(n)]) for n in range(1, 6)), return_exceptions=True
    )
    assert [isinstance(one, StoreUnavailableError) for one in told] == [False] * 3 + [True] * 2
    assert [chain.question_id for chain in await chains(store)] == [1000, 2000, 3000]
    await store.take([question(6)])
    await store.close()


async def test_a_small_transaction_leaves_the_rest_for_the_next(engine: SqliteEngine) -> None:
    store = await engine.open(transaction_rows_max=1, checkpoint_rows=2)
    await asyncio.gather(*(store.take([question(n)]) for n in range(1, 8)))
    assert len(await chains(store)) == 7
    await store.close()


async def test_what_was_taken_is_there_after_a_restart(engine: SqliteEngine) -> None:
    store = await engine.open()
    asked = question()
    await store.take([asked], [answer(asked)])
    before = await chains(store)
    await store.close()
    store = await engine.open()
    assert await chains(store) == before
    assert list(await store.take([question(2, fingerprint="fingerprint1")])) == [
        Duplicate(2000, asked.id)
    ]
    await store.close()


async def test_closing_finishes_what_waits_and_takes_no_more(engine: SqliteEngine) -> None:
    store = await engine.open()
    waiting = [store.take([question(n)]) for n in (1, 2)]
    taken, _ = await asyncio.gather(asyncio.gather(*waiting), store.close())
    assert [list(one) for one in taken] == [[], []]
    with pytest.raises(StoreUnavailableError):
        await store.take([question(3)])
    await store.close()
    store = await engine.open()
    assert len(await chains(store)) == 2
    await store.close()


async def test_an_abandoned_call_harms_no_other(store: Journal) -> None:
    async with asyncio.TaskGroup() as tasks:
        abandoned = tasks.create_task(store.take([question(1)]))
        kept = tasks.create_task(store.take([question(2)]))
        await asyncio.sleep(0)
        abandoned.cancel()
    assert list(kept.result()) == []
    assert [chain.question_id for chain in await chains(store)] == [2000]


async def test_a_copy_is_a_journal_of_its_own(
    store: Journal, engine: SqliteEngine, tmp_path: Path
) -> None:
    asked = question()
    await store.take([asked], [answer(asked)])
    target = tmp_path / "copies"
    target.mkdir()
    for _ in range(2):  # the second replaces the first
        await store.backup(target / "journal.db")
    await store.take([question(2)])
    copy = await engine.open_url(f"{engine.name}://{target}/journal.db")
    assert await chains(copy) == [await chain_of(store, asked)]


async def test_a_healthy_store_says_so(store: Journal) -> None:
    health = await store.health()
    assert (health.writable, health.backlog) == (True, 0)
    assert health.schema >= 1
    assert health.engine in health.library.lower()


# -- purge


async def test_purging_forgets_what_is_over_and_nothing_else(store: Journal) -> None:
    old, doubtful, new = question(1), question(2, session=8), question(3)
    await store.take([old, doubtful, new], [answer(old), answer(doubtful), answer(new)])
    await store.confirm(7, new.id)
    await store.settle([sent(reply(one)) for one in (old, doubtful, new)])
    before = await chains(store)

    now_us = new.received_us + 59 * SECOND
    assert await store.purge(now_us) == 1  # the fingerprint of `old`: a minute is over
    assert await store.purge(now_us) == 0
    assert await chains(store) == before
    assert await store.take([question(4, fingerprint="fingerprint2", received_us=now_us)])
    assert await store.take([question(5, fingerprint="fingerprint3", received_us=now_us)])

    assert await store.purge(new.received_us + 48 * HOUR) >= 2  # the others
    assert await store.purge(new.received_us + 48 * HOUR) == 0
    assert await chains(store) == [
        chain._replace(duplicates=chain.duplicates + (chain.question_id != old.id))
        for chain in before
    ]


async def test_purging_goes_on_where_time_has_gone_on(store: Journal) -> None:
    await store.take([question(1), question(2)])
    await store.confirm(7, 2000)
    now_us = question(1).received_us + MINUTE
    assert await store.purge(now_us) == 1
    assert await store.purge(now_us + SECOND) >= 1


async def test_replies_and_numbers_go_after_their_terms(store: Journal) -> None:
    asked, later = question(1), question(2, received_us=AT + 300 * DAY)
    await store.take([asked, later], [answer(asked), answer(later)])
    await store.purge(AT + 399 * DAY)
    assert (await chain_of(store, asked)).msisdn == asked.msisdn
    await store.purge(AT + 401 * DAY)
    chain = await chain_of(store, asked)
    assert (chain.msisdn, chain.replies, len(chain.entries)) == (None, (), 2)
    assert (await chain_of(store, later)).msisdn == later.msisdn
    assert len((await chain_of(store, later)).replies) == 1
    assert await store.subscribers([asked.party]) == {
        asked.party: Subscriber(asked.party, "", '{"language":"kk"}')
    }
    await store.take([question(3, party=asked.party, msisdn=asked.msisdn)])
    assert (await chain_of(store, asked)).msisdn == asked.msisdn


# -- parts


async def test_a_set_is_handed_out_when_its_last_part_comes(store: Journal) -> None:
    third, first, second = part(1, 3, 3), part(2, 1, 3), part(3, 2, 3)
    assert not await sets(store, [third])
    assert not await sets(store, [first])
    assert await sets(store, [second]) == [(first, second, third)]


async def test_a_set_may_come_in_one_call_or_in_calls_at_one_time(store: Journal) -> None:
    one = [part(1, 2), part(2, 1)]
    assert await sets(store, one) == [(one[1], one[0])]
    other = [part(n, n - 10, 3, reference=9) for n in (11, 12, 13)]
    told = await asyncio.gather(*(sets(store, [each]) for each in other))
    assert told == [[], [], [tuple(other)]]


async def test_a_set_stays_until_it_has_become_a_question(store: Journal) -> None:
    parts = (part(1, 1), part(2, 2))
    await store.part(parts)
    assert await sets(store, parts) == [parts]  # the call made once more
    assert await store.parts_before(AT + HOUR, 10) == [parts]
    asked = question(1, parts=2, joined=(1, 2))
    await store.take([asked], [answer(asked)])
    assert await store.parts_before(AT + HOUR, 10) == []
    assert not await sets(store, parts)
    assert await store.parts_before(AT + HOUR, 10) == []


async def test_incomplete_sets_are_found_by_their_age(store: Journal) -> None:
    await store.part([part(1, 1, 3), part(2, 2, 3), part(3, 1, reference=9), part(4, 1, party="x")])
    assert await store.parts_before(AT + SECOND, 10) == []
    assert await store.parts_before(AT + 2 * SECOND, 10) == [(part(1, 1, 3), part(2, 2, 3))]
    assert [ids(parts) for parts in await store.parts_before(AT + MINUTE, 2)] == [[1, 2], [3]]


async def test_a_redelivered_part_is_ignored(store: Journal) -> None:
    first, second = part(1, 1), part(2, 2)
    await store.part([first])
    assert not await sets(store, [first._replace(id=5, received_us=AT + 9 * SECOND)])
    assert await sets(store, [second]) == [(first, second)]
    assert not await sets(store, [second._replace(id=6)])
    await store.take([question(1, joined=(1, 2))])
    assert not await sets(store, [first._replace(id=7), second._replace(id=8)])
    assert await store.parts_before(AT + HOUR, 10) == []


async def test_a_reference_used_again_opens_a_new_set(store: Journal) -> None:
    old = (part(1, 1), part(2, 2))
    await store.part(old)
    new = (part(3, 1), part(4, 2))
    assert not await sets(store, new[:1])
    assert await sets(store, new[1:]) == [new]
    assert await store.parts_before(AT + HOUR, 10) == [old, new]


@pytest.mark.parametrize(
    "changes",
    [{"party": "p"}, {"operator": "o"}, {"short_code": "1"}, {"reference": 1}, {"width": 16}],
    ids=lambda changes: next(iter(changes)),
)
async def test_parts_of_different_messages_never_meet(
    store: Journal, changes: dict[str, object]
) -> None:
    assert not await sets(store, [part(1, 1), part(2, 2)._replace(**changes)])
    assert not await sets(store, [part(3, 2, 3)])
    assert await sets(store, [part(4, 2)]) == [(part(1, 1), part(4, 2))]


# -- claims


async def test_a_queued_reply_is_claimed_once(store: Journal) -> None:
    asked = question()
    waiting = reply(asked, 0, state=ReplyState.QUEUED)
    taken = reply(asked, 1)
    await store.take([asked], [answer(asked, waiting, taken)])
    told = await asyncio.gather(
        store.claim([waiting.id, taken.id, 77], AT), store.claim([waiting.id], AT)
    )
    assert told == [{waiting.id}, frozenset()]
    assert await store.claim([waiting.id], AT) == frozenset()
    assert await states(store, asked) == [ReplyState.SUBMITTING] * 2
    assert await store.claim([], AT) == frozenset()


async def test_a_claimed_reply_tells_since_when_it_may_have_been_sent(store: Journal) -> None:
    asked = question()
    waiting = reply(asked, state=ReplyState.QUEUED)
    await store.take([asked], [answer(asked, waiting)])
    await store.claim([waiting.id], AT + HOUR)
    await store.recover(AT + DAY)
    assert [one.next_us for one in await store.unknown("north", 0, 9)] == [AT + HOUR]


async def test_queued_replies_are_read_back_whole_in_order(store: Journal) -> None:
    asked = [question(n) for n in (1, 2, 3)]
    waiting = [reply(one, state=ReplyState.QUEUED, attempts=2, maybe_sent=True) for one in asked]
    waiting[1] = waiting[1]._replace(link="south")
    await store.take(
        list(reversed(asked)), [answer(a, r) for a, r in zip(asked, waiting, strict=True)]
    )
    assert await store.queued("north", 0, 10) == [waiting[0], waiting[2]]
    assert await store.queued("north", waiting[0].id, 10) == [waiting[2]]
    assert await store.queued("north", 0, 1) == [waiting[0]]
    assert await store.queued("south", 0, 10) == [waiting[1]]
    assert await store.unknown("north", 0, 10) == []
