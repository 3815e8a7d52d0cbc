"""docs/reference/cli.md has every command, option and exit code, and nothing else."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import fields

import click
import pytest

from gateway.cli import jauap
from smpp.simulator.chaos import Chaos
from tests.support.pages import read, section, sections, table

PAGE = "reference/cli.md"
FAULTS = "The table of faults"


def commands(
    group: click.Group = jauap, prefix: str = "jauap"
) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            if command.invoke_without_command:
                yield f"{prefix} {name}", command
            yield from commands(command, f"{prefix} {name}")
        else:
            yield f"{prefix} {name}", command


def can_find_a_problem(command: click.Command) -> bool:
    """Whether its own code ends with 1: by sys.exit, or by click's exception for that."""
    callback = inspect.unwrap(command.callback)
    if "sys.exit(" in inspect.getsource(callback):
        return True
    return "ClickException(" in inspect.getsource(inspect.getmodule(callback))


def test_every_command_has_its_heading() -> None:
    headings = [each.heading for each in sections(read(PAGE))]
    assert headings == ["Commands", *(name for name, _ in commands()), FAULTS]


@pytest.mark.parametrize(("name", "command"), list(commands()), ids=str)
def test_every_option_has_its_row(name: str, command: click.Command) -> None:
    told = section(read(PAGE), name).body
    rows = {tuple(cells[0].split()): cells for cells in _option_rows(told)}
    options = [param for param in command.params if isinstance(param, click.Option)]
    assert set(rows) == {tuple(param.opts) for param in options}
    for param in options:
        default = rows[tuple(param.opts)][1]
        if isinstance(param.default, str | int) and not param.is_flag:
            assert default == str(param.default)
        if isinstance(param.type, click.Choice):
            assert all(f"`{choice}`" in rows[tuple(param.opts)][2] for choice in param.type.choices)
    for param in command.params:
        if isinstance(param, click.Argument):
            word = param.make_metavar(click.Context(command))
            assert f"`{name} {word}`" in told, f"the usage of {name} names {word}"


def _option_rows(told: str) -> Iterator[list[str]]:
    for line in told.splitlines():
        if re.match(r"\| `-", line):
            cells = [cell.strip() for cell in line[2:-1].split(" | ")]
            yield [cells[0].replace("`", "").replace(",", ""), *cells[1:]]


@pytest.mark.parametrize(("name", "command"), list(commands()), ids=str)
def test_every_command_tells_its_exit_codes(name: str, command: click.Command) -> None:
    exits = re.search(r"Exit ([^.]*)\.", section(read(PAGE), name).body)
    assert exits, f"{name} tells no exit codes"
    codes = {int(code) for code in re.findall(r"\b\d\b", exits[1])}
    assert 0 in codes
    assert (1 in codes) == can_find_a_problem(command)
    assert (3 in codes) == (name == "jauap run")


def test_every_fault_of_the_simulator_has_its_row() -> None:
    rows = table(section(read(PAGE), FAULTS).body)
    assert {name: cells[0] for name, cells in rows.items()} == {
        field.name: str(field.default) for field in fields(Chaos)
    }
