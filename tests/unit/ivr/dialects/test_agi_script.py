from __future__ import annotations

from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.dialects.agi_script import (
    BILLED,
    GRACE_S,
    PLAY_S_MAX,
    STRAY_KEYS_MAX,
    TRANSFER_S_MAX,
    Carried,
    Reply,
    carry_out,
    ended,
    number_in,
    read_reply,
    reply_within_s,
)

PLAY = 'STREAM FILE "https://gw/a.wav" "0123456789*#"'
WHOLE = 'STREAM FILE "https://gw/notice.wav" ""'
COLLECT = "collect step=3 max=4 finish=# first_ms=7000 next_ms=4000"
GOSUB = 'GOSUB jauap-operators s 1 "115,K7QM2X,operators"'
FIRST, NEXT = "WAIT FOR DIGIT 7000", "WAIT FOR DIGIT 4000"
RETURNED, DIALLED = "GET VARIABLE GOSUB_RETVAL", "GET VARIABLE DIALSTATUS"
SPOKEN = "GET VARIABLE ANSWEREDTIME"
NOTHING = Reply(200, 0)
GONE = Reply(511, hung_up=True)


def key(sign: str) -> Reply:
    return Reply(200, ord(sign))


def value(text: str, *, hung_up: bool = False) -> Reply:
    return Reply(200, 1, text, hung_up)


def carried(script: list[str], *replies: Reply) -> tuple[list[str], Carried]:
    """The commands sent and what became of them; the replies are all used up."""
    steps = carry_out("".join(line + "\n" for line in script).encode())
    sent: list[str] = []
    left = list(replies)
    try:
        sent.append(next(steps))
        while True:
            sent.append(steps.send(left.pop(0)))
    except StopIteration as done:
        assert left == []
        return sent, done.value


# -- replies


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("200 result=0", Reply(200, 0)),
        ("200 result=49 endpos=8000", Reply(200, 49)),
        ("200 result=-1 endpos=0", Reply(200, -1)),
        ("200 result=1 (ANSWER)", Reply(200, 1, "ANSWER")),
        ("200 result=1 ()", Reply(200, 1)),
        ("200 result=1 (a (b) c)", Reply(200, 1, "a (b) c")),
        ("200 result=0 (timeout)", Reply(200, 0, "timeout")),
        ("200 result=0 Gosub complete", Reply(200, 0)),
        ("200 result=-1 Gosub label not found", Reply(200, -1)),
        ("200 result=", Reply(200)),
        ("100 result=0 Trying...", Reply(100, 0)),
        ("510 Invalid or unknown command", Reply(510)),
        (
            "511 Command Not Permitted on a dead channel or intercept routine",
            Reply(511, hung_up=True),
        ),
        ("520 End of proper usage.", Reply(520)),
        ("520-Invalid command syntax.  Proper usage follows:", Reply(520)),
        ("200", Reply(200)),
        ("HANGUP", None),
        ("", None),
        ("20 result=0", None),
        ("٢٠٠ result=0", None),
        ("Returns -1 on channel failure", None),
    ],
)
def test_lines_are_read_as_asterisk_writes_them(line: str, reply: Reply | None) -> None:
    assert read_reply(line) == reply


@given(st.text(max_size=60))
def test_no_line_raises(line: str) -> None:
    assert read_reply(line) is None or isinstance(read_reply(line), Reply)


@pytest.mark.parametrize(
    ("reply", "number"),
    [
        (value("61"), 61),
        (value(""), None),
        (value("-3"), None),
        (value("9" * 10), None),
        (NOTHING, None),
        (GONE, None),
    ],
)
def test_a_variable_holds_a_count_or_none(reply: Reply, number: int | None) -> None:
    assert number_in(reply) == number


# -- keys


def test_keys_are_collected_one_by_one_up_to_the_finish_key() -> None:
    sent, done = carried([PLAY, COLLECT], NOTHING, key("1"), key("*"), key("#"))
    assert sent == [PLAY, FIRST, NEXT, NEXT]
    assert done == Carried(b"step=3&keys=1%2A&ending=complete")


def test_a_key_in_mid_sentence_ends_all_sentences_and_counts() -> None:
    sent, done = carried([PLAY, PLAY, PLAY, COLLECT], NOTHING, key("7"), NOTHING)
    assert sent == [PLAY, PLAY, NEXT]
    assert done == Carried(b"step=3&keys=7&ending=timeout")


def test_what_must_be_heard_whole_is_played_after_a_key_too() -> None:
    sent, _ = carried([PLAY, WHOLE, COLLECT], key("7"), NOTHING, NOTHING)
    assert sent == [PLAY, WHOLE, NEXT]


def test_as_many_keys_as_asked_for_are_enough() -> None:
    sent, done = carried([PLAY, COLLECT], key("1"), key("2"), key("3"), key("4"))
    assert sent == [PLAY, NEXT, NEXT, NEXT]
    assert done == Carried(b"step=3&keys=1234&ending=complete")


def test_silence_is_told_as_such() -> None:
    assert carried([COLLECT], NOTHING) == ([FIRST], Carried(b"step=3&keys=&ending=empty"))


