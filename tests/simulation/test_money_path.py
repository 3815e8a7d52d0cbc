"""The money path under every fault of the simulated world: the promises hold for each seed."""

from __future__ import annotations

import itertools
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.core import delivery
from gateway.core.ledger import verify_chain
from gateway.core.records import QuestionState, ReplyState
from gateway.core.results import Result
from gateway.intake import Intake
from gateway.keys import Keys
from gateway.lines import Line
from gateway.store.sqlite import SqliteJournal
from smpp.owner import Delivery
from tests.support.virtual_time import VirtualLoop, run
from tests.support.world import WINDOW, Faults, Outcome, World

SEEDS = int(os.environ.get("TEST_SEEDS", "64"))
OPEN = {ReplyState.QUEUED, ReplyState.SUBMITTING}


def check(seen: Outcome) -> list[str]:
    """What is wrong with the outcome of a scenario, a sentence each."""
    wrong = [finding.sentence for chain in seen.chains for finding in verify_chain(chain)]
    wrong += [f"entry {key} has no question" for key in seen.strays]
    stored = Counter(chain.question_id for chain in seen.chains)
    acknowledged = sum(mo.acknowledged for mo in seen.mos)
    if len(stored) != len(seen.chains):
        wrong.append("a question is stored twice")
    if len(seen.chains) < acknowledged:
        wrong.append(f"{acknowledged} acknowledged, {len(seen.chains)} stored: a message is lost")
    if len(seen.chains) > len(seen.mos):
        wrong.append(f"{len(seen.mos)} sent, {len(seen.chains)} stored: a message is charged twice")
    if seen.in_flight_max > WINDOW:
        wrong.append(f"{seen.in_flight_max} submits in a window of {WINDOW}")
    for chain in seen.chains:
        if chain.state not in {QuestionState.ANSWERED, QuestionState.PARKED}:
            wrong.append(f"question {chain.question_id} stayed {chain.state.name}")
        if chain.result == Result.PARKED:
            wrong.append(f"question {chain.question_id} was parked")
        for reply in chain.replies:
            if reply.state in OPEN:
                wrong.append(f"reply {reply.id} stayed {reply.state.name}")
            sends, allowed = seen.sends.get(reply.id, 0), 2 + 5 * 2
            if sends > allowed:
                wrong.append(f"reply {reply.id} was written {sends} times")
    wrong += phones(seen)
    return wrong


def phones(seen: Outcome) -> list[str]:
    """What reached the phones: replies of stored questions, to who asked, no oftener than twice."""
    wrong = []
    owner = {
        reply.id: chain for chain in seen.chains for reply in chain.replies
    }  # reply id -> its chain
    for msisdn, phone in seen.phones.items():
        copies = Counter(reply_id for reply_id, _ in phone.texts)
        for reply_id, count in copies.items():
            chain = owner.get(reply_id)
            if chain is None:
                wrong.append(f"{msisdn} got reply {reply_id} that the store does not know")
            elif chain.msisdn != msisdn:
                wrong.append(f"{msisdn} got a reply of {chain.msisdn}")
            elif count > 2:
                wrong.append(f"{msisdn} got reply {reply_id} {count} times")
        first = list(dict.fromkeys(reply_id for reply_id, _ in phone.texts))
        questions = [owner[reply_id].question_id for reply_id in first if reply_id in owner]
        calm = not any(
            getattr(seen.faults, name)
            for name in ("submit_silent", "submit_late", "link_lost_every_s", "crash_every_s",
                         "lookup_away")
        )  # fmt: skip
        if calm and questions != sorted(questions):
            wrong.append(f"{msisdn} got its answers out of order")
    return wrong


def play(seed: int, folder: Path, **rest: Any) -> Outcome:
    async def scenario(loop: VirtualLoop) -> Outcome:
        world = World(seed, folder, loop, **rest)
        CURRENT[:] = [world]
        return await world.run()

    return run(scenario)


@pytest.mark.parametrize("block", range(8))
def test_the_promises_hold_under_faults(block: int, tmp_path: Path) -> None:
    for seed in range(block, SEEDS, 8):
        folder = tmp_path / str(seed)
        folder.mkdir()
        wrong = check(play(seed, folder))
        assert not wrong, f"seed {seed}: {wrong}"


