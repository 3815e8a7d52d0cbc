"""`jauap tariff`: which rule priced a question or a call, and why the rules before it did not."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import click

from gateway.clock import Clock, day_date
from gateway.commands.options import json_option, settings_option, show, with_journal
from gateway.commands.tariff_lines import (
    lines_of,
    lines_of_call,
    lines_of_differences,
    lines_of_entries,
)
from gateway.core.call_records import CALLER, CallRecord
from gateway.core.call_tariff import CALL_S_MAX, LEGS
from gateway.core.ledger import kept_tiyn
from gateway.core.records import Chain
from gateway.core.results import Result
from gateway.core.tariff import Tariffs
from gateway.core.tariff_reasons import (
    Asked,
    AskedLeg,
    Choice,
    Why,
    WhyCall,
    compare,
    compare_call,
    explain,
    explain_call,
)
from gateway.core.tariff_rules import CHANNELS, RESULTS
from gateway.rules import load_rules
from gateway.settings import Settings

DAY = click.DateTime(formats=["%Y-%m-%d"])
ID_MAX = 2**63 - 1
PARTS_MAX = 255


@click.group()
def tariff() -> None:
    """What things cost, and why."""


@tariff.command("explain")
@settings_option
@click.argument("question_id", type=click.IntRange(1, ID_MAX), required=False)
@click.option("--operator", help="As in the tariffs.")
@click.option("--channel", type=click.Choice(CHANNELS), default="sms")
@click.option("--on", "day", type=DAY, help="Day in Kazakhstan, YYYY-MM-DD; today without it.")
@click.option("--result", default=str(Result.STATUS), help="What the question came to.")
@click.option("--parts", type=click.IntRange(1, PARTS_MAX), default=1, help="Segments.")
@click.option("--free-number", is_flag=True, help="Asked by one of free_numbers.")
@json_option
def explain_price(
    settings: Settings,
    question_id: int | None,
    operator: str | None,
    channel: str,
    day: datetime | None,
    result: str,
    parts: int,
    free_number: bool,
    as_json: bool,
) -> None:
    """Tell which rule prices a question: a stored one by its id, or one made up."""
    tariffs = load_rules(settings).tariffs
    if question_id is not None:
        if operator is not None:
            raise click.UsageError("give QUESTION_ID or --operator, not both")
        chain = with_journal(settings, lambda journal: journal.chain(question_id))
        if chain is None:
            click.echo(f"question {question_id}: the journal has none of that id", err=True)
            sys.exit(1)
        sys.exit(_tell_stored(tariffs, chain, as_json))
    if operator is None:
        raise click.UsageError("give --operator, or the QUESTION_ID of a stored question")
    if result not in RESULTS:
        near = difflib.get_close_matches(result, RESULTS, n=1)
        meant = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(RESULTS)}"
        raise click.UsageError(f"--result {result}: {meant}")
    msisdn = ""
    if free_number:
        if not tariffs.free_numbers:
            raise click.UsageError("--free-number: the tariffs have no free_numbers")
        msisdn = min(tariffs.free_numbers)
    asked = Asked(operator, channel, _on(day), result, parts, msisdn)
    why = explain(tariffs, asked)
    show(_fields(asked, why), as_json, lambda: _echo(lines_of(asked, why)))


@tariff.command("explain-call")
@settings_option
@click.option("--link", required=True, help="Name of the [[ivr]] table.")
@click.option("--leg", type=click.Choice(LEGS), default=CALLER)
@click.option("--call-id", help="The platform's: a call of the journal.")
@click.option("--number", help="The number called.")
@click.option("--on", "day", type=DAY, help="Day in Kazakhstan, YYYY-MM-DD; today without it.")
@click.option("--seconds", type=click.IntRange(0, CALL_S_MAX), default=60)
@json_option
def explain_call_price(
    settings: Settings,
    link: str,
    leg: str,
    call_id: str | None,
    number: str | None,
    day: datetime | None,
    seconds: int,
    as_json: bool,
) -> None:
    """Tell which rule prices a leg for its payer: a stored one by --call-id, or one made up."""
    tariffs = load_rules(settings).tariffs
    if call_id is not None:
        if number is not None:
            raise click.UsageError("give --call-id or --number, not both")
        trace = with_journal(settings, lambda journal: journal.find_leg(link, call_id, leg))
        if trace is None or trace.last is None:
            state = "is not over yet" if trace else "is not in the journal"
            click.echo(f"call {call_id} of {link}, leg of the {leg}: {state}", err=True)
            sys.exit(1)
        sys.exit(_tell_stored_leg(tariffs, trace.last, as_json))
    if number is None:
        raise click.UsageError("give --number, or the --call-id of a stored call")
    asked = AskedLeg(link, number, leg, _on(day), seconds, seconds)
    why = explain_call(tariffs, asked)
    lines = lines_of_call(asked, why, tariffs.currency)
    show(_leg_fields(tariffs, asked, why), as_json, lambda: _echo(lines))


def _tell_stored_leg(tariffs: Tariffs, record: CallRecord, as_json: bool) -> int:
    """The exit code: 1 where the table says otherwise now."""
    asked, why, differences = compare_call(tariffs, record, day_date(record.leg.day))
    fields = {
        "leg_id": record.leg.id,
        **_leg_fields(tariffs, asked, why),
        "recorded": {
            "tariff": record.tariff,
            "payer": record.payer,
            "billable_s": record.billable_s,
            "amount_tiyn": record.amount_tiyn,
            "vat_bp": record.vat_bp,
        },
        "differences": differences,
    }

    def tell() -> None:
        click.echo(f"leg {record.leg.id}")
        _echo(lines_of_call(asked, why, tariffs.currency))
        _echo(lines_of_differences(differences))

    show(fields, as_json, tell)
    return 1 if differences else 0


def _leg_fields(tariffs: Tariffs, asked: AskedLeg, why: WhyCall) -> dict[str, Any]:
    fields = why.rated._asdict()
    del fields["rule_id"]
    return {
        "asked": asked._asdict(),
        **_choice(why.choice),
        "price_tiyn": why.rule.price_tiyn,
        "per": why.rule.per,
        "counted_s": why.seconds,
        **fields,
        "currency": tariffs.currency,
        "vat_from": _since(why.vat.first_day),
        "vat_tiyn": why.vat_tiyn,
    }


def _tell_stored(tariffs: Tariffs, chain: Chain, as_json: bool) -> int:
    """The exit code: 1 where there is nothing to explain yet, or the table says otherwise now."""
    compared = compare(tariffs, chain, day_date(chain.day))
    if compared is None:
        state = chain.state.name.lower()
        click.echo(f"question {chain.question_id}: {state}, not rated yet", err=True)
        return 1
    asked, why, differences = compared
    fields = {
        "question_id": chain.question_id,
        **_fields(asked, why),
        "entries": [
            {"key": e.key, "day": e.day, "amount_tiyn": e.amount_tiyn, "tariff": e.tariff,
             "result": e.result, "reason": e.reason, "at": _at(e.at_us)}
            for e in chain.entries
        ],
        "kept_tiyn": kept_tiyn(chain.entries),
        "differences": differences,
    }  # fmt: skip

    def tell() -> None:
        click.echo(f"question {chain.question_id}")
        _echo(lines_of(asked, why))
        _echo(lines_of_entries(chain.entries, differences))

    show(fields, as_json, tell)
    return 1 if differences else 0


def _fields(asked: Asked, why: Why) -> dict[str, Any]:
    given = asked._asdict()
    del given["msisdn"]
    rated = why.rated
    return {
        "asked": given,
        **_choice(why.choice),
        "price_tiyn": why.price_tiyn,
        "parts_rule": why.parts_rule,
        "counted": why.counted,
        "gross_tiyn": rated.gross_tiyn,
        "currency": rated.currency,
        "charge_point": rated.charge_point,
        "trigger": rated.trigger,
        "credit": why.credit,
        "credit_cause": rated.credit_cause,
        "vat_bp": rated.vat_bp,
        "vat_from": _since(why.vat.first_day),
        "vat_tiyn": why.vat_tiyn,
        "share": {
            **_choice(why.share_choice),
            "side": why.share.side,
            "part_bp": why.share.part_bp,
            "flat_tiyn": why.share.flat_tiyn,
        },
    }


def _choice(choice: Choice) -> dict[str, Any]:
    return {
        "row": choice.row,
        "rule": choice.rule,
        "passed": [
            {**passed._asdict(), "misses": [miss._asdict() for miss in passed.misses]}
            for passed in choice.passed
        ],
    }


def _on(day: datetime | None) -> date:
    return day.date() if day is not None else Clock().now().date()


def _since(day: date) -> str | None:
    return None if day == date.min else day.isoformat()


def _at(at_us: int) -> str:
    return datetime.fromtimestamp(at_us // 1_000_000, UTC).isoformat()


def _echo(lines: Iterator[str]) -> None:
    for line in lines:
        click.echo(line)
