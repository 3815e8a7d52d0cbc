"""Both legs of a call, its record, and its way to operators, over real sockets."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from ivr.attendant.people import People
from ivr.attendant.waiting_line import WaitingLine
from ivr.switch import CallBack, CallEnd, CallStart, TextOffer, TextOutcome, Wish
from tests.support.call_desk import AWAY, FOUND, Counted, Desk, Watched
from tests.support.webhook_line import (
    CALL,
    CALLER,
    KNOWN,
    NOW_US,
    OPERATOR,
    Clock,
    Line,
    action,
    line,
    words,
)

SECOND_US = 1_000_000


def legs(ends: list[CallEnd]) -> list[tuple[str, int, int | None, int, int | None, str]]:
    """(outcome, started, answered, ended, platform's seconds, closed by); times in seconds since
    the start of the test."""

    def since(at_us: int | None) -> int | None:
        return None if at_us is None else (at_us - NOW_US) // SECOND_US

    return [
        (
            end.outcome,
            since(end.started_us) or 0,
            since(end.answered_us),
            since(end.ended_us) or 0,
            end.seconds,
            end.closed_by,
        )
        for end in ends
    ]


async def handed_over(platform: Line, clock: Clock, at_s: float) -> ElementTree.Element:
    """A call that has asked for an operator at that second."""
    asked = await platform.start()
    clock.now_s = at_s
    document = await platform.post(action(asked), Digits="0")
    assert document.findtext("Dial/Number") == OPERATOR
    return document


async def test_a_record_is_opened_at_the_first_event_and_only_then() -> None:
    desk = Desk(KNOWN)
    async with line(desk) as platform:
        asked = await platform.start()
        await platform.post(action(asked), Digits=FOUND)
        await platform.post("/ivr/1414", CallStatus="completed", CallDuration="21")
    assert desk.starts == [CallStart("1414", "CA1", CALLER, "+77001414141", NOW_US)]


async def test_a_call_that_only_ends_has_its_record_opened_first() -> None:
    desk = Desk()
    async with line(desk) as platform:
        await platform.post("/ivr/1414", CallStatus="no-answer")
    assert len(desk.starts) == 1
    assert legs(desk.ends) == [("no-answer", 0, None, 0, None, "callback")]


async def test_a_conversation_with_an_operator_is_a_leg_of_its_own() -> None:
    desk, clock, counted = Desk(KNOWN), Clock(), Counted()
    async with line(desk, counted, clock) as platform:
        dialled = await handed_over(platform, clock, 10)
        clock.now_s = 85
        over = await platform.post(
            action(dialled), DialCallStatus="completed", DialCallDuration="60"
        )
        assert over.find("Hangup") is not None
        clock.now_s = 87
        await platform.post("/ivr/1414", CallStatus="completed", CallDuration="87")
    assert legs(desk.operators) == [("completed", 10, 25, 85, 60, "callback")]
    assert legs(desk.ends) == [("transferred", 0, 0, 87, 87, "callback")]
    assert counted.outcomes() == ["started", "step", "transferred", "ended"]


async def test_the_result_of_a_transfer_may_come_after_the_end_of_its_call() -> None:
    desk, clock, counted = Desk(KNOWN), Clock(), Counted()
    async with line(desk, counted, clock) as platform:
        dialled = await handed_over(platform, clock, 10)
        clock.now_s = 70
        await platform.post("/ivr/1414", CallStatus="completed", CallDuration="70")
        assert desk.operators == []
        clock.now_s = 72
        for _ in range(3):
            late = await platform.post(
                action(dialled), DialCallStatus="completed", DialCallDuration="50"
            )
            assert [verb.tag for verb in late] == ["Hangup"]
    assert legs(desk.ends) == [("transferred", 0, 0, 70, 70, "callback")]
    assert legs(desk.operators) == [("completed", 10, 20, 70, 50, "callback")]
    assert counted.outcomes()[2:] == ["ended", "transferred", "repeated", "repeated"]


async def test_a_leg_of_which_nobody_tells_is_closed_with_its_call() -> None:
    desk, clock = Desk(KNOWN), Clock()
    async with line(desk, clock=clock) as platform:
        await handed_over(platform, clock, 10)
        clock.now_s = 70
        await platform.post("/ivr/1414", CallStatus="completed")
        for clock.now_s in (129, 131, 200):
            await platform.webhook.attendant.reap()
    assert legs(desk.operators) == [("reaped", 10, None, 70, None, "reaper")]


async def test_nobody_took_the_call_and_the_caller_hangs_up() -> None:
    desk, clock = Desk(KNOWN), Clock()
    async with line(desk, clock=clock) as platform:
        dialled = await handed_over(platform, clock, 10)
        clock.now_s = 40
        await platform.post(action(dialled), DialCallStatus="no-answer")
        clock.now_s = 45
        await platform.post("/ivr/1414", CallStatus="completed", CallDuration="45")
    assert legs(desk.operators) == [("no-answer", 10, None, 45, 0, "callback")]
    assert legs(desk.ends) == [("completed", 0, 0, 45, 45, "callback")]


async def test_a_long_conversation_is_not_forgotten() -> None:
    desk, clock = Desk(KNOWN), Clock()
    async with line(desk, clock=clock) as platform:
        await handed_over(platform, clock, 10)
        clock.now_s = 10_000
        await platform.webhook.attendant.reap()
        assert len(platform.webhook.attendant.calls) == 1
        clock.now_s = 14_411
        await platform.webhook.attendant.reap()
        assert len(platform.webhook.attendant.calls) == 0
    assert legs(desk.ends) == [("reaped", 0, 0, 10, None, "reaper")]


async def test_a_call_that_never_ends_is_ended() -> None:
    desk, clock = Desk(KNOWN), Clock()
    async with line(desk, clock=clock) as platform:
        document = await platform.start()
        for clock.now_s in range(600, 21_601, 600):
            last = await platform.post(action(document), Digits="9")
            await platform.webhook.attendant.reap()
            document = last if last.find("Gather") is not None else document
        assert len(platform.webhook.attendant.calls) == 0
    assert len(desk.ends) == 1


async def test_a_call_that_we_ended_is_closed_soon_where_no_report_comes() -> None:
    desk, clock = Desk(KNOWN), Clock()
    async with line(desk, clock=clock) as platform:
        told = await platform.post(action(await platform.start()), Digits=FOUND)
        clock.now_s = 30
        bye = await platform.post(action(told))
        assert bye.find("Hangup") is not None
        clock.now_s = 91
        await platform.webhook.attendant.reap()
        await platform.post("/ivr/1414", CallStatus="completed", CallDuration="33")
    assert legs(desk.ends) == [
        ("completed", 0, 0, 30, None, "reaper"),
        ("completed", 0, 0, 30, 33, "callback"),  # the platform's count, told later
    ]


async def test_a_report_with_other_seconds_is_told_and_the_same_one_is_not() -> None:
    desk = Desk(KNOWN)
    async with line(desk) as platform:
        await platform.start()
        for more in ({}, {}, {"CallDuration": "9"}, {"CallDuration": "9"}):
            await platform.post("/ivr/1414", CallStatus="completed", **more)
    assert [end.seconds for end in desk.ends] == [None, 9]


async def test_digits_after_the_end_change_nothing() -> None:
    desk, counted = Desk(KNOWN), Counted()
    async with line(desk, counted) as platform:
        step = action(await platform.start())
        await platform.post("/ivr/1414", CallStatus="completed")
        for keys in ("1", FOUND, "0"):
            late = await platform.post(step, Digits=keys)
            assert [verb.tag for verb in late] == ["Hangup"]
    assert (desk.questions, desk.operators) == ([], [])
    assert counted.outcomes()[2:] == ["repeated"] * 3


async def test_a_platform_that_posts_each_step_thrice_changes_nothing() -> None:
    offer = TextOffer(price_tenge=0)
    once, thrice = Desk(KNOWN, offer=offer), Desk(KNOWN, offer=offer)
    for desk, times in ((once, 1), (thrice, 3)):
        async with line(desk) as platform:
            path, fields = "/ivr/1414", {"CallStatus": "ringing"}
            for keys in (FOUND, "5", "0"):
                heard = [await platform.post(path, **fields) for _ in range(times)]
                assert len({ElementTree.tostring(document) for document in heard}) == 1
                path, fields = action(heard[0]), {"Digits": keys}
            for _ in range(times):
                dialled = await platform.post(path, **fields)
            for _ in range(times):
                await platform.post(action(dialled), DialCallStatus="completed")
            for _ in range(times):
                await platform.post("/ivr/1414", CallStatus="completed", CallDuration="9")
    assert (once.starts, once.questions, once.texts) == (
        thrice.starts, thrice.questions, thrice.texts,
    )  # fmt: skip
    assert (len(once.starts), len(once.questions), len(once.texts)) == (1, 1, 1)
    assert legs(once.ends) == legs(thrice.ends) == [("transferred", 0, 0, 0, 9, "callback")]
    assert legs(once.operators) == legs(thrice.operators)
    assert len(once.operators) == 1


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (TextOutcome.TAKEN, "The SMS is on its way."),
        (TextOutcome.REFUSED, "No SMS can be sent to this phone now."),
    ],
)
async def test_the_answer_is_texted_on_key_5(outcome: TextOutcome, told: str) -> None:
    desk, watched = Desk(KNOWN, offer=TextOffer(15)), Watched()
    desk.text_outcome = outcome
    async with line(desk, events=watched) as platform:
        found = await platform.post(action(await platform.start()), Digits=FOUND)
        heard = await platform.post(action(found), Digits="5")
        assert words(heard).startswith(told)
    assert [(text.digits, text.step, text.caller) for text in desk.texts] == [(FOUND, 3, CALLER)]
    assert watched.brief() == ["started", "told", f"texted {outcome}"]


async def test_a_caller_waits_in_line_and_is_called_back() -> None:
    desk, clock, watched, waiting = Desk(KNOWN), Clock(), Watched(), WaitingLine()
    waiting.place("other", "CB1")
    async with line(desk, clock=clock, events=watched, people=People(line=waiting)) as platform:
        dialled = await handed_over(platform, clock, 10)
        queued = await platform.post(action(dialled), DialCallStatus="busy")
        assert "Your place in the queue is two." in words(queued)
        assert len(waiting) == 2
        kept = await platform.post(action(queued), Digits="1")
        assert words(kept).startswith("Your number is noted.")
        assert len(waiting) == 1
    wanted = CallBack("1414", "CA1", CALLER, "en", Wish.OPERATOR, NOW_US + 10 * SECOND_US)
    assert desk.wanted == [wanted]
    assert watched.brief() == ["started", "handed_over operator", "queued 2", "call_back operator"]


async def test_who_asks_on_or_hangs_up_has_left_the_line() -> None:
    clock, waiting = Clock(), WaitingLine()
    async with line(Desk(KNOWN), clock=clock, people=People(line=waiting)) as platform:
        dialled = await handed_over(platform, clock, 10)
        queued = await platform.post(action(dialled), DialCallStatus="busy")
        asked = await platform.post(action(queued), Digits="2")
        assert (words(asked).startswith("Enter the number"), len(waiting)) == (True, 0)
        dialled = await platform.post(action(asked), Digits="0")
        await platform.post(action(dialled), DialCallStatus="busy")
        assert len(waiting) == 1
        await platform.post("/ivr/1414", CallStatus="completed")
    assert len(waiting) == 0


async def test_outside_hours_nobody_is_handed_over() -> None:
    desk, hours = Desk(KNOWN), [(9, 18)]
    async with line(desk, people=People(lambda: hours[0] if hours else None)) as platform:
        told = await platform.post(action(await platform.start()), Digits="0")
        assert words(told).startswith("The operators are not there now.")
        assert told.find("Dial") is None
        hours.clear()
        told = await platform.post(action(told), Digits="0")
        assert told.findtext("Dial/Number") == OPERATOR


async def test_those_who_watch_learn_outcomes_and_who_fails_to_watch_stops_no_call() -> None:
    class Fails(Watched):
        def on_call(self, event: object) -> None:
            raise RuntimeError("broken on purpose")

    for watched in (Watched(), Fails()):
        async with line(Desk(KNOWN), events=watched) as platform:
            away = await platform.post(action(await platform.start()), Digits=AWAY)
            told = await platform.post(action(away), Digits="2")
            await platform.post(action(told), Digits=FOUND)
            await platform.post("/ivr/1414", CallStatus="completed")
        if not isinstance(watched, Fails):
            stages = ["started", "tried unavailable", "told", "ended completed"]
            assert watched.brief() == stages
            last = watched.events[-1]
            assert [tried.digits for tried in last.tries] == [AWAY, FOUND]
            assert (last.caller, last.language) == (CALLER, "en")
            assert {event.reference for event in watched.events} == {last.reference}
            assert last.reference not in {CALL["CallSid"], CALLER}


async def test_a_get_is_answered_as_a_post_is() -> None:
    desk = Desk(KNOWN)
    async with line(desk) as platform:
        status, kind, _ = await platform.get("/ivr/1414", CALL | {"CallStatus": "ringing"})
        assert (status, kind) == (200, "text/xml; charset=utf-8")
        status, _, _ = await platform.get("/ivr/1414", CALL, signed=False)
        assert status == 403
    assert len(desk.starts) == 1


@pytest.mark.parametrize("caller", ["+491701234567", "anonymous", "+77010000001"])
async def test_a_call_back_is_offered_to_whom_one_can_be_kept_for(caller: str) -> None:
    here = caller == "+77010000001"
    for people, offered in ((People(), here), (People(call_backs=False), False)):
        desk = Desk(KNOWN)
        async with line(desk, people=people) as platform:
            asked = await platform.start(From=caller)
            dialled = await platform.post(action(asked), Digits="0")
            queued = await platform.post(action(dialled), DialCallStatus="busy")
            await platform.post(action(queued), Digits="1")
        assert bool(desk.wanted) == offered
