"""`jauap staff` and `jauap audit`: who may come and go, what is shown once, what is told of it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gateway.cli import jauap
from gateway.core.staff import AuditRecord, is_key
from gateway.keys import read_key_file
from gateway.settings import SettingsError
from gateway.store import open_store
from tests.support.months import at_us
from tests.support.staff import key_of


class Office:
    """Commands on an empty journal; keys are kept by name as they are shown."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.keys = read_key_file(folder / "key", create=True)
        self.shown: dict[str, str] = {}
        (folder / "jauap.toml").write_text(
            f'[store]\nurl = "sqlite://{folder}/journal.db"\nkey_file = "{folder}/key"\n'
        )
        self.note()

    def note(self, *records: AuditRecord) -> None:
        async def fill() -> None:
            journal = await open_store(f"sqlite://{self.folder}/journal.db", keys=self.keys)
            await journal.note(records)
            await journal.close()

        asyncio.run(fill())

    def run(self, *words: str, by: str | None = None, key: str | None = None) -> Result:
        config = ["-c", str(self.folder / "jauap.toml")]
        acting = [] if by is None else ["--by", by]
        key = key or self.shown.get(by or "", key_of("other"))
        return CliRunner().invoke(
            jauap, [*words[:2], *config, *words[2:], *acting], env={"JAUAP_STAFF_KEY": key}
        )

    def add(self, name: str, role: str, *words: str, by: str | None = None) -> Result:
        result = self.run("staff", "add", name, "--role", role, *words, by=by)
        if result.exit_code == 0 and result.exception is None:
            self.shown[name] = result.output.splitlines()[0]
        return result

    def listed(self) -> list[tuple[str, str, str, str]]:
        rows = json.loads(self.run("staff", "list", "--json").output)
        return [(row["name"], row["role"], row["state"], row["by"]) for row in rows]

    def audit(self, *words: str) -> Any:
        return json.loads(self.run("audit", "list", "--json", *words).output)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def told(result: Result) -> str:
    return str(result.exception) if isinstance(result.exception, SettingsError) else result.output


def test_the_first_engineer_needs_the_key_file_alone_and_lets_in_the_others(
    office: Office,
) -> None:
    first = office.add("dana", "engineer")
    assert first.exit_code == 0, first.output
    assert first.output.splitlines()[1] == "The key of dana, engineer. Shown this once."
    assert is_key(office.shown["dana"])
    assert office.add("aigul", "accountant", by="dana").exit_code == 0
    assert office.listed() == [
        ("aigul", "accountant", "enabled", "dana"),
        ("dana", "engineer", "enabled", "(key file)"),
    ]


def test_keys_are_kept_nowhere(office: Office) -> None:
    office.add("dana", "engineer")
    office.add("aigul", "accountant", by="dana")
    octets = b"".join(path.read_bytes() for path in office.folder.iterdir() if path.is_file())
    for key in office.shown.values():
        assert key.encode() not in octets
        assert key.removeprefix("jauap-staff-").encode() not in octets
    output = office.run("staff", "list", "--json").output + json.dumps(office.audit())
    assert "key" not in output.replace("(key file)", "")


@pytest.mark.parametrize(
    ("words", "by", "expected"),
    [
        (("add", "aigul", "--role", "accountant"), None, "--by is missing: an engineer lets"),
        (("add", "second", "--role", "engineer"), None, "--by is missing: an engineer lets"),
        (("add", "aigul", "--role", "accountant"), "zhanar", "the role of zhanar does not allow"),
        (("add", "aigul", "--role", "accountant"), "nobody", "nobody of the name nobody has this"),
        (("add", "dana", "--role", "auditor"), "dana", "dana is here already, as engineer"),
        (("add", "77010001234", "--role", "auditor"), "dana", "a name has 2 to 40 of"),
        (("add", "aigul", "--role", "chief"), "dana", "'chief' is not one of"),
        (("add", "aigul", "--role", "engineer", "--break-glass", "lost"), "dana", "without --by"),
        (("add", "aigul", "--role", "auditor", "--break-glass", "lost"), None, "--role engineer"),
        (("add", "aigul", "--role", "engineer", "--break-glass", "8 701 000 12 34"), None,
         "--break-glass: more than 9 digits"),
        (("disable", "dana"), "dana", "dana is the last engineer; add another one first"),
        (("disable", "nobody"), "dana", "nobody of the name nobody is here"),
        (("disable", "dana"), "zhanar", "the role of zhanar does not allow this"),
    ],
)  # fmt: skip
def test_what_is_refused_changes_nobody(
    office: Office, words: tuple[str, ...], by: str | None, expected: str
) -> None:
    office.add("dana", "engineer")
    office.add("zhanar", "auditor", by="dana")
    before = office.listed()
    result = office.run("staff", *words, by=by)
    assert expected in told(result)
    assert result.exit_code != 0
    assert office.listed() == before
    assert "77010001234" not in told(result)


