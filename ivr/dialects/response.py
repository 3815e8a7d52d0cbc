"""The `<Response>` that TwiML and its kin have in common; each names its own verbs. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from xml.etree.ElementTree import Element

from ivr.actions import Gather, Phrase, Shown, Transfer
from ivr.dialects.contract import DOCUMENT_SIGNS_MAX, Document, RenderContext, within_limits
from ivr.dialects.xml import DECLARATION, XML, escaped, legal, tag, written

DIAL_TIMEOUT_S = 30  # an operator's phone rings so long

# The platforms have no Kazakh voice: where no recording can be had, a voice that knows Cyrillic
# reads it.
_VOICES: Mapping[str, str] = {"kk": "ru-RU", "ru": "ru-RU", "en": "en-US"}
_HANG_UP = tag("Hangup")


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
    before = inside = after = ""  # what no key interrupts, what any key does, what follows
    gather: Gather | None = None
    left = DOCUMENT_SIGNS_MAX
    # What must be heard whole has the first claim on the room there is.
    for action in actions:
        if isinstance(action, Phrase) and action.whole:
            said, left = _say(action, context, verbs, left)
            before += said
    for action in actions:
        if isinstance(action, Phrase):
            if not action.whole:
                said, left = _say(action, context, verbs, left)
                inside += said
        elif isinstance(action, Gather):
            gather = gather or action
        elif isinstance(action, Transfer):
            after += _transfer(context, verbs)
        else:
            after += _HANG_UP
    if gather is not None:
        inside = tag(verbs.waits, verbs.gather(gather, context), inside)
        if not verbs.tells_silence:
            after += tag("Redirect", {"method": "POST"}, escaped(context.next_url))
    return Document(XML, (DECLARATION + tag("Response", inside=before + inside + after)).encode())


def _say(phrase: Phrase, context: RenderContext, verbs: Verbs, left: int) -> tuple[str, int]:
    """Play the recording, or have the words spoken where there is none; with how many signs are
    then left of `left`."""
    text = within_limits(legal(phrase.text), left)
    if not text:
        return "", left
    url = context.prompt_url(phrase)
    if url is not None:
        return f"<Play>{escaped(url)}</Play>", left - len(text)
    voice = _VOICES.get(phrase.language, _VOICES["en"])
    said = f'<{verbs.speak} language="{voice}">{escaped(text)}</{verbs.speak}>'
    return said, left - len(text)


def _transfer(context: RenderContext, verbs: Verbs) -> str:
    made = ""
    if context.operator_target:
        dial = Element("Dial", {"timeout": str(DIAL_TIMEOUT_S)})
        if context.next_url:
            dial.attrib |= {"action": context.next_url, "method": "POST"}
        verbs.dial(dial, context.operator_target, context)
        made = written(dial)
    if not (context.operator_target and context.next_url):
        made += _HANG_UP  # nobody will be asked what comes next
    return made
