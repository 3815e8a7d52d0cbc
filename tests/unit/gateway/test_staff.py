"""The staff in a journal: who is believed, who comes and goes, and that all of it is recorded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway import staff
from gateway.core.staff import KEY_FILE, Acting, Action, Role, Why, make_key
from gateway.keys import KEY_OCTETS, Keys
from gateway.staff import Refused, Staff, StaffError, by_key_file, prove
from gateway.store import Journal
from tests.support.journal import AT, KEYS, SECOND, SqliteEngine
from tests.support.staff import hire, key_of

DANA = Acting("dana", Role.ENGINEER)


@pytest.fixture
async def journal(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Journal]:
    engine = SqliteEngine(tmp_path, tmp_path_factory.getbasetemp() / "sqlite.made")
    yield await engine.open()
    await engine.close()


def people(journal: Journal) -> Staff:
    return Staff(journal, KEYS, lambda: AT + SECOND)


async def proved(
    journal: Journal, name: str, key: str, action: Action = Action.CREDIT, keys: Keys = KEYS
) -> Acting | Refused:
    return await prove(journal, keys, name, key, action, "question 5", AT)


async def recorded(journal: Journal) -> list[tuple[object, ...]]:
    """All but the time and the first person's coming."""
    return [each[1:7] for each in await journal.audit(1, 100, 0, 2**62)]


# -- proof


async def test_a_key_proves_its_name_and_role(journal: Journal) -> None:
    key = await hire(journal, KEYS)
    assert await proved(journal, "aigul", key) == Acting("aigul", "accountant")
    assert await recorded(journal) == []


@pytest.mark.parametrize(
    ("name", "key", "action", "role", "why"),
    [
        ("nobody", key_of("aigul"), Action.CREDIT, "", Why.UNKNOWN),
        ("aigul", key_of("nobody"), Action.CREDIT, "", Why.WRONG_KEY),
        ("aigul", "", Action.CREDIT, "", Why.WRONG_KEY),
        ("aigul", key_of("aigul"), Action.ACCEPT_LOSS, "accountant", Why.ROLE),
    ],
)
async def test_who_may_not_is_refused_and_the_attempt_is_kept(
    journal: Journal, name: str, key: str, action: Action, role: str, why: Why
) -> None:
    await hire(journal, KEYS)
    found = await proved(journal, name, key, action)
    assert found == Refused(name, why)
    assert await recorded(journal) == [
        (name, role, str(action), "question 5", "refused", {"why": str(why)})
    ]


async def test_whether_the_name_or_the_key_was_wrong_is_not_said(journal: Journal) -> None:
    await hire(journal, KEYS)
    told = set()
    for name, key in (("aigul", key_of("other")), ("other", key_of("aigul"))):
        found = await proved(journal, name, key)
        assert isinstance(found, Refused)
        told.add(found.sentence.replace(name, "NAME"))
    assert told == {"nobody of the name NAME has this key"}


async def test_the_key_of_one_is_not_good_for_another(journal: Journal) -> None:
    await hire(journal, KEYS)
    key = await hire(journal, KEYS, "zhanar")
    assert await proved(journal, "aigul", key) == Refused("aigul", Why.WRONG_KEY)


async def test_a_hash_without_the_key_file_proves_nothing(journal: Journal) -> None:
    """Who can write the journal and not read the key file lets nobody in, and makes nobody more
    than he is."""
    other = Keys(bytes(KEY_OCTETS))
    await hire(journal, other, "intruder")
    found = await proved(journal, "intruder", key_of("intruder"))
    assert found == Refused("intruder", Why.WRONG_KEY)
    people = [("aigul", "accountant"), ("aigul", "engineer"), ("marat", "engineer")]
    assert len({KEYS.staff(*each, "k") for each in people}) == 3


# -- coming and going


