"""`jauap ledger find`, `credit` and `credit-failed`: what a phone asked, and money given back."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from pathlib import Path
from typing import TypeVar

import click

from gateway.billing.disputes import (
    Decided,
    Ending,
    FailedReport,
    days_to_look_at,
    give_back,
    give_back_failed,
    target_of,
)
from gateway.clock import Clock
from gateway.commands.authority import Authority, by_option, proved
from gateway.commands.disputes_told import (
    entry_told,
    leg_told,
    line_of_leg,
    lines_of_chain,
    masked,
    question_told,
)
from gateway.commands.options import (
    FIRST_DAY,
    LAST_DAY,
    days,
    json_option,
    settings_option,
    show,
    with_journal,
)
from gateway.core.call_records import CallTrace
from gateway.core.disputes import Decision, DecisionError
from gateway.core.records import Chain
from gateway.core.staff import Action
from gateway.keys import read_key_file
from gateway.rules import load_rules
from gateway.settings import Settings, SettingsError
from gateway.store import Journal, StoreUnavailableError
from lookup.feed.fields import phone as normal_form

LISTED_MAX = 1_000
AMOUNT_TIYN_MAX = 100_000_000

T = TypeVar("T")

_ENDINGS = {
    Ending.BOOKED: "given back",
    Ending.WOULD_BOOK: "would be given back; nothing was written",
    Ending.BOOKED_BEFORE: "given back before, by the same decision; nothing was written",
    Ending.OTHERWISE_BEFORE: "this case was decided before, in other words or another sum; "
    "another decision needs another --case",
    Ending.FORBIDDEN: "nothing was given back",
    Ending.NO_QUESTION: "the journal has no question of that id",
}
_SETTLED = frozenset((Ending.BOOKED, Ending.WOULD_BOOK, Ending.BOOKED_BEFORE))

_dry_run = click.option("--dry-run", is_flag=True, help="Tell what would be booked.")


@click.command("find")
@settings_option
@click.option("--phone", prompt=True, help="Asked for where it is not given.")
@days
@click.option("--limit", type=click.IntRange(1, LISTED_MAX), default=100, help="Told at most.")
@json_option
def find(
    settings: Settings, phone: str, day_from: int, day_to: int, limit: int, as_json: bool
) -> None:
    """Tell what a phone asked on some days, and its calls: what became of them, what they cost."""
    msisdn = normal_form(phone)
    if msisdn is None:
        raise click.UsageError("--phone: expected a number such as 77010000001 or +77010000001")
    party = read_key_file(Path(settings.store.key_file)).party(msisdn)

    async def work(journal: Journal) -> tuple[Sequence[Chain], Sequence[CallTrace]]:
        wanted = (party, day_from, day_to, limit + 1)
        return await journal.asked_by(*wanted), await journal.called_by(*wanted)

    chains, legs = _ask(settings, work)
    more = max(len(chains), len(legs)) > limit
    chains, legs = chains[:limit], legs[:limit]

    def tell() -> None:
        found = f"phone {masked(msisdn)}, questions: {len(chains)}, legs of calls: {len(legs)}"
        click.echo(found + (", more" if more else ""))
        for chain in chains:
            for line in lines_of_chain(chain):
                click.echo(line)
        for trace in legs:
            click.echo(line_of_leg(trace))

    fields = {
        "phone": masked(msisdn),
        "more": more,
        "listed": [question_told(chain) for chain in chains],
        "calls": [leg_told(trace) for trace in legs],
    }
    show(fields, as_json, tell)
    sys.exit(0 if chains or legs else 1)


@click.command("credit")
@settings_option
@click.option("--reason", required=True, help="Why, in a line; the operator reads it.")
@by_option(required=True, help="Who decides: an accountant.")
@click.option("--case", default="dispute", help="A question has one decision a case.")
@click.option(
    "--amount", type=click.IntRange(1, AMOUNT_TIYN_MAX), help="Tiyn; all that is left without it."
)
@_dry_run
@click.argument("question_id", type=int)
@json_option
def credit_question(
    settings: Settings,
    reason: str,
    by: str,
    case: str,
    amount: int | None,
    dry_run: bool,
    question_id: int,
    as_json: bool,
) -> None:
    """Give back what a question cost, by somebody's decision. A second time nothing happens."""
    try:
        decision = Decision.read(case, reason, by)
    except DecisionError as wrong:
        raise click.UsageError(f"--{wrong}") from wrong
    clock = Clock()
    at_us = clock.now_us()
    authority = None if dry_run else Authority(settings, by)

    async def work(journal: Journal) -> Decided:
        target = await target_of(journal, question_id)
        acting = await proved(authority, journal, Action.CREDIT, target, at_us)
        return await give_back(
            journal,
            question_id,
            decision,
            acting,
            day=clock.day(at_us),
            at_us=at_us,
            amount_tiyn=amount,
        )

    decided = _ask(settings, work, authority)
    _tell_decided(question_id, decided, as_json)
    sys.exit(0 if decided.ending in _SETTLED else 1)


