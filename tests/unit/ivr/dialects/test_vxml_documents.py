"""What a voice browser makes of our documents, above all when the gateway does not answer."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest

from ivr.actions import Gather, HangUp, Phrase, Shown, Transfer
from ivr.dialects.contract import RenderContext
from ivr.dialects.vxml import Vxml
from ivr.dialects.vxml_documents import FETCH_TIMEOUT_S, TRIES_MAX
from tests.support.voice_browser import HUNG_UP, FetchError, Request, Spoken, VoiceBrowser
from tests.support.voice_xml import problems

URL = "https://gw.example.kz/ivr/1414"
ROOT = f"{URL}?token=t"
START = f"{URL}?at=start&token=t"
END = f"{URL}?at=end&token=t"
STEP = f"{URL}?step=3&nonce=ab&token=t"
NUMBER = Gather(1, 64, "#", 7, 4)
KEY = Gather(1, 1, "", 7, 4)
SORRY = Phrase("The system is away.", "en", False)
ASK = Phrase("Enter the number.", "en", False)
BYE = Phrase("Goodbye!", "en", False)
PEOPLE = Transfer("operators")
CONTEXT = RenderContext(
    step=3,
    next_url=f"{URL}?step=3&nonce=ab",
    operator_target="+77172000000",
    prompt_url=lambda _: None,
    reference="r-42",
    call_id="v1",
    token="t",
)
ALONE = CONTEXT._replace(step=0, next_url="", token="", call_id="")


def rendered(*actions: Shown, context: RenderContext = CONTEXT) -> bytes:
    body = Vxml().render(actions, context).body
    assert problems(body) == ""
    return body


class Gateway:
    """Gives the root to who begins, and then `answers` in order; away where it has none left."""

    def __init__(
        self, *answers: bytes, apology: tuple[Shown, ...] = (SORRY, Transfer("o"))
    ) -> None:
        opening = CONTEXT._replace(step=0, next_url=URL, call_id="")
        if not any(isinstance(action, Transfer) for action in apology):
            opening = opening._replace(operator_target=None)
        self.root = rendered(*apology, context=opening)
        self.answers = list(answers)
        self.asked: list[tuple[str, dict[str, str]]] = []

    async def fetch(self, request: Request) -> bytes:
        if request.form is None:
            assert request.url == ROOT
            return self.root
        assert request.timeout_s == FETCH_TIMEOUT_S
        fields = dict(parse_qsl(request.form.decode(), keep_blank_values=True))
        self.asked.append((request.url, fields))
        if fields.get("event") == "hangup":
            return rendered(context=ALONE)
        if not self.answers:
            raise FetchError("nobody listens")
        return self.answers.pop(0)


async def begun(gateway: Gateway) -> VoiceBrowser:
    browser = VoiceBrowser(
        gateway.fetch, remote="tel:+77010000001", local="sip:1414@pbx", now_ms=1_795_150_800_000
    )
    await browser.start(ROOT)
    return browser


def words(browser: VoiceBrowser) -> list[str]:
    return [spoken.text for spoken in browser.said]


async def hangs_up(browser: VoiceBrowser) -> None:
    """The document does, once all is said; and then nothing is left to do."""
    assert browser.waits == "disconnect"
    await browser.hang_up()
    assert browser.waits == ""


# -- a call that goes well


async def test_the_root_names_the_call_and_asks_for_its_first_document() -> None:
    gateway = Gateway(rendered(ASK, NUMBER))
    browser = await begun(gateway)
    url, fields = gateway.asked[0]
    assert url == START
    assert fields["call"].startswith("v")
    assert fields["call"].isalnum()
    assert (fields["caller"], fields["called"]) == ("tel:+77010000001", "sip:1414@pbx")
    assert browser.waits == "keys"
    assert browser.said == [Spoken("en-US", "Enter the number.", None, True)]


async def test_two_calls_have_two_names() -> None:
    first, second = Gateway(rendered(BYE, HangUp())), Gateway(rendered(BYE, HangUp()))
    await begun(first)
    await begun(second)
    assert first.asked[0][1]["call"] != second.asked[0][1]["call"]


async def test_a_platform_that_hides_both_numbers_still_has_its_call() -> None:
    gateway = Gateway(rendered(ASK, NUMBER))
    browser = VoiceBrowser(gateway.fetch, remote="", local="", now_ms=0)
    browser.session["session"] = {}
    await browser.start(ROOT)
    assert (gateway.asked[0][1]["caller"], gateway.asked[0][1]["called"]) == ("", "")


@pytest.mark.parametrize(
    ("gather", "keys", "told"),
    [
        (NUMBER, "750100000000431215#", "7 5 0 1 0 0 0 0 0 0 0 0 4 3 1 2 1 5"),
        (NUMBER, "12*34#", "1 2 * 3 4"),
        (NUMBER, "1234", "1 2 3 4"),  # and then silence
        (NUMBER, "#", "#"),
        (KEY, "#", "#"),
        (KEY, "*", "*"),
        (KEY, "9", "9"),
    ],
)
async def test_keys_are_told(gather: Gather, keys: str, told: str) -> None:
    gateway = Gateway(rendered(ASK, gather), rendered(BYE, KEY))
    browser = await begun(gateway)
    await browser.keys(keys)
    url, fields = gateway.asked[-1]
    assert url == STEP
    assert (fields["call"], fields["keys"]) == ("v1", told)
    assert words(browser) == ["Goodbye!"]


def test_the_finish_key_is_no_part_of_an_entry() -> None:
    assert b"<item>#</item>" not in rendered(ASK, NUMBER)
    assert b"<item>*</item>" in rendered(ASK, NUMBER)
    assert b"<item>#</item>" in rendered(ASK, KEY)


async def test_silence_is_told_and_not_repeated_at_the_callers_cost() -> None:
    gateway = Gateway(rendered(ASK, NUMBER), rendered(BYE, KEY))
    browser = await begun(gateway)
    await browser.silence()
    assert gateway.asked[-1][1]["keys"] == ""
    assert words(browser) == ["Goodbye!"]


async def test_what_must_be_heard_whole_cannot_be_interrupted() -> None:
    notice = Phrase("This call may be recorded.", "en", False, whole=True)
    browser = await begun(Gateway(rendered(notice, ASK, NUMBER)))
    assert [spoken.barge_in for spoken in browser.said] == [False, True]


async def test_a_recording_has_its_words_beside_it() -> None:
    context = CONTEXT._replace(prompt_url=lambda _: "https://gw.example.kz/p.wav")
    browser = await begun(Gateway(rendered(ASK, NUMBER, context=context)))
    assert browser.said == [
        Spoken("en-US", "Enter the number.", "https://gw.example.kz/p.wav", True)
    ]


async def test_a_farewell_hangs_up_and_tells_how_long_the_call_was() -> None:
    gateway = Gateway(rendered(ASK, NUMBER), rendered(BYE, HangUp()))
    browser = await begun(gateway)
    await browser.keys("1#")
    assert words(browser) == ["Goodbye!"]
    browser.now_ms += 61_400
    await hangs_up(browser)
    assert gateway.asked[-1] == (
        END,
        {
            "call": "v1",
            "caller": "tel:+77010000001",
            "called": "sip:1414@pbx",
            "event": "hangup",
            "seconds": "61",
        },
    )


async def test_a_caller_who_hangs_up_is_told_once() -> None:
    gateway = Gateway(rendered(ASK, NUMBER))
    browser = await begun(gateway)
    await browser.hang_up()
    assert [fields.get("event") for _, fields in gateway.asked] == [None, "hangup"]
    assert browser.waits == ""


async def test_an_end_that_comes_twice_is_told_once() -> None:
    browser = await begun(Gateway(rendered(ASK, NUMBER)))
    told: list[Request] = []

    async def away(request: Request) -> bytes:
        told.append(request)
        raise FetchError("nobody listens")

    browser.fetch = away
    await browser.hang_up()
    await browser.hang_up()
    assert [request.url for request in told] == [END]


# -- transfers


async def test_a_transfer_says_who_comes_and_tells_how_it_went() -> None:
    gateway = Gateway(rendered(ASK, PEOPLE), rendered(BYE, HangUp()))
    browser = await begun(gateway)
    assert browser.waits == "transfer"
    assert browser.item is not None
    assert browser.item.attrib["dest"] == "tel:+77172000000"
    assert browser.item.attrib["aai"] == "r-42"
    await browser.transferred("far_end_disconnect", 95.5)
    url, fields = gateway.asked[1]
    assert url == STEP
    assert (fields["outcome"], fields["seconds"]) == ("far_end_disconnect", "95.5")


@pytest.mark.parametrize("event", ["error.connection.noroute", "error.unsupported.transfer.bridge"])
async def test_a_transfer_that_cannot_be_made_is_one_that_failed(event: str) -> None:
    gateway = Gateway(rendered(ASK, PEOPLE), rendered(ASK, KEY))
    browser = await begun(gateway)
    await browser.throws(event)
    assert gateway.asked[-1][1]["outcome"] == "failed"
    assert browser.waits == "keys"


async def test_a_caller_who_leaves_an_operator_has_left_the_call() -> None:
    gateway = Gateway(rendered(ASK, PEOPLE))
    browser = await begun(gateway)
    await browser.hang_up()
    assert gateway.asked[-1][1]["event"] == "hangup"


async def test_a_sip_address_is_dialled_as_it_is() -> None:
    context = CONTEXT._replace(operator_target="sip:people@pbx.example.kz")
    browser = await begun(Gateway(rendered(ASK, PEOPLE, context=context)))
    assert browser.item is not None
    assert browser.item.attrib["dest"] == "sip:people@pbx.example.kz"


# -- the gateway does not answer


async def test_a_question_is_asked_three_times_and_then_people_take_the_call() -> None:
    gateway = Gateway(rendered(ASK, NUMBER))
    browser = await begun(gateway)
    for _ in range(TRIES_MAX - 1):
        await browser.keys("123#")
        assert (browser.waits, words(browser)) == ("keys", ["Enter the number."])
    await browser.silence()
    assert len(gateway.asked) == 1 + TRIES_MAX
    assert browser.waits == "transfer"
    assert words(browser) == ["The system is away."]
    await browser.transferred("far_end_disconnect", 30)
    await hangs_up(browser)
    assert gateway.asked[-1][1]["event"] == "hangup"


async def test_a_gateway_that_is_back_in_time_goes_on_with_the_call() -> None:
    gateway = Gateway(rendered(ASK, NUMBER))
    browser = await begun(gateway)
    await browser.keys("123#")
    gateway.answers = [rendered(BYE, KEY)]
    await browser.keys("750#")
    assert gateway.asked[-1][1]["keys"] == "7 5 0"
    assert words(browser) == ["Goodbye!"]


async def test_nobody_at_the_start_leads_to_people() -> None:
    browser = await begun(Gateway())
    assert (browser.waits, words(browser)) == ("transfer", ["The system is away."])


async def test_without_people_the_call_ends_in_words() -> None:
    gateway = Gateway(apology=(SORRY, BYE, HangUp()))
    browser = await begun(gateway)
    assert words(browser) == ["The system is away.", "Goodbye!"]
    await hangs_up(browser)
    assert gateway.asked[-1][1]["event"] == "hangup"


async def test_a_document_that_is_none_is_one_that_did_not_come() -> None:
    browser = await begun(Gateway(b"<html>502 Bad Gateway"))
    assert (browser.waits, words(browser)) == ("transfer", ["The system is away."])


async def test_people_who_cannot_be_reached_either_end_the_call() -> None:
    gateway = Gateway()
    browser = await begun(gateway)
    await browser.throws("error.connection.noroute")
    await hangs_up(browser)
    assert gateway.asked[-1][1]["event"] == "hangup"


async def test_after_a_conversation_nobody_is_connected_again() -> None:
    gateway = Gateway(rendered(ASK, PEOPLE))
    browser = await begun(gateway)
    await browser.transferred("far_end_disconnect", 95)
    await hangs_up(browser)
    assert [fields.get("event") for _, fields in gateway.asked][-1] == "hangup"


async def test_without_a_conversation_people_are_tried_once_more() -> None:
    gateway = Gateway(rendered(ASK, PEOPLE))
    browser = await begun(gateway)
    await browser.transferred("busy", 0)
    assert (browser.waits, words(browser)) == ("transfer", ["The system is away."])


async def test_an_error_of_the_browser_leads_to_people() -> None:
    gateway = Gateway(rendered(ASK, NUMBER))
    browser = await begun(gateway)
    await browser.throws("error.unsupported.language")
    assert browser.waits == "transfer"


async def test_an_end_that_cannot_be_told_is_the_end() -> None:
    gateway = Gateway(rendered(ASK, NUMBER))
    browser = await begun(gateway)

    async def away(_: Request) -> bytes:
        raise FetchError("nobody listens")

    browser.fetch = away
    await browser.hang_up()
    assert browser.waits == ""
    assert browser.events == [HUNG_UP, "error.badfetch"]


async def test_who_has_left_a_transfer_is_told_nothing_more() -> None:
    browser = await begun(Gateway(rendered(ASK, PEOPLE)))

    async def away(_: Request) -> bytes:
        raise FetchError("nobody listens")

    browser.fetch = away
    await browser.hang_up()
    assert (browser.waits, browser.said) == ("", [])


# -- documents that belong to no call


async def test_an_apology_for_no_call_connects_and_tells_nobody() -> None:
    gateway = Gateway(rendered(SORRY, PEOPLE, context=ALONE))
    browser = await begun(gateway)
    assert (browser.waits, words(browser)) == ("transfer", ["The system is away."])
    await browser.transferred("far_end_disconnect", 5)
    await hangs_up(browser)
    assert len(gateway.asked) == 1


async def test_a_root_known_by_another_url_is_fetched_once_and_the_call_keeps_its_name() -> None:
    gateway = Gateway(rendered(ASK, NUMBER), rendered(ASK, NUMBER), rendered(BYE, HangUp()))
    fetched: list[str] = []

    async def fetch(request: Request) -> bytes:
        fetched.append(request.url)
        return await gateway.fetch(request._replace(url=request.url.removesuffix("&platform=x")))

    browser = VoiceBrowser(fetch, remote="tel:+77010000001", local="tel:1414", now_ms=0)
    await browser.start(ROOT + "&platform=x")
    await browser.keys("1#")
    await browser.keys("2#")
    await hangs_up(browser)
    assert fetched.count(ROOT) == 1
    assert [fields["call"] for _, fields in gateway.asked][1:] == ["v1", "v1", "v1"]
