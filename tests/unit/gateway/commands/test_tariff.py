"""`jauap tariff explain`: the reasons as text and JSON, of a made-up question and a stored one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gateway.cli import jauap
from gateway.core import ledger
from gateway.core.call_records import CallRecord
from gateway.core.cdr import Entry
from gateway.core.records import Question, QuestionState
from gateway.core.tariff import Rated
from gateway.rules import load_rules
from gateway.settings import Settings
from gateway.store import open_store
from tests.support.chains import MO_CREDITED, ON
from tests.support.journal import KEYS, answer, question
from tests.support.legs import leg, record

TARIFFS = load_rules(Settings()).tariffs


def run(*words: str) -> Result:
    return CliRunner().invoke(jauap, ["tariff", *words])


def told(*words: str) -> dict[str, Any]:
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.output)
    assert isinstance(found, dict)
    return found


# -- made up


def test_the_reasons_are_told_rule_by_rule() -> None:
    result = run("explain", "--operator", "north", "--channel", "copy", "--on", "2026-11-20")
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "north, copy, 2026-11-20, status, 1 part, tried from top to bottom:",
        "  rule 1 (sms-15): no, channels sms: not copy",
        "  rule 2 (call-free): no, channels ivr: not copy",
        "  rule 3 (copy-15): prices it",
        "price    1500 tiyn once for 1 part",
        "gross    1500 tiyn, KZT",
        "charged  mt: once the reply is delivered",
        "credit   none: status costs",
        "VAT      1600 bp, from 2026-01-01: 207 tiyn of this alone; taken out of sums",
        "shares   of what is left without VAT, month by month:",
        "  share 1 (share-none): the owner gets 0 bp, the operator the rest",
    ]


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        (
            ("--result", "help", "--parts", "2"),
            (
                "price    1500 tiyn once for 2 parts",
                "charged  mo: with the question, before it is read",
                "credit   all of it is given back: credit_results has help",
                "shares   nothing is left to share",
            ),
        ),
        (
            ("--channel", "copy", "--result", "not_found"),
            (
                "gross    0 tiyn, KZT",
                "charged  none",
                "credit   nothing is charged: credit_results has not_found",
            ),
        ),
        (
            ("--channel", "push",),
            ("  rule 5 (push-free): prices it", "credit   none: nothing is taken"),
        ),
        (("--on", "2025-12-31"), ("VAT      1200 bp, from the first day: 161 tiyn of this",)),
    ],
)  # fmt: skip
def test_what_became_of_the_money_is_told(words: Sequence[str], lines: Sequence[str]) -> None:
    result = run("explain", "--operator", "north", "--on", "2026-11-20", *words)
    assert result.exit_code == 0
    for line in lines:
        assert any(each.startswith(line) for each in result.output.splitlines()), line


def test_json_has_the_rules_passed_and_no_phone() -> None:
    found = told("explain", "--operator", "north", "--channel", "ivr", "--on", "2026-11-20")
    assert found["asked"] == {
        "operator": "north", "channel": "ivr", "on": "2026-11-20", "result": "status", "parts": 1,
    }  # fmt: skip
    assert (found["row"], found["rule"], found["gross_tiyn"]) == (2, "call-free", 0)
    assert found["passed"] == [
        {
            "row": 1,
            "rule": "sms-15",
            "misses": [{"key": "channels", "has": "sms", "asked": "ivr"}],
        }
    ]
    assert found["credit"] == "no_price"
    assert found["share"]["rule"] == "share-none"
    assert (found["vat_bp"], found["vat_from"]) == (1600, "2026-01-01")


def test_without_a_day_it_is_today() -> None:
    assert told("explain", "--operator", "north")["asked"]["on"] > "2026-01-01"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "give --operator, or the QUESTION_ID"),
        (("7", "--operator", "north"), "not both"),
        (("--operator", "north", "--result", "statuss"), "did you mean 'status'?"),
        (("--operator", "north", "--result", "zzz"), "known are status"),
        (("--operator", "north", "--free-number"), "the tariffs have no free_numbers"),
        (("--operator", "north", "--channel", "fax"), "'fax' is not one of"),
        (("--operator", "north", "--on", "20261120"), "does not match the format"),
        (("--operator", "north", "--parts", "0"), "not in the range"),
        (("0",), "not in the range"),
        (("9223372036854775808",), "not in the range"),
    ],
)
def test_wrong_use_is_named_with_its_remedy(words: Sequence[str], says: str) -> None:
    result = run("explain", *words)
    assert result.exit_code == 2
    assert says in " ".join(result.output.split())


def test_a_call_is_explained_for_its_payer() -> None:
    words = ("--link", "1414", "--number", "88000807777", "--on", "2026-11-20", "--seconds", "33")
    assert run("explain-call", *words).output.splitlines() == [
        "1414, 88000807777, leg of the caller, 2026-11-20, tried from top to bottom:",
        "  call 1 (call-1414): no, numbers 1414: not 88000807777",
        "  call 2 (call-toll-free): prices it",
        "price    900 tiyn a minute, for owner",
        "billed   30 s for 33 s: 3 s free, at least 0 s, in steps of 1 s",
        "amount   450 tiyn, KZT",
        "VAT      1600 bp, from 2026-01-01: 62 tiyn of this alone; taken out of sums",
    ]
    found = told("explain-call", *words)
    assert (found["rule"], found["payer"], found["billable_s"], found["amount_tiyn"]) == (
        "call-toll-free", "owner", 30, 450,
    )  # fmt: skip


# -- stored


def rated(result: str = "status") -> Rated:
    return TARIFFS.rate(operator="north", channel="sms", on=ON, result=result)


def stored(folder: Path, asked: Question, entries: tuple[Entry, ...]) -> list[str]:
    """The options that name a journal with that question; not yet answered without entries."""
    path = folder / "journal.db"

    async def fill() -> None:
        store = await open_store(f"sqlite://{path}", keys=KEYS)
        given = answer(asked)._replace(entries=entries, state=QuestionState.ANSWERED)
        await store.take([asked], [given] if entries else [])
        await store.close()

    asyncio.run(fill())
    config = folder / "jauap.toml"
    config.write_text(f'[store]\nurl = "sqlite://{path}"\nkey_file = "{folder}/key"\n')
    return ["explain", str(asked.id), "-c", str(config)]


def test_a_stored_question_is_explained_with_its_entries(tmp_path: Path) -> None:
    asked = question()
    entries = ledger.open_chain(asked, rated("not_found"), "not_found", asked.received_us)
    words = stored(tmp_path, asked, entries)
    result = run(*words)
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[:2] == [
        "question 1000",
        "north, sms, 2026-11-20, not_found, 1 part, tried from top to bottom:",
    ]
    assert lines[-6:] == [
        "ledger:",
        "  rated 1500 by sms-15, not_found",
        "  charged 1500 by sms-15, not_found",
        "  credited -1500 by sms-15, not_found, not_found",
        "kept     0 tiyn",
        "The table prices it as the ledger does.",
    ]
    assert asked.msisdn not in result.output
    found = told(*words)
    assert (found["kept_tiyn"], found["differences"]) == (0, [])
    assert [entry["key"] for entry in found["entries"]] == [
        "rated:1000", "settled:1000", "credited:1000:rule",
    ]  # fmt: skip
    assert asked.msisdn not in json.dumps(found)


def test_a_table_that_says_otherwise_by_now_is_told_and_ends_with_one(tmp_path: Path) -> None:
    asked = question()
    entries = ledger.open_chain(
        asked, MO_CREDITED._replace(gross_tiyn=900), "not_found", asked.received_us
    )
    result = run(*stored(tmp_path, asked, entries))
    assert result.exit_code == 1
    assert result.output.splitlines()[-2:] == [
        "The table has changed since this was rated; what the ledger has counts:",
        "  gross_tiyn: the ledger has 900, the table gives 1500 now",
    ]


def test_what_is_not_rated_or_not_there_is_told(tmp_path: Path) -> None:
    command, _, *config = stored(tmp_path, question(), ())
    waiting = run(command, "1000", *config)
    assert (waiting.exit_code, waiting.output) == (1, "question 1000: accepted, not rated yet\n")
    nobody = run(command, "1001", *config)
    assert nobody.exit_code == 1
    assert nobody.output == "question 1001: the journal has none of that id\n"


def stored_legs(folder: Path, *records: CallRecord) -> list[str]:
    """The options that name a journal with those legs closed, and one that is still open."""
    path = folder / "journal.db"

    async def fill() -> None:
        store = await open_store(f"sqlite://{path}", keys=KEYS)
        await store.close_legs(records)
        await store.open_legs([leg(9)])
        await store.close()

    asyncio.run(fill())
    config = folder / "jauap.toml"
    config.write_text(f'[store]\nurl = "sqlite://{path}"\nkey_file = "{folder}/key"\n')
    return ["explain-call", "--link", "1414", "-c", str(config), "--call-id"]


def test_a_stored_leg_is_explained_against_its_record(tmp_path: Path) -> None:
    changed = record(leg(2))._replace(amount_tiyn=700)
    words = stored_legs(tmp_path, record(leg(1)), changed)
    same = run(*words, "CA0001")
    assert same.exit_code == 0, same.output
    assert same.output.splitlines() == [
        "leg 1000",
        "1414, 1414, leg of the caller, 2026-11-20, tried from top to bottom:",
        "  call 1 (call-1414): prices it",
        "price    600 tiyn a minute, for owner",
        "billed   60 s for 60 s: 0 s free, at least 0 s, in steps of 60 s",
        "amount   600 tiyn, KZT",
        "VAT      1600 bp, from 2026-01-01: 83 tiyn of this alone; taken out of sums",
        "The table prices it as the ledger does.",
    ]
    other = run(*words, "CA0002", "--json")
    assert other.exit_code == 1
    found = json.loads(other.output)
    assert found["recorded"]["amount_tiyn"] == 700
    assert found["differences"] == ["amount_tiyn: the ledger has 700, the table gives 600 now"]
    assert leg(2).msisdn not in other.output


def test_a_leg_that_is_open_or_not_there_is_told(tmp_path: Path) -> None:
    words = stored_legs(tmp_path)
    going_on = run(*words, "CA0009")
    assert going_on.exit_code == 1
    assert going_on.output == "call CA0009 of 1414, leg of the caller: is not over yet\n"
    nobody = run(*words, "CA0009", "--leg", "operator")
    assert nobody.exit_code == 1
    assert nobody.output.endswith("leg of the operator: is not in the journal\n")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "give --number, or the --call-id"),
        (("--call-id", "CA1", "--number", "1414"), "not both"),
        (("--number", "1414", "--seconds", "86401"), "not in the range"),
    ],
)
def test_wrong_use_for_a_call_is_named_too(words: Sequence[str], says: str) -> None:
    result = run("explain-call", "--link", "1414", *words)
    assert result.exit_code == 2
    assert says in " ".join(result.output.split())
