"""`jauap calls`: the legs of calls and what their payers owe; no phone is shown."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import click

from gateway.commands.options import days, journal_of, json_option, settings_option, show
from gateway.core.call_records import CallTrace
from gateway.settings import Settings


@click.group()
def calls() -> None:
    """Calls: how long they were, and who pays."""


@calls.command("list")
@settings_option
@days
@click.option("--open", "open_only", is_flag=True, help="Only those that nobody has ended.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=1_000, help="Told at most.")
@json_option
def list_legs(
    settings: Settings, day_from: int, day_to: int, open_only: bool, limit: int, as_json: bool
) -> None:
    """The legs of calls that began on some days, in their order, and their sums."""
    listed: list[dict[str, object]] = []
    sums = {"legs": 0, "open": 0, "billable_s": 0, "payer_tiyn": 0}

    async def read() -> None:
        async with journal_of(settings) as journal:
            async for trace in journal.call_legs(day_from, day_to):
                _add(sums, trace)
                if len(listed) < limit and not (open_only and trace.records):
                    listed.append(_told(trace))

    asyncio.run(read())

    def tell() -> None:
        for row in listed:
            click.echo("  ".join("-" if value is None else str(value) for value in row.values()))
        click.echo("  ".join(f"{name} {value}" for name, value in sums.items()))

    show({**sums, "listed": listed}, as_json, tell)


def _add(sums: dict[str, int], trace: CallTrace) -> None:
    sums["legs"] += 1
    if trace.last is None:
        sums["open"] += 1
    else:
        sums["billable_s"] += trace.last.billable_s
        sums["payer_tiyn"] += trace.last.amount_tiyn


def _told(trace: CallTrace) -> dict[str, object]:
    """`id` is that of the leg's rows in the billing file (exchange_id)."""
    leg, last = trace.leg, trace.last
    started = datetime.fromtimestamp(leg.started_us // 1_000_000, UTC).isoformat()
    return {
        "id": leg.id,
        "started": started,
        "link": leg.link,
        "called": leg.called,
        "leg": leg.leg,
        "outcome": last.outcome if last else "open",
        "closed_by": last.closed_by if last else None,
        "platform_s": last.platform_s if last else None,
        "measured_s": last.measured_s if last else None,
        "billable_s": last.billable_s if last else None,
        "payer": last.payer if last else None,
        "payer_tiyn": last.amount_tiyn if last else None,
    }
