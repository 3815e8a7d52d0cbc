from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.actions import (
    CallEnded,
    CallStarted,
    Digits,
    Ending,
    Event,
    Gather,
    HangUp,
    Phrase,
    Shown,
    Transfer,
    TransferResult,
)
from ivr.dialects.contract import CallRequest, Malformed, RawRequest, Refusal, RenderContext
from ivr.dialects.fastagi import FastAgi, secret_problem, table_of

SECRET = "0123456789abcdef"
# As Asterisk 22 sends it for a call over PJSIP.
ENVIRONMENT = {
    "agi_network": "yes",
    "agi_network_script": f"ivr/1414/{SECRET}",
    "agi_request": f"agi://127.0.0.1:4573/ivr/1414/{SECRET}",
    "agi_channel": "PJSIP/trunk-00000007",
    "agi_language": "ru",
    "agi_type": "PJSIP",
    "agi_uniqueid": "1795150800.14",
    "agi_version": "22.10.1",
    "agi_callerid": "+77010000001",
    "agi_calleridname": "unknown",
    "agi_callingpres": "0",
    "agi_callingani2": "0",
    "agi_callington": "0",
    "agi_callingtns": "0",
    "agi_dnid": "1414",
    "agi_rdnis": "unknown",
    "agi_context": "from-trunk",
    "agi_extension": "1414",
    "agi_priority": "2",
    "agi_enhanced": "0.0",
    "agi_accountcode": "",
    "agi_threadid": "139872064792256",
}
GATHER = Gather(1, 64, "#", 7, 4)


def request(body: bytes = b"", **changed: str) -> RawRequest:
    return RawRequest("AGI", "/ivr/1414", ENVIRONMENT | changed, body)


def parsed(body: bytes = b"", **changed: str) -> CallRequest:
    told = FastAgi().parse(request(body, **changed))
    assert isinstance(told, CallRequest)
    return told


def rendered(
    *actions: Shown, target: str | None = "+77172000000", next_url: str = "/ivr/1414?step=4"
) -> list[str]:
    def recorded(phrase: Phrase) -> str | None:
        return f"https://gw.example.kz/prompts/{phrase.text}.wav" if phrase.text else None

    context = RenderContext(4, next_url, target, recorded, reference="K7QM2X")
    document = FastAgi().render(actions, context)
    assert document.content_type == "text/x-agi"
    return document.body.decode().splitlines()


# -- who is believed


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        (f"ivr/1414/{SECRET}", None),
        (f"ivr/1414/{SECRET}?x=1", None),
        ("", "missing"),
        ("ivr/1414", "missing"),
        ("ivr/1414/", "missing"),
        ("ivr/1414/0123456789abcdee", "mismatch"),
        (f"ivr/1414/x/{SECRET}", "mismatch"),
        ("ivr/1414/é", "mismatch"),
        ("ivr/1414/" + "x" * 8_000, "mismatch"),
    ],
)
def test_the_secret_is_the_last_part_of_the_path(path: str, reason: str | None) -> None:
    refused = FastAgi().verify(request(agi_network_script=path), [SECRET], 0)
    assert refused == (None if reason is None else Refusal(reason))


def test_two_secrets_are_active_while_one_is_replaced() -> None:
    assert FastAgi().verify(request(), ["another-secret-16", SECRET], 0) is None


@pytest.mark.parametrize(
    ("secret", "problem"),
    [(SECRET, None), ("short", "at least 16"), ("0123456789/abcdef", "letters"), ("", "letters")],
)
def test_a_secret_that_a_path_cannot_hold_or_chance_can_find_is_no_secret(
    secret: str, problem: str | None
) -> None:
    told = secret_problem(secret)
    assert told is None if problem is None else problem in str(told)


def test_the_path_names_the_table() -> None:
    assert table_of(ENVIRONMENT) == "1414"
    assert table_of({"agi_network_script": f"/ivr/1414/{SECRET}/"}) == "1414"
    for path in ("", "ivr", "ivr/1414", f"elsewhere/1414/{SECRET}", f"ivr/1414/x/{SECRET}"):
        assert table_of({"agi_network_script": path}) == ""


# -- what is told


def test_a_call_is_read_from_the_environment() -> None:
    assert parsed() == CallRequest(
        "1795150800.14", "+77010000001", "1414", CallStarted(None), "start"
    )


@pytest.mark.parametrize(
    ("changed", "caller"),
    [
        ({"agi_callerid": "unknown"}, ""),
        ({"agi_callerid": ""}, ""),
        ({"agi_callingpres": "32"}, ""),  # not to be shown
        ({"agi_callingpres": "35"}, ""),  # the network's, not to be shown
        ({"agi_callingpres": "67"}, "+77010000001"),  # not available is no wish to hide
        ({"agi_callingpres": "odd"}, "+77010000001"),
    ],
)
def test_who_hides_the_number_has_none(changed: Mapping[str, str], caller: str) -> None:
    assert parsed(**changed).caller == caller


def test_the_extension_is_called_where_the_trunk_does_not_say() -> None:
    assert parsed(agi_dnid="unknown", agi_extension="1414").called == "1414"


