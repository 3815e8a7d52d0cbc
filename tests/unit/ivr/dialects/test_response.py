from __future__ import annotations

from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.actions import Gather, HangUp, Phrase, Shown, Transfer
from ivr.dialects.contract import RenderContext
from ivr.dialects.response import Verbs, write_response

NEXT = "https://gw.example.kz/ivr/1414?step=4&nonce=def"
KEYS = Gather(1, 64, "#", 7, 4)
WORDS = Phrase("Number?", "en", private=False)


def _dial(dial: Element, target: str, context: RenderContext) -> None:
    dial.text = f"{target} {context.reference}"


TOLD = Verbs("Voice", "Wait", lambda keys, _: {"max": str(keys.max_keys)}, _dial, True)
GOES_ON = TOLD._replace(tells_silence=False)


def written(
    *actions: Shown, verbs: Verbs = TOLD, target: str | None = "115", next_url: str = NEXT
) -> Element:
    context = RenderContext(4, next_url, target, lambda _: None, "k7")
    return fromstring(write_response(actions, context, verbs).body)


def tags(root: Element) -> list[str]:
    return [verb.tag for verb in root.iter()][1:]


def test_a_platform_is_spoken_to_in_its_own_verbs() -> None:
    root = written(WORDS, KEYS)
    assert tags(root) == ["Wait", "Voice"]
    assert root[0].attrib == {"max": "64"}


def test_where_silence_is_not_told_the_document_leads_to_the_next_step() -> None:
    root = written(WORDS, KEYS, verbs=GOES_ON)
    assert tags(root) == ["Wait", "Voice", "Redirect"]
    assert root[1].text == NEXT
    assert root[1].attrib == {"method": "POST"}


def test_only_a_question_is_followed_by_a_redirect() -> None:
    assert tags(written(WORDS, HangUp(), verbs=GOES_ON)) == ["Voice", "Hangup"]


@pytest.mark.parametrize(
    ("target", "next_url", "expected"),
    [
        ("115", NEXT, ["Voice", "Dial"]),
        ("115", "", ["Voice", "Dial", "Hangup"]),
        (None, NEXT, ["Voice", "Hangup"]),
        ("", NEXT, ["Voice", "Hangup"]),
    ],
)
def test_a_transfer_is_asked_about_or_is_the_end(
    target: str | None, next_url: str, expected: list[str]
) -> None:
    root = written(WORDS, Transfer("operators"), target=target, next_url=next_url)
    assert tags(root) == expected
    if "Dial" in expected:
        assert root[1].text == "115 k7"


TEXTS = st.text(st.sampled_from("aӘ<&😀 "))
LANGUAGES = st.sampled_from(["kk", "ru", "en"])


@given(
    st.lists(st.builds(Phrase, TEXTS, LANGUAGES, st.booleans(), whole=st.booleans())),
    st.sampled_from([[KEYS], [Transfer("operators")], [HangUp()], []]),
)
def test_every_word_is_said_once_and_the_end_is_never_silent(
    phrases: list[Phrase], then: list[Shown]
) -> None:
    root = written(*phrases, *then, verbs=GOES_ON)
    said = [verb.text for verb in root.iter("Voice")]
    in_order = [p for p in phrases if p.whole] + [p for p in phrases if not p.whole]
    assert said == [p.text for p in in_order if p.text]
    if then:
        assert root[-1].tag in {"Redirect", "Dial", "Hangup"}
