"""What every source of statuses offers, whatever stands behind it. Pure.

tests/conformance/test_sources.py is the contract in executable form.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from lookup.status import TicketRecord, Wanted

ANY_KIND: Final = "*"
"""In `Source.kinds`: the source knows tickets of every kind."""

Answers = Mapping[Wanted, tuple[TicketRecord, ...]]


class SourceUnavailableError(Exception):
    """The source could not answer, so nothing may be concluded about the numbers asked.

    `answered` holds what it did answer before it failed, if anything; an empty tuple in it means
    that the source knows of no such ticket. `alive`: the source itself works, and only single
    tickets of it cannot be used, so that it is asked on as before.
    """

    def __init__(
        self,
        source: str,
        reason: str,
        answered: Answers | None = None,
        *,
        alive: bool = False,
    ) -> None:
        super().__init__(f"source {source!r} did not answer: {reason}")
        self.source = source
        self.reason = reason
        self.answered: Answers = answered or {}
        self.alive = alive


class SourceHealth(NamedTuple):
    """Whether a source would answer now, for /health; `detail` is for people."""

    source: str
    answering: bool
    detail: str


class Source(Protocol):
    """One place that knows tickets, asked in batches.

    `kinds`: the ticket kinds it knows, or `{"*"}`. A source may return tickets of other kinds
    than those wanted; `lookup.federation.Lookup` picks.
    """

    @property
    def name(self) -> str: ...

    @property
    def kinds(self) -> frozenset[str]: ...

    async def find_many(self, wanted: Sequence[Wanted]) -> Answers:
        """Look up a batch. A number the source does not know is absent from the result.

        May be cancelled at any time. Raises SourceUnavailableError when it cannot answer; never
        because a number is not there.
        """

    async def health(self) -> SourceHealth: ...

    async def close(self) -> None:
        """Give back what it holds; may be called twice."""
