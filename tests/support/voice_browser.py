"""A VoiceXML 2.1 interpreter, as much of one as our documents need, written from the
recommendation: forms, fields, blocks and transfers; filled, noinput, nomatch and catch with their
counts and inheritance; submit, goto, clear, reprompt, throw, disconnect, exit; scopes of variables,
root documents, and error.badfetch where a document cannot be had.

What a platform adds is the caller: keys, silence, how a transfer went, hanging up.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlencode, urljoin
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from tests.support.ecmascript import UNDEFINED, ScriptError, evaluate, text_of

VXML = "{http://www.w3.org/2001/vxml}"
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
STEPS_MAX = 200  # in a row without the caller: more is a document going round in circles
HUNG_UP = "connection.disconnect.hangup"
ITEMS = {"field", "block", "transfer"}


class FetchError(Exception):
    """The document cannot be had."""


class Spoken(NamedTuple):
    """One prompt; `url` is None where the platform's voice speaks `text`."""

    language: str
    text: str
    url: str | None
    barge_in: bool


class Request(NamedTuple):
    """`form` is the body of a POST; None: GET."""

    url: str
    form: bytes | None
    timeout_s: int


Fetch = Callable[[Request], Awaitable[bytes]]


class _ThrownError(Exception):
    def __init__(self, event: str) -> None:
        super().__init__(event)
        self.event = event


class _Goto(Exception):  # noqa: N818 - no error: how control leaves executable content
    def __init__(self, form: str) -> None:
        super().__init__(form)
        self.form = form


class _Document(Exception):  # noqa: N818 - no error: a new document takes over
    def __init__(self, url: str, root: Element) -> None:
        super().__init__(url)
        self.url, self.root = url, root


class _Disconnect(Exception):  # noqa: N818 - no error: the document has hung up
    pass


class _Exit(Exception):  # noqa: N818 - no error: the session is over
    pass


