"""The first twenty thousand of the million, and that its judge would see a fault."""

from __future__ import annotations

from collections import Counter

import pytest

from smpp import deliveries
from smpp.inbound import read_message
from tests.fuzz.judge import Role, framing
from tests.fuzz.million import GROWTH_MAX_KIB, judged, report, storm, whole
from tests.fuzz.mutation import MODELS
from tests.support.peer import DELIVER_SM, ENQUIRE_LINK, RESPONSE, Pdu, deliver_sm

COUNT = 10_000  # each role


@pytest.mark.parametrize("role", Role)
async def test_damaged_pdus_leave_link_neighbour_and_memory_as_they_were(role: Role) -> None:
    figures = await storm(COUNT, 7, role)
    assert figures.sent == COUNT
    assert figures.binds > 1, "some did end the session"
    assert figures.after_kib - figures.before_kib < GROWTH_MAX_KIB
    assert f"{COUNT:,} PDUs" in report(figures)


async def test_a_fault_in_the_decoder_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(fields: object, profile: object) -> object:
        message = read_message(fields, profile)  # type: ignore[arg-type]  # passed on as it came
        if fields.octets.startswith(b"0612"):  # type: ignore[attr-defined]  # a ShortMessage
            raise ValueError("no idea")
        return message

    monkeypatch.setattr(deliveries, "read_message", faulty)
    with pytest.raises((AssertionError, ExceptionGroup)):
        await storm(200, 7)


RIGHT = [Pdu(DELIVER_SM | RESPONSE, 0, 1, b"\0"), Pdu(ENQUIRE_LINK | RESPONSE, 0, 0x0ABCDEF1, b"")]


def test_the_judge_of_a_batch_wants_each_answer_once() -> None:
    octets = deliver_sm(1, b"x")
    counted = +judged(octets, RIGHT, lost=False)
    assert counted == Counter({"deliver_sm_resp ESME_ROK": 1})
    for wrong in (RIGHT[1:], [RIGHT[0], *RIGHT], [RIGHT[0]._replace(sequence=2), RIGHT[1]]):
        with pytest.raises(AssertionError):
            judged(octets, wrong, lost=False)
    with pytest.raises(AssertionError, match="without a reason"):
        judged(octets, RIGHT[:1], lost=True)


def test_what_is_unfinished_at_the_end_of_a_batch_is_filled_up() -> None:
    for model in MODELS:
        for cut in (4, 5, 15, len(model) - 1):
            stream = framing(whole(model + model[:cut]))
            assert (stream.held, stream.wanted, stream.broken) == (0, 0, False)
            assert len(stream.pdus) == 2
    assert framing(whole(MODELS[0] + b"\0")).broken, "zeros alone are no header"
