"""People of the staff in a journal, with the keys that they were shown."""

from __future__ import annotations

from gateway.core.staff import SECRET_OCTETS, Acting, Role, make_key
from gateway.keys import Keys
from gateway.staff import Staff, by_key_file
from gateway.store import Journal
from tests.support.journal import AT

ACCOUNTANT = Acting("aigul", Role.ACCOUNTANT)


def key_of(name: str) -> str:
    """The same for a name each time."""
    return make_key(name.encode().ljust(SECRET_OCTETS, b"."))


async def hire(
    journal: Journal, keys: Keys, name: str = "aigul", role: Role = Role.ACCOUNTANT
) -> str:
    """Let somebody in; returns his key."""
    await Staff(journal, keys, lambda: AT).add(name, role, key_of(name), by_key_file())
    return key_of(name)
