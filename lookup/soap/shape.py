"""What an operation answers with, as its WSDL has it: so that a slip in a path is told at the start
and not by a citizen who hears nothing. Pure; takes zeep's types by their attributes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from lookup.foreign.paths import Path
from lookup.soap.outcomes import SoapSetupError

Members = Mapping[str, Any]


class Shape:
    """The type of an operation's answer. `types`: all types of the WSDL."""

    def __init__(self, operation: Any, types: Iterable[Any]) -> None:
        self._derived = [each for each in types if getattr(each, "_extension_types", ())]
        output = operation.output
        header = getattr(output.header, "type", None)
        # With headers declared, zeep answers with both; that is rare, and then nothing is checked.
        open_ = output.body is None or (header is not None and header._element)
        self._answer = None if open_ else _unwrapped(output.body.type)

    def require(self, key: str, path: Path, names: Collection[str]) -> None:
        """Raises SoapSetupError when a step of the `path` at `key`, or a name at its end, can't
        be there."""
        kind = self._answer
        for step in path:
            members = self._members(kind)
            if members is None:
                return
            if step == "*" or step.removeprefix("-").isdigit():
                continue
            if step not in members:
                raise SoapSetupError(f"{key}: '{step}' is not in the answer, but: {_told(members)}")
            kind = members[step].type
        members = self._members(kind)
        missing = sorted(set(names) - members.keys()) if members is not None else None
        if missing:
            raise SoapSetupError(
                f"the map reads '{missing[0]}', which no ticket has; it has: {_told(members or {})}"
            )

    def _members(self, kind: Any) -> Members | None:
        """Elements and attributes by name; None where the WSDL leaves them open."""
        if not hasattr(kind, "elements_nested"):
            return None
        if any(kind._value_class in each._extension_types for each in self._derived):
            return None  # the answer may hold more, by xsi:type
        members = {**dict(kind.elements), **dict(kind.attributes)}
        return None if any(name.startswith("_value_") for name in members) else members


def _unwrapped(kind: Any) -> Any:
    """zeep hands out what a message with one member holds; and of that one, the same once more."""
    if not hasattr(kind, "elements_nested"):
        return None
    members: list[Any] = [member for _, member in (*kind.elements, *kind.attributes)]
    if len(members) != 1:
        return kind
    only = members[0]
    inner = only.type
    if getattr(only, "accepts_multiple", False) or not hasattr(inner, "elements_nested"):
        return inner
    if len(inner.elements) == 1 and not inner.attributes:
        return inner.elements[0][1].type
    return inner


def _told(members: Members) -> str:
    return ", ".join(members) or "nothing"
