"""`jauap ledger find`, `credit`, `credit-failed`: what they tell, write, and never show."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gateway.cli import jauap
from gateway.clock import Clock
from gateway.core.call_records import CallRecord
from gateway.core.staff import AuditRecord, Role
from gateway.keys import read_key_file
from gateway.store import open_store
from tests.support.legs import leg, record
from tests.support.months import Asked, asked, at_us, store
from tests.support.staff import hire, key_of

PHONE = "77010001234"


class Desk:
    """Commands on a journal with three questions, two of one phone and one of another, and with
    an accountant, a timer and an auditor."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "journal.db"
        self.keys = read_key_file(folder / "key", create=True)
        party = self.keys.party
        self.first = asked("2026-11-20 10:00", party=party(PHONE), msisdn=PHONE)
        self.second = asked("2026-11-21 10:00", "not_found", party=party(PHONE), msisdn=PHONE)
        self.other = asked("2026-11-20 12:00", party=party("77020000000"))
        self.config = folder / "jauap.toml"
        self.config.write_text(
            f'[store]\nurl = "sqlite://{self.path}"\nkey_file = "{folder}/key"\n'
        )
        self.store(self.first, self.second, self.other)
        asyncio.run(self._people())

    def store(self, *given: Asked) -> None:
        async def fill() -> None:
            journal = await open_store(f"sqlite://{self.path}", keys=self.keys)
            await store(journal, *given)
            await journal.close()

        asyncio.run(fill())

    async def _people(self) -> None:
        journal = await open_store(f"sqlite://{self.path}", keys=self.keys)
        await hire(journal, self.keys)
        await hire(journal, self.keys, "nightly", Role.TIMER)
        await hire(journal, self.keys, "zhanar", Role.AUDITOR)
        await journal.close()

    def called(self, *records: CallRecord) -> None:
        async def fill() -> None:
            journal = await open_store(f"sqlite://{self.path}", keys=self.keys)
            await journal.close_legs(records)
            await journal.close()

        asyncio.run(fill())

    def recorded(self) -> list[tuple[object, ...]]:
        """Who did what to what with what outcome; not how they came."""

        async def read() -> Sequence[AuditRecord]:
            journal = await open_store(f"sqlite://{self.path}")
            try:
                return await journal.audit(3, 100, 0, 2**62)
            finally:
                await journal.close()

        return [(each.who, each.action, each.target, each.outcome) for each in asyncio.run(read())]

    def run(self, command: str, *words: str, key: str | None = "aigul", **how: Any) -> Result:
        """`key`: of whom."""
        how["env"] = {"JAUAP_STAFF_KEY": None if key is None else key_of(key)}
        return CliRunner().invoke(jauap, ["ledger", command, "-c", str(self.config), *words], **how)

    def told(self, command: str, *words: str) -> Any:
        return json.loads(self.run(command, "--json", *words).output)

    def credit(self, *words: str, of: Asked | None = None, **how: Any) -> Result:
        question_id = str((of or self.first).question.id)
        return self.run(
            "credit", question_id, "--by", "aigul", "--reason", "no answer came", *words, **how
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
        "phone *1234, questions: 2, legs of calls: 0",
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
    assert (result.exit_code, result.output) == (
        1, "phone *9999, questions: 0, legs of calls: 0\n",
    )  # fmt: skip


def test_the_calls_of_a_phone_are_told_and_cost_the_caller_nothing(desk: Desk) -> None:
    begun = {"started_us": at_us("2026-11-22 10:00"), "day": 20261122, "msisdn": ""}
    mine = leg(7, party=desk.keys.party(PHONE), **begun)
    operators = leg(8, call_id=mine.call_id, leg="operator", **begun)
    desk.called(record(mine), record(operators, platform_s=40), record(leg(9, **begun)))
    result = desk.run("find", "--phone", PHONE, "--from", "20261122")
    assert result.exit_code == 0, result.output
    paid = "completed  60 s  caller pays 0, owner 600 tiyn by call-1414 for 60 s"
    assert result.output.splitlines() == [
        "phone *1234, questions: 0, legs of calls: 2",
        f"call 7000  2026-11-22 10:00:00  1414  caller  {paid}",
        f"call 8000  2026-11-22 10:00:00  1414  operator  {paid}",
    ]
    told = desk.told("find", "--phone", PHONE, "--limit", "1")
    assert (told["more"], len(told["listed"]), len(told["calls"])) == (True, 1, 1)
    assert told["calls"][0] == told["calls"][0] | {
        "id": 7000, "leg": "caller", "caller_tiyn": 0, "payer": "owner", "payer_tiyn": 600,
        "started_at": "2026-11-22T05:00:00+00:00", "platform_s": None, "restated": False,
    }  # fmt: skip


def test_a_call_that_is_not_over_is_told_as_open(desk: Desk) -> None:
    async def begin() -> None:
        journal = await open_store(f"sqlite://{desk.path}", keys=desk.keys)
        await journal.open_legs([leg(7, party=desk.keys.party("77019999999"))])
        await journal.close()

    asyncio.run(begin())
    result = desk.run("find", "--phone", "77019999999")
    assert result.output.splitlines()[1].endswith("  caller  open  caller pays 0")
    [told] = desk.told("find", "--phone", "77019999999")["calls"]
    assert (told["outcome"], told["payer_tiyn"]) == ("open", None)


def test_a_copy_by_sms_is_a_question_of_its_own(desk: Desk) -> None:
    party = desk.keys.party("77019999999")
    desk.store(asked("2026-11-20 10:00", channel="copy", party=party))
    result = desk.run("find", "--phone", "77019999999")
    assert "  north  copy  answered  status  kept " in result.output


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
    assert desk.recorded() == []


def test_to_try_needs_no_key(desk: Desk) -> None:
    assert desk.credit("--dry-run", key=None).exit_code == 0
    assert desk.run("credit-failed", "--dry-run", key=None).exit_code == 0


@pytest.mark.parametrize(
    ("by", "key", "told"),
    [
        ("aigul", "zhanar", "nobody of the name aigul has this key; this was recorded"),
        ("zhanar", "zhanar", "the role of zhanar does not allow this; this was recorded"),
        ("nightly", "nightly", "the role of nightly does not allow this"),
        ("marat", "aigul", "nobody of the name marat has this key"),
    ],
)
def test_who_may_not_gives_nothing_back_and_is_recorded(
    desk: Desk, by: str, key: str, told: str
) -> None:
    result = desk.credit("--by", by, key=key)
    assert result.exit_code == 2
    assert told in result.output
    assert desk.told("find", "--phone", PHONE)["listed"][0]["kept_tiyn"] == 1500
    assert desk.recorded() == [(by, "credit", f"question {desk.first.question.id}", "refused")]


def test_a_key_is_asked_for_and_not_shown(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    none = desk.credit(key=None)
    assert none.exit_code == 2
    assert "the key of --by: set JAUAP_STAFF_KEY, or type it" in none.output
    monkeypatch.setattr("gateway.commands.authority._at_a_terminal", lambda: True)
    done = desk.credit(key=None, input=f"{key_of('aigul')}\n")
    assert done.exit_code == 0, done.output
    assert key_of("aigul") not in done.output


def test_a_mistyped_key_is_told_before_anything_is_recorded(desk: Desk) -> None:
    question_id = str(desk.first.question.id)
    words = ["credit", question_id, "--by", "aigul", "--reason", "no answer came"]
    result = CliRunner().invoke(
        jauap,
        ["ledger", words[0], "-c", str(desk.config), *words[1:]],
        env={"JAUAP_STAFF_KEY": key_of("aigul")[:-1]},
    )
    assert result.exit_code == 2
    assert "JAUAP_STAFF_KEY: no key of the staff, or mistyped" in result.output
    assert desk.recorded() == []


def test_what_cannot_be_given_back_ends_with_1(desk: Desk) -> None:
    result = desk.credit(of=desk.second)
    assert result.exit_code == 1
    assert "nothing was given back: " in result.output
    nobody = desk.run("credit", "5", "--by", "aigul", "--reason", "no answer came")
    assert (nobody.exit_code, nobody.output) == (
        1, "question 5: the journal has no question of that id\n",
    )  # fmt: skip
    assert desk.recorded() == [
        ("aigul", "credit", f"question {desk.second.question.id}", "forbidden"),
        ("aigul", "credit", "question (unknown)", "no_question"),
    ]


@pytest.mark.parametrize(
    "typed", [PHONE, "061200000012345678", str(2**63), "9" * 30], ids=lambda typed: f"{len(typed)}"
)
@pytest.mark.parametrize("by", ["aigul", "zhanar"])
def test_what_was_typed_in_place_of_a_question_is_not_kept(desk: Desk, typed: str, by: str) -> None:
    """A phone, a ticket number, a slip: the audit is for ever."""
    words = ("--by", by, "--reason", "no answer came")
    result = desk.run("credit", typed, *words, key=by)
    assert isinstance(result.exception, SystemExit), result.exception
    outcome = {"aigul": "no_question", "zhanar": "refused"}[by]
    assert desk.recorded() == [(by, "credit", "question (unknown)", outcome)]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--reason", "call 8 701 000 12 34"), "--reason: more than 9 digits"),
        (("--case", "a b"), "--case 'a b'"),
        (("--case", "letter-77010001234"), "--case: more than 9 digits"),
        (("--by", "8 701 000 12 34"), "a name has 2 to 40 of"),
        (("--amount", "0"), "--amount"),
    ],
)
def test_words_that_cannot_be_booked_are_refused(
    desk: Desk, words: tuple[str, ...], told: str
) -> None:
    result = desk.credit(*words)
    assert result.exit_code == 2
    assert told in result.output
    assert words[1] not in result.output or len(words[1]) < 4


