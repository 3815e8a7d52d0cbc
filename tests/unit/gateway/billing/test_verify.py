from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import cast

import pytest

from gateway.billing import verify as verifying
from gateway.billing.verify import verify
from gateway.core.call_records import RESTATED, CallTrace
from gateway.core.cdr import EntryKind
from gateway.core.ledger import open_chain, settle
from gateway.core.records import Chain, ReplyState
from gateway.core.tariff import Trigger
from gateway.store.journal import Journal
from tests.support.chains import AT_US, DAY, MO, MO_CREDITED, MT, chain, question, reply
from tests.support.legs import leg, record


class Shelf:
    """The verbs of a journal that are read here."""

    def __init__(
        self,
        chains: Sequence[Chain],
        strays: Sequence[str] = (),
        legs: Sequence[CallTrace] = (),
    ) -> None:
        self._chains = chains
        self._strays = strays
        self._legs = legs
        self.days: tuple[int, int] | None = None

    async def chains(self, day_from: int, day_to: int) -> AsyncIterator[Chain]:
        self.days = day_from, day_to
        for each in self._chains:
            yield each

    async def stray_entries(self, limit: int) -> Sequence[str]:
        return self._strays[:limit]

    async def call_legs(self, day_from: int, day_to: int) -> AsyncIterator[CallTrace]:
        assert (day_from, day_to) == self.days
        for each in self._legs:
            yield each


def journal(chains: Sequence[Chain], strays: Sequence[str] = ()) -> Journal:
    return cast(Journal, Shelf(chains, strays))


PAID = chain(entries=open_chain(question(), MO, "status", AT_US))
BACK = chain(entries=open_chain(question(), MO_CREDITED, "not_found", AT_US))
UNRATED = chain(question_id=9)


async def test_sound_days_are_counted_and_summed() -> None:
    shelf = Shelf([PAID, BACK, PAID])
    report = await verify(cast(Journal, shelf), DAY, DAY + 1)
    assert report == (3, 7, 4500, -1500, 0, 0, 0, (), 0)
    assert shelf.days == (DAY, DAY + 1)


async def test_what_is_wrong_is_told_with_its_question() -> None:
    report = await verify(journal([PAID, UNRATED]), DAY, DAY)
    assert [(f.question_id, f.code) for f in report.findings] == [(9, "unrated")]
    assert report.findings_count == 1


async def test_an_entry_without_a_question_is_told() -> None:
    keys = ["rated:77", "credited:78:act-1", "odd", "odd:x"]
    report = await verify(journal([], keys), DAY, DAY)
    assert [(f.question_id, f.code) for f in report.findings] == [
        (77, "stray"),
        (78, "stray"),
        (0, "stray"),
        (0, "stray"),
    ]
    assert report.findings[0].sentence == "rated:77 belongs to no question"


async def test_calls_are_counted_and_what_their_payers_owe_is_summed() -> None:
    late = record(leg(), 2, number=RESTATED, platform_s=59, amount_tiyn=500)
    legs = [
        CallTrace(leg(1), ()),
        CallTrace(leg(2), (record(leg(2)),)),
        CallTrace(leg(1), (record(leg(1)), late)),
    ]
    report = await verify(cast(Journal, Shelf([], (), legs)), DAY, DAY)
    assert (report.calls, report.calls_open, report.payer_tiyn) == (3, 1, 600 + 500)
    assert report.findings_count == 0


async def test_a_leg_closed_twice_is_told_with_its_id() -> None:
    twice = CallTrace(leg(), (record(leg()), record(leg(), 2)))
    report = await verify(cast(Journal, Shelf([], (), [twice])), DAY, DAY)
    assert [(f.question_id, f.code) for f in report.findings] == [(leg().id, "call_twice")]


async def test_only_so_many_findings_are_kept_and_all_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(verifying, "FINDINGS_KEPT_MAX", 3)
    report = await verify(journal([UNRATED] * 5, ["rated:1"] * 2), DAY, DAY)
    assert len(report.findings) == 3
    assert report.findings_count == 7


async def test_the_tariff_says_when_a_charge_was_due() -> None:
    (rated,) = open_chain(question(), MT, "status", AT_US)
    charged = chain(
        entries=(rated, settle(rated, EntryKind.CHARGED, AT_US)),
        replies=(reply(state=ReplyState.SUBMITTED),),
    )
    assert (await verify(journal([charged]), DAY, DAY)).findings_count == 0
    late = await verify(journal([charged]), DAY, DAY, {MT.rule_id: Trigger.DELIVERED})
    assert [finding.code for finding in late.findings] == ["early_charge"]