def test_the_finish_key_alone_finishes() -> None:
    _, done = carried([COLLECT], key("#"))
    assert done == Carried(b"step=3&keys=&ending=complete")


def test_without_a_finish_key_a_hash_is_a_key() -> None:
    order = "collect step=3 max=1 finish= first_ms=7000 next_ms=4000"
    _, done = carried([order], key("#"))
    assert done == Carried(b"step=3&keys=%23&ending=complete")


def test_keys_that_no_phone_has_are_passed_over_and_not_for_ever() -> None:
    _, done = carried([COLLECT], key("A"), key("5"), key("#"))
    assert done == Carried(b"step=3&keys=5&ending=complete")
    _, done = carried([COLLECT], *[key("D")] * (4 + STRAY_KEYS_MAX))
    assert done == Carried(b"step=3&keys=&ending=empty")


@given(st.lists(st.integers(-1, 140), max_size=40), st.integers(1, 8), st.sampled_from(["#", ""]))
def test_no_keys_and_no_failures_make_an_entry_longer_than_asked_for(
    results: list[int], most: int, finish: str
) -> None:
    order = f"collect step=3 max={most} finish={finish} first_ms=7000 next_ms=4000"
    steps = carry_out(f"{PLAY}\n{order}\n".encode())
    next(steps)
    try:
        for result in [*results, 0]:
            steps.send(Reply(200, result))
        steps.send(NOTHING)
    except StopIteration as done:
        if not done.value.outcome:  # hung up
            return
        told = parse_qs(done.value.outcome.decode(), keep_blank_values=True)
        keys = told["keys"][0]
        assert len(keys) <= most
        assert set(keys) <= set("0123456789*#")
        assert (told["ending"] == ["empty"]) <= (keys == "")


def test_who_hangs_up_is_asked_nothing_more() -> None:
    assert carried([PLAY, PLAY, COLLECT], GONE) == ([PLAY], Carried(b""))
    assert carried([COLLECT], key("1"), GONE) == ([FIRST, NEXT], Carried(b""))
    assert carried([COLLECT], key("1"), Reply(200, -1)) == ([FIRST, NEXT], Carried(b""))


# -- commands that fail


@pytest.mark.parametrize("reply", [Reply(200, -1), Reply(510), Reply(520)])
def test_a_recording_that_cannot_be_played_is_told_and_the_call_goes_on(reply: Reply) -> None:
    sent, done = carried([PLAY, COLLECT], reply, NOTHING)
    assert sent == [PLAY, FIRST]
    assert done == Carried(b"step=3&keys=&ending=empty", ("STREAM FILE",))


# -- transfers


def test_what_dial_left_says_how_the_transfer_went() -> None:
    sent, done = carried([GOSUB, "report step=5"], NOTHING, NOTHING, value("ANSWER"), value("40"))
    assert sent == [GOSUB, RETURNED, DIALLED, SPOKEN]
    assert done == Carried(b"step=5&connected=yes&seconds=40")
    sent, done = carried([GOSUB, "report step=5"], NOTHING, NOTHING, value("BUSY"))
    assert sent == [GOSUB, RETURNED, DIALLED]
    assert done == Carried(b"step=5&connected=no")


def test_what_the_subroutine_returns_counts_more() -> None:
    _, done = carried(
        [GOSUB, "report step=5"], NOTHING, value("ANSWER"), value("CHANUNAVAIL"), NOTHING
    )
    assert done == Carried(b"step=5&connected=yes")
    _, done = carried([GOSUB, "report step=5"], NOTHING, value("FULL"), value("ANSWER"))
    assert done == Carried(b"step=5&connected=no")


def test_a_conversation_is_told_also_when_the_caller_ended_it() -> None:
    gone = value("ANSWER", hung_up=True)
    _, done = carried(
        [GOSUB, "report step=5"],
        NOTHING._replace(hung_up=True), value("", hung_up=True), gone, value("40", hung_up=True),
    )  # fmt: skip
    assert done == Carried(b"step=5&connected=yes&seconds=40")


def test_a_subroutine_that_is_not_there_reaches_nobody() -> None:
    sent, done = carried([GOSUB, "report step=5"], Reply(200, -1))
    assert sent == [GOSUB]
    assert done == Carried(b"step=5&connected=no", ("GOSUB",))


# -- the rest


def test_a_script_without_a_question_is_done_to_its_end() -> None:
    assert carried([WHOLE, "HANGUP"], NOTHING, Reply(200, 1)) == ([WHOLE, "HANGUP"], Carried(b""))
    assert carried([]) == ([], Carried(b""))


def test_the_end_is_told_with_the_seconds_billed_or_without() -> None:
    assert ended(61) == b"ended=completed&seconds=61"
    assert ended(None) == b"ended=completed"


@pytest.mark.parametrize(
    ("command", "seconds"),
    [
        (GOSUB, TRANSFER_S_MAX),
        (FIRST, 7.0 + GRACE_S),
        (PLAY, PLAY_S_MAX + GRACE_S),
        (BILLED, GRACE_S),
    ],
)
def test_each_command_has_its_time(command: str, seconds: float) -> None:
    assert reply_within_s(command) == seconds
