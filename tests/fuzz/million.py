"""A million damaged PDUs against live sessions on real sockets, a neighbour asked in between.

    python -m tests.fuzz.million [COUNT] [SEED]

Half of them go to a link of ours, half to our listener. Every batch is judged: each request is
answered once, with its own number, and a session that ends has a reason and is followed by another.
Prints what came of the octets, the time, and the memory before and after. Exit 1 where the memory
grew; a fault ends it with its traceback.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import structlog

from smpp import library
from tests.fuzz.benches import BENCHES
from tests.fuzz.judge import PROBE, Role, Stream, answers_to, framing
from tests.fuzz.mutation import mutated
from tests.support import peer
from tests.support.peer import Pdu

COUNT, SEED = 1_000_000, 1
BATCH = 40  # PDUs a write
TRUE_LENGTHS = 0.99  # a wrong command_length ends the session
WARM_UP = 0.05  # of all, before the memory is measured
GROWTH_MAX_KIB = 8_192  # of the whole process, peers and judge included


class Figures(NamedTuple):
    """What came of a run. Memory is that of the whole process, peers and judge included."""

    role: Role
    sent: int
    outcomes: Counter[str]
    binds: int
    neighbour: int
    seconds: float
    before_kib: int
    after_kib: int


def resident_kib() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


def whole(octets: bytes) -> bytes:
    """With zeros behind it where its last PDU is unfinished: else it would swallow what follows."""
    while wanted := framing(octets).wanted:
        octets += bytes(wanted)
    return octets


def judged(octets: bytes, said: list[Pdu], *, lost: bool) -> Counter[str]:
    """The outcomes of one batch. Raises AssertionError where they are not those owed."""
    stream = framing(octets)
    responses = Counter((each.command, each.sequence) for each in said)
    owed = answers_to(stream.pdus)
    owed[peer.ENQUIRE_LINK | peer.RESPONSE, PROBE] += 1
    outcomes = Counter(
        f"{library.command_name(each.command)} {library.status_name(each.status)}" for each in said
    )
    outcomes["nothing: a response, or a request without one"] += len(stream.pdus) - (
        owed.total() - 1
    )
    if not lost:
        outcomes["enquire_link_resp ESME_ROK"] -= 1  # to the sign-of-life request
        assert responses == owed
        return outcomes
    if stream.broken:
        assert said[-1].command == peer.GENERIC_NACK
        responses[said[-1].command, said[-1].sequence] -= 1
        outcomes["session ended: framing lost"] += 1
    else:
        assert unbinds(stream), "closed without a reason"
    assert +responses <= owed
    outcomes["unanswered: behind the unbind"] += (owed - responses).total() - 1
    return outcomes


def unbinds(stream: Stream) -> bool:
    return any(each.command == peer.UNBIND for each in stream.pdus)


async def storm(count: int, seed: int, role: Role = Role.ESME) -> Figures:
    """Send so many to a session of ours in this role, judge them all.

    Raises AssertionError, TimeoutError.
    """
    chance = random.Random(seed)
    outcomes: Counter[str] = Counter()
    loop = asyncio.get_running_loop()
    began, before_kib, sent, asked = loop.time(), 0, 0, 0
    bench = BENCHES[role]
    async with bench().running() as victim, bench().running() as neighbour:
        far, beside = await victim.next_bind(), await neighbour.next_bind()
        while sent < count:
            size = min(BATCH, count - sent)
            batch = [mutated(chance, bench.models, true_length=TRUE_LENGTHS) for _ in range(size)]
            octets = whole(b"".join(batch))
            said = await far.ask(octets)
            outcomes.update(judged(octets, said, lost=far.lost))
            if unbinds(framing(octets)):
                await far.gone()
                outcomes["session ended: the octets said unbind"] += 1
            sent += size
            asked += 1
            (taken, _) = await beside.ask(
                peer.pdu(neighbour.question, asked, peer.message_body(b"1"))
            )
            assert taken[:3] == (neighbour.question | peer.RESPONSE, 0, asked)
            if far.lost:
                outcomes["not read: behind lost framing"] += max(
                    0, size - len(framing(octets).pdus)
                )
                far = await victim.next_bind()
            if not before_kib and sent >= count * WARM_UP:
                before_kib = resident_kib()
        (alive,) = await far.ask(b"")
        assert alive.command == peer.ENQUIRE_LINK | peer.RESPONSE
        for each in (victim, neighbour):
            assert each.stats.undecodable == 0
        assert neighbour.stats.binds == 1
        binds = victim.stats.binds
    seconds = loop.time() - began
    return Figures(role, sent, +outcomes, binds, asked, seconds, before_kib, resident_kib())


def report(figures: Figures) -> str:
    lines = [f"{count:10,}  {name}" for name, count in figures.outcomes.most_common()]
    rate = figures.sent / figures.seconds
    lines += [
        f"{figures.role.value}: {figures.sent:,} PDUs in {figures.seconds:.1f} s ({rate:,.0f}/s), "
        f"{figures.binds:,} binds",
        f"the neighbour was asked and answered {figures.neighbour:,} times on one bind",
        f"resident memory: {figures.before_kib:,} KiB after the first twentieth, "
        f"{figures.after_kib:,} KiB at the end",
    ]
    return "\n".join(lines)


def main(words: list[str]) -> int:
    """Half of them to a link of ours, half to our listener."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    count, seed = (*map(int, words), *(COUNT, SEED)[len(words) :])
    grown_kib = 0
    for role in Role:
        figures = asyncio.run(storm(count // len(Role), seed, role))
        print(report(figures), end="\n\n")  # noqa: T201  # a program of its own
        grown_kib = max(grown_kib, figures.after_kib - figures.before_kib)
    return int(grown_kib > GROWTH_MAX_KIB)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
