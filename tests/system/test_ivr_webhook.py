"""The webhook over real sockets, with a gateway behind it that answers as scripted."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from xml.etree import ElementTree

import pytest

from ivr.dialects import DIALECTS
from ivr.switch import CallEnd
from ivr.webhook import Webhook, make_webhook
from tests.support.call_desk import ABSENT, FOUND, Counted, Desk, voice_texts
from tests.support.webhook_line import (
    CALL,
    KNOWN,
    NONCES,
    NOW_US,
    OPERATOR,
    PUBLIC,
    TOKEN,
    Clock,
    action,
    line,
    words,
)


async def test_a_caller_hears_the_status() -> None:
    desk, counted = Desk(KNOWN), Counted()
    async with line(desk, counted) as platform:
        asked = await platform.start()
        told = await platform.post(action(asked), Digits=FOUND, FinishedOnKey="#")
        assert "due by the fifteenth of December." in words(told)
        assert [(q.digits, q.step, q.called) for q in desk.questions] == [
            (FOUND, 2, "+77001414141")
        ]
        ended = await platform.post("/ivr/1414", CallStatus="completed", CallDuration="21")
        assert len(ended) == 0
    assert [(end.outcome, end.seconds, end.caller) for end in desk.ends] == [
        ("completed", 21, "77010000001")
    ]
    assert counted.outcomes() == ["started", "step", "ended"]


async def test_an_unsigned_request_is_refused_and_changes_nothing() -> None:
    desk, counted = Desk(KNOWN), Counted()
    async with line(desk, counted) as platform:
        for signature, reason in (("", "missing"), ("bm8=", "mismatch")):
            status, kind, _ = await platform.raw(
                "/ivr/1414", CALL, **{"X-Twilio-Signature": signature}
            )
            assert (status, kind) == (403, "application/problem+json")
            assert counted.refused[-1] == ("twiml", reason)
        assert len(platform.webhook.attendant.calls) == 0
    assert counted.steps == []
    assert desk.questions == []


async def test_a_step_posted_again_gets_the_same_document_and_asks_nothing() -> None:
    desk, counted = Desk(KNOWN), Counted()
    async with line(desk, counted) as platform:
        step = action(await platform.start())
        first = await platform.raw(step, CALL | {"Digits": FOUND})
        again = await platform.raw(step, CALL | {"Digits": FOUND})
        other = await platform.raw(step, CALL | {"Digits": ABSENT})
    assert first == again == other
    assert len(desk.questions) == 1
    assert counted.outcomes() == ["started", "step", "repeated", "repeated"]


async def test_two_posts_of_one_step_at_once_ask_once() -> None:
    desk = Desk(KNOWN)
    desk.gate = asyncio.Event()
    async with line(desk) as platform:
        step = action(await platform.start())
        async with asyncio.TaskGroup() as posting:
            one = posting.create_task(platform.raw(step, CALL | {"Digits": FOUND}))
            two = posting.create_task(platform.raw(step, CALL | {"Digits": FOUND}))
            await asyncio.wait_for(desk.asking.wait(), 5)
            desk.gate.set()
        assert one.result() == two.result()
        assert b"fifteenth of December" in one.result()[2]
    assert len(desk.questions) == 1


async def test_a_replayed_step_of_an_earlier_call_is_not_a_step() -> None:
    desk, clock = Desk(KNOWN), Clock()
    async with line(desk, clock=clock) as platform:
        old = action(await platform.start())
        await platform.post("/ivr/1414", CallStatus="completed")
        clock.now_s += 400
        await platform.webhook.attendant.reap()
        fresh = await platform.start()
        replayed = await platform.post(old, Digits=FOUND)
        assert action(replayed) == action(fresh)
        assert action(fresh) != old
    assert desk.questions == []


async def test_a_call_forgotten_by_a_restart_starts_over_with_new_question_numbers() -> None:
    desk = Desk(KNOWN)
    async with line(desk) as platform:
        asked = await platform.post("/ivr/1414?step=4&nonce=0123456789abcdef", Digits=FOUND)
        assert words(asked).startswith("For an appeal")
        await platform.post(action(asked), Digits=FOUND)
    assert [question.step for question in desk.questions] == [6]


@pytest.mark.filterwarnings("default")
async def test_a_fault_of_ours_is_an_apology_and_an_operator() -> None:
    desk, counted = Desk(KNOWN), Counted()
    desk.fault = RuntimeError("broken on purpose")
    async with line(desk, counted) as platform:
        step = action(await platform.start())
        document = await platform.post(step, Digits=FOUND)
        assert words(document).startswith("The system is not available now.")
        assert document.findtext("Dial/Number") == OPERATOR
        again = await platform.post(step, Digits=FOUND)
        assert ElementTree.tostring(again) == ElementTree.tostring(document)
        over = await platform.post(action(document), DialCallStatus="completed")
        assert [verb.tag for verb in over] == ["Say", "Hangup"]
    assert counted.outcomes() == ["started", "failed", "repeated", "transferred"]


async def test_a_prompt_that_cannot_be_offered_is_said() -> None:
    def broken(*_: object) -> str | None:
        raise OSError("no folder")

    async with line(Desk(), prompt_url=broken) as platform:
        document = await platform.start()
        assert len(list(document.iter("Say"))) == 3


async def test_an_end_told_twice_closes_once_and_a_late_step_hears_nothing_new() -> None:
    desk, counted = Desk(KNOWN), Counted()
    async with line(desk, counted) as platform:
        step = action(await platform.start())
        for _ in range(2):
            await platform.post("/ivr/1414", CallStatus="busy")
        late = await platform.post(step, Digits=FOUND)
        assert [verb.tag for verb in late] == ["Hangup"]
    assert [end.outcome for end in desk.ends] == ["busy"]
    assert desk.questions == []
    assert counted.outcomes() == ["started", "ended", "repeated", "repeated"]


async def test_an_end_that_could_not_be_told_is_told_when_it_comes_again() -> None:
    desk, counted = Desk(KNOWN), Counted()
    async with line(desk, counted) as platform:
        await platform.start()
        desk.fault = RuntimeError("broken on purpose")
        await platform.post("/ivr/1414", CallStatus="completed")
        desk.fault = None
        await platform.post("/ivr/1414", CallStatus="completed")
    assert [end.outcome for end in desk.ends] == ["completed"]
    assert counted.outcomes() == ["started", "failed", "ended"]


async def test_the_end_of_a_call_begun_before_a_restart_is_told() -> None:
    desk = Desk()
    async with line(desk) as platform:
        await platform.post("/ivr/1414", CallStatus="completed", CallDuration="30")
    end = desk.ends[0]
    assert (end.ended_us, end.started_us) == (NOW_US, NOW_US - 30_000_000)


async def test_a_call_whose_end_nobody_reports_is_reaped() -> None:
    desk, clock, counted = Desk(KNOWN), Clock(), Counted()
    async with line(desk, counted, clock) as platform:
        await platform.start()
        clock.now_s = 899.0
        await platform.webhook.attendant.reap()
        assert desk.ends == []
        clock.now_s = 901.0
        await platform.webhook.attendant.reap()
        await platform.webhook.attendant.reap()
        assert len(platform.webhook.attendant.calls) == 0
    assert desk.ends == [
        CallEnd(
            "1414", "CA1", "77010000001", "+77001414141", started_us=NOW_US, ended_us=NOW_US,
            seconds=None, outcome="reaped", answered_us=NOW_US, closed_by="reaper", language="en",
        )
    ]  # fmt: skip
    assert counted.outcomes() == ["started", "reaped"]


async def test_one_call_more_than_the_table_holds_goes_to_an_operator() -> None:
    counted = Counted()
    async with line(Desk(KNOWN), counted, calls_max=1) as platform:
        await platform.start()
        document = await platform.start(CallSid="CA2")
        assert document.findtext("Dial/Number") == OPERATOR
        assert len(platform.webhook.attendant.calls) == 1
        await platform.post("/ivr/1414", CallStatus="completed")
        assert (await platform.start(CallSid="CA3")).find("Gather") is not None
    assert counted.outcomes() == ["started", "full", "ended", "started"]


async def test_a_hidden_caller_has_no_memory() -> None:
    desk = Desk({"": "ru"})
    async with line(desk) as platform:
        for number in ("+266696687", "+7378742833", "anonymous", "", "1414"):
            document = await platform.start(CallSid="C" + (number or "-"), From=number)
            assert len(list(document.iter("Say"))) == 3
            await platform.post(action(document), CallSid="C" + (number or "-"), Digits="3")
    assert desk.languages == {"": "ru"}


async def test_a_chosen_language_is_remembered() -> None:
    desk = Desk()
    async with line(desk) as platform:
        await platform.post(action(await platform.start()), Digits="3")
        document = await platform.start(CallSid="CA2")
    assert desk.languages == {"77010000001": "en"}
    assert words(document).startswith("For an appeal")


async def test_hostile_fields_get_a_document() -> None:
    desk, counted = Desk(KNOWN), Counted()
    async with line(desk, counted) as platform:
        step = action(await platform.start())
        status, _, body = await platform.raw(step, CALL | {"Digits": "1" * 10_000})
        assert status == 200
        assert b"Enter the number" in body
        for fields in (
            [("From", "+77010000001")],
            [*CALL.items(), ("CallSid", "CA2")],
            [("CallSid", "x" * 5_000)],
        ):
            status, _, body = await platform.raw("/ivr/1414", fields)
            assert status == 200
            assert ElementTree.fromstring(body).findtext("Dial/Number") == OPERATOR
        status, _, _ = await platform.raw("/ivr/1414", CALL | {"x": "y" * 70_000})
        assert status == 413
    assert desk.questions == []
    assert counted.outcomes() == ["started", "step", *["malformed"] * 3]


async def test_without_an_operator_a_call_still_ends_in_words() -> None:
    async with line(Desk(KNOWN), operator=None) as platform:
        document = await platform.post(action(await platform.start()), Digits="0")
        assert words(document).startswith("There is no operator on this number.")
        for _ in range(3):  # and then says nothing
            document = await platform.post(action(document))
        assert words(document).endswith("Goodbye!")
        assert document.find("Hangup") is not None


async def test_progress_of_a_call_is_answered_and_nothing_more() -> None:
    counted = Counted()
    async with line(Desk(KNOWN), counted) as platform:
        document = await platform.post(
            "/ivr/1414", CallStatus="in-progress", CallbackSource="call-progress-events"
        )
        assert len(document) == 0
        assert len(platform.webhook.attendant.calls) == 0
    assert counted.outcomes() == ["told"]


async def test_a_slow_gateway_does_not_keep_the_platform_waiting() -> None:
    desk, counted = Desk(KNOWN), Counted()
    desk.gate = asyncio.Event()  # never opened
    async with line(desk, counted, step_deadline_s=0.05) as platform:
        document = await platform.post(action(await platform.start()), Digits=FOUND)
        assert document.findtext("Dial/Number") == OPERATOR
    assert counted.outcomes() == ["started", "late"]


@pytest.mark.parametrize("secrets", [[], [""]])
def test_an_unsigned_webhook_is_not_made(secrets: list[str]) -> None:
    with pytest.raises(ValueError, match="secret"):
        _made(secrets, voice_texts())


def test_a_webhook_without_its_texts_is_not_made() -> None:
    texts = voice_texts()
    del texts["goodbye"]["kk"]
    with pytest.raises(ValueError, match=r"goodbye \(kk\)"):
        _made([TOKEN], texts)


def _made(secrets: list[str], voice: Mapping[str, Mapping[str, str]]) -> Webhook:
    clock = Clock()
    return make_webhook(
        link="1414", dialect=DIALECTS["json"], secrets=secrets, public_url=PUBLIC, desk=Desk(),
        voice=voice, prompt_url=lambda _: None, numbers=[], operator_target=None,
        nonce_secret=NONCES,
        now_us=clock.now_us, loop_time=clock.loop_time, counters=Counted(),
    )  # fmt: skip
