"""The `<Response>` that TwiML and its kin have in common; each names its own verbs. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement

from ivr.actions import Gather, HangUp, Phrase, Shown, Transfer
from ivr.dialects.contract import DOCUMENT_SIGNS_MAX, Document, RenderContext, within_limits
from ivr.dialects.xml import document, legal

DIAL_TIMEOUT_S = 30  # an operator's phone rings so long

# The platforms have no Kazakh voice: where no recording can be had, a voice that knows Cyrillic
# reads it.
_VOICES: Mapping[str, str] = {"kk": "ru-RU", "ru": "ru-RU", "en": "en-US"}


class Verbs(NamedTuple):
    """How one platform says it.

    `speak` is the tag of its own voice. `gather` returns the attributes of the tag that waits for
    keys, `dial` puts the call to the operator's address into its parent. `tells_silence`: the
    platform posts to the same URL where no key came; else the document goes on behind the tag.
    """

    speak: str
    waits: str
    gather: Callable[[Gather, RenderContext], dict[str, str]]
    dial: Callable[[Element, str, RenderContext], None]
    tells_silence: bool


def write_response(actions: Sequence[Shown], context: RenderContext, verbs: Verbs) -> Document:
    """The actions as a document; no actions: an empty one."""
    root = Element("Response")
    phrases = [action for action in actions if isinstance(action, Phrase)]
    left = DOCUMENT_SIGNS_MAX
    for phrase in phrases:
        if phrase.whole:
            left -= _say(root, phrase, context, verbs, left)
    gather = next((action for action in actions if isinstance(action, Gather)), None)
    # What is said inside can be interrupted by a key.
    inside = root
    if gather is not None:
        inside = SubElement(root, verbs.waits, verbs.gather(gather, context))
    for phrase in phrases:
        if not phrase.whole:
            left -= _say(inside, phrase, context, verbs, left)
    for action in actions:
        if isinstance(action, Transfer):
            _transfer(root, context, verbs)
        elif isinstance(action, HangUp):
            SubElement(root, "Hangup")
    if gather is not None and not verbs.tells_silence:
        SubElement(root, "Redirect", {"method": "POST"}).text = context.next_url
    return document(root)


def _say(parent: Element, phrase: Phrase, context: RenderContext, verbs: Verbs, left: int) -> int:
    """Play the recording, or have the words spoken where there is none; returns how many of the
    `left` signs were used."""
    text = within_limits(legal(phrase.text), left)
    if not text:
        return 0
    url = context.prompt_url(phrase)
    if url is None:
        voice = _VOICES.get(phrase.language, _VOICES["en"])
        SubElement(parent, verbs.speak, {"language": voice}).text = text
    else:
        SubElement(parent, "Play").text = url
    return len(text)


def _transfer(root: Element, context: RenderContext, verbs: Verbs) -> None:
    if context.operator_target:
        attributes = {"timeout": str(DIAL_TIMEOUT_S)}
        if context.next_url:
            attributes |= {"action": context.next_url, "method": "POST"}
        dial = SubElement(root, "Dial", attributes)
        verbs.dial(dial, context.operator_target, context)
    if not (context.operator_target and context.next_url):
        SubElement(root, "Hangup")  # nobody will be asked what comes next
