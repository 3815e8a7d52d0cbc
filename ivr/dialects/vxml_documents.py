"""The VoiceXML documents: the root of every call, a question, a transfer, a farewell. Pure.

A voice browser runs a document by itself, so each holds what to do when the gateway does not
answer: a question is asked three times, then the caller goes to people. Root documents keep what is
the same for all: who calls, what to do on errors, and telling us that the call is over. Handlers of
a root run as if they stood in the current document, so `#people` is a form that every one has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from xml.etree.ElementTree import Element, SubElement

from ivr.actions import Gather, Phrase
from ivr.dialects.contract import DOCUMENT_SIGNS_MAX, Document, RenderContext, within_limits
from ivr.dialects.xml import document, legal

CONTENT_TYPE = "application/voicexml+xml"
NAMESPACE = "http://www.w3.org/2001/vxml"
FETCH_TIMEOUT_S = 5  # above the gateway's own deadline for a step
TRIES_MAX = 3  # to reach the gateway with one answer
CONNECT_TIMEOUT_S = 30  # an operator's phone rings so long
HANG_UP = "hangup"  # the value of `event` that tells the end
UNREACHED = "error.jauap.unreached"  # the gateway did not answer, however often it was tried

# Values of a transfer's variable after a conversation; the others say why there was none.
CONNECTED = frozenset(
    {"far_end_disconnect", "near_end_disconnect", "network_disconnect", "maxtime_disconnect"}
)

_LANGUAGES: Mapping[str, str] = {"kk": "kk-KZ", "ru": "ru-RU", "en": "en-US"}
_CALL = "call caller called"  # goes with every request
_KEYS = "0123456789*#"

# A name of our own, as platforms do not agree on theirs: the time and a random number.
_NEW_CALL = "'v' + new Date().getTime().toString(36) + Math.random().toString(36).substring(2)"
_ELAPSED = "Math.round((new Date().getTime() - began) / 1000)"


def root(phrases: Sequence[Phrase], context: RenderContext, *, hands_over: bool) -> Document:
    """What the start URL gives: it names the call and asks for its first document. `phrases` are
    the apology, said before people take a call that cannot go on."""
    page = _page(phrases, "")
    for name, expression in (
        ("call", _NEW_CALL),
        ("caller", _party("remote")),
        ("called", _party("local")),
        ("began", "new Date().getTime()"),
        ("lost", "false"),
        ("over", "false"),
    ):
        _var(page, name, expression)
    _on_end(page, context)
    _on_error(page, phrases, context)
    opening = SubElement(SubElement(page, "form", {"id": "open"}), "block")
    _submit(opening, _own_url(context, "start"), _CALL)
    _people(page, context, hands_over=hands_over)
    return document(page, CONTENT_TYPE)


def question(phrases: Sequence[Phrase], gather: Gather, context: RenderContext) -> Document:
    """Say and wait for keys. Silence and unfit keys are told to the gateway like any answer."""
    page = _page(phrases, _root_url(context))
    _var(page, "call", f"'{context.call_id}'")
    _var(page, "failed", "0")
    form = SubElement(page, "form", {"id": "ask"})
    field = SubElement(form, "field", {"name": "keys"})
    for name, value in (
        ("inputmodes", "dtmf"),
        ("timeout", f"{gather.first_timeout_s}s"),
        ("interdigittimeout", f"{gather.inter_timeout_s}s"),
        ("termchar", gather.finish),
    ):
        SubElement(field, "property", {"name": name, "value": value})
    field.append(_grammar(gather.min_keys, gather.max_keys, gather.finish))
    _prompts(field, phrases, context)
    # A field with a value is done with: its block below tells it.
    _assign(SubElement(field, "noinput"), "keys", "''")
    _assign(SubElement(field, "nomatch"), "keys", "'#'")
    _submit(SubElement(form, "block", {"name": "tell"}), _next_url(context), f"{_CALL} keys")
    ladder = SubElement(form, "catch", {"event": "error.badfetch"})
    _assign(ladder, "failed", "failed + 1")
    again = SubElement(ladder, "if", {"cond": f"failed < {TRIES_MAX}"})
    SubElement(again, "clear", {"namelist": "keys tell"})
    SubElement(again, "reprompt")
    SubElement(again, "else")
    SubElement(again, "throw", {"event": UNREACHED})
    _people(page, context, hands_over=True)
    return document(page, CONTENT_TYPE)


def transfer(phrases: Sequence[Phrase], context: RenderContext) -> Document:
    """Say and connect the caller with people; then tell how that went, where a call is known."""
    page = _page(phrases, _root_url(context) if context.next_url else "")
    if context.next_url:
        _var(page, "call", f"'{context.call_id}'")
        _var(page, "outcome", "'failed'")
        _var(page, "seconds", "0")
    form = SubElement(page, "form", {"id": "connect"})
    leg = _transfer(form, context)
    _prompts(leg, phrases, context)
    filled = SubElement(leg, "filled")
    if not context.next_url:
        SubElement(filled, "disconnect")
        return document(page, CONTENT_TYPE)
    _assign(filled, "outcome", "talk")
    _assign(filled, "seconds", "talk$.duration")
    _assign(SubElement(leg, "catch", {"event": "error"}), "talk", "'failed'")
    _submit(SubElement(form, "block"), _next_url(context), f"{_CALL} outcome seconds")
    unreached = SubElement(form, "catch", {"event": "error.badfetch"})
    spoken = SubElement(unreached, "if", {"cond": "seconds > 0"})
    SubElement(spoken, "disconnect")
    SubElement(spoken, "else")
    SubElement(spoken, "throw", {"event": UNREACHED})
    _people(page, context, hands_over=True)
    return document(page, CONTENT_TYPE)


def farewell(phrases: Sequence[Phrase], context: RenderContext, *, disconnects: bool) -> Document:
    """Say and hang up; without `disconnects` the call is over already: nothing to do."""
    page = _page(phrases, _root_url(context) if context.next_url else "")
    if context.next_url:
        _var(page, "call", f"'{context.call_id}'")
    block = SubElement(SubElement(page, "form"), "block")
    _prompts(block, phrases, context)
    SubElement(block, "disconnect" if disconnects else "exit")
    if context.next_url:
        _people(page, context, hands_over=True)
    return document(page, CONTENT_TYPE)


# -- parts


def _page(phrases: Sequence[Phrase], application: str) -> Element:
    spoken = _LANGUAGES.get(phrases[0].language, _LANGUAGES["en"]) if phrases else _LANGUAGES["en"]
    attributes = {"version": "2.1", "xmlns": NAMESPACE, "xml:lang": spoken}
    if application:
        attributes["application"] = application
    return Element("vxml", attributes)


def _root_url(context: RenderContext) -> str:
    return f"{context.next_url.partition('?')[0]}?token={context.token}"


def _own_url(context: RenderContext, at: str) -> str:
    """Where a root posts: a document got there must not have the URL of its own root."""
    return f"{context.next_url.partition('?')[0]}?at={at}&token={context.token}"


def _next_url(context: RenderContext) -> str:
    return f"{context.next_url}&token={context.token}"


def _party(end: str) -> str:
    """The number at one end of the call, "" where the platform does not say."""
    at = f"session.connection.{end}"
    return f"(session.connection && {at} && {at}.uri) || ''"


def _var(parent: Element, name: str, expression: str) -> None:
    SubElement(parent, "var", {"name": name, "expr": expression})


def _assign(parent: Element, name: str, expression: str) -> None:
    SubElement(parent, "assign", {"name": name, "expr": expression})


def _submit(parent: Element, url: str, names: str) -> None:
    attributes = {
        "next": url,
        "method": "post",
        "namelist": names,
        "fetchtimeout": f"{FETCH_TIMEOUT_S}s",
    }
    SubElement(parent, "submit", attributes)


def _prompts(parent: Element, phrases: Sequence[Phrase], context: RenderContext) -> None:
    """Recordings with their words as what is spoken where they cannot be fetched."""
    left = DOCUMENT_SIGNS_MAX
    for phrase in phrases:
        text = within_limits(legal(phrase.text), left)
        if not text:
            continue
        left -= len(text)
        prompt = SubElement(
            parent,
            "prompt",
            {
                "bargein": "false" if phrase.whole else "true",
                "xml:lang": _LANGUAGES.get(phrase.language, _LANGUAGES["en"]),
            },
        )
        url = context.prompt_url(phrase)
        spoken = prompt if url is None else SubElement(prompt, "audio", {"src": url})
        spoken.text = text


@lru_cache(maxsize=16)
def _grammar(min_keys: int, max_keys: int, finish: str) -> Element:
    """Any keys but the finish key. An inline grammar: built-in ones are optional. Shared by
    documents: never changed once made."""
    grammar = Element("grammar", {"mode": "dtmf", "version": "1.0", "root": "entry"})
    rule = SubElement(grammar, "rule", {"id": "entry", "scope": "public"})
    entry = SubElement(rule, "item", {"repeat": f"{min_keys}-{max_keys}"})
    one_of = SubElement(entry, "one-of")
    for key in _KEYS:
        if key != finish:
            SubElement(one_of, "item").text = key
    return grammar


def _transfer(form: Element, context: RenderContext) -> Element:
    target = context.operator_target or ""
    attributes = {
        "name": "talk",
        "dest": target if target.startswith("sip") else f"tel:{target}",
        "type": "bridge",  # we are told how it went, and the caller may come back to us
        "connecttimeout": f"{CONNECT_TIMEOUT_S}s",
    }
    if context.reference:
        attributes["aai"] = context.reference
    return SubElement(form, "transfer", attributes)


def _people(page: Element, context: RenderContext, *, hands_over: bool) -> None:
    """Where a call goes that cannot go on: to people, else to its end."""
    form = SubElement(page, "form", {"id": "people"})
    if hands_over and context.operator_target:
        SubElement(SubElement(_transfer(form, context), "filled"), "disconnect")
    else:
        SubElement(SubElement(form, "block"), "disconnect")


# -- handlers of the root


def _on_end(page: Element, context: RenderContext) -> None:
    """Tell the end, once; the caller is gone, so nobody waits for the answer."""
    end = SubElement(page, "catch", {"event": "connection.disconnect"})
    SubElement(SubElement(end, "if", {"cond": "over"}), "exit")
    _assign(end, "over", "true")
    _var(end, "event", f"'{HANG_UP}'")
    _var(end, "seconds", _ELAPSED)
    _submit(end, _own_url(context, "end"), f"{_CALL} event seconds")


def _on_error(page: Element, phrases: Sequence[Phrase], context: RenderContext) -> None:
    """Say so and hand over to people; a second error on the way there ends the call."""
    error = SubElement(page, "catch", {"event": "error"})
    SubElement(SubElement(error, "if", {"cond": "over"}), "exit")
    SubElement(SubElement(error, "if", {"cond": "lost"}), "disconnect")
    _assign(error, "lost", "true")
    _prompts(error, phrases, context)
    SubElement(error, "goto", {"next": "#people"})