# -- credit-failed


def by_timer(desk: Desk, *words: str) -> Any:
    return desk.run("credit-failed", "--by", "nightly", *words, key="nightly")


def test_failed_answers_of_the_last_days_are_given_back(desk: Desk, now: int) -> None:
    desk.store(asked("2026-12-03 10:00", "promised"), asked("2026-12-01 10:00", "promised"))
    tried = desk.told("credit-failed", "--dry-run")
    assert (tried["day_from"], tried["day_to"]) == (20261202, 20261212)
    assert (tried["credited"], tried["credited_tiyn"], tried["written"]) == (1, -1500, False)
    done = json.loads(by_timer(desk, "--json").output)
    assert done == tried | {"written": True}
    assert json.loads(by_timer(desk, "--json").output)["credited"] == 0
    result = by_timer(desk, "--day", "20261201")
    assert result.exit_code == 0
    assert "  unanswered     1" in result.output.splitlines()
    days = "days 20261202 to 20261212"
    assert desk.recorded() == [
        ("nightly", "credit-failed", days, "booked"),
        ("nightly", "credit-failed", days, "nothing"),
        ("nightly", "credit-failed", "days 20261201 to 20261201", "booked"),
    ]


def test_money_goes_back_by_rule_on_somebodys_word_alone(desk: Desk) -> None:
    nobody = desk.run("credit-failed")
    assert nobody.exit_code == 2
    assert "--by is missing: an accountant or a timer" in nobody.output
    refused = desk.run("credit-failed", "--by", "zhanar", key="zhanar")
    assert refused.exit_code == 2
    [(who, _, _, outcome)] = desk.recorded()
    assert (who, outcome) == ("zhanar", "refused")


def test_a_day_that_is_none_is_refused(desk: Desk) -> None:
    result = desk.run("credit-failed", "--day", "20261131")
    assert result.exit_code == 2
    assert "--day 20261131: no day of the calendar" in result.output