class VoiceBrowser:
    """One session. `waits` is "keys", "transfer", "disconnect" where the document ends the call
    once all is said, or "" where the session is over; `said` is what was said since the caller last
    did something."""

    def __init__(self, fetch: Fetch, *, remote: str, local: str, now_ms: int) -> None:
        self.fetch = fetch
        self.now_ms = now_ms
        self.said: list[Spoken] = []
        self.waits = ""
        self.item: Element | None = None
        self.events: list[str] = []  # all that were thrown
        session = {"connection": {"remote": {"uri": remote}, "local": {"uri": local}}}
        self.session: dict[str, Any] = {"session": session}
        self.application: dict[str, Any] = {}
        self.document: dict[str, Any] = {}
        self.dialog: dict[str, Any] = {}
        self.anonymous: dict[str, Any] = {}
        self.page = self.root_page = Element("vxml")
        self.url = self.root_url = ""
        self.form = Element("form")
        self.counts: dict[tuple[int, str], int] = {}
        self.prompted: set[int] = set()
        self.gone = False

    # -- what the caller does

    async def start(self, url: str) -> None:
        page = await self._get(Request(url, None, 15))
        await self._go(partial(self._enter_document, url, page))

    async def keys(self, keys: str) -> None:
        """Press keys; what is over when the entry is complete is lost."""
        item = self._waiting("keys")
        entry = _entry(item, keys)
        if entry is None:
            await self._go(partial(self._handled, "nomatch"))
            return
        self.dialog[item.attrib["name"]] = " ".join(entry)  # as a grammar's tokens
        await self._go(self._filled)

    async def silence(self) -> None:
        self._waiting("keys")
        await self._go(partial(self._handled, "noinput"))

    async def transferred(self, outcome: str, seconds: float) -> None:
        name = self._waiting("transfer").attrib["name"]
        self.dialog[name] = outcome
        self.dialog[name + "$"] = {"duration": seconds}
        self.now_ms += int(seconds * 1_000)
        await self._go(self._filled)

    async def throws(self, event: str) -> None:
        """Something fails, such as a transfer."""
        await self._go(partial(self._handled, event))

    async def hang_up(self) -> None:
        """The caller does, or the document has and all is said."""
        await self._go(partial(self._handled, HUNG_UP))

    def _waiting(self, what: str) -> Element:
        assert self.waits == what, f"the browser waits for {self.waits or 'nothing'}"
        assert self.item is not None
        return self.item

    # -- the session

    async def _go(self, action: Callable[[], Awaitable[None]]) -> None:
        """Do it, and what follows from it, until the caller is asked or the session is over."""
        self.said, self.waits = [], ""
        for _ in range(STEPS_MAX):
            try:
                await action()
                await self._interpret()
            except _ThrownError as thrown:
                action = partial(self._handled, thrown.event)
            except ScriptError:
                action = partial(self._handled, "error.semantic")
            except _Goto as goto:
                action = partial(self._enter_form, self._form_of(goto.form))
            except _Document as arrived:
                action = partial(self._enter_document, arrived.url, arrived.root)
            except (_Disconnect, _Exit) as end:
                over = self.gone or isinstance(end, _Exit)
                self.waits, self.gone = "" if over else "disconnect", over
                return
            else:
                return
        raise AssertionError(f"the document goes round in circles: {self.events[-5:]}")

    async def _get(self, request: Request) -> Element:
        octets = await self.fetch(request)
        try:
            return ElementTree.fromstring(octets)
        except ElementTree.ParseError as error:
            raise FetchError(str(error)) from error

    async def _enter_document(self, url: str, page: Element) -> None:
        root_url = urljoin(url, page.get("application", ""))
        if root_url == url:  # a root itself, or a document by itself
            self.root_url, self.root_page = url, page
            self.application = self.document = {}
        else:
            if root_url != self.root_url:
                try:
                    self.root_page = await self._get(Request(root_url, None, 15))
                except FetchError:
                    raise _ThrownError("error.badfetch") from None
                self.root_url, self.application = root_url, {}
                self._declare(self.root_page, self.application)
            self.document = {}
        self.url, self.page = url, page
        self._declare(page, self.document)
        await self._enter_form(_first(page, "form"))

    def _form_of(self, reference: str) -> Element:
        name = reference.removeprefix("#")
        found = [form for form in self.page.iter(VXML + "form") if form.get("id") == name]
        assert len(found) == 1, f"{len(found)} forms are called {name!r}"
        return found[0]

    async def _enter_form(self, form: Element) -> None:
        self.form, self.dialog = form, {}
        self.counts.clear()
        self.prompted.clear()
        self._declare(form, self.dialog)
        for item in form:
            if _tag(item) in ITEMS:
                self.dialog[_name(item)] = UNDEFINED

    def _declare(self, parent: Element, scope: dict[str, Any]) -> None:
        for variable in parent.findall(VXML + "var"):
            scope[variable.attrib["name"]] = self._value(variable.attrib["expr"])

    # -- the form interpretation algorithm

    async def _interpret(self) -> None:
        while True:
            item = next(
                (
                    item
                    for item in self.form
                    if _tag(item) in ITEMS and self.dialog[_name(item)] is UNDEFINED
                ),
                None,
            )
            if item is None:
                raise _Exit
            self.item = item
            if _tag(item) == "block":
                self.dialog[_name(item)] = True
                await self._execute(item)
                continue
            if id(item) not in self.prompted:
                self.prompted.add(id(item))
                self._queue(item)
            if self.gone:  # nobody is there to key anything
                raise _Exit
            self.waits = "keys" if _tag(item) == "field" else "transfer"
            return

    async def _filled(self) -> None:
        filled = None if self.item is None else self.item.find(VXML + "filled")
        if filled is not None:
            await self._execute(filled)

    # -- events

    async def _handled(self, event: str) -> None:
        self.events.append(event)
        if event.startswith("connection.disconnect"):
            self.gone = True
        key = (id(self.item), event)
        self.counts[key] = count = self.counts.get(key, 0) + 1
        for scope in (self.item, self.form, self.page, self.root_page):
            handler = self._chosen(scope, event, count)
            if handler is not None:
                self.anonymous = {"_event": event}
                try:
                    await self._execute(handler)
                finally:
                    self.anonymous = {}
                return
        if event not in {"noinput", "nomatch"}:
            raise _Exit
        self.prompted.clear()

    def _chosen(self, scope: Element | None, event: str, count: int) -> Element | None:
        best, best_count = None, 0
        for handler in scope if scope is not None else ():
            tag = _tag(handler)
            names = handler.get("event", "").split() if tag == "catch" else [tag]
            if tag not in {"catch", "noinput", "nomatch"}:
                continue
            counted = int(handler.get("count", "1"))
            fits = any(event == name or event.startswith(name + ".") for name in names)
            if fits and best_count < counted <= count:
                best, best_count = handler, counted
        return best

    # -- executable content

    async def _execute(self, parent: Element) -> None:
        for element in self._chosen_branch(parent):
            tag, given = _tag(element), element.attrib
            if tag == "if":
                await self._execute(element)
            elif tag == "submit":
                await self._submit(given)
            elif tag in _LEAVING:
                raise _LEAVING[tag](given)
            else:
                self._plain(tag, element)

    def _plain(self, tag: str, element: Element) -> None:
        given = element.attrib
        if tag == "prompt":
            self._say(element)
        elif tag == "assign":
            self._assign(given["name"], self._value(given["expr"]))
        elif tag == "var":
            self.anonymous[given["name"]] = self._value(given["expr"])
        elif tag == "clear":
            for name in given["namelist"].split():
                self._assign(name, UNDEFINED)
        elif tag == "reprompt":
            self.prompted.clear()
        else:
            raise AssertionError(f"<{tag}> is not known to the browser")

    def _chosen_branch(self, parent: Element) -> Iterator[Element]:
        """The content, of an if only the branch that holds."""
        if _tag(parent) != "if":
            yield from parent
            return
        holds = bool(self._value(parent.attrib["cond"]))
        for element in parent:
            if _tag(element) == "else":
                holds = not holds
            elif holds:
                yield element

    async def _submit(self, given: Mapping[str, str]) -> None:
        assert given["method"] == "post"
        names = given["namelist"].split()
        form = [(name, text_of(self._value(name))) for name in names]
        url = urljoin(self.url, given["next"])
        timeout_s = int(given["fetchtimeout"].removesuffix("s"))
        try:
            page = await self._get(Request(url, urlencode(form).encode(), timeout_s))
        except FetchError:
            raise _ThrownError("error.badfetch") from None
        raise _Document(url, page)

    # -- prompts

    def _queue(self, item: Element) -> None:
        for prompt in item.findall(VXML + "prompt"):
            self._say(prompt)

    def _say(self, prompt: Element) -> None:
        audio = prompt.find(VXML + "audio")
        text = prompt.text if audio is None else audio.text
        url = None if audio is None else audio.attrib["src"]
        barge_in = prompt.get("bargein") != "false"
        self.said.append(Spoken(prompt.attrib[LANGUAGE], text or "", url, barge_in))

    # -- variables

    def _scopes(self) -> tuple[dict[str, Any], ...]:
        return self.anonymous, self.dialog, self.document, self.application, self.session

    def _value(self, expression: str) -> Any:
        return evaluate(expression, self._resolve, lambda: self.now_ms)

    def _resolve(self, name: str) -> Any:
        for scope in self._scopes():
            if name in scope:
                return scope[name]
        raise ScriptError(f"{name} is not declared")

    def _assign(self, name: str, value: Any) -> None:
        for scope in self._scopes():
            if name in scope:
                scope[name] = value
                return
        raise ScriptError(f"{name} is not declared")


