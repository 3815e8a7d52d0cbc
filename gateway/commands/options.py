"""What several commands share: where settings come from, how results are printed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import click

from gateway.settings import Settings, SettingsError, load
from gateway.store import Journal, StoreOpenError, file_of, open_store


def settings_option(command: Callable[..., None]) -> Callable[..., None]:
    """`-c FILE`, handed on as `settings`; JAUAP_CONFIG names the file otherwise."""

    @click.option(
        "-c",
        "--config",
        "settings_path",  # not "path": commands have arguments of that name
        type=click.Path(path_type=Path),
        envvar="JAUAP_CONFIG",
        help="Settings file (TOML).",
    )
    @wraps(command)
    def with_settings(settings_path: Path | None, **rest: Any) -> None:
        command(settings=load(settings_path), **rest)

    return with_settings


def json_option(command: Callable[..., None]) -> Callable[..., None]:
    """`--json`, handed on as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def show(result: Any, as_json: bool, tell: Callable[[], None]) -> None:
    """A result for a program or for a person."""
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False, default=str))
    else:
        tell()


@asynccontextmanager
async def journal_of(settings: Settings) -> AsyncIterator[Journal]:
    """The store of a service that may be running; never makes one."""
    try:
        path = file_of(settings.store.url)
        if not path.exists():
            raise SettingsError(f"{path}: there is no journal; check store.url")
        journal = await open_store(settings.store.url)
    except StoreOpenError as problem:
        raise SettingsError(str(problem)) from problem
    try:
        yield journal
    finally:
        await journal.close()
