"""docs/reference/log-events.md has every event the packages log, with level and fields."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from smpp.messages import BindState
from tests.support.pages import DOCS, ROOT, names, read, table

PAGE = "reference/log-events.md"
LEVELS = {"info": "info", "warning": "warning", "error": "error", "exception": "error"}
LOGGERS = {"log", "_log"}
CONTEXT = "smpp/context.py"  # SessionContext.warn adds link and session, once a session
LISTENER = "smpp/smsc.py"  # Smsc._warn adds address, detail and times
OF_ACCOUNTS = (BindState.BOUND, BindState.CLOSING, BindState.STOPPED)  # LiveAccount tells of them


class Logged(NamedTuple):
    event: str
    level: str
    fields: frozenset[str]


def sources() -> list[Path]:
    packages = ("gateway", "smpp", "ivr", "lookup")
    return sorted(path for package in packages for path in (ROOT / package).rglob("*.py"))


def logged() -> Iterator[Logged]:
    for path in sources():
        if path.relative_to(ROOT).as_posix() == CONTEXT:
            continue
        source = path.read_text(encoding="utf-8")
        standard = "log = logging.getLogger(" in source
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                if node.func.id == "level":  # Bind.tell: one of two levels by the state told
                    yield from _of_states(node)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                yield from _of_call(node, node.func, standard=standard)


def _of_states(call: ast.Call) -> Iterator[Logged]:
    """The one event whose name is made: link_<state>."""
    prefix = call.args[0]
    assert isinstance(prefix, ast.JoinedStr)
    assert isinstance(prefix.values[0], ast.Constant)
    fields = frozenset(keyword.arg for keyword in call.keywords if keyword.arg)
    for state in BindState:
        if state is not BindState.PAUSED:  # told by the link, not by a bind
            poor = state in {BindState.WAITING, BindState.REFUSED}
            name = f"{prefix.values[0].value}{state.value}"
            yield Logged(name, "warning" if poor else "info", fields)


def _of_call(call: ast.Call, method: ast.Attribute, *, standard: bool) -> Iterator[Logged]:
    of_session = method.attr == "warn"
    of_listener = method.attr == "_warn"
    of_library = method.attr == "log" and ast.unparse(method.value) == "structlog.get_logger()"
    of_logger = isinstance(method.value, ast.Name) and method.value.id in LOGGERS
    told = of_session or of_listener or of_library
    if not (told or (of_logger and method.attr in LEVELS)):
        return
    event = call.args[1 if of_library else 0]
    if of_logger and ast.unparse(event) == "event":  # within Smsc._warn
        return
    if isinstance(event, ast.JoinedStr):
        yield from _of_accounts(call, event, LEVELS[method.attr])
        return
    assert isinstance(event, ast.Constant), f"an event is named by a literal: {ast.dump(event)}"
    fields = {keyword.arg for keyword in call.keywords if keyword.arg}
    if method.attr == "exception" or "exc_info" in fields:
        fields = fields - {"exc_info"} | {"exception"}
    if of_session:
        fields |= {"link", "session"}
    if of_listener:
        fields |= {"address", "detail", "times"}
    if standard:  # the standard library's logger: what becomes of it is told by gateway.logs
        fields = {"library", "detail"}
    yield Logged(str(event.value), LEVELS.get(method.attr, "warning"), frozenset(fields))


def _of_accounts(call: ast.Call, event: ast.JoinedStr, level: str) -> Iterator[Logged]:
    """The other event whose name is made: account_<state>."""
    prefix = event.values[0]
    assert isinstance(prefix, ast.Constant)
    fields = frozenset(keyword.arg for keyword in call.keywords if keyword.arg)
    for state in OF_ACCOUNTS:
        yield Logged(f"{prefix.value}{state.value}", level, fields)


def test_every_event_has_its_row() -> None:
    by_name: dict[str, tuple[str, set[str]]] = {}
    for event, level, fields in logged():
        known = by_name.setdefault(event, (level, set()))
        assert known[0] == level, f"{event} is logged at two levels"
        known[1].update(fields)
    rows = table(read(PAGE))
    told = {name: (cells[0], set(names(cells[1]))) for name, cells in rows.items()}
    assert told == by_name


def test_only_the_session_names_its_events_elsewhere() -> None:
    source = (ROOT / CONTEXT).read_text(encoding="utf-8")
    assert source.count("_log.") == 1
    assert "_log.warning(event, link=self.link, session=self.number, **facts)" in source


def test_only_the_listener_names_its_warnings_elsewhere() -> None:
    source = (ROOT / LISTENER).read_text(encoding="utf-8")
    assert source.count("_log.warning(event") == 1
    assert "_log.warning(event, address=address, detail=detail, times=times)" in source


def test_events_named_in_other_pages_exist() -> None:
    known = set(table(read(PAGE)))
    for page in DOCS.rglob("*.md"):
        text = page.read_text(encoding="utf-8")
        for event in re.findall(r"[Ee]vent `(\w+)`(?: or `(\w+)`)?", text):
            assert {name for name in event if name} <= known, page