_LEAVING: Mapping[str, Callable[[Mapping[str, str]], Exception]] = {
    "goto": lambda given: _Goto(given["next"]),
    "throw": lambda given: _ThrownError(given["event"]),
    "disconnect": lambda _: _Disconnect(),
    "exit": lambda _: _Exit(),
}


def _tag(element: Element) -> str:
    return element.tag.removeprefix(VXML)


def _name(item: Element) -> str:
    return item.get("name") or f" {id(item)}"


def _first(page: Element, tag: str) -> Element:
    found = page.find(VXML + tag)
    assert found is not None, f"no <{tag}> in the document"
    return found


def _entry(field: Element, keys: str) -> str | None:
    """What the grammar takes of the keys; None where it takes nothing."""
    properties = {
        each.attrib["name"]: each.attrib["value"] for each in field.findall(VXML + "property")
    }
    grammar = _first(field, "grammar")
    rules = {rule.attrib["id"]: rule for rule in grammar.findall(VXML + "rule")}
    repeated = _first(rules[grammar.attrib["root"]], "item")
    least, most = map(int, repeated.attrib["repeat"].split("-"))
    allowed = {item.text for item in _first(repeated, "one-of")}
    finish = properties["termchar"]
    entry = ""
    for key in keys:
        if finish and key == finish:
            break
        if key not in allowed:
            return None
        entry += key
        if len(entry) == most:
            break
    return entry if len(entry) >= least else None
