"""Calls under every fault of the simulated world: none stays open, none is recorded twice."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.calls.records import CallRecords
from gateway.core.call_ledger import verify_leg
from gateway.core.ledger import verify_chain
from gateway.core.records import COPY, QuestionState
from gateway.rules import load_rules
from gateway.settings import Settings
from tests.support.calls_world import CallsWorld, Faults, Seen
from tests.support.virtual_time import VirtualLoop, run

SEEDS = int(os.environ.get("TEST_SEEDS", "8"))
TRIGGERS = load_rules(Settings()).tariffs.triggers


def play(seed: int, folder: Path, **rest: Any) -> Seen:
    async def scenario(loop: VirtualLoop) -> Seen:
        return await CallsWorld(seed, folder, loop, **rest).run()

    return run(scenario)


def check(seen: Seen) -> list[str]:
    """What is wrong with the outcome of a scenario, a sentence each."""
    wrong = [finding.sentence for trace in seen.legs for finding in verify_leg(trace)]
    wrong += [f"{t.leg.leg} of {t.leg.call_id} is open" for t in seen.legs if t.last is None]
    legs = Counter((trace.leg.call_id, trace.leg.leg) for trace in seen.legs)
    wrong += [f"{leg} of {call_id} {n} times" for (call_id, leg), n in legs.items() if n > 1]
    made = {call.call_id: call for call in seen.calls}
    for call in seen.calls:
        if call.begun and not legs[call.call_id, "caller"]:
            wrong.append(f"{call.call_id} has no record")
    for trace in seen.legs:
        told = made[trace.leg.call_id].told_seconds
        if trace.leg.leg == "caller" and trace.last is not None:
            if told and trace.last.platform_s is None:
                wrong.append(f"{trace.leg.call_id}: the platform's seconds {told} are lost")
            if trace.last.platform_s is not None and trace.last.platform_s not in told:
                wrong.append(f"{trace.leg.call_id}: {trace.last.platform_s} s, told {told}")
        if not trace.leg.called:
            wrong.append(f"{trace.leg.call_id} called nobody")
    wrong += questions(seen)
    waiting = Counter(kept.party for kept in seen.call_backs)
    wrong += [f"{party} waits {n} times" for party, n in waiting.items() if n > 1]
    return wrong


def questions(seen: Seen) -> list[str]:
    """What is wrong with what was asked and texted on the calls."""
    wrong = [f.sentence for chain in seen.chains for f in verify_chain(chain, TRIGGERS)]
    arrived = Counter(reply for replies in seen.phones.values() for reply in replies)
    for chain in seen.chains:
        if chain.state is not QuestionState.ANSWERED:
            wrong.append(f"question {chain.question_id} stayed {chain.state.name}")
        if chain.channel != COPY:
            if chain.replies or any(entry.amount_tiyn for entry in chain.entries):
                wrong.append(f"question {chain.question_id} of a call cost its caller something")
            continue
        if chain.msisdn not in seen.phones and chain.replies:
            wrong.append(f"copy {chain.question_id} reached nobody")
        # One that was under way when the gateway died may come twice, never more often.
        wrong += [f"reply {r.id} came {arrived[r.id]} times" for r in chain.replies
                  if arrived[r.id] > 2]  # fmt: skip
        charged = [entry for entry in chain.entries if entry.kind == "charged"]
        if sum(entry.amount_tiyn for entry in charged) > 1500:
            wrong.append(f"copy {chain.question_id} was charged {len(charged)} times")
    return wrong


def test_a_thousand_calls_with_faults_leave_none_open_and_none_double(tmp_path: Path) -> None:
    seen = play(1, tmp_path, calls=1_000)
    assert check(seen) == []
    assert len({trace.leg.call_id for trace in seen.legs}) > 950
    closed_by = Counter(record.closed_by for trace in seen.legs for record in trace.records)
    assert min(closed_by["hangup"], closed_by["callback"], closed_by["reaper"]) > 10, closed_by
    assert sum(len(trace.records) == 2 for trace in seen.legs) > 10  # restated
    assert seen.crashes > 1
    assert sum(chain.channel == COPY for chain in seen.chains) > 10
    assert len(seen.call_backs) > 1
    outcomes = Counter(seen.counted.outcomes())
    assert min(outcomes["repeated"], outcomes["transferred"], outcomes["reaped"]) > 10, outcomes


@pytest.mark.parametrize("seed", range(2, 2 + SEEDS))
def test_the_promises_of_calls_hold_for_each_seed(seed: int, tmp_path: Path) -> None:
    assert check(play(seed, tmp_path, calls=60, span_s=400.0)) == []


def test_without_faults_every_call_is_billed_by_the_platforms_seconds(tmp_path: Path) -> None:
    seen = play(1, tmp_path, calls=60, span_s=400.0, faults=Faults())
    assert check(seen) == []
    callers = [trace for trace in seen.legs if trace.leg.leg == "caller"]
    assert len(callers) == len(seen.calls)
    told = {call.call_id: call.told_seconds for call in seen.calls}
    for trace in callers:
        (record,) = trace.records
        assert [record.platform_s] == told[trace.leg.call_id]
        assert abs(record.measured_s - record.platform_s) <= 1
    assert all(chain.duplicates == 0 for chain in seen.chains)


# -- were these not found, the faults would be too tame


def ends_not_kept(patch: pytest.MonkeyPatch) -> None:
    close = CallRecords.close

    async def forgetful(self: Any, end: Any) -> None:
        await close(self, end)
        self._ends.clear()
        self._open.pop((end.link, end.call_id, end.leg.value), None)

    async def nothing(self: Any) -> None:
        return

    patch.setattr(CallRecords, "close", forgetful)
    patch.setattr(CallRecords, "sweep", nothing)


def orphans_not_closed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(CallRecords, "_is_lost", lambda *_: False)


def late_seconds_dropped(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(CallRecords, "_restated", lambda *_: None)


@pytest.mark.parametrize("plant", [ends_not_kept, orphans_not_closed, late_seconds_dropped])
def test_a_planted_bug_of_calls_is_found(
    plant: Callable[[pytest.MonkeyPatch], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    for seed in range(6):
        folder = tmp_path / str(seed)
        folder.mkdir()
        if check(play(seed, folder, calls=60, span_s=400.0)):
            return
    pytest.fail("6 seeds did not find it")
