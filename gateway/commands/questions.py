"""`jauap questions`: what was parked, and its replay."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime

import click

from gateway.commands.options import (
    journal_of,
    json_option,
    keys_of,
    settings_option,
    show,
)
from gateway.settings import Settings

SHOWN_MAX = 1_000


@click.group()
def questions() -> None:
    """Questions that could not be answered."""


@questions.command()
@settings_option
@json_option
def parked(settings: Settings, as_json: bool) -> None:
    """List parked questions, the oldest first."""

    async def read() -> list[dict[str, object]]:
        async with journal_of(settings) as journal:
            return [
                {
                    "id": question.id,
                    "link": question.link,
                    "received": datetime.fromtimestamp(
                        question.received_us // 1_000_000, UTC
                    ).isoformat(),
                    "intent": question.intent,
                }
                for question in await journal.parked(SHOWN_MAX)
            ]

    rows = asyncio.run(read())

    def tell() -> None:
        for row in rows:
            click.echo("  ".join(str(value) for value in row.values()))
        click.echo(f"{len(rows)} parked")

    show(rows, as_json, tell)
    sys.exit(1 if rows else 0)


@questions.command()
@settings_option
@click.argument("ids", nargs=-1, type=int, required=True)
def replay(settings: Settings, ids: tuple[int, ...]) -> None:
    """Hand parked questions back: the running service answers them at its next sweep."""

    async def unpark() -> int:
        async with journal_of(settings, keys=keys_of(settings)) as journal:
            return await journal.unpark(ids)

    count = asyncio.run(unpark())
    click.echo(f"{count} of {len(ids)} handed back")
    sys.exit(0 if count == len(ids) else 1)
