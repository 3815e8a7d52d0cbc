"""A real call: a foreign phone dials a foreign SIP service, which speaks TwiML to the gateway; keys
travel as RFC 4733, the answer comes back as sound and, by key 5, as SMS from an SMSC."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from smpp.simulator import Smsc
from tests.support.foreign.program import free_ports
from tests.support.foreign.scripts import Script
from tests.support.foreign.sip import dial, levels, likeness, telephone_service
from tests.support.service import SECRET, LinkTo, Service, make_folder, write_open_tickets

NUMBER = 61_200_000_020_000_017
NUMBER_KEYED = f"{NUMBER:018d}"
KEYS = len("11" + f"{NUMBER_KEYED}#" + "5")
CALLS_MAX = 3  # RTP is not sent again: on a busy machine a key may be lost between the two peers
CALLER = "+77010000001"
SOUND = 0.02  # of full scale: what is louder is not silence
ALIKE = 0.8  # the loudness of a recording, and of what a phone heard of it through A-law


async def settings(folder: Path, smsc: Smsc, port: int) -> Path:
    calls = {
        "name": "1414",
        "dialect": "twiml",
        "path": "/ivr/1414",
        "secret_file": f"{folder}/secret",
        "numbers": ["1414"],
        "text_link": "operator",
        "operator_target": "+77172000000",
    }
    address = f"127.0.0.1:{port}"
    return await make_folder(
        folder,
        [LinkTo("operator", smsc.port)],
        tickets=[write_open_tickets(folder / "feed.ndjson", NUMBER, 1)],
        more="\n[[ivr]]\n"
        + "".join(f"{key} = {json.dumps(each)}\n" for key, each in calls.items()),
        http={"listen": address, "public_url": f"http://{address}"},
    )


@pytest.mark.timeout(180)
async def test_a_caller_hears_where_a_ticket_stands_and_gets_it_as_sms(tmp_path: Path) -> None:
    for attempt in range(CALLS_MAX):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        if await a_call(folder):
            return
    pytest.fail(f"the telephone service missed keys in each of {CALLS_MAX} calls")


async def a_call(tmp_path: Path) -> bool:
    """False: a key never reached the telephone service, and the call proves nothing."""
    port, sip_port = free_ports(2)
    async with Smsc(password=SECRET) as smsc:
        service = Service(await settings(tmp_path, smsc, port))
        await service.start()
        try:
            url = f"http://127.0.0.1:{port}/ivr/1414"
            async with telephone_service(tmp_path, url, SECRET, sip_port) as platform:
                code = await dial(
                    tmp_path,
                    sip_port,
                    caller=CALLER,
                    called="1414",
                    # Kazakh, an appeal, the number, and once the answer was heard: by SMS
                    keys=[(1.5, "1"), (1.5, "1"), (1.5, f"{NUMBER_KEYED}#"), (22.0, "5")],
                    stay_s=3.0,
                )
                assert code == 0, platform.running.last_words
                await platform.event("over")
                if len(platform.seen("dtmf")) < KEYS:
                    return False
                sms = await smsc.next_mt(CALLER.removeprefix("+"))
            the_keys_were_heard(platform)
            the_answer_was_heard(tmp_path, platform)
            assert sms.text.startswith(f"*{NUMBER % 10_000:04d}: ")
            await the_call_is_on_record(service, platform)
        finally:
            await service.stop()
    return True


def the_keys_were_heard(platform: Script) -> None:
    dtmf, posted = platform.seen("dtmf"), platform.seen("posted")
    assert len(dtmf) == KEYS
    assert all(each["rfc4733"] for each in dtmf)
    digits = [each["fields"].get("Digits") for each in posted]
    assert digits == [None, "1", "1", NUMBER_KEYED, "5", None]
    assert {each["status"] for each in posted} == {200}


def the_answer_was_heard(folder: Path, platform: Script) -> None:
    """The recording that followed the number, whole, in what came back from the phone."""
    events = platform.events
    asked = next(at for at, each in enumerate(events) if NUMBER_KEYED in str(each.get("fields")))
    answer = next(each for each in events[asked:] if each["event"] == "played")
    heard, wanted = levels(folder / "heard.wav"), levels(folder / answer["file"])
    assert sum(level > SOUND for level in wanted) > len(wanted) / 2
    assert likeness(heard, wanted) > ALIKE


async def the_call_is_on_record(service: Service, platform: Script) -> None:
    done = await service.command("calls", "list", "-c", str(service.settings), "--json")
    assert done.code == 0, done.err
    (leg,) = json.loads(done.out)["listed"]
    fields = [each["fields"] for each in platform.seen("posted")]
    (seconds,) = [int(each["CallDuration"]) for each in fields if "CallDuration" in each]
    assert leg["platform_s"] == seconds
    assert abs(leg["measured_s"] - seconds) <= 2
    assert (leg["leg"], leg["outcome"], leg["closed_by"]) == ("caller", "completed", "callback")
