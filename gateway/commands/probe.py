"""`jauap probe`: looks at an operator's SMSC from a link's account and proposes its profile."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway import config
from gateway.clock import Clock
from gateway.commands.options import json_option, settings_option, show
from gateway.links import link_tls
from gateway.rules import load_profile
from gateway.settings import LinkSettings, Settings, SettingsError, secret
from smpp import library, pdu
from smpp.operators import BindForm, OperatorProfile
from smpp.probe.findings import find
from smpp.probe.probing import Probe, ProbeOptions
from smpp.probe.profile import propose
from smpp.probe.rows import Findings
from smpp.probe.seen import Seen
from smpp.probe.wire import Target

EXIT_FOUND = 1
WAIT_S = 30
TEMPLATE = "operators/default.toml"
_NUMBER = re.compile(r"\d{10,15}")


@click.command()
@click.argument("link")
@settings_option
@click.option("--out", type=click.Path(path_type=Path), help="A new file for the profile.")
@click.option("--to", help="Send one SMS to this phone of yours: digits, country code first.")
@click.option(
    "--wait-s", type=click.IntRange(0, 3_600), default=WAIT_S, show_default=True,
    help="Seconds of silence in which messages and receipts are looked at.",
)  # fmt: skip
@click.option("--binds", is_flag=True, help="Try a second bind too.")
@json_option
def probe(
    settings: Settings,
    link: str,
    out: Path | None,
    to: str | None,
    wait_s: int,
    binds: bool,
    as_json: bool,
) -> None:
    """Bind as LINK, look at the operator's SMSC, propose its profile. Touches no journal.

    Messages that come meanwhile are refused for now: the operator keeps them and delivers them
    again. Stop the service's own link first where the operator allows one bind.
    """
    table = next((each for each in settings.link if each.name == link), None)
    if table is None:
        known = ", ".join(each.name for each in settings.link) or "none"
        raise SettingsError(f"[[link]] '{link}': there is none; known are {known}")
    if out is not None:
        _check_new(out)
    if to is not None and not _NUMBER.fullmatch(to):
        raise SettingsError("--to: must be the digits of a phone, country code first")
    profile = _configured(table)
    options = ProbeOptions(
        system_id=table.system_id,
        password=secret(f"[[link]] '{link}'", table.password_env, table.password_file),
        short_code=table.short_codes[0] if table.short_codes else "",
        to=to or "",
        wait_s=wait_s,
        second=binds,
    )
    _check_bind(link, profile, options)
    seen = asyncio.run(_look(table, profile, options))
    findings = find(seen, profile, table.short_codes, library.status_name)
    if out is not None:
        _write(out, link if table.profile == "default" else table.profile, profile, findings)
    show(_as_table(findings, out), as_json, lambda: _tell(link, findings, out))
    sys.exit(EXIT_FOUND if findings.wrong else 0)


def _configured(table: LinkSettings) -> OperatorProfile:
    """The link's profile with what the link itself says of binds."""
    profile = load_profile(table.profile)
    return replace(
        profile,
        bind=profile.bind if table.bind is None else BindForm(table.bind),
        binds=profile.binds if table.binds is None else table.binds,
    )


async def _look(table: LinkSettings, profile: OperatorProfile, options: ProbeOptions) -> Seen:
    tls = link_tls(table)
    name = (table.tls and table.tls.server_name) or table.host

    def target() -> Target:
        return Target(table.host, table.port, tls.context() if tls else None, name)

    reference = secrets.randbelow(1 << 16)
    return await Probe(target, profile, options, reference=reference, now=Clock().now).run()


def _check_bind(link: str, profile: OperatorProfile, options: ProbeOptions) -> None:
    """Whether name and password can be written at all."""
    try:
        library.bind(pdu.BIND_TRANSCEIVER, 1, options.system_id, options.password, profile)
    except ValueError as problem:
        raise SettingsError(f"[[link]] '{link}': {problem}") from None


def _check_new(out: Path) -> None:
    """Before anything is sent: a run, and an SMS, should not be for nothing."""
    if out.exists():
        raise SettingsError(f"{out}: exists; name a new file")
    if not os.access(out.parent, os.W_OK | os.X_OK):
        raise SettingsError(f"{out}: cannot be written; name a file in a folder you may write to")


def _write(out: Path, name: str, profile: OperatorProfile, findings: Findings) -> None:
    template = (config.folder() / TEMPLATE).read_text(encoding="utf-8")
    proposed = propose(template, name, profile, findings.proposals)
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(proposed)
    except OSError as problem:
        if not isinstance(problem, FileExistsError):
            out.unlink(missing_ok=True)
        raise SettingsError(
            f"{out}: cannot be written ({problem.strerror}); name a new file where there is room"
        ) from problem


def _as_table(findings: Findings, out: Path | None) -> dict[str, Any]:
    return {
        "checks": [row._asdict() for row in findings.rows],
        "proposals": [each._asdict() for each in findings.proposals],
        "profile": None if out is None else str(out),
    }


def shown(link: str, findings: Findings) -> Table:
    """The rows at a terminal. What a peer or the system said is no markup."""
    table = Table("", "check", "seen", "means", title=Text(f"{link}: what was seen"))
    for row in findings.rows:
        cells = ("!" if row.wrong else "", row.check, row.seen, row.means)
        table.add_row(*(Text(cell) for cell in cells))
    return table


def _tell(link: str, findings: Findings, out: Path | None) -> None:
    console = Console()
    if console.is_terminal:
        console.print(shown(link, findings))
    else:
        for row in findings.rows:
            words = (row.check, row.seen, *((row.means,) if row.means else ()))
            click.echo(("! " if row.wrong else "  ") + ": ".join(words))
    for each in findings.proposals:
        click.echo(f"propose {each.key} = {each.value} ({each.why})")
    if not findings.proposals:
        click.echo("nothing to change in the profile")
    if out is not None:
        click.echo(f"{out} written")