def test_without_faults_everybody_is_answered_once(tmp_path: Path) -> None:
    seen = play(1, tmp_path, faults=Faults())
    assert not check(seen)
    assert all(mo.acknowledged and mo.copies == 1 for mo in seen.mos)
    texts = [text for phone in seen.phones.values() for text in phone.texts]
    silent = sum(chain.result in {Result.THANKS, Result.SILENT_LOOP} for chain in seen.chains)
    assert len(texts) == len(seen.mos) - silent


@pytest.mark.parametrize("seed", [1, 3])
def test_without_faults_every_reply_has_its_receipt(seed: int, tmp_path: Path) -> None:
    """Whether ids are written alike in both (1) or not (3)."""
    seen = play(seed, tmp_path, faults=Faults())
    states = {reply.state for chain in seen.chains for reply in chain.replies}
    assert states == {ReplyState.DELIVERED}


def test_an_even_seed_always_plays_the_same_scenario(tmp_path: Path) -> None:
    traces = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        seen = play(8, tmp_path / name)
        traces.append(
            [(mo.msisdn, mo.copies, mo.acknowledged) for mo in seen.mos]
            + [(c.day, c.result, len(c.replies), len(c.entries)) for c in seen.chains]
        )
    assert traces[0] == traces[1]


def test_the_world_does_make_its_faults(tmp_path: Path) -> None:
    """The simulation is only as good as its faults: over these seeds each kind happens."""
    crashes = repeats = duplicates = unknown = failed = 0
    for seed in range(24):
        folder = tmp_path / str(seed)
        folder.mkdir()
        seen = play(seed, folder)
        crashes += seen.crashes
        repeats += sum(count > 1 for count in seen.sends.values())
        duplicates += sum(chain.duplicates for chain in seen.chains)
        states = Counter(reply.state for chain in seen.chains for reply in chain.replies)
        unknown += states[ReplyState.UNKNOWN]
        failed += states[ReplyState.FAILED]
    assert min(crashes, repeats, duplicates, failed) > 0, (crashes, repeats, duplicates, failed)


def ack_before_commit(patch: pytest.MonkeyPatch) -> None:
    take = Intake._serve

    async def serve(self: Any, batch: Any) -> None:
        for each, asking in batch:
            each.respond(0, asking.question.id)
        patch.setattr(Delivery, "respond", lambda *_: None)
        try:
            await take(self, batch)
        finally:
            patch.setattr(Delivery, "respond", RESPOND)

    patch.setattr(Intake, "_serve", serve)


def no_dedupe(patch: pytest.MonkeyPatch) -> None:
    count = itertools.count()
    patch.setattr(Keys, "fingerprint", lambda *_: f"{next(count):032x}")


def resend_without_end(patch: pytest.MonkeyPatch) -> None:
    resend = delivery.resend
    patch.setattr(
        delivery,
        "resend",
        lambda reply, policy, now: resend(reply._replace(maybe_sent=False), policy, now),
    )


def window_not_reserved(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Line, "room", property(lambda line: line.port.room))


def confirmed_without_proof(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Intake, "on_confirmed", lambda *_: None)
    respond = Delivery.respond

    def eager(self: Any, status: int = 0, mark: int = 0) -> None:
        respond(self, status, mark)
        world = CURRENT[0]
        if world.process and mark:
            world.process.intake._confirmed[self.session] = 1 << 62
            world.process.intake._side_wake.set()

    patch.setattr(Delivery, "respond", eager)


def claims_not_recovered(patch: pytest.MonkeyPatch) -> None:
    async def nothing(*_: Any) -> int:
        return 0

    patch.setattr(SqliteJournal, "recover", nothing)


CURRENT: list[World] = []
RESPOND = Delivery.respond


@pytest.mark.parametrize(
    "plant",
    [
        ack_before_commit,
        no_dedupe,
        resend_without_end,
        window_not_reserved,
        confirmed_without_proof,
        claims_not_recovered,
    ],
)
def test_a_planted_bug_is_found(
    plant: Callable[[pytest.MonkeyPatch], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were these not found, the faults would be too tame."""
    plant(monkeypatch)
    for seed in range(60):
        folder = tmp_path / str(seed)
        folder.mkdir()
        try:
            wrong = check(play(seed, folder))
        except BaseExceptionGroup as broken:
            wrong = [str(broken)]
        if wrong:
            return
    pytest.fail("60 seeds did not find it")
