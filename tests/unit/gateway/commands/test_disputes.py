"""`jauap ledger find`, `credit`, `credit-failed`: what they tell, write, and never show."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gateway.cli import jauap
from gateway.clock import Clock
from gateway.keys import read_key_file
from gateway.store import open_store
from tests.support.months import Asked, asked, at_us, store

PHONE = "77010001234"


class Desk:
    """Commands on a journal with three questions: two of one phone, one of another."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "journal.db"
        party = read_key_file(folder / "key", create=True).party
        self.first = asked("2026-11-20 10:00", party=party(PHONE), msisdn=PHONE)
        self.second = asked("2026-11-21 10:00", "not_found", party=party(PHONE), msisdn=PHONE)
        self.other = asked("2026-11-20 12:00", party=party("77020000000"))
        self.config = folder / "jauap.toml"
        self.config.write_text(
            f'[store]\nurl = "sqlite://{self.path}"\nkey_file = "{folder}/key"\n'
        )
        self.store(self.first, self.second, self.other)

    def store(self, *given: Asked) -> None:
        async def fill() -> None:
            journal = await open_store(f"sqlite://{self.path}")
            await store(journal, *given)
            await journal.close()

        asyncio.run(fill())

    def run(self, command: str, *words: str, **how: Any) -> Result:
        return CliRunner().invoke(jauap, ["ledger", command, "-c", str(self.config), *words], **how)

    def told(self, command: str, *words: str) -> Any:
        return json.loads(self.run(command, "--json", *words).output)

    def credit(self, *words: str, of: Asked | None = None) -> Result:
        question_id = str((of or self.first).question.id)
        return self.run(
            "credit", question_id, "--by", "aigul", "--reason", "no answer came", *words
        )


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> int:
    """The commands' clock stands still there."""
    moment = at_us("2026-12-12 09:00")
    monkeypatch.setattr("gateway.commands.disputes.Clock", lambda: Clock(lambda: moment))
    return moment


# -- find


def test_the_questions_of_a_phone_are_told_with_their_chains(desk: Desk) -> None:
    result = desk.run("find", "--phone", "8 701 000 12 34")
    assert result.exit_code == 0, result.output
    first, second = desk.first.question.id, desk.second.question.id
    assert result.output.splitlines() == [
        "phone *1234, questions: 2",
        f"question {first}  2026-11-20 10:00:00  north  sms  answered  status  kept 1500 tiyn",
        "  reply 0 part 1/1  submitted  2026-11-20 10:00:01",
        "  rated 1500 by sms-15  act 2026-11",
        "  charged 1500 by sms-15  act 2026-11",
        f"question {second}  2026-11-21 10:00:00  north  sms  answered  not_found  kept 0 tiyn",
        "  reply 0 part 1/1  submitted  2026-11-21 10:00:01",
        "  rated 1500 by sms-15  act 2026-11",
        "  charged 1500 by sms-15  act 2026-11",
        "  credited -1500 by sms-15  2026-11-21 10:00:00  act 2026-11  not_found",
    ]


@pytest.mark.parametrize("as_json", [True, False])
def test_no_phone_and_no_kind_of_ticket_is_shown(desk: Desk, as_json: bool) -> None:
    output = desk.run("find", "--phone", PHONE, *(["--json"] if as_json else [])).output
    assert PHONE not in output
    assert desk.first.question.party not in output
    assert "appeal" not in output
    assert "061200000012345678" not in output


def test_the_phone_is_asked_for_where_it_is_not_given(desk: Desk) -> None:
    result = desk.run("find", "--json", input=f"{PHONE}\n")
    assert result.exit_code == 0
    assert len(json.loads(result.output.splitlines()[-1])["listed"]) == 2


def test_days_and_limit_choose_what_is_told(desk: Desk) -> None:
    days = ("--from", "20261121", "--to", "20261121")
    [only] = desk.told("find", "--phone", PHONE, *days)["listed"]
    assert (only["question_id"], only["result"]) == (desk.second.question.id, "not_found")
    assert (only["kept_tiyn"], only["received_at"]) == (0, "2026-11-21T05:00:00+00:00")
    told = desk.told("find", "--phone", PHONE, "--limit", "1")
    assert (told["more"], len(told["listed"]), told["phone"]) == (True, 1, "*1234")


