from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import pytest

from ivr.actions import Gather, HangUp, Phrase, RememberLanguage, Say, Shown, Transfer
from ivr.attendant.documents import Documents, missing_texts
from ivr.attendant.open_calls import OpenCall
from ivr.dialects import DIALECTS
from ivr.dialects.contract import Dialect, Document, RenderContext
from ivr.dialects.url_token import url_token
from ivr.dialogue.state import new_call
from ivr.switch import Sentence
from tests.support.call_desk import BODY, voice_texts

URL = "https://gw.example.kz/ivr/1414"
NOW_US = 1_795_150_800_000_000
VOICE = voice_texts()
BYE = Say((Sentence("goodbye", {}),), "en")
DUE = Say((Sentence("appeal.in_review", {"body": BODY, "due": date(2027, 1, 5)}),), "en")


class Seen(NamedTuple):
    """A dialect that keeps what it is to render."""

    shown: list[tuple[Sequence[Shown], RenderContext]]
    name: str = "json"
    echoes_nonce: bool = True
    knows_by_url: bool = False
    verify = DIALECTS["json"].verify
    parse = DIALECTS["json"].parse

    def render(self, actions: Sequence[Shown], context: RenderContext) -> Document:
        self.shown.append((actions, context))
        return Document("text/plain", b"")


def made(seen: Dialect, **changes: object) -> Documents:
    return Documents(
        **{
            "link": "1414", "dialect": seen, "nonce_secret": "ours", "voice": VOICE,
            "prompt_url": lambda _: None, "operator_target": "+7", "now_us": lambda: NOW_US,
        }
        | changes
    )  # fmt: skip


def call(call_id: str = "CA1", started_us: int = NOW_US) -> OpenCall:
    return OpenCall(
        call_id, "77010000001", "1414", started_us, new_call("kk", operator=True), 0.0, "ab12"
    )


def test_a_platform_is_shown_what_it_can_do_and_nothing_else() -> None:
    seen = Seen([])
    gather = Gather(1, 1, "", 7, 4)
    made(seen).of_call(
        call(), [RememberLanguage("en"), BYE, gather, Transfer("q"), HangUp()], URL, 2
    )
    (shown, context) = seen.shown[0]
    assert [type(action) for action in shown] == [Phrase, Gather, Transfer, HangUp]
    assert (context.step, context.reference, context.call_id) == (2, "ab12", "CA1")
    assert context.next_url.startswith(f"{URL}?step=2&nonce=")


class Whole(NamedTuple):
    """A dialect that has every document made anew."""

    dialect: Dialect
    name: str = "whole"
    echoes_nonce: bool = True
    knows_by_url: bool = False
    verify = DIALECTS["json"].verify
    parse = DIALECTS["json"].parse

    def render(self, actions: Sequence[Shown], context: RenderContext) -> Document:
        return self.dialect.render(actions, context)


@pytest.mark.parametrize("name", [name for name, each in DIALECTS.items() if each.knows_by_url])
def test_a_document_made_once_is_what_each_call_would_have_got(name: str) -> None:
    kept, whole = made(DIALECTS[name]), made(Whole(DIALECTS[name]))
    keyed, ended = (BYE, Gather(1, 1, "", 7, 4)), (BYE, HangUp())
    for actions in (keyed, ended, (DUE, keyed[1]), (BYE, Transfer("q")), ()):
        assert kept.of_no_call(actions) == whole.of_no_call(actions)
        for step in range(9, 12):
            for one in (call(), call("CA2")):
                given = [documents.of_call(one, actions, URL, step) for documents in (kept, whole)]
                assert given[0] == given[1]


def test_a_document_that_says_the_same_to_all_is_made_once() -> None:
    seen = Seen([], knows_by_url=True)
    documents = made(seen)
    for step, one in enumerate((call(), call("CA2")), start=1):
        documents.of_call(one, [BYE], URL, step)
        documents.of_call(one, [DUE], URL, step)
    assert [shown[0].private for shown, _ in seen.shown] == [False, True, True]


def test_a_fixed_phrase_is_made_once_and_one_with_values_each_time() -> None:
    seen = Seen([])
    now_us = [NOW_US]
    documents = made(seen, now_us=lambda: now_us[0])
    for _ in range(2):
        documents.of_no_call([BYE, DUE])
        now_us[0] += 90 * 86_400 * 1_000_000
    (first, due), (again, due_next_year) = (shown for shown, _ in seen.shown)
    assert first is again
    assert due.text != due_next_year.text  # the year is left out in the year itself
    assert (first.private, due.private) == (False, True)


def test_what_must_be_heard_whole_is_another_phrase() -> None:
    seen = Seen([])
    made(seen).of_no_call([BYE, BYE._replace(whole=True)])
    assert [phrase.whole for phrase in seen.shown[0][0]] == [False, True]


def test_nonces_and_references_belong_to_one_call() -> None:
    documents, others = made(Seen([])), made(Seen([]), nonce_secret="theirs")
    one = call()
    nonces = {
        documents.nonce(one, 1), documents.nonce(one, 2), documents.nonce(call("CA2"), 1),
        documents.nonce(call(started_us=NOW_US + 1), 1), others.nonce(one, 1),
    }  # fmt: skip
    assert len(nonces) == 5
    references = {
        documents.reference("CA1", NOW_US), documents.reference("CA2", NOW_US),
        documents.reference("CA1", NOW_US + 1), others.reference("CA1", NOW_US),
    }  # fmt: skip
    assert len(references) == 4
    assert all(len(reference) == 12 for reference in references)


@pytest.mark.parametrize(("url_secret", "signed_by"), [("theirs", "theirs"), (None, "ours")])
def test_a_url_is_believed_by_the_secret_of_the_platform(
    url_secret: str | None, signed_by: str
) -> None:
    seen = Seen([])
    documents = made(seen, url_secret=url_secret)
    documents.of_call(call(), [], URL, 1)
    documents.opening([], URL)
    documents.of_no_call()
    tokens = [context.token for _, context in seen.shown]
    assert tokens == [url_token(signed_by, URL), url_token(signed_by, URL), ""]


def test_a_voice_that_lacks_a_text_is_told() -> None:
    voice = voice_texts()
    del voice["goodbye"]
    voice["queue"]["kk"] = ""
    assert missing_texts(voice) == [
        "queue (kk)", "goodbye (kk)", "goodbye (ru)", "goodbye (en)",
    ]  # fmt: skip
