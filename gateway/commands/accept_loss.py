"""`jauap ledger accept-loss`: to go on although the witness has seen more than the journal has."""

from __future__ import annotations

import asyncio
import sys

import click

from gateway.clock import Clock
from gateway.commands.authority import NotAllowedError, by_option, staff_key
from gateway.commands.options import journal_of, json_option, keys_of, settings_option, show
from gateway.core.disputes import DecisionError, one_line
from gateway.core.staff import Acting, Action
from gateway.keys import Keys
from gateway.settings import Settings, SettingsError
from gateway.staff import Refused, Staff, by_key_file, prove
from gateway.store import Journal, StoreUnavailableError
from gateway.store.journal import Missing

REASON_MAX = 200


@click.command("accept-loss")
@settings_option
@by_option(required=True, help="Who decides: an engineer.")
@click.option("--reason", required=True, help="Why, in a line.")
@json_option
def accept_loss(settings: Settings, by: str, reason: str, as_json: bool) -> None:
    """Go on with the journal as it is, although acknowledged data is missing from it."""
    try:
        why = one_line("reason", reason, REASON_MAX)
    except DecisionError as wrong:
        raise click.UsageError(f"--{wrong}") from wrong
    keys, clock = keys_of(settings), Clock()

    async def decide() -> Missing | None:
        async with journal_of(settings, keys=keys, check=False) as journal:
            if await journal.missing() is None:
                return None
            acting = await _prove(journal, keys, by, clock)
            return await journal.accept_loss(acting, why, clock.now_us())

    try:
        lost = asyncio.run(decide())
    except StoreUnavailableError as problem:
        raise SettingsError(str(problem)) from problem

    def tell() -> None:
        if lost is None:
            click.echo("nothing is missing")
        else:
            click.echo(f"{lost} given up; on record")

    document = {
        "first_batch": lost and lost.first_batch,
        "last_batch": lost and lost.last_batch,
        "chain": lost and lost.chain.hex(),
    }
    show(document, as_json, tell)
    sys.exit(1 if lost is None else 0)


async def _prove(journal: Journal, keys: Keys, by: str, clock: Clock) -> Acting:
    """An engineer of this journal, as old as it may be; where it knows none, the key file."""
    if await Staff(journal, keys, clock.now_us).needs_nobody():
        return by_key_file()
    proving = (journal, keys, by, staff_key(), Action.ACCEPT_LOSS, "loss", clock.now_us())
    found = await prove(*proving, kept=False)
    if isinstance(found, Refused):
        raise NotAllowedError(f"{found.sentence}; the journal takes no record before it is whole")
    return found
