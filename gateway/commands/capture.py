"""`jauap capture`: the last PDUs of a link, out of the running service, as a pcap file."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import click

from gateway.commands.options import json_option, settings_option, show
from gateway.keys import read_key_file
from gateway.settings import Settings, SettingsError
from smpp.capture.pcap import Captured, PcapFile

EXIT_FOUND = 1
ANSWER_S = 30.0
_ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]", "": "127.0.0.1"}  # noqa: S104  # asked of, not listened on


@click.command()
@click.argument("link")
@settings_option
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, help="A new pcap file."
)
@click.option("--bind", type=click.IntRange(min=0), help="Only this bind, counted from 0.")
@click.option("--url", help="Where the service's web server is; by default http.listen.")
@json_option
def capture(
    settings: Settings, link: str, output: Path, bind: int | None, url: str | None, as_json: bool
) -> None:
    """Write what passed on LINK lately, masked; LINK may be an account of [smsc] too."""
    keys = read_key_file(Path(settings.store.key_file))
    if output.exists():
        raise SettingsError(f"{output}: exists; name a new file")
    address = (url or _own_url(settings)).rstrip("/") + f"/links/{quote(link, safe='')}/capture"
    answer = asyncio.run(_ask(address, keys.capture_token, link))
    try:
        pdus = list(_captured(answer, bind))
    except (ValueError, KeyError, TypeError) as problem:
        raise SettingsError(
            f"{address}: what answers there is not this service; name its web server with --url"
        ) from problem
    if pdus:
        _write(output, pdus)
    sessions = len({each.session for each in pdus})
    result = {"file": str(output) if pdus else None, "pdus": len(pdus), "sessions": sessions}
    show(result, as_json, lambda: _tell(output, len(pdus), sessions))
    sys.exit(0 if pdus else EXIT_FOUND)


def _write(output: Path, pdus: Sequence[Captured]) -> None:
    """All of them or no file."""
    try:
        with PcapFile(output) as file:
            file.write_all(pdus)
    except FileExistsError as problem:
        raise SettingsError(f"{output}: exists; name a new file") from problem
    except BaseException as problem:
        with contextlib.suppress(OSError):
            output.unlink()
        if isinstance(problem, OSError):
            raise SettingsError(
                f"{output}: cannot be written ({problem.strerror}); name a file in a folder that "
                "you may write to and that has room"
            ) from problem
        raise


def _tell(output: Path, pdus: int, sessions: int) -> None:
    if pdus:
        click.echo(f"{output} written: {pdus} PDUs of {sessions} sessions, texts masked")
    else:
        click.echo("nothing was captured: no session yet, or capture_pdus is 0")


def _own_url(settings: Settings) -> str:
    host, _, port = settings.http.listen.rpartition(":")
    return f"http://{_ANY_ADDRESS.get(host, host)}:{port}"


async def _ask(address: str, token: str, link: str) -> str:
    timeout = aiohttp.ClientTimeout(total=ANSWER_S)
    headers = {"Authorization": f"Bearer {token}"}
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(address, headers=headers, allow_redirects=False) as response,
        ):
            if response.status == 200:
                return await response.text()
            status = response.status
    except (aiohttp.ClientError, TimeoutError, ValueError) as problem:
        raise SettingsError(
            f"{address}: no answer ({str(problem) or 'too slow'}); does the service run on this "
            "machine, with these settings?"
        ) from problem
    raise SettingsError(
        f"{address}: HTTP {status}; is there a link or account '{link}', and does the service use "
        "this key file?"
    )


def _captured(answer: str, bind: int | None) -> Iterator[Captured]:
    first, *lines = answer.splitlines()
    we_are_smsc = bool(json.loads(first)["smsc"])
    for line in lines:
        told: dict[str, Any] = json.loads(line)
        if bind is None or told["bind"] == bind:
            yield Captured(
                at_us=told["at_us"],
                bind=told["bind"],
                session=told["session"],
                from_smsc=told["sent"] is we_are_smsc,
                octets=bytes.fromhex(told["pdu"]),
            )
