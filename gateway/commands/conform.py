"""`jauap conform`: the rows of the SMPP checklist, played against any ESME or SMSC."""

from __future__ import annotations

import asyncio
import ssl
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console

from gateway.clock import wall_us
from gateway.commands.conform_print import tell
from gateway.commands.options import json_option
from gateway.settings import SettingsError, secret
from gateway.settings.checks import host_and_port
from smpp.conform import (
    ROWS,
    Account,
    Dialler,
    Listener,
    NoPeerError,
    Options,
    Result,
    Role,
    Verdict,
    play,
    plays_of,
)

FIRST_SUBSCRIBER: Final = 77_000_000_000
SUBSCRIBERS: Final = 1_000_000_000  # what a first one is drawn from, so that runs do not meet
_SECONDS: Final = click.FloatRange(0.1, 3_600)


@click.group()
def conform() -> None:
    """Play the SMPP checklist against a peer, and say what it does otherwise."""


def _common(command: Callable[..., None]) -> Callable[..., None]:
    """The options of both roles; they reach the command as `_options` wants them."""
    defaults = Options()
    for option in reversed(
        (
            click.option("--question", help="A text that a gateway answers (ASCII)."),
            click.option(
                "--short-code", default=defaults.short_code, show_default=True,
                help="The number that is texted.",
            ),
            click.option("--msisdn-from", type=int, help="The first subscriber, 11 digits."),
            click.option("--only", multiple=True, metavar="ROW", help="Play this row, no others."),
            click.option("--without", multiple=True, metavar="ROW", help="Do not play this row."),
            click.option(
                "--patience", type=_SECONDS, default=defaults.patience_s, show_default=True,
                help="Seconds for what the peer's own timers decide.",
            ),
            click.option(
                "--reply", type=_SECONDS, default=defaults.reply_s, show_default=True,
                help="Seconds for the answer to a question.",
            ),
            click.option(
                "--limit", type=_SECONDS, default=defaults.limit_s, show_default=True,
                help="Seconds for all rows.",
            ),
            click.option(
                "--tps", type=click.IntRange(0, 10_000), default=0, show_default=True,
                help="Submits a second that were agreed; 0: not known.",
            ),
            click.option("--lock-out", is_flag=True, help="Also rows that may lock accounts."),
            click.option("--all", "every", is_flag=True, help="Show all 141 rows."),
            json_option,
        )
    ):  # fmt: skip
        command = option(command)
    return command


@conform.command()
@click.argument("address", default="127.0.0.1:2775")
@click.option(
    "--window",
    type=click.IntRange(1, 1_000),
    default=10,
    show_default=True,
    help="Submits that it may have open on a session.",
)
@click.option(
    "--binds",
    type=click.IntRange(1, 100),
    default=1,
    show_default=True,
    help="Sessions that it may hold, or pairs of them.",
)
@click.option(
    "--rebind", type=_SECONDS, default=Options().rebind_s, show_default=True,
    help="Seconds in which the ESME binds, at first and again.",
)  # fmt: skip
@_common
def esme(address: str, window: int, binds: int, rebind: float, **given: Any) -> None:
    """Listen at ADDRESS as an SMSC, and play it to the ESME that binds there.

    Any system_id and password are let in. Some rows end the session; the ESME has to bind again.
    """
    host, port = _host_and_port(address)
    every, as_json = given.pop("every"), given.pop("as_json")
    options = _options(Role.ESME, window=window, binds=binds, rebind_s=rebind, **given)
    console = Console(stderr=True)

    async def run() -> list[Result]:
        with console.status("") as status:
            bench = Listener(options, host, port)
            try:
                await bench.start()
            except (OSError, UnicodeError) as problem:
                raise SettingsError(
                    f"{address}: {getattr(problem, 'strerror', None) or problem}; give an address "
                    "of this machine and a free port"
                ) from None
            try:
                status.update(f"waiting for an ESME to bind to {host}:{bench.port}")
                await bench.first(rebind)
                return await play(bench, lambda row_id: status.update(_under_way(row_id)))
            finally:
                await bench.stop()

    results = _finished(run(), "let it connect there, or raise --rebind")
    tell(Role.ESME, address, results, every, as_json)
    if any(result.verdict is Verdict.FAILED for result in results):
        sys.exit(1)


