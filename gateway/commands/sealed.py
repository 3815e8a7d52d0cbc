"""`jauap ledger head` and `prove`: what is published of the sealed ledger, and what it proves."""

from __future__ import annotations

import sys
from datetime import timedelta

import click

from gateway.billing.sealed.heads import Head, head_of
from gateway.billing.sealed.proofs import ProofError, prove
from gateway.clock import KAZAKHSTAN, Clock
from gateway.commands.options import (
    FIRST_DAY,
    LAST_DAY,
    json_option,
    settings_option,
    show,
    with_journal,
)
from gateway.core.civil import Civil
from gateway.settings import Settings, SettingsError
from gateway.store import StoreUnavailableError

_midnight_us = Civil(KAZAKHSTAN).midnight_us


@click.command("head")
@settings_option
@click.option(
    "--day", type=click.IntRange(FIRST_DAY, LAST_DAY), help="YYYYMMDD; yesterday without it."
)
@json_option
def head_of_day(settings: Settings, day: int | None, as_json: bool) -> None:
    """Print the head of the sealed ledger at the end of a day, to be kept by others."""
    clock = Clock()
    today = clock.day(clock.now_us())
    yesterday = clock.now().date() - timedelta(days=1)
    wanted = day or yesterday.year * 10_000 + yesterday.month * 100 + yesterday.day
    if wanted > today:
        raise click.UsageError(f"--day {wanted}: it has not begun; today is {today}")
    try:
        head = with_journal(settings, lambda journal: head_of(journal, wanted, _midnight_us))
    except ValueError as wrong:
        raise click.UsageError(f"--day {wanted}: no day of the calendar") from wrong
    except StoreUnavailableError as problem:
        raise SettingsError(str(problem)) from problem
    _tell(head, wanted < today, as_json)
    sys.exit(0 if head.batch else 1)


def _tell(head: Head, over: bool, as_json: bool) -> None:
    def tell() -> None:
        if not head.batch:
            click.echo(f"nothing was sealed by the end of {head.day}")
            return
        click.echo(head.word)
        if not over:
            click.echo(f"{head.day} is not over: this is no head to publish", err=True)

    hashes = {"root": head.root.hex(), "chain": head.chain.hex()}
    word = head.word if head.batch else None
    show(head._asdict() | hashes | {"over": over, "head": word}, as_json, tell)


@click.command("prove")
@settings_option
@click.argument("key")
@json_option
def prove_row(settings: Settings, key: str, as_json: bool) -> None:
    """Prove that a ledger entry (its key), or the record of a call (call_record:ID), is what was
    sealed: for whoever has the published head of that day, and nothing else of ours."""
    day_of = Clock().day
    try:
        found = with_journal(settings, lambda journal: prove(journal, key, day_of, _midnight_us))
    except ProofError as problem:
        click.echo(str(problem), err=True)
        sys.exit(1)
    except StoreUnavailableError as problem:
        raise SettingsError(str(problem)) from problem
    fields = found.told()

    def tell() -> None:
        for name, value in fields.items():
            for each in value if isinstance(value, list) else [value]:
                click.echo(f"{name:16} {each}")

    show(fields, as_json, tell)
