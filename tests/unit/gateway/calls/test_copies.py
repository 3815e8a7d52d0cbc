"""An answer that a caller wants texted: offered to whom, sent once, owed where it is late."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest

from gateway.calls.copies import is_mobile
from gateway.core.conversation import Conversation
from gateway.core.records import QuestionState, ReplyState
from gateway.core.results import Result
from ivr.switch import CallOutcome, TextOffer, TextOutcome
from smpp.messages import Submit
from tests.support.call_gateway import (
    ABSENT,
    APPEAL,
    CALLER,
    CODE,
    LANDLINE,
    LINK,
    SERVED,
    call_gateway,
    question,
)
from tests.support.journal import SECOND

HOUR_US = 3_600 * SECOND


@pytest.mark.parametrize(
    ("msisdn", "mobile"),
    [
        ("77010000001", True),
        ("77710000001", True),
        ("77172000001", False),  # Astana
        ("77272000001", False),  # Almaty
        ("79161234567", False),  # another country
        ("4915112345678", False),
        ("7701000000", False),
        ("", False),
    ],
)
def test_mobiles_of_this_country_can_be_texted(msisdn: str, mobile: bool) -> None:
    assert is_mobile(msisdn) is mobile


# -- the offer


async def test_a_mobile_caller_is_offered_a_text_at_its_price(tmp_path: Path) -> None:
    async with call_gateway(tmp_path) as gateway:
        answer = await gateway.ask()
    assert (answer.outcome, answer.text) == (CallOutcome.FOUND, TextOffer(15))


@pytest.mark.parametrize(
    "changes",
    [
        {"caller": ""},
        {"caller": LANDLINE},
        {"caller": "79161234567"},
        {"called": "88000807777"},  # a number without SMS
        {"link": "other"},  # no link texts its callers
    ],
)
async def test_others_are_offered_none_and_get_none(
    changes: dict[str, Any], tmp_path: Path
) -> None:
    async with call_gateway(tmp_path) as gateway:
        assert (await gateway.ask(**changes)).text is None
        assert await gateway.calls.text(question(**changes)) is TextOutcome.REFUSED
        assert gateway.port.sent == []
        assert {chain.channel for chain in await gateway.chains()} == {"ivr"}


async def test_without_a_link_for_texts_nobody_is_offered_one(tmp_path: Path) -> None:
    async with call_gateway(tmp_path, text_link=False) as gateway:
        assert (await gateway.ask()).text is None
        assert await gateway.calls.text(question()) is TextOutcome.REFUSED


async def test_what_was_not_found_is_not_offered_as_a_text(tmp_path: Path) -> None:
    async with call_gateway(tmp_path) as gateway:
        answer = await gateway.ask(ABSENT)
    assert (answer.outcome, answer.text) == (CallOutcome.NOT_FOUND, None)


async def test_a_silent_source_is_a_reason_to_text_later(tmp_path: Path) -> None:
    async with call_gateway(tmp_path) as gateway:
        gateway.register.away = True
        answer = await gateway.ask()
    assert (answer.outcome, answer.text) == (CallOutcome.UNAVAILABLE, TextOffer(15))


# -- the text


async def test_the_answer_goes_to_the_caller_by_sms_in_the_language_of_the_call(
    tmp_path: Path,
) -> None:
    async with call_gateway(tmp_path) as gateway:
        assert await gateway.calls.text(question(language="ru")) is TextOutcome.TAKEN
        ((source, destination, text),) = gateway.port.texts
        (chain,) = await gateway.chains()
    assert (source, destination) == (CODE, CALLER)
    assert "*5678" in text
    assert "рассматривается" in text or "на рассмотрении" in text
    assert (chain.channel, chain.link, chain.short_code) == ("copy", LINK, CODE)
    assert (chain.state, chain.result) == (QuestionState.ANSWERED, Result.STATUS)
    assert [reply.state for reply in chain.replies] == [ReplyState.SUBMITTING]


async def test_a_text_is_rated_by_its_own_rule_and_charged_when_delivered(tmp_path: Path) -> None:
    async with call_gateway(tmp_path) as gateway:
        await gateway.ask()
        await gateway.calls.text(question(step=4))
        call, copy = await gateway.chains()
    assert [(e.kind, e.tariff, e.amount_tiyn) for e in call.entries] == [("rated", "call-free", 0)]
    (rated,) = copy.entries
    assert (rated.kind, rated.tariff, rated.amount_tiyn) == ("rated", "copy-15", 1500)
    assert (rated.charge_point, rated.operator) == ("mt", LINK)


async def test_a_step_asked_again_is_texted_once(tmp_path: Path) -> None:
    async with call_gateway(tmp_path) as gateway:
        for _ in range(3):
            assert await gateway.calls.text(question(step=4)) is TextOutcome.TAKEN
        assert len(gateway.port.sent) == 1
        (chain,) = await gateway.chains()
    assert (chain.duplicates, len(chain.entries)) == (2, 1)


async def test_the_same_step_of_another_call_is_another_text(tmp_path: Path) -> None:
    async with call_gateway(tmp_path) as gateway:
        await gateway.calls.text(question(step=4))
        await gateway.calls.text(question(step=4, call_id="CA2"))
        assert len(await gateway.chains()) == 2


async def test_a_text_whose_source_is_silent_is_owed_and_sent_when_it_speaks(
    tmp_path: Path,
) -> None:
    async with call_gateway(tmp_path) as gateway:
        gateway.register.away = True
        assert await gateway.calls.text(question(language="en")) is TextOutcome.OWED
        assert gateway.desk.owing.is_set()
        gateway.now_us += 60 * SECOND
        assert await gateway.owed.sweep() == 1  # and nobody is told what the call has told
        assert gateway.port.sent == []
        gateway.register.away = False
        assert await gateway.owed.sweep() == 0
        ((_, destination, text),) = gateway.port.texts
        (chain,) = await gateway.chains()
    assert (destination, chain.result, chain.language) == (CALLER, Result.STATUS, "en")
    assert text.isascii()
    assert len(chain.entries) == 1


async def test_the_choice_made_on_the_call_holds_for_the_late_text(tmp_path: Path) -> None:
    async with call_gateway(tmp_path) as gateway:
        gateway.register.away = True
        await gateway.calls.text(question(kind="appeal", menu="appeal"))
        gateway.register.away = False
        await gateway.owed.sweep()
        (chain,) = await gateway.chains()
    assert (chain.result, chain.ticket_kind) == (Result.STATUS, "appeal")


async def test_an_owed_text_is_given_up_after_a_day_at_no_charge(tmp_path: Path) -> None:
    async with call_gateway(tmp_path) as gateway:
        gateway.register.away = True
        await gateway.calls.text(question())
        gateway.now_us += 24 * HOUR_US
        assert await gateway.owed.sweep() == 0
        (chain,) = await gateway.chains()
    assert chain.result == Result.UNAVAILABLE
    assert [(e.kind, e.amount_tiyn) for e in chain.entries] == [("rated", 0)]


async def test_a_text_owed_before_a_restart_is_sent_after_it(tmp_path: Path) -> None:
    async with call_gateway(tmp_path) as gateway:
        gateway.register.away = True
        await gateway.calls.text(question())
    async with call_gateway(tmp_path) as gateway:
        await gateway.owed.sweep()
        assert [destination for _, destination, _ in gateway.port.texts] == [CALLER]


async def test_a_store_that_is_away_promises_nothing(tmp_path: Path) -> None:
    async with call_gateway(tmp_path) as gateway:
        for verb in ("subscribers", "take"):
            gateway.journal.away = {verb}
            assert await gateway.calls.text(question()) is TextOutcome.UNAVAILABLE
        gateway.journal.away = set()
        assert gateway.port.sent == []
        assert await gateway.chains() == []
        assert await gateway.calls.text(question()) is TextOutcome.TAKEN  # all slots are free


async def test_a_number_of_no_kind_is_not_texted(tmp_path: Path) -> None:
    async with call_gateway(tmp_path) as gateway:
        assert await gateway.calls.text(question("123")) is TextOutcome.REFUSED


async def test_a_text_that_our_own_code_fails_on_is_parked_and_not_promised(
    tmp_path: Path,
) -> None:
    class Broken:
        def __getattr__(self, name: str) -> Any:
            return getattr(SERVED.conversation, name)

        def turn(self, *_: object) -> None:
            raise ValueError("a mistake of ours")

    rules = SERVED._replace(conversation=cast(Conversation, Broken()))
    async with call_gateway(tmp_path, rules=rules) as gateway:
        assert await gateway.calls.text(question()) is TextOutcome.UNAVAILABLE
        (parked,) = await gateway.journal.parked(10)
        assert parked.text is not None
    async with call_gateway(tmp_path) as gateway:  # repaired: handed back, it is answered
        await gateway.journal.unpark([parked.id])
        await gateway.owed.sweep()
        assert len(gateway.port.texts) == 1
        (chain,) = await gateway.chains()
    assert (chain.state, chain.result) == (QuestionState.ANSWERED, Result.STATUS)


async def test_a_phone_that_is_locked_gets_no_text(tmp_path: Path) -> None:
    async with call_gateway(tmp_path) as gateway:
        for step in range(5):
            await gateway.ask(ABSENT, step=step)
        assert await gateway.calls.text(question(step=9)) is TextOutcome.REFUSED
        assert gateway.port.sent == []


async def test_an_owed_text_of_a_phone_locked_since_costs_nothing(tmp_path: Path) -> None:
    async with call_gateway(tmp_path) as gateway:
        gateway.register.away = True
        assert await gateway.calls.text(question()) is TextOutcome.OWED
        assert await gateway.calls.text(question(step=4)) is TextOutcome.OWED
        gateway.register.away = False
        for step in range(5, 10):
            await gateway.ask(ABSENT, step=step)
        while await gateway.owed.sweep():
            pass
        copies = [chain for chain in await gateway.chains() if chain.channel == "copy"]
    assert [chain.result for chain in copies] == [Result.LOCKED, Result.SILENT_LOCKED]
    assert [entry.amount_tiyn for chain in copies for entry in chain.entries] == [0, 0]


async def test_a_text_that_is_written_down_when_its_call_gives_up_waiting_is_sent(
    tmp_path: Path,
) -> None:
    async with call_gateway(tmp_path) as gateway, asyncio.timeout(5):
        written, told, sent = asyncio.Event(), asyncio.Event(), asyncio.Event()
        take, submit = gateway.journal.take, gateway.port.submit

        async def slow(*rows: Any) -> Any:
            duplicates = await take(*rows)
            written.set()
            await told.wait()
            return duplicates

        def send(each: Submit) -> None:
            submit(each)
            sent.set()

        gateway.journal.take, gateway.port.submit = slow, send  # type: ignore[assignment, method-assign]  # watched
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(gateway.calls.run())
            asked = tasks.create_task(gateway.calls.text(question()))
            await written.wait()
            asked.cancel()  # the step's deadline
            await asyncio.wait([asked])
            told.set()
            try:
                async with asyncio.timeout(1):
                    await sent.wait()
            finally:
                running.cancel()
        assert [destination for _, destination, _ in gateway.port.texts] == [CALLER]


async def test_the_twenty_first_text_of_a_day_is_refused(tmp_path: Path) -> None:
    async with call_gateway(tmp_path) as gateway:
        outcomes = []
        for n in range(21):
            gateway.now_us += 601 * SECOND  # no loop of machines
            for submit in gateway.port.sent:
                gateway.accept(submit)
            gateway.port.sent.clear()
            outcomes.append(await gateway.calls.text(question(step=n)))
    assert outcomes == [TextOutcome.TAKEN] * 20 + [TextOutcome.REFUSED]


async def test_hearing_an_answer_and_having_it_texted_is_one_look_at_it(tmp_path: Path) -> None:
    async with call_gateway(tmp_path) as gateway:
        await gateway.ask()
        heard = gateway.memories.get(gateway.keys.party(CALLER)).strangers_today
        await gateway.calls.text(question(step=4))
        texted = gateway.memories.get(gateway.keys.party(CALLER)).strangers_today
    assert (heard, texted) == (1, 1)


async def test_a_text_of_what_was_never_heard_counts_as_a_look(tmp_path: Path) -> None:
    async with call_gateway(tmp_path) as gateway:
        gateway.register.away = True
        await gateway.ask()
        gateway.register.away = False
        await gateway.calls.text(question(step=4))
        memory = gateway.memories.get(gateway.keys.party(CALLER))
    assert (memory.strangers_today, memory.last_number) == (1, APPEAL)
