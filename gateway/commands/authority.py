"""Who decides: `--by`, and the key that proves it, which stands on no command line."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from gateway.commands.options import keys_of
from gateway.core.staff import Acting, Action, is_key, is_name
from gateway.keys import Keys
from gateway.settings import Settings, SettingsError, secret
from gateway.staff import Refused, prove
from gateway.store.desk_verbs import DeskVerbs

KEY_VARIABLE = "JAUAP_STAFF_KEY"


class NotAllowedError(click.ClickException):
    """Somebody may not do this; the audit has it."""

    exit_code = 2


class _Name(click.ParamType[str]):
    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value).strip()
        if not is_name(text):
            # Not repeated: it may be a phone.
            self.fail(
                "a name has 2 to 40 of a-z, 0-9, '.', '_', '-', a letter first, and no more than "
                "6 digits",
                param,
                ctx,
            )
        return text


NAME = _Name()


def by_option(**how: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """`--by`, handed on as `by`."""
    return click.option("--by", type=NAME, **how)


def staff_key() -> str:
    """The key of whoever acts, from the environment or typed without echo. Raises
    click.UsageError for what is no key at all."""
    try:
        key = secret("the key of --by", KEY_VARIABLE, None)
    except SettingsError:
        if not _at_a_terminal():
            raise click.UsageError(f"the key of --by: set {KEY_VARIABLE}, or type it") from None
        key = str(click.prompt("Key", hide_input=True, err=True))
    if not is_key(key.strip()):
        raise click.UsageError(f"{KEY_VARIABLE}: no key of the staff, or mistyped")
    return key.strip()


def _at_a_terminal() -> bool:
    return sys.stdin.isatty()


class Authority:
    """Somebody with his key, before it is known who he is."""

    def __init__(self, settings: Settings, by: str) -> None:
        self.keys: Keys = keys_of(settings)
        self._by = by
        self._key = staff_key()

    async def prove(self, journal: DeskVerbs, action: Action, target: str, at_us: int) -> Acting:
        """Raises NotAllowedError, and StoreUnavailableError."""
        found = await prove(journal, self.keys, self._by, self._key, action, target, at_us)
        if isinstance(found, Refused):
            raise NotAllowedError(f"{found.sentence}; this was recorded")
        return found


async def proved(
    authority: Authority | None, journal: DeskVerbs, action: Action, target: str, at_us: int
) -> Acting | None:
    """Who acts; nobody where it is only tried. Raises as `Authority.prove`."""
    return await authority.prove(journal, action, target, at_us) if authority else None
