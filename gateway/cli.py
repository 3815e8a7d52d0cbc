"""The command line. Exit codes: 0 ok, 1 found a problem, 2 wrong use or settings."""

from __future__ import annotations

import importlib
import sys

import click

from gateway.settings import SettingsError
from gateway.store.errors import StoreOpenError

# Loaded when named: `jauap run` must not wait for what only the demo needs.
_COMMANDS = {
    "run": "service",
    "check": "service",
    "key": "service",
    "config": "configuration",
    "demo": "demo",
    "tickets": "tickets",
    "bodies": "tickets",
    "feeds": "feeds",
    "prompts": "prompts",
    "ledger": "ledger",
    "tariff": "tariff",
    "calls": "calls",
    "questions": "questions",
    "staff": "staff",
    "audit": "audit",
    "backup": "service",
    "smsc": "simulator",
    "probe": "probe",
    "capture": "capture",
    "conform": "conform",
    "bench": "bench",
}


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = _COMMANDS.get(cmd_name)
        if module is None:
            return None
        command = getattr(importlib.import_module(f"gateway.commands.{module}"), cmd_name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=_Lazy)
@click.version_option(package_name="jauap", prog_name="jauap")
def jauap() -> None:
    """Text a ticket number, or key it in on the phone, and learn where it stands."""


def main() -> None:
    """The console script."""
    try:
        jauap(standalone_mode=True)
    except (SettingsError, StoreOpenError) as problem:
        click.echo(f"jauap: {problem}", err=True)
        sys.exit(2)
