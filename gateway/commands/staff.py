"""`jauap staff`: the people who may decide, and their keys."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

import click

from gateway.clock import KAZAKHSTAN, wall_us
from gateway.commands.authority import NAME, Authority, by_option
from gateway.commands.options import json_option, keys_of, settings_option, show, with_journal
from gateway.core.disputes import REASON_MAX, DecisionError, one_line
from gateway.core.staff import SECRET_OCTETS, Action, Person, Role, make_key
from gateway.keys import Keys
from gateway.settings import Settings, SettingsError
from gateway.staff import Staff, StaffError, by_key_file
from gateway.store import Journal, StoreUnavailableError

T = TypeVar("T")


@click.group()
def staff() -> None:
    """The people who may decide about money, and their keys."""


@staff.command("add")
@settings_option
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    required=True,
    help="What he may do.",
)
@by_option(help="Who lets him in: an engineer. The first engineer needs nobody.")
@click.option(
    "--break-glass", metavar="REASON", help="For an engineer, where none has his key any more: why."
)
@click.argument("name", type=NAME)
@json_option
def add(
    settings: Settings, role: str, by: str | None, break_glass: str | None, name: str, as_json: bool
) -> None:
    """Let NAME in and show his key, this once."""
    chosen = Role(role)
    reason = None if break_glass is None else _why(break_glass, chosen, by)
    keys = keys_of(settings)
    authority = None if by is None else Authority(settings, by)
    key = make_key(secrets.token_bytes(SECRET_OCTETS))

    async def work(journal: Journal) -> Person:
        people = Staff(journal, keys, wall_us)
        if authority is not None:
            acting = await authority.prove(journal, Action.STAFF_ADD, f"staff {name}", wall_us())
        elif reason is None and not await people.needs_nobody():
            raise click.UsageError("--by is missing: an engineer lets others in")
        elif chosen is not Role.ENGINEER:
            raise click.UsageError("there is no engineer yet: the first one is, --role engineer")
        else:
            acting = by_key_file()
        return await people.add(name, chosen, key, acting, reason=reason)

    person = _ask(settings, work, keys)

    def tell() -> None:
        click.echo(f"{key}\nThe key of {person.name}, {person.role}. Shown this once.")

    show({"key": key} | _document(person), as_json, tell)


@staff.command("disable")
@settings_option
@by_option(required=True, help="Who says so: an engineer.")
@click.argument("name", type=NAME)
def disable(settings: Settings, by: str, name: str) -> None:
    """End what NAME may do, and his key."""
    keys = keys_of(settings)
    authority = Authority(settings, by)

    async def work(journal: Journal) -> Person:
        acting = await authority.prove(journal, Action.STAFF_DISABLE, f"staff {name}", wall_us())
        return await Staff(journal, keys, wall_us).disable(name, acting)

    click.echo(f"{_ask(settings, work, keys).name} is disabled")


@staff.command("list")
@settings_option
@json_option
def list_people(settings: Settings, as_json: bool) -> None:
    """Everybody who was ever let in."""
    rows = [_document(each) for each in _ask(settings, lambda journal: journal.staff())]

    def tell() -> None:
        for row in rows:
            click.echo("  ".join(str(value) for value in row.values()))

    show(rows, as_json, tell)


def _why(reason: str, role: Role, by: str | None) -> str:
    if role is not Role.ENGINEER or by is not None:
        raise click.UsageError("--break-glass is for --role engineer, without --by")
    try:
        return one_line("break-glass", reason, REASON_MAX)
    except DecisionError as wrong:
        raise click.UsageError(f"--{wrong}") from wrong


def _document(person: Person) -> dict[str, object]:
    since = datetime.fromtimestamp(person.at_us // 1_000_000, KAZAKHSTAN)
    return {
        "name": person.name,
        "role": person.role,
        "state": "enabled" if person.enabled else "disabled",
        "since": since.isoformat(),
        "by": person.changed_by,
    }


def _ask(
    settings: Settings, work: Callable[[Journal], Awaitable[T]], keys: Keys | None = None
) -> T:
    try:
        return with_journal(settings, work, keys=keys)
    except StaffError as problem:
        raise SettingsError(str(problem)) from problem
    except StoreUnavailableError as problem:
        raise SettingsError(str(problem)) from problem
