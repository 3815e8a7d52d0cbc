"""`jauap run`, `check`, `key`, `backup`: the service itself."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path

import click
import structlog

from gateway import app, logs
from gateway.certificates import WARN_DAYS
from gateway.clock import Clock
from gateway.commands.operator_maps import check_maps
from gateway.commands.options import journal_of, json_option, settings_option, show
from gateway.commands.parties import load_parties
from gateway.keys import read_key_file
from gateway.parts import make_parts
from gateway.rules import load_profile, load_rules, problems, tariff_warnings
from gateway.settings import Settings, SettingsError

EXIT_FAILED = 1
GC_THRESHOLDS = (50_000, 20, 50)  # messages make no cycles: look for them seldom
SWITCH_INTERVAL_S = 0.001  # the store's thread must not wait 5 ms for the interpreter

log = structlog.get_logger()


@click.command()
@settings_option
def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    keys = read_key_file(Path(settings.store.key_file))
    logs.configure(settings.logs.level, settings.logs.format, keys.log)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)

    async def serve() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await app.run(settings, keys, stop=stop)

    try:
        asyncio.run(serve())
    except* SettingsError as group:
        raise SettingsError("; ".join(str(problem) for problem in group.exceptions)) from None
    except* Exception:
        # A mistake of ours ends the process, and is told by the log alone: there it is masked.
        log.exception("gateway_failed")
        sys.exit(EXIT_FAILED)


@click.command()
@settings_option
@json_option
def check(settings: Settings, as_json: bool) -> None:
    """Check settings, config/, key file and stores without serving."""
    rules = load_rules(settings)
    found = list(problems(rules))
    for peer in settings.peers():
        load_profile(peer.profile)
    check_maps()
    load_parties()
    keys = read_key_file(Path(settings.store.key_file))

    async def store() -> list[str]:
        async with AsyncExitStack() as held:
            parts = await make_parts(settings, keys, Clock(), held)
            health = await parts.journal.health()
            line = f"store: {health.library}, schema {health.schema}"
            click.echo(line, err=as_json)
            told = [f"store: {health.warning}"] if health.warning else []
            return told + _expiring(parts.certificates.valid_until())

    warnings = asyncio.run(store()) + list(_insecure(settings))
    today = Clock().now().date()
    warnings += rules.workdays.missing(today)
    warnings += tariff_warnings(settings, rules.tariffs, today)
    show({"problems": found, "warnings": warnings}, as_json, lambda: _tell(found, warnings))
    sys.exit(1 if found else 0)


def _expiring(certificates: Mapping[str, datetime]) -> list[str]:
    now = Clock().now()
    return [
        f"tls of {name}: the certificate is valid until {not_after:%Y-%m-%d}; renew it"
        for name, not_after in certificates.items()
        if not_after - now <= timedelta(days=WARN_DAYS[0])
    ]


def _insecure(settings: Settings) -> Iterator[str]:
    for link in settings.link:
        if link.insecure and not link.tls:
            yield f"link {link.name}: SMPP without TLS to {link.host}; others can read it"
    smsc = settings.smsc
    if smsc.insecure and smsc.listen is not None and not smsc.tls:
        yield f"smsc: SMPP without TLS on {smsc.listen}; others can read it"


def _tell(found: list[str], warnings: list[str]) -> None:
    for line in found:
        click.echo(line)
    for line in warnings:
        click.echo(f"warning: {line}")
    click.echo(f"{len(found)} problems, {len(warnings)} warnings")


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
def key(path: Path) -> None:
    """Make the store's key file (mode 0600); keep a copy of it in a safe place."""
    if path.exists():
        raise SettingsError(f"{path}: exists; a store's key is made once and never replaced")
    try:
        read_key_file(path, create=True)
    except OSError as problem:
        raise SettingsError(f"{path}: cannot be written ({problem.strerror})") from problem
    click.echo(f"{path} made")


@click.command()
@settings_option
@click.argument("target", type=click.Path(path_type=Path))
def backup(settings: Settings, target: Path) -> None:
    """Copy the journal, consistently, while the service runs; TARGET must not exist."""
    if target.exists():
        raise SettingsError(f"{target}: exists; name a new file")
    if not target.absolute().parent.is_dir():
        raise SettingsError(f"{target}: its folder does not exist; make it first")

    async def copy() -> int:
        async with journal_of(settings) as journal:
            return await journal.backup(target)

    batch = asyncio.run(copy())
    click.echo(f"{target} written, {target.stat().st_size} octets, up to batch {batch}")
