"""What a call asks of the gateway, over a real journal."""

from __future__ import annotations

from pathlib import Path

from gateway.core.call_records import CallBackState
from ivr.switch import CallOutcome
from lookup.status import Found
from tests.support.call_gateway import (
    ABSENT,
    CALLER,
    LANDLINE,
    call_gateway,
    end,
    question,
    start,
    wanted,
)
from tests.support.journal import AT
from tests.support.wording import ticket


async def test_a_call_is_on_disk_before_it_is_greeted(tmp_path: Path) -> None:
    async with call_gateway(tmp_path) as gateway:
        assert await gateway.calls.opened(start()) is None
    async with call_gateway(tmp_path) as gateway:
        assert [trace.leg.call_id for trace in await gateway.legs()] == ["CA1"]


async def test_the_language_a_caller_chose_is_known_at_the_next_call(tmp_path: Path) -> None:
    async with call_gateway(tmp_path) as gateway:
        await gateway.calls.opened(start())
        await gateway.calls.choose_language(CALLER, "en")
        assert await gateway.calls.opened(start("CA2")) == "en"
        await gateway.ask()  # and with the answer it goes to disk
    async with call_gateway(tmp_path) as gateway:
        assert await gateway.calls.opened(start("CA3")) == "en"


async def test_a_hidden_callers_choice_is_nobodys(tmp_path: Path) -> None:
    async with call_gateway(tmp_path) as gateway:
        await gateway.calls.choose_language("", "en")
        assert await gateway.calls.opened(start(caller="")) is None


async def test_a_store_that_is_away_neither_stops_nor_answers_a_call(tmp_path: Path) -> None:
    async with call_gateway(tmp_path) as gateway:
        gateway.journal.away = {"begin_call", "subscribers", "take", "keep_call_back", "find_leg"}
        assert await gateway.calls.opened(start()) is None
        await gateway.calls.choose_language(CALLER, "en")
        answer = await gateway.ask()
        assert (answer.outcome, answer.text) == (CallOutcome.UNAVAILABLE, None)
        assert not await gateway.calls.call_back(wanted())
        await gateway.calls.ended(end())
        gateway.journal.away = set()
        await gateway.records.sweep()
        (trace,) = await gateway.legs()
    assert len(trace.records) == 1


async def test_a_step_asked_again_is_answered_again_and_kept_once(tmp_path: Path) -> None:
    async with call_gateway(tmp_path) as gateway:
        assert await gateway.ask() == await gateway.ask()
        (chain,) = await gateway.chains()
    assert (chain.duplicates, [entry.amount_tiyn for entry in chain.entries]) == (1, [0])


async def test_wrong_numbers_of_calls_and_texts_are_counted_together(tmp_path: Path) -> None:
    async with call_gateway(tmp_path) as gateway:
        outcomes = [(await gateway.ask(ABSENT, step=step)).outcome for step in range(6)]
    assert outcomes == [CallOutcome.NOT_FOUND] * 5 + [CallOutcome.LOCKED]


async def test_each_hidden_caller_has_wrong_numbers_of_its_own(tmp_path: Path) -> None:
    async with call_gateway(tmp_path) as gateway:
        for step in range(6):
            await gateway.calls.ask(question(ABSENT, step=step, caller=""))
        other = await gateway.calls.ask(question(caller="", call_id="CA2"))
    assert other.outcome is CallOutcome.FOUND


async def test_a_landline_owns_no_ticket(tmp_path: Path) -> None:
    """Whoever lives there may use it: also where it was written down at filing."""
    number = "263500030000417"
    async with call_gateway(tmp_path) as gateway:
        hashes = (gateway.keys.owner(LANDLINE), gateway.keys.owner(CALLER))
        report = ticket(kind="crime_report", number=number, status="checking", owner_hashes=hashes)
        gateway.register.known[number] = Found((report,))
        heard = {
            caller: (await gateway.ask(number, step=step, caller=caller)).sentences[0].id
            for step, caller in enumerate((LANDLINE, CALLER, ""))
        }
    assert heard[LANDLINE] == heard[""] == "crime.neutral" != heard[CALLER]


# -- call-backs


async def test_a_caller_who_waits_is_kept_with_language_and_wish(tmp_path: Path) -> None:
    async with call_gateway(tmp_path) as gateway:
        assert await gateway.calls.call_back(wanted())
        (kept,) = await gateway.journal.call_backs(0, 10)
    assert (kept.msisdn, kept.language, kept.wish) == (CALLER, "kk", "complain")
    assert (kept.asked_us, kept.state) == (AT, CallBackState.OPEN)


async def test_a_landline_can_be_called_back_and_a_hidden_caller_cannot(tmp_path: Path) -> None:
    async with call_gateway(tmp_path) as gateway:
        assert await gateway.calls.call_back(wanted(caller=LANDLINE))
        assert not await gateway.calls.call_back(wanted("CA2", caller=""))
        assert not await gateway.calls.call_back(wanted("CA3", caller="4915112345678"))
        assert len(await gateway.journal.call_backs(0, 10)) == 1


async def test_no_more_call_backs_are_promised_than_are_set(tmp_path: Path) -> None:
    async with call_gateway(tmp_path, call_backs_max=2) as gateway:
        kept = [
            await gateway.calls.call_back(wanted(f"CA{n}", caller=f"7701000000{n}"))
            for n in range(3)
        ]
    assert kept == [True, True, False]
