"""A stored ticket as `jauap tickets show` tells it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from lookup.registry.source import ShownTicket

_APART: Final = frozenset({"record", "events", "body"})  # told by `body_id` and the path


def named(value: Any) -> Any:
    """With the names of all parts, for JSON."""
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, Mapping):
        return {name: named(part) for name, part in value.items()}
    if isinstance(value, tuple):
        return [named(part) for part in value]
    return value


def lines(ticket: ShownTicket) -> Iterator[str]:
    """What is known of it, then its path, a step a line."""
    fields = named(ticket.record) | named(ticket)
    for name, value in _parts({name: fields[name] for name in fields if name not in _APART}):
        yield f"{name:18} {value}"
    for step in ticket.events:
        bodies = " -> ".join(body for body in (step.from_body, step.to_body) if body)
        more = (step.actor_role, step.note_code, step.due_on_after and f"due {step.due_on_after}")
        words = (f"{step.seq:5} {step.at:25} {step.stage:16}", bodies, *more)
        yield " ".join(word for word in words if word).rstrip()


def _parts(fields: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in fields.items():
        if isinstance(value, dict):
            yield from _parts(value, f"{above}{name}.")
        elif isinstance(value, list):
            if value:
                yield above + name, ", ".join(map(_word, value))
        elif value is not None and value != "":
            yield above + name, value


def _word(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(str(part) for part in value.values() if part is not None)
    return str(value)
