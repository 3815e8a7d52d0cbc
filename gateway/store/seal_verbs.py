"""The journal's verbs for its seals and for what the witness outside it has seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from gateway.core.seal import Seal
from gateway.core.staff import Acting


class Sealing(NamedTuple):
    """Whose seals these are, and which rows are older than sealing: those up to these ids."""

    node: str
    after_entry: int
    after_record: int


class Witnessed(NamedTuple):
    """The last commit that the witness outside the journal has seen."""

    batch: int
    chain: bytes  # of the last seal by then; FIRST_CHAIN before any


class Missing(NamedTuple):
    """Commits that the witness has seen and the journal does not have as they were."""

    first_batch: int
    last_batch: int
    chain: bytes  # of the last seal that the witness has seen

    def __str__(self) -> str:
        if self.first_batch == self.last_batch:
            return f"batch {self.first_batch}"
        return f"batches {self.first_batch} to {self.last_batch}"


class Loss(NamedTuple):
    """Missing commits that somebody has decided to go on without."""

    id: int
    at_us: int
    first_batch: int
    last_batch: int
    chain: str  # hex
    who: str
    reason: str


class SealVerbs(Protocol):
    """As in `Journal`, whose verbs these are."""

    async def seals(self, after_batch: int, limit: int) -> Sequence[Seal]:
        """In the order of their batches."""

    async def sealing(self) -> Sealing: ...

    async def witnessed(self) -> Witnessed | None:
        """None: there is no witness, or no whole record in it. Raises StoreOpenError where it
        cannot be read."""

    async def strangers(self) -> Sequence[str]:
        """Names of triggers in the journal that are none of its own."""

    async def missing(self) -> Missing | None:
        """What the witness has seen and the journal does not have; None: nothing."""

    async def sealed_rows(
        self, kind: int, after_id: int, limit: int
    ) -> Sequence[tuple[int, bytes]]:
        """Rows of one kind (`RowKind`) in the order of their ids, each with its id and as it is
        sealed."""

    async def rows_through(self, kind: int, id_: int) -> int:
        """How many rows of that kind have ids up to that one."""

    async def entry_id(self, key: str) -> int | None:
        """The id of the ledger entry with that key."""

    async def losses(self) -> Sequence[Loss]:
        """In id order."""

    async def accept_loss(self, by: Acting, reason: str, now_us: int) -> Missing | None:
        """Go on without what is missing, and keep who decided so, among the losses and in the
        audit; None: nothing is missing. Numbers of missing commits are not used again. Raises
        StoreOpenError while another process serves this journal."""
