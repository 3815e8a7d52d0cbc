"""A long question of which a part never comes is answered all the same, from what is in hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.core.records import Chain
from smpp.simulator import RetrySchedule, Smsc
from tests.support.inside import impatient, running
from tests.support.service import SECRET, LinkTo, write_open_tickets

SOON = RetrySchedule(response_timeout_s=2.0, after_s=(0.1,) * 100)
PHONE = "77010000070"
FIRST = 61_200_000_060_000_000
NUMBER = f"{FIRST:018d}"
FILL = "Добрый день! Пишу уже второй раз, в прошлый раз ответа не получил. "  # a part long


def filling(before: str) -> str:
    """Words up to the border of the next part, less the nine digits that come before it."""
    return (before + FILL * 4)[: 67 - 9]


CASES = {
    "the_number_is_in_hand": (f"{NUMBER} " + FILL * 2, [0, 2], "status"),
    "the_number_is_missing": (FILL[:67] + f"{NUMBER} " + FILL * 2, [0, 2, 3], None),
    "half_of_the_number_is_missing": (filling("") + NUMBER + " " + FILL, [0], None),
    "its_halves_do_not_meet_over_a_gap": (
        filling("") + NUMBER[:9] + FILL[:67] + NUMBER[9:] + FILL,
        [0, 2],
        None,
    ),
}


@pytest.mark.parametrize("case", CASES)
async def test_row_l10_a_question_with_a_missing_part_is_never_met_with_silence(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient(monkeypatch)
    text, indexes, result = CASES[case]
    feed = write_open_tickets(tmp_path / "feed.ndjson", FIRST, 1)
    async with (
        Smsc(password=SECRET, retry=SOON) as smsc,
        running(tmp_path, LinkTo("operator", smsc.port), tickets=[feed]) as inside,
    ):
        mo = smsc.compose(PHONE, text)
        for index in indexes:
            assert (await smsc.redeliver(mo._replace(bodies=(mo.bodies[index],)))).ok
        assert len(indexes) < len(mo.bodies)
        assert not await inside.chains(), "it waits for the rest"
        mt = await smsc.next_mt(PHONE)
        (chain,) = await inside.settled()
        assert chain.parts == len(mo.bodies)
        if result is None:
            assert NUMBER[-4:] not in mt.text
            assert kept_tiyn(chain) == 0, "nobody pays for what did not arrive"
        else:
            assert (chain.result, kept_tiyn(chain)) == (result, 1_500)
            assert f"*{NUMBER[-4:]}" in mt.text


async def test_row_l10_parts_left_behind_by_a_stop_are_answered_after_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient(monkeypatch)
    feed = write_open_tickets(tmp_path / "feed.ndjson", FIRST, 1)
    async with Smsc(password=SECRET, retry=SOON) as smsc:
        link = LinkTo("operator", smsc.port)
        async with running(tmp_path, link, tickets=[feed]):
            mo = smsc.compose(PHONE, f"{NUMBER} " + FILL * 2)
            assert (await smsc.redeliver(mo._replace(bodies=mo.bodies[:1]))).ok
        async with running(tmp_path, link):
            assert f"*{NUMBER[-4:]}" in (await smsc.next_mt(PHONE)).text
            late = await smsc.redeliver(mo._replace(bodies=mo.bodies[1:]))
            assert late.ok, "the rest comes too late, and is taken"


def kept_tiyn(chain: Chain) -> int:
    return sum(entry.amount_tiyn for entry in chain.entries if entry.kind != "rated")