def test_before_an_engineer_nobody_else_comes(office: Office) -> None:
    result = office.add("aigul", "accountant")
    assert result.exit_code == 2
    assert "there is no engineer yet" in result.output


def test_who_is_disabled_may_do_nothing_any_more(office: Office) -> None:
    office.add("dana", "engineer")
    office.add("marat", "engineer", by="dana")
    done = office.run("staff", "disable", "dana", by="marat")
    assert (done.exit_code, done.output) == (0, "dana is disabled\n")
    assert "dana is disabled" in office.run("staff", "disable", "marat", by="dana").output
    lines = office.run("staff", "list").output.splitlines()
    assert [line.split()[:3] for line in lines] == [
        ["dana", "engineer", "disabled"], ["marat", "engineer", "enabled"],
    ]  # fmt: skip


def test_where_every_engineers_key_is_lost_the_key_file_lets_one_in_on_record(
    office: Office,
) -> None:
    office.add("dana", "engineer")
    done = office.add("marat", "engineer", "--break-glass", "dana has lost her key")
    assert done.exit_code == 0, done.output
    last = office.audit()["listed"][-1]
    assert (last["who"], last["role"], last["action"], last["target"], last["outcome"]) == (
        "(key file)", "", "staff-add", "staff marat", "done",
    )  # fmt: skip
    assert last["detail"] == {"role": "engineer", "reason": "dana has lost her key"}


# -- audit


def test_what_happened_is_told_in_its_order_refusals_too(office: Office) -> None:
    office.add("dana", "engineer")
    office.add("aigul", "accountant", by="dana")
    office.run("staff", "disable", "dana", by="aigul")
    office.run("staff", "disable", "dana", by="dana", key=key_of("other"))
    assert [
        (each["id"], each["who"], each["action"], each["target"], each["outcome"], each["detail"])
        for each in office.audit()["listed"]
    ] == [
        (1, "(key file)", "staff-add", "staff dana", "done", {"role": "engineer"}),
        (2, "dana", "staff-add", "staff aigul", "done", {"role": "accountant"}),
        (3, "aigul", "staff-disable", "staff dana", "refused", {"why": "role"}),
        (4, "dana", "staff-disable", "staff dana", "refused", {"why": "wrong_key"}),
    ]
    line = office.run("audit", "list", "--who", "aigul").output.splitlines()[0]
    assert line.endswith("  aigul (accountant)  staff-disable  staff dana  refused  why role")


def noted(at: str, who: str = "aigul") -> AuditRecord:
    return AuditRecord(at_us(at), who, "accountant", "credit", "question 5", "no_question", {})


def test_days_are_those_of_kazakhstan_and_choose_with_name_and_limit(office: Office) -> None:
    times = ("2026-11-19 23:59", "2026-11-20 00:00", "2026-11-20 23:59", "2026-11-21 00:00")
    office.note(*map(noted, times), noted("2026-11-20 12:00", "zhanar"))
    days = ("--from", "20261120", "--to", "20261120")
    assert [each["id"] for each in office.audit(*days)["listed"]] == [2, 3, 5]
    assert [each["id"] for each in office.audit(*days, "--who", "aigul")["listed"]] == [2, 3]
    first = office.audit("--limit", "2")
    assert ([each["id"] for each in first["listed"]], first["more"]) == ([1, 2], True)
    assert first["listed"][1]["at"] == "2026-11-19T19:00:00+00:00"
    lines = office.run("audit", "list", *days, "--who", "zhanar").output.splitlines()
    assert lines == [
        "5  2026-11-20 12:00:00  zhanar (accountant)  credit  question 5  no_question", "records 1",
    ]  # fmt: skip


def test_more_than_a_page_is_told(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.commands.audit.PAGE", 2)
    office.note(*(noted("2026-11-20 12:00") for _ in range(5)))
    assert [each["id"] for each in office.audit()["listed"]] == [1, 2, 3, 4, 5]
    assert not office.audit("--limit", "5")["more"]


@pytest.mark.parametrize("words", [("--from", "20261131"), ("--to", "20260230")])
def test_a_day_that_is_none_is_refused(office: Office, words: tuple[str, str]) -> None:
    result = office.run("audit", "list", *words)
    assert result.exit_code == 2
    assert f"{' '.join(words)}: no day of the calendar" in result.output
