"""`jauap audit`: who did what, when, and with what outcome."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import click

from gateway.clock import KAZAKHSTAN, day_date
from gateway.commands.options import days, journal_of, json_option, settings_option, show
from gateway.core.civil import Civil
from gateway.core.staff import AuditRecord
from gateway.settings import Settings, SettingsError
from gateway.store import StoreUnavailableError

PAGE = 500  # records read at a time
LISTED_MAX = 100_000


@click.group()
def audit() -> None:
    """What people decided, tried and were refused."""


@audit.command("list")
@settings_option
@days
@click.option("--who", help="Of this one alone.")
@click.option("--limit", type=click.IntRange(1, LISTED_MAX), default=1_000, help="Told at most.")
@json_option
def list_acts(
    settings: Settings, day_from: int, day_to: int, who: str | None, limit: int, as_json: bool
) -> None:
    """What was recorded on some days, in its order: credits, adjustments, changes of the staff,
    losses accepted; refused attempts too."""
    listed: list[AuditRecord] = []

    async def read() -> None:
        from_us, to_us = _midnight_us("from", day_from), _midnight_us("to", day_to, after=1)
        async with journal_of(settings) as journal:
            after = 0
            while len(listed) <= limit:
                page = await journal.audit(after, PAGE, from_us, to_us, who)
                listed.extend(page)
                if len(page) < PAGE:
                    return
                after = page[-1].id

    try:
        asyncio.run(read())
    except StoreUnavailableError as problem:
        raise SettingsError(str(problem)) from problem
    more = len(listed) > limit
    del listed[limit:]

    def tell() -> None:
        for record in listed:
            click.echo(_line(record))
        click.echo(f"records {len(listed)}" + (", more" if more else ""))

    show({"more": more, "listed": [_document(record) for record in listed]}, as_json, tell)


def _document(record: AuditRecord) -> dict[str, object]:
    at = datetime.fromtimestamp(record.at_us // 1_000_000, UTC).isoformat()
    return {"id": record.id, "at": at} | {
        name: value for name, value in record._asdict().items() if name not in {"id", "at_us"}
    }


def _line(record: AuditRecord) -> str:
    at = datetime.fromtimestamp(record.at_us // 1_000_000, KAZAKHSTAN)
    who = f"{record.who} ({record.role})" if record.role else record.who
    detail = ", ".join(f"{name} {value}" for name, value in record.detail.items())
    what = f"{record.action}  {record.target}  {record.outcome}"
    told = f"{record.id}  {at:%Y-%m-%d %H:%M:%S}  {who}  {what}"
    return f"{told}  {detail}" if detail else told


def _midnight_us(option: str, day: int, *, after: int = 0) -> int:
    """When that day, or the one so many days after it, begins in Kazakhstan."""
    try:
        return Civil(KAZAKHSTAN).midnight_us(day_date(day) + timedelta(days=after))
    except (ValueError, OverflowError) as wrong:
        raise click.UsageError(f"--{option} {day}: no day of the calendar, as YYYYMMDD") from wrong
