"""A ledger in memory, as far as reconciliation asks one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable

from gateway.core.records import Chain
from tests.support.operator_files import Traffic


class ToldLedger:
    """These chains, which may be told more than once."""

    def __init__(self, chains: Iterable[Chain]) -> None:
        self._chains = chains

    @classmethod
    def of(cls, traffic: Traffic) -> ToldLedger:
        return cls([chain for each in traffic for chain in each.chains])

    async def chains(
        self, day_from: int, day_to: int, operator: str, others: Callable[[str], bool]
    ) -> AsyncIterator[Chain]:
        for each in self._chains:
            if day_from <= each.day <= day_to and (each.operator == operator or others(each.party)):
                yield each

    async def chain(self, question_id: int) -> Chain | None:
        return next((each for each in self._chains if each.question_id == question_id), None)

    async def operators(self, day_from: int, day_to: int) -> list[str]:
        found = {each.operator for each in self._chains if day_from <= each.day <= day_to}
        return sorted(found)
