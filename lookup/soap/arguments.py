"""What a SOAP operation is asked with: templates in a tree of arguments, filled in. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from lookup.foreign.paths import MapError, Path, path_of
from lookup.soap.outcomes import SoapSetupError

_PLACEHOLDER: Final = re.compile(r"\{[^{}]*\}")
_PLACEHOLDERS: Final = frozenset({"{number}", "{kind}"})

Tree = Mapping[str, Any]
"""Templates, or trees of them, by name."""


def steps(written: str, key: str) -> Path:
    """A path of the settings; raises SoapSetupError."""
    try:
        return path_of(written, "soap", key)
    except MapError as problem:
        raise SoapSetupError(str(problem)) from problem


def tree_of(arguments: Mapping[str, str]) -> Tree:
    """Arguments as they lie in one another: {"who.name": "x"} -> {"who": {"name": "x"}}.

    Raises SoapSetupError.
    """
    used = {found for template in arguments.values() for found in _PLACEHOLDER.findall(template)}
    unknown = sorted(used - _PLACEHOLDERS)
    if unknown:
        raise SoapSetupError(
            f"soap: arguments: {unknown[0]} is unknown; use {{number}} or {{kind}}"
        )
    if "{number}" not in used:
        raise SoapSetupError("soap: arguments: none of them holds {number}; say where it goes")
    tree: dict[str, Any] = {}
    for written, template in arguments.items():
        inside: Any = tree
        *way, last = steps(written, "arguments") or ("",)
        for step in way:
            inside = inside.setdefault(step, {}) if isinstance(inside, dict) else inside
        if not isinstance(inside, dict) or last in inside:
            raise SoapSetupError(f"soap: arguments: '{written}' and another lie in one place")
        inside[last] = template
    return tree


def filled(tree: Tree, number: str, kind: str) -> dict[str, Any]:
    """The arguments for one question. `kind` in their word."""
    return {
        name: filled(value, number, kind)
        if isinstance(value, Mapping)
        else value.replace("{number}", number).replace("{kind}", kind)
        for name, value in tree.items()
    }
