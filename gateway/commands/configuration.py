"""`jauap config show`: effective settings and where each came from."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from gateway.commands.options import json_option, show
from gateway.settings import effective, load


@click.group()
def config() -> None:
    """The settings in force."""


@config.command("show")
@click.option("-c", "--config", "path", type=click.Path(path_type=Path), envvar="JAUAP_CONFIG")
@json_option
def show_settings(path: Path | None, as_json: bool) -> None:
    """Every setting, its value and its origin; secrets appear only by name."""
    rows = list(effective(load(path), path))

    def tell() -> None:
        table = Table("setting", "value", "from", box=None, pad_edge=False)
        for row in rows:
            table.add_row(*row)
        Console().print(table)

    show(
        [{"setting": key, "value": value, "from": origin} for key, value, origin in rows],
        as_json,
        tell,
    )