@pytest.mark.parametrize(
    ("body", "event", "key", "step"),
    [
        (b"step=3&keys=12%2A5&ending=complete", Digits("12*5", Ending.COMPLETE), "step 3", 3),
        (b"step=3&keys=12&ending=timeout", Digits("12", Ending.TIMEOUT), "step 3", 3),
        (b"step=3&keys=&ending=empty", Digits("", Ending.EMPTY), "step 3", 3),
        (b"step=3&connected=yes&seconds=40", TransferResult(True, 40), "step 3", 3),
        (b"step=3&connected=yes", TransferResult(True, None), "step 3", 3),
        (b"step=3&connected=no&seconds=9", TransferResult(False, None), "step 3", 3),
        (b"ended=completed&seconds=61", CallEnded("completed", 61, "hangup"), "end", None),
        (b"ended=completed", CallEnded("completed", None, "hangup"), "end", None),
        (b"ended=odd", CallEnded("failed", None, "hangup"), "end", None),
    ],
)
def test_outcomes_of_scripts_are_events(
    body: bytes, event: Event, key: str, step: int | None
) -> None:
    told = parsed(body)
    assert (told.event, told.key, told.step) == (event, key, step)


@pytest.mark.parametrize(
    ("body", "changed", "what"),
    [
        (b"", {"agi_uniqueid": ""}, "agi_uniqueid"),
        (b"", {"agi_uniqueid": "a b"}, "agi_uniqueid"),
        (b"", {"agi_uniqueid": "x" * 200}, "agi_uniqueid"),
        (b"nonsense", {}, "outcome"),
        (b"\xff=1", {}, "outcome"),
        (b"keys=1", {}, "outcome"),
        (b"step=-1&keys=1", {}, "outcome"),
        (b"&".join(b"step=1" for _ in range(9)), {}, "outcome"),
    ],
)
def test_what_cannot_be_understood_is_said_to_be(
    body: bytes, changed: Mapping[str, str], what: str
) -> None:
    assert FastAgi().parse(request(body, **changed)) == Malformed(what)


@given(
    st.dictionaries(st.sampled_from(sorted(ENVIRONMENT)), st.text(max_size=20)),
    st.binary(max_size=60) | st.from_regex(rb"(step|keys|ended|seconds|connected)=[0-9a-z]{0,9}"),
)
def test_nothing_that_comes_raises(environment: dict[str, str], body: bytes) -> None:
    raw = RawRequest("AGI", "/ivr/1414", environment, body)
    assert FastAgi().verify(raw, [SECRET], 0) is not None
    assert isinstance(FastAgi().parse(raw), CallRequest | Malformed)


# -- scripts


def test_words_before_a_question_can_be_interrupted() -> None:
    assert rendered(Phrase("a", "kk", private=False), Phrase("b", "ru", private=False), GATHER) == [
        'STREAM FILE "https://gw.example.kz/prompts/a.wav" "0123456789*#"',
        'STREAM FILE "https://gw.example.kz/prompts/b.wav" "0123456789*#"',
        "collect step=4 max=64 finish=# first_ms=7000 next_ms=4000",
    ]


def test_last_words_and_what_must_be_heard_whole_cannot_be_interrupted() -> None:
    assert rendered(Phrase("a", "kk", private=False), HangUp()) == [
        'STREAM FILE "https://gw.example.kz/prompts/a.wav" ""',
        "HANGUP",
    ]
    notice = rendered(Phrase("a", "kk", private=False, whole=True), GATHER)[0]
    assert notice == 'STREAM FILE "https://gw.example.kz/prompts/a.wav" ""'


def test_every_key_counts_where_none_finishes() -> None:
    assert rendered(Gather(1, 1, "", 7, 4)) == [
        "collect step=4 max=1 finish= first_ms=7000 next_ms=4000"
    ]


def test_words_without_a_recording_are_passed_over() -> None:
    assert rendered(Phrase("", "ru", private=False), HangUp()) == ["HANGUP"]


@pytest.mark.parametrize("text", ["a b", "a\nHANGUP", "x" * 3_000, "Қ"])
def test_an_address_that_would_break_the_line_is_not_sent(text: str) -> None:
    assert rendered(Phrase(text, "ru", private=False), HangUp()) == ["HANGUP"]


def test_quotes_are_escaped_as_asterisk_reads_them() -> None:
    assert rendered(Phrase('a"b\\c', "ru", private=False))[0] == (
        'STREAM FILE "https://gw.example.kz/prompts/a\\"b\\\\c.wav" ""'
    )


def test_a_transfer_runs_the_dialplans_subroutine_and_asks_how_it_went() -> None:
    assert rendered(Transfer("operators")) == [
        'GOSUB jauap-operators s 1 "+77172000000,K7QM2X,operators"',
        "report step=4",
    ]
    assert rendered(Transfer("operators"), target="sip:115@pbx,(x)")[0] == (
        'GOSUB jauap-operators s 1 "sip:115@pbxx,K7QM2X,operators"'
    )
    assert rendered(Transfer("operators"), target=None) == ["HANGUP"]


def test_of_a_call_that_is_not_known_nothing_is_asked() -> None:
    assert rendered(Transfer("operators"), next_url="") == [
        'GOSUB jauap-operators s 1 "+77172000000,K7QM2X,operators"',
        "HANGUP",
    ]
    assert rendered(GATHER, next_url="") == []


def test_however_many_actions_the_script_is_small() -> None:
    assert len(rendered(*[Phrase("a", "kk", private=False)] * 500)) == 64
