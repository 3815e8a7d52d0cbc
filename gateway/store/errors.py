"""What can be wrong with a store besides being unavailable (`StoreUnavailableError`)."""

from __future__ import annotations


class StoreOpenError(Exception):
    """The store cannot be opened. `what` is wrong, `where`, and the `remedy` for it."""

    def __init__(self, what: str, where: str, remedy: str) -> None:
        super().__init__(f"{what}: {where}. {remedy}")
        self.what = what
        self.where = where
        self.remedy = remedy


class StoreSchemaError(StoreOpenError):
    """The store's tables are not those this program knows."""


class StoreDataError(Exception):
    """A call that the store's rules forbid. Nothing of it was written, and it never will be: the
    caller has a fault, such as one id given to two messages."""


class StoreLossError(StoreOpenError):
    """Commits that were acknowledged are not in the journal."""
