"""The staff in the journal: who proves himself by his key, who comes and goes. All is recorded."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from typing import NamedTuple, NoReturn

from gateway.core.staff import (
    KEY_FILE,
    PEOPLE_MAX,
    Acting,
    Action,
    AuditRecord,
    Outcome,
    Person,
    Role,
    Why,
    engineers,
)
from gateway.keys import Keys
from gateway.store.desk_verbs import DeskVerbs


class Refused(NamedTuple):
    """Somebody may not do what he is about to; the audit has it."""

    name: str
    why: Why

    @property
    def sentence(self) -> str:
        """For people. Whether the name or the key is wrong, the audit alone tells."""
        if self.why is Why.ROLE:
            return f"the role of {self.name} does not allow this"
        if self.why is Why.DISABLED:
            return f"{self.name} is disabled"
        return f"nobody of the name {self.name} has this key"


class StaffError(ValueError):
    """The staff cannot be changed so; the text says why."""


async def prove(
    journal: DeskVerbs,
    keys: Keys,
    name: str,
    key: str,
    action: Action,
    target: str,
    at_us: int,
    *,
    kept: bool = True,
) -> Acting | Refused:
    """Who may do this, by his key. A refusal is kept, unless the journal takes nothing yet.
    Raises StoreUnavailableError."""
    person = next((each for each in await journal.staff() if each.name == name), None)
    shown = keys.staff(name, person.role if person is not None else "", key)
    why = _why_not(person, shown, action)
    if why is None and person is not None:
        return Acting(person.name, person.role)
    # A role is told of who has shown the key alone.
    role = person.role if person is not None and why is Why.ROLE else ""
    refusal = AuditRecord(at_us, name, role, action, target, Outcome.REFUSED, {"why": str(why)})
    if kept:
        await journal.note([refusal])
    return Refused(name, why or Why.UNKNOWN)


def _why_not(person: Person | None, shown: str, action: Action) -> Why | None:
    known = person.key_hash if person is not None else ""
    fits = hmac.compare_digest(known, shown)
    if person is None:
        return Why.UNKNOWN
    if not person.enabled:
        return Why.DISABLED
    if not fits:
        return Why.WRONG_KEY
    return None if person.may(action) else Why.ROLE


class Staff:
    """Changes of the staff. Each is a row, with a record beside it; so has a change in vain."""

    def __init__(self, journal: DeskVerbs, keys: Keys, now_us: Callable[[], int]) -> None:
        self._journal = journal
        self._keys = keys
        self._now_us = now_us

    async def needs_nobody(self) -> bool:
        """Whether the key file is enough to add an engineer: there is none."""
        return not engineers(await self._journal.staff())

    async def add(
        self, name: str, role: Role, key: str, by: Acting, *, reason: str | None = None
    ) -> Person:
        """Let somebody in under this key, who may have been here before. Raises StaffError."""
        people, at_us = await self._journal.staff(), self._now_us()
        new = Person(at_us, name, role, self._keys.staff(name, role, key), True, by.name)
        detail = {"role": str(role)} | ({"reason": reason} if reason else {})
        record = by.record(at_us, Action.STAFF_ADD, f"staff {name}", Outcome.DONE, **detail)
        stands = _of(people, name)
        if stands is None:
            if len(people) >= PEOPLE_MAX:
                told = f"{PEOPLE_MAX} names are known; let somebody come back under his own"
                await self._in_vain(record, "too_many", told)
        elif stands.enabled:
            told = f"{name} is here already, as {stands.role}"
            await self._in_vain(
                record, "here_already", f"{told}; for another role or key, disable first"
            )
        return await self._change(people, new, record)

    async def disable(self, name: str, by: Acting) -> Person:
        """His key is worth nothing from now on. Raises StaffError."""
        people, at_us = await self._journal.staff(), self._now_us()
        stands = _of(people, name)
        role = stands.role if stands is not None else ""
        gone = Person(at_us, name, role, "", False, by.name)
        record = by.record(at_us, Action.STAFF_DISABLE, f"staff {name}", Outcome.DONE, role=role)
        if stands is None or not stands.enabled:
            await self._in_vain(record, "not_here", f"nobody of the name {name} is here")
        elif stands.may(Action.STAFF_DISABLE) and engineers(people) == 1:
            told = f"{name} is the last engineer; add another one first"
            await self._in_vain(record, "last_engineer", told)
        return await self._change(people, gone, record)

    async def _in_vain(self, record: AuditRecord, why: str, told: str) -> NoReturn:
        detail = {**record.detail, "why": why}
        await self._journal.note([record._replace(outcome=Outcome.NOTHING, detail=detail)])
        raise StaffError(told)

    async def _change(self, people: Sequence[Person], new: Person, record: AuditRecord) -> Person:
        after = max((each.id for each in people), default=0)
        if not await self._journal.change_staff(new, after, record):
            raise StaffError("the staff was changed by somebody else just now; look, and try again")
        return new


def by_key_file() -> Acting:
    """Who acts where no engineer can: whoever may read the key file."""
    return Acting(KEY_FILE, "")


def _of(people: Sequence[Person], name: str) -> Person | None:
    return next((each for each in people if each.name == name), None)
