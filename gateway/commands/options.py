"""What several commands share: where settings come from, how results are printed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from gateway.clock import Clock
from gateway.keys import Keys, read_key_file
from gateway.settings import Settings, SettingsError, load
from gateway.store import Journal, StoreOpenError, file_of, open_store, witness_of

T = TypeVar("T")
FIRST_DAY, LAST_DAY = 20_000_101, 29_991_231
NO_OPERATOR = "web"  # what stands for one in questions of the page


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


def days(command: Callable[..., None]) -> Callable[..., None]:
    """`--from` and `--to`, handed on as `day_from` and `day_to`."""
    command = click.option("--to", "day_to", type=int, default=LAST_DAY, help="YYYYMMDD.")(command)
    return click.option("--from", "day_from", type=int, default=FIRST_DAY, help="YYYYMMDD.")(
        command
    )


def json_option(command: Callable[..., None]) -> Callable[..., None]:
    """`--json`, handed on as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def show(result: Any, as_json: bool, tell: Callable[[], None]) -> None:
    """A result for a program or for a person."""
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False, default=str))
    else:
        tell()


def operators_of(settings: Settings) -> set[str]:
    """Whose rows the ledger may have: operators as in the tariffs, for calls the names of the
    [[ivr]] tables, and the page."""
    peers = {peer.operator or peer.name for peer in settings.peers()}
    return peers | {call.name for call in settings.ivr} | {NO_OPERATOR}


@asynccontextmanager
async def journal_of(
    settings: Settings, *, keys: Keys | None = None, check: bool = True
) -> AsyncIterator[Journal]:
    """The store of a service that may be running; never makes one. `keys`: for a command that
    writes, which `check` refuses where acknowledged data is missing; without it the journal may be
    gone as a whole."""
    store = settings.store
    try:
        path = file_of(store.url)
        lost = not check and witness_of(store.url, store.witness).exists()
        if not path.exists() and not lost:
            raise SettingsError(f"{path}: there is no journal; check store.url")
        journal = await open_store(
            store.url, keys=keys, now_us=Clock().now_us, witness=store.witness, check=check
        )
    except StoreOpenError as problem:
        raise SettingsError(str(problem)) from problem
    try:
        yield journal
    finally:
        await journal.close()


def keys_of(settings: Settings) -> Keys:
    """Raises SettingsError."""
    return read_key_file(Path(settings.store.key_file))


def with_journal(
    settings: Settings, work: Callable[[Journal], Awaitable[T]], *, keys: Keys | None = None
) -> T:
    """What `work` makes of the journal of the settings. `keys`: for a command that writes."""

    async def run() -> T:
        async with journal_of(settings, keys=keys) as journal:
            return await work(journal)

    return asyncio.run(run())
