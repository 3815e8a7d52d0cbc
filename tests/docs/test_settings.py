"""docs/reference/settings.md has every setting, its default and its choices, and nothing else."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

import msgspec
import pytest

from gateway.settings import Section, Settings
from tests.support.pages import ROOT, names, read, section, sections, table

PAGE = "reference/settings.md"
NO_EFFECT = "no effect"
FIXED = {"keep_text_days", "type"}  # one value is allowed, so that nothing has to ask for it


def structs(struct: type[Section] = Settings, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """(heading, struct) of each table of the settings file."""
    for field in msgspec.structs.fields(struct):
        inner = _section_in(field.type)
        if inner is None:
            continue
        many = get_origin(field.type) is tuple
        name = prefix + field.encode_name
        yield (f"[[{name}]]" if many else f"[{name}]"), inner
        yield from structs(inner, f"{name}.")


def _section_in(annotation: Any) -> type[Section] | None:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next((s for a in get_args(annotation) if (s := _section_in(a))), None)


def default_of(field: Any) -> str:
    """A default as the page writes it."""
    if field.default_factory is not msgspec.NODEFAULT:
        return f"`{json.dumps(field.default_factory())}`"
    if field.default is msgspec.NODEFAULT:
        return "required"
    if field.default is None:
        return "-"
    value = list(field.default) if isinstance(field.default, tuple) else field.default
    return f"`{json.dumps(value)}`"


def choices_of(annotation: Any) -> set[str]:
    """The words a setting may have, where they are listed."""
    return {
        choice
        for part in (annotation, *get_args(annotation))
        if get_origin(part) is Literal
        for choice in get_args(part)
        if isinstance(choice, str)
    }


def test_every_table_of_the_file_has_its_heading() -> None:
    headings = [each.heading for each in sections(read(PAGE))][1:]
    assert headings == [heading for heading, _ in structs()]


@pytest.mark.parametrize(("heading", "struct"), list(structs()), ids=str)
def test_every_setting_has_its_row(heading: str, struct: type[Section]) -> None:
    rows = table(section(read(PAGE), heading).body)
    fields = msgspec.structs.fields(struct)
    assert list(rows) == [field.encode_name for field in fields]
    for field in fields:
        default, _, meaning = rows[field.encode_name]
        assert default == default_of(field)
        assert choices_of(field.type) <= set(names(meaning)), field.encode_name


def test_a_setting_that_nothing_reads_is_told_to_have_no_effect() -> None:
    read_names = {
        node.attr
        for path in (ROOT / "gateway").rglob("*.py")
        if path.name != "settings.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
    }
    for heading, struct in structs():
        rows = table(section(read(PAGE), heading).body)
        for name in struct.__struct_fields__:
            idle = name not in read_names and name not in FIXED
            assert (rows[name][2] == NO_EFFECT) == idle, name