async def test_who_is_let_in_and_shown_out_is_recorded(journal: Journal) -> None:
    await hire(journal, KEYS, "dana", Role.ENGINEER)
    await people(journal).add("aigul", Role.ACCOUNTANT, key_of("aigul"), DANA)
    await people(journal).disable("aigul", DANA)
    [aigul, dana] = await journal.staff()
    assert (aigul.name, aigul.role, aigul.enabled, aigul.key_hash, aigul.changed_by) == (
        "aigul", "accountant", False, "", "dana",
    )  # fmt: skip
    assert (dana.changed_by, dana.at_us) == (KEY_FILE, AT)
    role = {"role": "accountant"}
    assert await recorded(journal) == [
        ("dana", "engineer", "staff-add", "staff aigul", "done", role),
        ("dana", "engineer", "staff-disable", "staff aigul", "done", role),
    ]
    assert await proved(journal, "aigul", key_of("aigul")) == Refused("aigul", Why.DISABLED)


async def test_who_left_comes_back_with_another_key_and_role(journal: Journal) -> None:
    await hire(journal, KEYS, "dana", Role.ENGINEER)
    await hire(journal, KEYS)
    await people(journal).disable("aigul", DANA)
    new = make_key(b"another".ljust(32))
    await people(journal).add("aigul", Role.TIMER, new, DANA)
    assert await proved(journal, "aigul", key_of("aigul")) == Refused("aigul", Why.WRONG_KEY)
    found = await proved(journal, "aigul", new, Action.CREDIT_FAILED)
    assert found == Acting("aigul", "timer")


async def test_nobody_is_let_in_twice_or_shown_out_twice(journal: Journal) -> None:
    await hire(journal, KEYS, "dana", Role.ENGINEER)
    with pytest.raises(StaffError, match="dana is here already, as engineer"):
        await people(journal).add("dana", Role.AUDITOR, key_of("b"), DANA)
    with pytest.raises(StaffError, match="nobody of the name aigul"):
        await people(journal).disable("aigul", DANA)
    assert [each[2:] for each in await recorded(journal)] == [
        ("staff-add", "staff dana", "nothing", {"role": "auditor", "why": "here_already"}),
        ("staff-disable", "staff aigul", "nothing", {"role": "", "why": "not_here"}),
    ]


async def test_the_last_engineer_stays(journal: Journal) -> None:
    await hire(journal, KEYS, "dana", Role.ENGINEER)
    with pytest.raises(StaffError, match="last engineer"):
        await people(journal).disable("dana", DANA)
    [(*_, outcome, detail)] = await recorded(journal)
    assert (outcome, detail) == ("nothing", {"role": "engineer", "why": "last_engineer"})
    await hire(journal, KEYS, "marat", Role.ENGINEER)
    await people(journal).disable("dana", DANA)
    assert not await people(journal).needs_nobody()


async def test_the_key_file_is_enough_where_no_engineer_is(journal: Journal) -> None:
    assert await people(journal).needs_nobody()
    await hire(journal, KEYS)
    assert await people(journal).needs_nobody()
    await people(journal).add("dana", Role.ENGINEER, key_of("dana"), by_key_file(), reason="first")
    assert not await people(journal).needs_nobody()
    assert await recorded(journal) == [
        (KEY_FILE, "", "staff-add", "staff dana", "done", {"role": "engineer", "reason": "first"})
    ]


async def test_a_change_after_somebody_elses_is_not_made(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await journal.staff()
    await hire(journal, KEYS)

    async def stale() -> object:
        return before

    monkeypatch.setattr(journal, "staff", stale)
    with pytest.raises(StaffError, match="changed by somebody else just now"):
        await people(journal).add("dana", Role.ENGINEER, key_of("dana"), by_key_file())
    monkeypatch.undo()
    assert [each.name for each in await journal.staff()] == ["aigul"]
    assert [each[4] for each in await recorded(journal)] == ["nothing"]


async def test_names_are_limited(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staff, "PEOPLE_MAX", 1)
    await hire(journal, KEYS)
    with pytest.raises(StaffError, match="1 names are known"):
        await people(journal).add("dana", Role.ENGINEER, key_of("dana"), DANA)