@conform.command()
@click.argument("address")
@click.option("--system-id", help="The account to bind as.")
@click.option("--password-env", help="The environment variable that holds its password.")
@click.option("--system-type", help="As the operator says, where it says one.")
@click.option("--to", help="A phone of yours: every message goes there.")
@click.option(
    "--binds-max",
    type=click.IntRange(0, 100),
    default=0,
    show_default=True,
    help="Sessions that it allows; 0: not known.",
)
@click.option("--tls", is_flag=True, help="By TLS; the certificate must be of a known authority.")
@click.option("--tls-ca", type=click.Path(exists=True, path_type=Path), help="Its authority, PEM.")
@click.option("--tls-name", help="The name in its certificate; the host else.")
@_common
def smsc(
    address: str,
    system_id: str | None,
    password_env: str | None,
    system_type: str | None,
    to: str | None,
    binds_max: int,
    tls: bool,
    tls_ca: Path | None,
    tls_name: str | None,
    **given: Any,
) -> None:
    """Bind to the SMSC at ADDRESS, and play an ESME to it.

    With --question the messages are those of citizens to the short code; without it they go from
    the short code to the phone of --to.
    """
    host, port = _host_and_port(address)
    every, as_json = given.pop("every"), given.pop("as_json")
    if not given["question"] and not to:
        raise SettingsError("say where messages may go: --to PHONE, or --question for a gateway")
    options = _options(Role.SMSC, to=to or "", **given)
    password = secret("--password-env", password_env, None) if password_env else ""
    try:
        account = Account(
            system_id=system_id or "",
            password=password,
            system_type=system_type or "",
            binds_max=binds_max,
        )
    except ValueError as problem:
        raise SettingsError(str(problem)) from None
    context = _tls(tls_ca) if tls or tls_ca else None
    console = Console(stderr=True)

    async def run() -> list[Result]:
        with console.status("") as status:
            bench = Dialler(options, account, host, port, context, tls_name or "")
            try:
                await bench.start()
                return await play(bench, lambda row_id: status.update(_under_way(row_id)))
            finally:
                await bench.stop()

    results = _finished(
        run(), "check the address, --system-id, --password-env, --tls, and that a bind is free"
    )
    tell(Role.SMSC, address, results, every, as_json)
    if any(result.verdict is Verdict.FAILED for result in results):
        sys.exit(1)


def _finished(run: Coroutine[Any, Any, list[Result]], remedy: str) -> list[Result]:
    try:
        return asyncio.run(run)
    except NoPeerError as problem:
        raise SettingsError(f"{problem}; {remedy}") from None


def _options(
    role: Role,
    *,
    question: str | None,
    msisdn_from: int | None,
    only: Sequence[str],
    without: Sequence[str],
    patience: float,
    reply: float,
    limit: float,
    **given: Any,
) -> Options:
    unknown = [row_id for row_id in (*only, *without) if row_id.upper() not in ROWS]
    if unknown:
        raise SettingsError(f"there is no row {unknown[0]}; rows are F1 to V13")
    chosen = {row_id.upper() for row_id in only} or set(ROWS)
    if not (chosen & plays_of(role).keys()) - {row_id.upper() for row_id in without}:
        raise SettingsError(
            f"--only and --without leave no row that is played to an {role.upper()}; name one "
            f"such as {next(iter(plays_of(role)))}"
        )
    first = FIRST_SUBSCRIBER + wall_us() // 1_000 % SUBSCRIBERS
    try:
        return Options(
            question=question or "",
            first_msisdn=first if msisdn_from is None else msisdn_from,
            only=frozenset(row_id.upper() for row_id in only),
            without=frozenset(row_id.upper() for row_id in without),
            patience_s=patience,
            reply_s=reply,
            limit_s=limit,
            **given,
        )
    except ValueError as problem:
        raise SettingsError(str(problem)) from None


def _host_and_port(address: str) -> tuple[str, int]:
    try:
        return host_and_port(address)
    except ValueError as problem:
        raise SettingsError(f"{address}: {problem}") from None


def _tls(authority: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=authority)
    except (OSError, ssl.SSLError) as problem:
        raise SettingsError(f"--tls-ca {authority}: {problem}; name a PEM file") from None


def _under_way(row_id: str) -> str:
    return f"{row_id} {ROWS[row_id].title}"
