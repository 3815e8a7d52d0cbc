"""Load and its books, and the simulator alone, against a small gateway of plain octets."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from smpp.simulator import Chaos, ChaosError, Load, RetrySchedule, Smsc
from smpp.simulator.serve import ServeOptions, read_chaos, serve, split_listen, terminal_lines
from tests.support.raw_esme import TRX, Gateway, RawEsme, in_work, submit_body

NUMBERS = [f"0612{n:014d}" for n in range(50)]
FIRST = 77_010_000_000
FAST = RetrySchedule(response_timeout_s=0.2, after_s=(0.02, 0.02, 0.02))


async def test_a_closed_loop_is_answered_and_accounted_for() -> None:
    async with Smsc(window=50) as smsc:
        gateway = Gateway()
        await gateway.connect(smsc.port)
        report = await Load(smsc, numbers=NUMBERS, window=20, count=300).run()
        assert (report.asked, report.acked, report.answered) == (300, 300, 300)
        assert (report.unanswered, report.lost_after_ok, report.duplicates_total) == (0, 0, 0)
        assert (report.wrong, report.unmatched, report.redelivered) == (0, 0, 0)
        assert len(gateway.seen) == 300  # a subscriber of its own for each
        assert report.round_trips_per_s > 0


async def test_a_closed_loop_keeps_its_window() -> None:
    async with Smsc(window=50) as smsc:
        most = 0

        def replies(msisdn: str, text: str, times: int) -> list[str]:
            nonlocal most
            most = max(most, len(gateway.seen) - len(load.questions) + len(load._open))
            return in_work(msisdn, text, times)

        gateway = Gateway(replies=replies)
        await gateway.connect(smsc.port)
        load = Load(smsc, numbers=NUMBERS, window=7, count=100)
        await load.run()
        assert 0 < most <= 7


async def test_an_open_loop_keeps_its_rate() -> None:
    async with Smsc(window=50) as smsc:
        await Gateway().connect(smsc.port)
        load = Load(smsc, numbers=NUMBERS, rate_per_s=400, seconds=0.25)
        report = await load.run()
        assert (report.asked, report.answered) == (100, 100)
        due = [question.due_at for question in load.questions]
        assert due == pytest.approx([due[0] + n / 400 for n in range(100)])
        assert report.seconds >= 99 / 400


async def test_an_open_loop_goes_on_while_nobody_answers() -> None:
    async with Smsc() as smsc:
        load = Load(smsc, numbers=NUMBERS, rate_per_s=400, count=40, drain_s=0.0)
        report = await load.run()
        assert (report.asked, report.acked, report.unacked, report.unanswered) == (40, 0, 40, 40)


async def test_what_was_acknowledged_and_never_answered_is_lost() -> None:
    def replies(msisdn: str, text: str, times: int) -> list[str]:
        return [] if msisdn.endswith("3") else in_work(msisdn, text, times)

    async with Smsc() as smsc:
        await Gateway(replies=replies).connect(smsc.port)
        report = await Load(smsc, numbers=NUMBERS, window=50, count=50, drain_s=0.05).run()
        assert (report.acked, report.answered, report.lost_after_ok) == (50, 45, 5)


async def test_what_was_refused_is_not_lost_and_makes_room() -> None:
    def status(msisdn: str, text: str, times: int) -> int:
        return 0x66 if msisdn.endswith("3") else 0

    def replies(msisdn: str, text: str, times: int) -> list[str]:
        return [] if msisdn.endswith("3") else in_work(msisdn, text, times)

    async with Smsc() as smsc:
        await Gateway(status, replies).connect(smsc.port)
        report = await Load(smsc, numbers=NUMBERS, window=2, count=50).run()
        assert (report.asked, report.acked, report.refused) == (50, 45, 5)
        assert (report.answered, report.lost_after_ok) == (45, 0)


async def test_a_response_that_comes_after_the_reply_is_waited_for() -> None:
    async with Smsc() as smsc, RawEsme(smsc.port) as esme, asyncio.TaskGroup() as group:
        await esme.bind()
        running = group.create_task(Load(smsc, numbers=NUMBERS, window=1, count=1).run())
        question = await esme.read()
        await esme.submit(b"*0000 in work", str(FIRST))
        with pytest.raises(TimeoutError):
            await esme.read(0.03)
        assert not running.done()
        esme.answer(question)
        assert (await running).acked == 1


async def test_a_reply_to_the_wrong_question_and_one_to_nobody_are_seen() -> None:
    async with Smsc() as smsc, RawEsme(smsc.port) as stranger:
        await Gateway(replies=lambda *_: ["*9999 in work"]).connect(smsc.port)
        await stranger.bind(0x02)
        load = Load(smsc, numbers=NUMBERS, window=5, count=5, linger_s=0.1)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(load.run())
            await smsc.next_mt(str(FIRST))
            for to in ("77770000000", "nobody", str(FIRST + 5)):
                stranger.send(0x04, submit_body(b"hi", to))
        assert (running.result().wrong, running.result().unmatched) == (5, 3)


@pytest.mark.parametrize(
    ("chaos", "cause"),
    [
        (Chaos(), "unexplained"),
        (Chaos(silence_percent=100), "after_lost_response"),
        (Chaos(duplicate_mo_percent=100, duplicate_mo_ms=1), "after_redelivery"),
    ],
)
async def test_second_replies_are_laid_to_what_came_before(chaos: Chaos, cause: str) -> None:
    twice = cause != "after_redelivery"

    def replies(msisdn: str, text: str, times: int) -> list[str]:
        return in_work(msisdn, text, times) * (2 if twice else 1)

    async with Smsc(chaos=chaos) as smsc:
        await Gateway(replies=replies).connect(smsc.port)
        report = await Load(smsc, numbers=NUMBERS, window=5, count=20, linger_s=0.2).run()
        assert report.duplicates[cause] == report.duplicates_total == 20
        assert report.answered == 20


async def test_a_second_reply_from_a_restarted_gateway_is_laid_to_the_reconnect() -> None:
    async with Smsc() as smsc:
        await Gateway().connect(smsc.port)
        load = Load(smsc, numbers=NUMBERS, window=3, count=3, linger_s=0.3)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(load.run())
            for n in range(3):
                await smsc.next_mt(str(FIRST + n))
            async with RawEsme(smsc.port) as restarted:
                await restarted.bind(TRX)
                await restarted.submit(b"*0000 in work", str(FIRST))
        assert running.result().duplicates["after_reconnect"] == 1


async def test_a_gateway_that_is_killed_again_and_again_answers_all_in_the_end() -> None:
    """Three lives end with questions read and not acknowledged; the fourth does its work."""
    async with Smsc(window=10, retry=FAST) as smsc:
        load = Load(smsc, numbers=NUMBERS, window=10, count=200, drain_s=5.0)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(load.run())
            for _ in range(3):
                dying = Gateway(lambda *_: None, lambda *_: [])
                await dying.connect(smsc.port)
                async with asyncio.timeout(5):
                    await dying.asked.wait()
                dying.transport.abort()
            await Gateway().connect(smsc.port)
        report = running.result()
        assert (report.asked, report.answered, report.lost_after_ok) == (200, 200, 0)
        assert report.redelivered == 10
        assert [question.attempts for question in load.questions[:11]] == [4] * 10 + [1]


async def test_unanswered_questions_are_delivered_again_on_the_next_bind() -> None:
    async with Smsc(window=10) as smsc:
        load = Load(smsc, numbers=NUMBERS, window=5, count=5)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(load.run())
            async with RawEsme(smsc.port) as dead:
                await dead.bind()
                for _ in range(5):
                    await dead.read()
            await Gateway().connect(smsc.port)
        report = running.result()
        assert (report.answered, report.redelivered) == (5, 5)
        assert [question.attempts for question in load.questions] == [2] * 5


async def test_a_question_without_a_reply_makes_room_for_the_next() -> None:
    async with Smsc() as smsc:
        await Gateway(replies=lambda *_: []).connect(smsc.port)
        load = Load(smsc, numbers=NUMBERS, window=2, count=6, reply_timeout_s=0.03, drain_s=0.05)
        report = await load.run()
        assert (report.asked, report.acked, report.answered) == (6, 6, 0)


async def test_a_reply_after_the_timeout_is_late_and_counts() -> None:
    async with Smsc() as smsc, RawEsme(smsc.port) as esme, asyncio.TaskGroup() as group:
        await esme.bind()
        load = Load(smsc, numbers=NUMBERS, window=1, count=2, reply_timeout_s=0.02)
        running = group.create_task(load.run())
        first, second = await esme.read(), await esme.read()  # the first was given up
        for n, question in enumerate((first, second)):
            esme.answer(question)
            await esme.submit(f"*{n:04d} in work".encode(), str(FIRST + n))
        report = await running
        assert (report.answered, report.unanswered) == (2, 0)
        assert report.late >= 1
        await esme.submit(b"hi", "77770000000")
        assert load.report().unmatched == 0  # it is over


async def test_a_full_backlog_is_asked_for_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smpp.simulator.deliveries.BACKLOG_MAX", 3)
    async with Smsc() as smsc:
        load = Load(smsc, numbers=NUMBERS, rate_per_s=1000, seconds=0.05, drain_s=0.0)
        assert (await load.run()).asked == 3
        assert smsc.counters["backlog_full"] > 0


async def test_asking_may_be_stopped_from_outside() -> None:
    async with Smsc() as smsc:
        await Gateway().connect(smsc.port)
        load = Load(smsc, numbers=NUMBERS, window=5, seconds=60)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(load.run())
            await smsc.next_mt(str(FIRST))
            load.stop_asking()
        assert running.result().unanswered == 0


async def test_the_books_have_a_line_for_each_question() -> None:
    wall = datetime(2026, 11, 20, 5, tzinfo=UTC)
    async with Smsc() as smsc:
        await Gateway().connect(smsc.port)
        load = Load(smsc, numbers=NUMBERS, window=5, count=10, wall=lambda: wall)
        await load.run()
        lines = [line.split(" ") for line in load.lines()]
        assert [line[0] for line in lines] == [str(FIRST + n) for n in range(10)]
        assert [line[1] for line in lines] == NUMBERS[:10]
        for line in lines:
            assert 0 <= float(line[2]) - wall.timestamp() < 5
            assert (line[3], line[5]) == ("0", "1")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"count": 5}, "either window or rate_per_s"),
        ({"count": 5, "window": 5, "rate_per_s": 5.0}, "either window or rate_per_s"),
        ({"count": 5, "window": 5, "numbers": []}, "texts of 1 to 70"),
        ({"count": 5, "window": 5, "numbers": ["1" * 71]}, "texts of 1 to 70"),
        ({"window": 5}, "give count"),
        ({"count": 0, "window": 5}, "give count"),
        ({"count": 5, "window": 5, "msisdn_from": 99_999_999_999}, "leave 11 digits"),
    ],
)
async def test_a_run_without_pace_end_or_numbers_is_refused(
    options: dict[str, object], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        Load(Smsc(), **{"numbers": NUMBERS, **options})  # type: ignore[arg-type]  # wrong on purpose


# The simulator alone ---------------------------------------------------------------------------


async def typed(*lines: str) -> AsyncIterator[str]:
    for line in lines:
        yield line


class Screen:
    """Collects what is shown and tells the port."""

    def __init__(self) -> None:
        self.lines: asyncio.Queue[str] = asyncio.Queue()

    def __call__(self, line: str) -> None:
        self.lines.put_nowait(line)

    async def find(self, word: str) -> str:
        async with asyncio.timeout(5):
            while word not in (line := await self.lines.get()):
                pass
        return line


async def test_a_typed_line_is_sent_and_its_response_and_reply_are_shown() -> None:
    screen, stop = Screen(), asyncio.Event()
    typing: asyncio.Queue[str] = asyncio.Queue()

    async def lines() -> AsyncIterator[str]:
        while True:
            yield await typing.get()

    async with asyncio.TaskGroup() as group:
        options = ServeOptions(listen="127.0.0.1:0")
        group.create_task(serve(options, lines=lines(), emit=screen, stop=stop))
        port = int((await screen.find("on 127.0.0.1 port")).rsplit(" ", 1)[1])
        await Gateway().connect(port)
        for line in ("", "hello", "77010000001", "77010000001 061200000012345678\n"):
            typing.put_nowait(line)
        assert "a line is an MSISDN" in await screen.find("061200000012345678")
        assert await screen.find("status") == "77010000001 -> 1012: status 0x00 after 1 PDU"
        assert await screen.find("in work") == "1012 -> 77010000001 (1 segments): *5678 in work"
        stop.set()


async def test_the_end_of_the_lines_is_the_end() -> None:
    screen = Screen()
    await serve(
        ServeOptions(listen="127.0.0.1:0"), lines=typed("7701 " + "1" * 50_000), emit=screen
    )
    assert "not sent" in await screen.find("parts")


async def test_what_nobody_took_is_shown_at_the_end() -> None:
    screen = Screen()
    await serve(ServeOptions(listen="127.0.0.1:0"), lines=typed(f"{FIRST} 0612"), emit=screen)
    assert await screen.find("no response") == f"{FIRST} -> 1012: no response after 0 attempts"


async def test_without_lines_it_runs_until_it_is_told_to_stop() -> None:
    screen, stop = Screen(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(
            serve(ServeOptions(listen="127.0.0.1:0"), emit=screen, stop=stop)
        )
        await screen.find("port")
        assert not running.done()
        stop.set()


async def test_sigterm_ends_it() -> None:
    screen = Screen()
    async with asyncio.TaskGroup() as group:
        group.create_task(serve(ServeOptions(listen="127.0.0.1:0"), emit=screen))
        await screen.find("port")
        os.kill(os.getpid(), 15)


async def test_lines_of_a_pipe_are_read_whole_to_its_end() -> None:
    reading, writing = os.pipe()
    try:
        os.write(writing, "77010000001 Өті".encode()[:-1])
        lines = terminal_lines(reading)
        async with asyncio.TaskGroup() as group:
            first = group.create_task(anext(lines))
            os.write(writing, "Өті".encode()[-1:] + b"\n7701 2\n7701 3")
        assert first.result() == "77010000001 Өті"
        os.close(writing)
        assert [line async for line in lines] == ["7701 2", "7701 3"]
    finally:
        os.close(reading)


async def test_more_than_is_kept_of_typed_lines_waits_in_the_pipe(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("smpp.simulator.serve.LINES_MAX", 1)
    reading, writing = os.pipe()
    try:
        typed_ = [f"7701 {n} " + "x" * 3000 for n in range(10)]
        os.write(writing, "\n".join(typed_).encode())
        os.close(writing)
        assert [line async for line in terminal_lines(reading)] == typed_
    finally:
        os.close(reading)


@pytest.mark.parametrize(
    ("listen", "address"),
    [("127.0.0.1:2775", ("127.0.0.1", 2775)), ("[::1]:0", ("::1", 0)), ("smsc:1", ("smsc", 1))],
)
def test_an_address_is_taken_apart(listen: str, address: tuple[str, int]) -> None:
    assert split_listen(listen) == address


@pytest.mark.parametrize("listen", ["2775", ":2775", "host:", "host:x", "host:65536", "host:-1"])
def test_a_wrong_address_is_refused(listen: str) -> None:
    with pytest.raises(ValueError, match="host:port"):
        split_listen(listen)


def test_a_chaos_file_is_read_and_named_when_it_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "chaos.toml"
    path.write_text("throttle_percent = 5", encoding="utf-8")
    assert read_chaos(path) == Chaos(throttle_percent=5)
    path.write_text("throttle = 5", encoding="utf-8")
    with pytest.raises(ChaosError, match=r"chaos\.toml: chaos: unknown key throttle"):
        read_chaos(path)
    with pytest.raises(ChaosError, match=r"nowhere\.toml"):
        read_chaos(tmp_path / "nowhere.toml")
