"""`ledger verify`: every question of some days against its ledger entries, and every leg of a call
against its records, in one pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from gateway.billing.rows import money_of
from gateway.core.call_ledger import verify_leg
from gateway.core.ledger import Finding, verify_chain
from gateway.core.tariff import Trigger
from gateway.store.journal import Journal

FINDINGS_KEPT_MAX = 1_000  # told one by one; the rest is only counted
STRAYS_MAX = 1_000  # entries without a question that are looked for

_NO_TRIGGERS: Mapping[str, Trigger] = MappingProxyType({})


class VerifyReport(NamedTuple):
    """What was looked at and what is wrong with it; money in tiyn, credits negative.

    `findings` are the first ones, `findings_count` counts all.
    """

    questions: int
    entries: int
    charged_tiyn: int
    credited_tiyn: int
    calls: int  # legs
    calls_open: int  # of them, without a record so far
    payer_tiyn: int  # what the payers of calls owe
    findings: tuple[Finding, ...]
    findings_count: int


async def verify(
    journal: Journal,
    day_from: int,
    day_to: int,
    triggers: Mapping[str, Trigger] = _NO_TRIGGERS,
) -> VerifyReport:
    """Check the questions received and the calls begun from `day_from` to `day_to` (YYYYMMDD, both
    included), and that no entry of any day is without its question. Memory use does not depend on
    their number.

    `triggers`: `Tariffs.triggers`, for the rules that charge the reply. Raises
    StoreUnavailableError.
    """
    questions = entries = charged_tiyn = credited_tiyn = 0
    calls = calls_open = payer_tiyn = 0
    found = _Findings()
    async for chain in journal.chains(day_from, day_to):
        questions += 1
        entries += len(chain.entries)
        money = money_of(chain.entries)
        charged_tiyn += money.charged_tiyn
        credited_tiyn += money.credited_tiyn
        found.add(verify_chain(chain, triggers))
    for key in await journal.stray_entries(STRAYS_MAX):
        found.add([Finding(_question_of(key), "stray", f"{key} belongs to no question")])
    async for trace in journal.call_legs(day_from, day_to):
        calls += 1
        calls_open += trace.last is None
        payer_tiyn += trace.last.amount_tiyn if trace.last else 0
        found.add(verify_leg(trace))
    return VerifyReport(
        questions, entries, charged_tiyn, credited_tiyn, calls, calls_open, payer_tiyn,
        tuple(found.kept), found.count,
    )  # fmt: skip


class _Findings:
    """The first ones, and the count of all."""

    def __init__(self) -> None:
        self.kept: list[Finding] = []
        self.count = 0

    def add(self, findings: Sequence[Finding]) -> None:
        self.count += len(findings)
        self.kept.extend(findings[: FINDINGS_KEPT_MAX - len(self.kept)])


def _question_of(key: str) -> int:
    """The question an entry's key names; 0 for a key that names none."""
    number = key.split(":")[1] if ":" in key else ""
    return int(number) if number.isdecimal() else 0