@click.command("credit-failed")
@settings_option
@click.option(
    "--day",
    type=click.IntRange(FIRST_DAY, LAST_DAY),
    help="YYYYMMDD; the last ten and today without it.",
)
@by_option(help="Who runs it: an accountant or a timer. Not needed to try.")
@_dry_run
@json_option
def credit_failed(
    settings: Settings, day: int | None, by: str | None, dry_run: bool, as_json: bool
) -> None:
    """Give back what questions cost whose answers failed, by the [[failed]] rules."""
    rules = load_rules(settings).tariffs.failed
    clock = Clock()
    first, last = days_to_look_at(clock.now().date()) if day is None else (day, day)
    _check_day(first)
    if by is None and not dry_run:
        raise click.UsageError("--by is missing: an accountant or a timer")
    authority = None if by is None or dry_run else Authority(settings, by)

    async def work(journal: Journal) -> FailedReport:
        target, at_us = f"days {first} to {last}", clock.now_us()
        acting = await proved(authority, journal, Action.CREDIT_FAILED, target, at_us)
        return await give_back_failed(
            journal, rules, first, last, acting, day=clock.day(at_us), now_us=clock.now_us
        )

    report = _ask(settings, work, authority)
    _tell_failed(report, dry_run, as_json)


def _ask(
    settings: Settings,
    work: Callable[[Journal], Awaitable[T]],
    authority: Authority | None = None,
) -> T:
    """`authority`: of whoever writes."""
    try:
        return with_journal(settings, work, keys=authority.keys if authority else None)
    except StoreUnavailableError as problem:
        raise SettingsError(str(problem)) from problem


def _check_day(day: int) -> None:
    try:
        date(day // 10_000, day // 100 % 100, day % 100)
    except ValueError as wrong:
        raise click.UsageError(f"--day {day}: no day of the calendar, expected YYYYMMDD") from wrong


def _tell_decided(question_id: int, decided: Decided, as_json: bool) -> None:
    entry, chain = decided.entry, decided.chain

    def tell() -> None:
        told = f"question {question_id}: {_ENDINGS[decided.ending]}"
        click.echo(told + (f": {decided.why}" if decided.why else ""))
        if entry is not None:
            click.echo(f"  {entry.kind} {entry.amount_tiyn} tiyn  {entry.reason}")
        if chain is not None and decided.ending is not Ending.WOULD_BOOK:
            for line in lines_of_chain(chain):
                click.echo(line)

    fields = {
        "question_id": question_id,
        "ending": str(decided.ending),
        "why": decided.why or None,
        "entry": entry_told(entry) if entry else None,
        "question": question_told(chain) if chain else None,
    }
    show(fields, as_json, tell)


def _tell_failed(report: FailedReport, dry_run: bool, as_json: bool) -> None:
    fields = report._asdict() | {"written": not dry_run}

    def tell() -> None:
        for name, value in fields.items():
            if name == "by_failure":
                for failure, count in report.by_failure.items():
                    click.echo(f"  {failure:14} {count}")
            else:
                click.echo(f"{name:16} {value}")

    show(fields, as_json, tell)
