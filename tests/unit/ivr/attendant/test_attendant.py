"""Whatever a platform posts, in whatever order and however often: a document each time, and
records that are opened once and closed once."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.actions import CallEnded, CallStarted, Consult, Digits, Ending, Event, TransferResult
from ivr.attendant import errands
from ivr.attendant.attendant import REQUESTS_MAX, STEP_DEADLINE_S, Attendant
from ivr.attendant.documents import Documents
from ivr.attendant.open_calls import AGE_MAX_S, LEG_KEPT_S, OpenCalls
from ivr.dialects import DIALECTS
from ivr.dialects.contract import CallRequest, Document
from ivr.dialogue.state import CallState
from ivr.switch import CallEnd, CallStart, TextOffer
from tests.support.call_desk import ABSENT, AWAY, FOUND, TWICE, Counted, Desk, Watched, voice_texts

NOW_US = 1_795_150_800_000_000
URL = "https://gw.example.kz/ivr/1414"
VOICE = voice_texts()


class Time:
    def __init__(self) -> None:
        self.now_s = 0.0

    def now_us(self) -> int:
        return NOW_US + round(self.now_s * 1_000_000)

    def loop_time(self) -> float:
        return self.now_s


def make(
    desk: Desk,
    time: Time,
    watched: Watched | None = None,
    *,
    calls: OpenCalls | None = None,
    step_deadline_s: float = STEP_DEADLINE_S,
) -> Attendant:
    dialect = DIALECTS["json"]
    return Attendant(
        link="1414", dialect=dialect, secrets=("12345",), desk=desk, numbers=("1414",),
        operator=True, now_us=time.now_us, loop_time=time.loop_time, counters=Counted(),
        events=watched or Watched(), calls=OpenCalls() if calls is None else calls,
        step_deadline_s=step_deadline_s,
        documents=Documents(
            link="1414", dialect=dialect, nonce_secret="12345", voice=VOICE,
            prompt_url=lambda _: None, operator_target="+77172000000", now_us=time.now_us,
        ),
    )  # fmt: skip


def told(event: Event | None, key: str = "", step: int | None = None) -> CallRequest:
    return CallRequest("c1", "+77010000001", "1414", event, key or str(event), step)


EVENTS = st.one_of(
    st.just(CallStarted(None)),
    st.builds(
        Digits,
        st.sampled_from(["", "0", "1", "2", "5", "6", "9", "*", FOUND, ABSENT, AWAY, TWICE, "12"]),
        st.sampled_from(Ending),
    ),
    st.builds(TransferResult, st.booleans(), st.one_of(st.none(), st.integers(0, 900))),
    st.builds(
        CallEnded,
        st.sampled_from(["completed", "failed"]),
        st.one_of(st.none(), st.integers(0, 900)),
        st.sampled_from(["callback", "hangup"]),
    ),
)
POSTS = st.lists(st.tuples(EVENTS, st.integers(0, 9), st.integers(0, 10)), max_size=25)


@settings(max_examples=150, deadline=None)
@given(POSTS)
def test_every_request_gets_a_document_and_every_leg_one_end(
    posts: list[tuple[Event, int, int]],
) -> None:
    desk, time = Desk(offer=TextOffer(15)), Time()
    at_work = make(desk, time)

    async def play() -> None:
        for event, key, pause_s in posts:
            time.now_s += pause_s
            assert isinstance(await at_work.believed(told(event, f"{key}"), URL), Document)
        for wait_s in (LEG_KEPT_S, AGE_MAX_S, LEG_KEPT_S):
            time.now_s += wait_s
            await at_work.reap()

    asyncio.run(play())
    assert len(at_work.calls) == 0
    assert len(desk.starts) == bool(posts)
    assert bool(posts) == bool(desk.ends)
    # A report that adds the platform's seconds is told as well: the first one closes the leg.
    assert len(desk.ends) <= 1 + sum(
        isinstance(event, CallEnded) and event.seconds is not None for event, _, _ in posts
    )
    assert len(desk.operators) <= 1
    for end in (*desk.ends, *desk.operators):
        assert end.started_us <= end.ended_us
        assert end.answered_us is None or end.started_us <= end.answered_us <= end.ended_us
    identities = [(question.call_id, question.step) for question in desk.questions]
    assert len(set(identities)) == len(identities)


async def test_a_leg_whose_end_could_not_be_told_keeps_its_seconds() -> None:
    desk, time = Desk({"77010000001": "en"}), Time()
    at_work = make(desk, time)
    await at_work.believed(told(CallStarted(None)), URL)
    await at_work.believed(told(Digits("0", Ending.COMPLETE)), URL)
    time.now_s = 60
    desk.fault = RuntimeError("broken on purpose")
    await at_work.believed(told(TransferResult(connected=True, seconds=50)), URL)
    assert desk.operators == []
    desk.fault = None
    await at_work.believed(told(CallEnded("completed", 61)), URL)
    assert [(end.outcome, end.seconds) for end in desk.operators] == [("completed", 50)]
    assert [(end.outcome, end.seconds) for end in desk.ends] == [("transferred", 61)]


async def test_a_transfer_of_before_a_restart_has_its_leg_closed() -> None:
    desk, time = Desk(), Time()
    at_work = make(desk, time)
    time.now_s = 100
    await at_work.believed(told(TransferResult(connected=True, seconds=50), step=4), URL)
    (end,) = desk.operators
    assert len(desk.starts) == 1
    assert (end.ended_us - end.started_us, end.answered_us) == (50_000_000, end.started_us)


async def test_a_mark_that_makes_room_has_its_leg_closed() -> None:
    desk, time = Desk({"77010000001": "en"}), Time()
    at_work = make(desk, time)
    at_work.calls._calls_max = 1
    await at_work.believed(told(CallStarted(None)), URL)
    await at_work.believed(told(Digits("0", Ending.COMPLETE)), URL)
    await at_work.believed(told(CallEnded("completed")), URL)
    assert desk.operators == []
    other = CallRequest("c2", "+77010000001", "1414", CallEnded("busy"), "end")
    await at_work.believed(other, URL)
    assert [(end.call_id, end.outcome) for end in desk.operators] == [("c1", "reaped")]


async def test_the_tries_of_a_call_are_bounded() -> None:
    desk, time, watched = Desk({"77010000001": "en"}), Time(), Watched()
    at_work = make(desk, time, watched)
    for number in range(REQUESTS_MAX):
        keys = FOUND if number % 2 else "2"
        await at_work.believed(told(Digits(keys, Ending.COMPLETE), f"{number}"), URL)
    assert len(desk.questions) > 10
    assert len(watched.events[-1].tries) == 10


async def test_a_platform_that_says_a_call_lasts_keeps_it() -> None:
    desk, time = Desk(), Time()
    at_work = make(desk, time)
    await at_work.believed(told(CallStarted(None)), URL)
    for time.now_s in (800, 1_600):
        at_work.alive("c1")
        await at_work.reap()
    assert (len(at_work.calls), desk.ends) == (1, [])


async def test_a_dialogue_that_asks_on_and_on_is_an_apology(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def restless(state: CallState, _: Event) -> tuple[CallState, tuple[Consult, ...]]:
        return state, (Consult(FOUND, None, None, "en"),)

    desk, time = Desk({"77010000001": "en"}), Time()
    at_work = make(desk, time)
    await at_work.believed(told(CallStarted(None)), URL)
    monkeypatch.setattr(errands, "step", restless)
    document = await at_work.believed(told(Digits(FOUND, Ending.COMPLETE)), URL)
    assert b'"transfer"' in document.body
    assert len(desk.questions) == errands.ERRANDS_MAX


async def test_an_end_is_recorded_also_where_the_table_has_no_room_for_its_call() -> None:
    desk, time = Desk(), Time()
    attendant = make(desk, time, calls=OpenCalls(calls_max=1))
    await attendant.believed(told(CallStarted(None)), URL)
    for _ in range(2):
        over = told(CallEnded("completed", 30))._replace(call_id="c2")
        await attendant.believed(over, URL)
    assert [(end.call_id, end.seconds) for end in desk.ends] == [("c2", 30)]
    assert len(attendant.calls) == 1
    assert (await attendant.believed(told(CallStarted(None)), URL)).body != b"[]"


async def test_a_transfer_of_before_a_restart_goes_on_in_the_callers_language() -> None:
    attendant = make(Desk({"77010000001": "en"}), Time())
    document = await attendant.believed(told(TransferResult(False, None), "s", 7), URL)
    said = [each for each in json.loads(document.body) if each["action"] == "say"]
    assert {each["language"] for each in said} == {"en"}


class SlowDesk(Desk):
    """A store that keeps everybody waiting until it is `back`."""

    def __init__(self) -> None:
        super().__init__()
        self.back = asyncio.Event()

    async def opened(self, start: CallStart) -> str | None:
        await self.back.wait()
        return await super().opened(start)

    async def ended(self, end: CallEnd) -> None:
        await self.back.wait()
        await super().ended(end)


@pytest.mark.parametrize("posts", [2, 3])
async def test_a_start_posted_again_while_the_first_is_late_gets_the_same_document(
    posts: int,
) -> None:
    desk = SlowDesk()
    attendant = make(desk, Time(), step_deadline_s=0.05)
    documents = await asyncio.gather(
        *(attendant.believed(told(CallStarted(None), "start"), URL) for _ in range(posts))
    )
    assert len(set(documents)) == 1
    transfer = json.loads(documents[0].body)[-1]
    desk.back.set()
    result = told(TransferResult(True, 40), "step", transfer["step"])
    assert does(await attendant.believed(result, URL)) == ["say", "hangup"]


@pytest.mark.parametrize("opened", [True, False])
async def test_who_has_spoken_with_an_operator_is_not_sent_there_again_by_a_slow_store(
    opened: bool,
) -> None:
    desk, time = SlowDesk(), Time()
    attendant = make(desk, time, step_deadline_s=0.05)
    if opened:
        desk.back.set()
    await attendant.believed(told(CallStarted(None)), URL)
    if opened:
        await attendant.believed(told(Digits("0", Ending.COMPLETE)), URL)
    desk.back.clear()
    time.now_s = 60.0
    after = await attendant.believed(told(TransferResult(True, 40)), URL)
    assert does(after) == ["say", "hangup"]
    desk.back.set()
    await attendant.believed(told(CallEnded("completed", 60)), URL)
    assert [(end.outcome, end.seconds) for end in desk.operators] == [("completed", 40)]
    assert [(end.outcome, end.seconds) for end in desk.ends] == [("transferred", 60)]


def does(document: Document) -> list[str]:
    return [each["action"] for each in json.loads(document.body)]
