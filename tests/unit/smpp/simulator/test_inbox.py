from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from smpp.simulator import segments
from smpp.simulator.inbox import PARTIALS_MAX, Inbox, Mt, Segment
from smpp.simulator.segments import SplitForm
from smpp.simulator.text import Alphabet
from smpp.simulator.wire import Message

ME, YOU = "77010000001", "77010000002"


def parts(
    content: str, to: str = ME, form: SplitForm = SplitForm.UDH8, reference: int = 7
) -> list[Segment]:
    pieces = segments.cut(content, data_coding=8, form=form, reference=reference, dc0=Alphabet.GSM)
    return [
        Segment(
            Message("1012", to, piece.octets, 8, piece.esm_class, tlvs=piece.tlvs),
            f"{to}/{number}", number / 10, 3, answered=True,
        )
        for number, piece in enumerate(pieces, 1)
    ]  # fmt: skip


def inbox(limit: int = 100) -> tuple[Inbox, Counter[str]]:
    counters: Counter[str] = Counter()
    return Inbox(Alphabet.GSM, counters, limit), counters


def test_a_message_of_one_part_arrives_at_once() -> None:
    box, _ = inbox()
    (segment,) = parts("Жауап")
    mt = Mt(ME, "1012", "Жауап", 1, 8, (f"{ME}/1",), 0.1, 3, answered=True)
    assert box.take(segment) == mt
    assert box.of(ME) == [mt]
    assert mt.message_id == f"{ME}/1"
    assert box.of(YOU) == []


@given(st.data(), st.sampled_from([SplitForm.UDH8, SplitForm.UDH16, SplitForm.SAR]))
def test_parts_in_any_order_with_repeats_and_strangers_between_make_each_message_once(
    data: st.DataObject, form: SplitForm
) -> None:
    mine, yours = "мен" * 60, "сен" * 80
    segments_ = parts(mine, ME, form) + parts(yours, YOU, form)
    order = data.draw(st.permutations(segments_))
    box, _ = inbox()
    joined = [mt for mt in (box.take(segment) for segment in order) if mt is not None]
    assert {(mt.msisdn, mt.text) for mt in joined} == {(ME, mine), (YOU, yours)}
    assert len(joined) == 2
    first = next(mt for mt in joined if mt.msisdn == ME)
    assert first.message_ids == tuple(f"{ME}/{n}" for n in range(1, first.segments + 1))
    assert box.incomplete == 0


def test_a_repeated_part_is_counted_and_completes_nothing() -> None:
    box, counters = inbox()
    first, second = parts("м" * 100)
    assert box.take(first) is None
    assert box.take(first) is None
    assert counters["partial_duplicates"] == 1
    assert box.incomplete == 1
    assert box.take(second) is not None


def test_a_message_of_which_one_response_was_withheld_was_not_answered() -> None:
    box, _ = inbox()
    first, second = parts("м" * 100)
    box.take(first._replace(answered=False))
    mt = box.take(second)
    assert mt is not None
    assert not mt.answered


def test_reading_gives_each_message_once_in_order() -> None:
    box, _ = inbox()
    for content in ("1", "2", "3"):
        box.take(parts(content)[0])
    read = [box.read_next(ME) for _ in range(4)]
    assert [mt and mt.text for mt in read] == ["1", "2", "3", None]
    box.take(parts("4")[0])
    again = box.read_next(ME)
    assert again is not None
    assert again.text == "4"


def test_above_the_limit_the_oldest_message_goes() -> None:
    box, counters = inbox(limit=2)
    for to, content in ((ME, "1"), (YOU, "2"), (YOU, "3"), (YOU, "4")):
        box.take(parts(content, to)[0])
    assert box.of(ME) == []
    assert [mt.text for mt in box.of(YOU)] == ["3", "4"]
    assert counters["inbox_evicted"] == 2
    read = box.read_next(YOU)
    assert read is not None
    assert read.text == "3"


def test_above_the_limit_the_oldest_incomplete_message_goes() -> None:
    box, counters = inbox()
    first = parts("м" * 100)[0]
    for number in range(PARTIALS_MAX + 1):
        message = first.message._replace(destination=str(77_010_000_000 + number))
        box.take(first._replace(message=message))
    assert box.incomplete == PARTIALS_MAX
    assert counters["partials_evicted"] == 1
