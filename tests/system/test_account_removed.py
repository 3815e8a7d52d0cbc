"""An account or link that is taken out of the settings while something of it is in the journal."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway import long_questions
from gateway.core.records import Chain, QuestionState
from gateway.store import open_store
from smpp.simulator import Smsc
from tests.support.inside import impatient, running
from tests.support.journal import part, question
from tests.support.service import SECRET, LinkTo, a_look, make_folder

LONG_AGO_US = 1_700_000_000_000_000
GONE, HERE = "gone", "operator"


async def test_what_a_removed_account_left_stays_and_the_others_are_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient(monkeypatch)
    monkeypatch.setattr(long_questions, "SWEEP_S", 0.05)
    async with Smsc(password=SECRET) as smsc:
        link = LinkTo(HERE, smsc.port)
        await make_folder(tmp_path, (link,))
        journal = await open_store(f"sqlite://{tmp_path}/journal.db")
        asked = [question(1, link=GONE), question(2, link=HERE)]
        await journal.take([each._replace(received_us=LONG_AGO_US) for each in asked])
        await journal.part([part(3, 1, link=GONE, received_us=LONG_AGO_US)])
        await journal.close()
        with capture_logs() as lines:
            async with running(tmp_path, link) as inside:
                await inside.settled(lambda chains: states(chains)[1] is QuestionState.ANSWERED)
                async with asyncio.timeout(5):
                    while not events(lines) >= {"parts_of_no_link", "questions_of_no_link"}:
                        await a_look()
                assert states(await inside.chains())[0] is QuestionState.ACCEPTED
                assert len(await inside.parts.journal.parts_before(2**62, 10)) == 1
        told = [line for line in lines if line["event"] == "questions_of_no_link"]
        assert [line["link"] for line in told] == [GONE]


def events(lines: Sequence[Mapping[str, Any]]) -> set[str]:
    return {line["event"] for line in lines}


def states(chains: list[Chain]) -> list[QuestionState]:
    return [chain.state for chain in chains]
