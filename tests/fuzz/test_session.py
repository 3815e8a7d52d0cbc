"""Any octets, cut anywhere: a session answers or closes for a reason, and its neighbour notices
nothing."""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.judge import LENGTH_MAX, Fed, Role, answers_to, framing, judge
from tests.fuzz.mutation import DAMAGE, MODELS, SUBMITTED, UNBINDING, mutated, torn
from tests.support.peer import DELIVER_SM, ENQUIRE_LINK, RESPONSE, deliver_sm, pdu

EXAMPLES = int(os.environ.get("TEST_EXAMPLES", "100"))
FUZZ = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))

seeds = st.integers(0, 2**32 - 1)
roles = st.sampled_from(Role)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A model with damage of hypothesis' own choosing, so that it can shrink it."""
    octets = bytearray(draw(st.sampled_from(MODELS + SUBMITTED)))
    for _ in range(draw(st.integers(0, 3))):
        damage = draw(st.sampled_from(DAMAGE))
        damage(octets, draw(st.randoms(use_true_random=False)))
        octets = octets or bytearray(1)
    if draw(st.booleans()):
        octets = octets.ljust(16, b"\0")
        octets[:4] = len(octets).to_bytes(4, "big")
    return bytes(octets)


@st.composite
def reads(draw: st.DrawFn, content: st.SearchStrategy[bytes]) -> list[bytes]:
    """A stream, cut into reads anywhere."""
    octets = draw(content)
    cuts = sorted(draw(st.sets(st.integers(1, max(1, len(octets) - 1)), max_size=6)))
    return [octets[start:end] for start, end in zip([0, *cuts], [*cuts, None], strict=True)]


def play(pieces: list[bytes], role: Role) -> bool:
    """Feed one session and speak with its neighbour in between. True: it lives at the end."""

    async def both() -> bool:
        fed, neighbour = Fed(role), Fed(Role.ESME)
        await fed.bind()
        await neighbour.bind()
        for number, piece in enumerate(pieces, 1):
            await fed.hear(piece)
            # octets of an unfinished PDU, never of more than one
            assert fed.session._framer.held_octets < LENGTH_MAX
            await neighbour.hear(deliver_sm(number, b"1"))
        await judge(fed)
        await judge(neighbour)
        assert not neighbour.closed
        taken = [each for each in neighbour.said if each.command == DELIVER_SM | RESPONSE]
        assert [(each.status, each.sequence) for each in taken] == [
            (0, number) for number in range(1, len(pieces) + 1)
        ]
        lives = not fed.closed
        await fed.end()
        await neighbour.end()
        return lives

    return asyncio.run(both())


@FUZZ
@given(reads(st.lists(damaged(), min_size=1, max_size=8).map(b"".join)), roles)
def test_damaged_pdus_in_any_pieces_are_answered_or_end_the_session_for_a_reason(
    pieces: list[bytes], role: Role
) -> None:
    play(pieces, role)


@FUZZ
@given(reads(st.binary(min_size=1, max_size=400)), roles)
def test_noise_is_answered_or_ends_the_session_for_a_reason(
    pieces: list[bytes], role: Role
) -> None:
    play(pieces, role)


@FUZZ
@given(seeds, roles)
def test_what_the_million_is_made_of_is_answered_or_ends_the_session(seed: int, role: Role) -> None:
    chance = random.Random(seed)
    models = MODELS if role is Role.ESME else SUBMITTED
    pieces = [piece for _ in range(10) for piece in torn(chance, mutated(chance, models))]
    play(pieces[:200], role)


@FUZZ
@given(st.lists(st.sampled_from(MODELS + SUBMITTED), min_size=1, max_size=30), roles, st.data())
def test_undamaged_pdus_of_every_kind_are_all_answered(
    models: list[bytes], role: Role, data: st.DataObject
) -> None:
    assert play(data.draw(reads(st.just(b"".join(models)))), role)


@FUZZ
@given(st.lists(damaged(), max_size=3), st.lists(damaged(), max_size=3), roles)
def test_an_unbind_among_damaged_pdus_is_answered_before_the_end(
    before: list[bytes], after: list[bytes], role: Role
) -> None:
    play([*before, UNBINDING, *after], role)


@FUZZ
@given(reads(st.lists(damaged(), min_size=1, max_size=8).map(b"".join)))
def test_a_stranger_gets_no_answer_that_it_did_not_ask_for(pieces: list[bytes]) -> None:
    """Before a bind request, where nearly anything ends the session."""

    async def unbound() -> None:
        fed = Fed(Role.SMSC)
        await fed.connect()
        for piece in pieces:
            await fed.hear(piece)
        said = Counter((each.command, each.sequence) for each in fed.said)
        owed = answers_to(framing(fed.heard).pdus)
        if fed.stats.breaks:
            said[fed.said[-1].command, fed.said[-1].sequence] -= 1
        assert +said <= owed
        assert fed.crashes == []
        await fed.end()

    asyncio.run(unbound())


@pytest.mark.parametrize(
    "model", MODELS + SUBMITTED, ids=lambda octets: f"{octets[4:8].hex()}-{octets[15]}"
)
def test_every_model_is_well_formed(model: bytes) -> None:
    """The fuzzers start from what is right, else they find nothing behind the framing."""
    (one,) = framing(model).pdus
    assert one.octets == len(model)


def test_the_judge_sees_a_missing_answer_and_one_too_many() -> None:
    """A judge that lets everything pass would be no judge."""

    async def robbed(extra: bytes) -> None:
        fed = Fed()
        await fed.bind()
        await fed.hear(pdu(ENQUIRE_LINK, 5))
        at = len(fed.transport.written) - 16
        fed.transport.written[at:] = extra
        try:
            await judge(fed)
        finally:
            await fed.end()

    response = pdu(ENQUIRE_LINK | RESPONSE, 5)
    asyncio.run(robbed(response))
    for wrong in (b"", response * 2, pdu(ENQUIRE_LINK | RESPONSE, 6)):
        with pytest.raises(AssertionError):
            asyncio.run(robbed(wrong))