def test_a_phone_that_asked_nothing_ends_with_1(desk: Desk) -> None:
    result = desk.run("find", "--phone", "77019999999")
    assert (result.exit_code, result.output) == (1, "phone *9999, questions: 0\n")


def test_what_is_no_phone_is_refused_without_being_repeated(desk: Desk) -> None:
    result = desk.run("find", "--phone", "770100012")
    assert result.exit_code == 2
    assert "--phone: expected a number such as" in result.output
    assert "770100012" not in result.output.replace("77010000001", "")


# -- credit


def test_a_credit_says_who_why_and_in_which_act(desk: Desk, now: int) -> None:
    result = desk.credit()
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[:2] == [
        f"question {desk.first.question.id}: given back",
        "  credited -1500 tiyn  no answer came (aigul, dispute)",
    ]
    [told, _] = desk.told("find", "--phone", PHONE)["listed"]
    entry = told["entries"][-1]
    assert told["kept_tiyn"] == 0
    assert (entry["act"], entry["day"], entry["at"]) == (
        "2026-12", 20261212, "2026-12-12T04:00:00+00:00",
    )  # fmt: skip
    assert entry["corrects"] == f"settled:{desk.first.question.id}"


def test_the_same_credit_again_is_told_as_booked_before(desk: Desk) -> None:
    assert desk.credit("--amount", "500").exit_code == 0
    again = desk.credit("--amount", "500")
    assert again.exit_code == 0
    assert "given back before" in again.output
    otherwise = desk.credit("--amount", "600")
    assert otherwise.exit_code == 1
    assert "another decision needs another --case" in otherwise.output
    rest = desk.credit("--case", "second", "--json")
    told = json.loads(rest.output)
    assert (told["ending"], told["entry"]["amount_tiyn"]) == ("booked", -1000)
    assert told["question"]["kept_tiyn"] == 0


def test_a_trial_writes_nothing(desk: Desk) -> None:
    result = desk.credit("--dry-run")
    assert result.exit_code == 0
    assert "would be given back; nothing was written" in result.output
    assert desk.told("find", "--phone", PHONE)["listed"][0]["kept_tiyn"] == 1500


def test_what_cannot_be_given_back_ends_with_1(desk: Desk) -> None:
    result = desk.credit(of=desk.second)
    assert result.exit_code == 1
    assert "nothing was given back: " in result.output
    nobody = desk.run("credit", "5", "--by", "aigul", "--reason", "no answer came")
    assert (nobody.exit_code, nobody.output) == (
        1, "question 5: the journal has no question of that id\n",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--reason", "call 8 701 000 12 34"), "--reason: more than 9 digits"),
        (("--case", "a b"), "--case 'a b'"),
        (("--by", " "), "--by: one line"),
        (("--amount", "0"), "--amount"),
    ],
)
def test_words_that_cannot_be_booked_are_refused(
    desk: Desk, words: tuple[str, ...], told: str
) -> None:
    result = desk.credit(*words)
    assert result.exit_code == 2
    assert told in result.output


# -- credit-failed


def test_failed_answers_of_the_last_days_are_given_back(desk: Desk, now: int) -> None:
    desk.store(asked("2026-12-03 10:00", "promised"), asked("2026-12-01 10:00", "promised"))
    tried = desk.told("credit-failed", "--dry-run")
    assert (tried["day_from"], tried["day_to"]) == (20261202, 20261212)
    assert (tried["credited"], tried["credited_tiyn"], tried["written"]) == (1, -1500, False)
    done = desk.told("credit-failed")
    assert done == tried | {"written": True}
    assert desk.told("credit-failed")["credited"] == 0
    result = desk.run("credit-failed", "--day", "20261201")
    assert result.exit_code == 0
    assert "  unanswered     1" in result.output.splitlines()


def test_a_day_that_is_none_is_refused(desk: Desk) -> None:
    result = desk.run("credit-failed", "--day", "20261131")
    assert result.exit_code == 2
    assert "--day 20261131: no day of the calendar" in result.output
