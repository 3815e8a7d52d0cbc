"""Rows L at the session: each part is handed over with its place, none is answered for another.

Joining is the store's work; here stands what it leans on: places, identities, sources, and that a
part is acknowledged when the owner says so, never before.
"""

from __future__ import annotations

import pytest

from smpp import reassembly, text
from smpp.messages import BindState, Inbound, Part
from smpp.operators import SplitForm
from tests.support.line import PROFILE, Line, Recorder, line, mt, quick
from tests.support.peer import DELIVER_SM, RESPONSE, Submitted, deliver_sm, part, tlv

DELIVER_SM_RESP = DELIVER_SM | RESPONSE
UDHI = 0x40


async def parts_of(both: Line, *octets: bytes, esm_class: int = UDHI) -> list[Inbound]:
    """Deliver these user data one after another; every one is handed over and acknowledged."""
    before = len(both.owner.deliveries)
    for number, data in enumerate(octets, 1):
        both.wire.send(deliver_sm(number, data, esm_class=esm_class))
        await both.wire.expect(DELIVER_SM_RESP, 0, number)
    messages = [delivery.message for delivery in both.owner.deliveries[before:]]
    assert all(isinstance(message, Inbound) for message in messages)
    return messages  # type: ignore[return-value]  # all are Inbound, as asserted


def joined(messages: list[Inbound]) -> str | None:
    """As the gateway joins them from its store."""
    places = [message.part for message in messages]
    assert all(place is not None for place in places)
    total = places[0].total  # type: ignore[union-attr]  # asserted
    whole = reassembly.in_order(
        ((place.number, m.octets) for place, m in zip(places, messages, strict=True) if place),
        total,
    )
    return None if whole is None else reassembly.join(whole, messages[0].data_coding)


@pytest.mark.parametrize("width", [8, 16])
async def test_row_l1_parts_with_either_width_of_reference_are_told_apart(width: int) -> None:
    async with line() as both:
        messages = await parts_of(
            both,
            part(0xA7, 2, 1, b"77011234567", width=width),
            part(0xA7, 2, 2, b"1234567", width=width),
        )
        assert [message.part for message in messages] == [
            Part(0xA7, 2, 1, width),
            Part(0xA7, 2, 2, width),
        ]
        assert [message.text for message in messages] == [None, None]
        assert joined(messages) == "770112345671234567"


async def test_row_l2_the_place_is_found_among_other_elements() -> None:
    port = bytes((5, 4, 0x0B, 0x84, 0, 0))
    concatenation = bytes((0, 3, 9, 2, 1))
    async with line() as both:
        messages = await parts_of(
            both,
            bytes((11,)) + port + concatenation + b"first",
            bytes((11,)) + concatenation + port + b"first",
        )
        assert [message.part for message in messages] == [Part(9, 2, 1, 8)] * 2
        assert [message.octets for message in messages] == [b"first"] * 2


@pytest.mark.parametrize("esm_class", [0x40, 0x41, 0x43, 0xC0])
async def test_row_l3_the_header_flag_is_one_bit_among_others(esm_class: int) -> None:
    async with line() as both:
        (message,) = await parts_of(both, part(9, 2, 1, b"first"), esm_class=esm_class)
        assert message.part == Part(9, 2, 1, 8)


async def test_row_l5_a_header_at_the_start_of_message_payload_is_read_there() -> None:
    async with line() as both:
        payload = tlv(0x0424, part(9, 2, 2, b"second"))
        both.wire.send(deliver_sm(1, b"", esm_class=UDHI, tail=payload))
        await both.wire.expect(DELIVER_SM_RESP, 0, 1)
        message = await both.owner.inbound()
        assert message.part == Part(9, 2, 2, 8)
        assert message.octets == b"second"


async def test_row_l8_parts_out_of_order_keep_their_places() -> None:
    async with line() as both:
        messages = await parts_of(
            both, part(1, 3, 3, b"c"), part(1, 3, 1, b"a"), part(1, 3, 2, b"b")
        )
        assert joined(messages) == "abc"


async def test_row_l9_a_part_delivered_twice_has_one_identity_and_two_answers() -> None:
    async with line() as both:
        messages = await parts_of(
            both, part(1, 2, 1, b"a"), part(1, 2, 1, b"a"), part(1, 2, 2, b"b"), part(1, 2, 2, b"b")
        )
        assert messages[0].identity == messages[1].identity
        assert messages[2].identity == messages[3].identity
        assert messages[0].identity != messages[2].identity
        assert joined(messages) == "ab"


async def test_row_l10_an_incomplete_message_is_handed_over_part_by_part() -> None:
    async with line() as both:
        messages = await parts_of(both, part(1, 2, 1, b"770112345671234567"))
        assert joined(messages) is None
        assert messages[0].octets == b"770112345671234567"


async def test_row_l11_one_reference_of_two_subscribers_is_two_messages() -> None:
    async with line() as both:
        first, second = b"77011234567", b"77027654321"
        for number, source in enumerate((first, second), 1):
            both.wire.send(deliver_sm(number, part(7, 2, 1, b"a"), source=source, esm_class=UDHI))
            await both.wire.expect(DELIVER_SM_RESP, 0, number)
        messages = await both.owner.delivered(2)
        assert [message.source for message in messages] == [first.decode(), second.decode()]
        assert messages[0].identity != messages[1].identity


async def test_row_l12_a_reference_used_again_for_other_words_is_another_message() -> None:
    async with line() as both:
        messages = await parts_of(
            both, part(7, 2, 1, b"a"), part(7, 2, 2, b"b"), part(7, 2, 1, b"x")
        )
        assert len({message.identity for message in messages}) == 3


async def test_row_l13_more_than_nine_parts_are_counted_as_numbers() -> None:
    async with line() as both:
        order = [10, 2, 11, 1, 9, 3, 8, 4, 7, 5, 6]
        messages = await parts_of(both, *(part(1, 11, n, b"%02d " % n) for n in order))
        assert joined(messages) == "".join(f"{number:02d} " for number in range(1, 12))


async def test_row_l14_parts_over_two_binds_meet_under_one_link() -> None:
    async with line(accept=False, binds=2) as both:
        for number in (1, 2):
            wire = await both.smsc.accept_bound()
            await both.owner.reached(BindState.BOUND, number)
            wire.send(deliver_sm(number, part(1, 2, number, b"x"), esm_class=UDHI))
            await wire.expect(DELIVER_SM_RESP, 0, number)
        first, second = both.owner.deliveries
        assert first.link == second.link
        assert first.session != second.session
        assert first.message.source == second.message.source


async def test_row_l17_each_part_is_acknowledged_only_once_it_is_safe() -> None:
    stalled = Recorder(status=None)
    async with line(owner=stalled) as both:
        for number in (1, 2):
            both.wire.send(deliver_sm(number, part(1, 2, number, b"x"), esm_class=UDHI))
        await stalled.delivered(2)
        assert await both.wire.all_before_now() == []
        stalled.answer(stalled.deliveries[0])
        await both.wire.expect(DELIVER_SM_RESP, 0, 1)
        assert await both.wire.all_before_now() == []
        stalled.answer(stalled.deliveries[1])
        await both.wire.expect(DELIVER_SM_RESP, 0, 2)


async def sent_in_segments(words: str, form: SplitForm = SplitForm.UDH8) -> list[Submitted]:
    """What leaves on the wire for a text."""
    profile = quick(split_form=form)
    async with line(profile) as both:
        segments = text.segments(words, 0x1234, profile)
        for number, segment in enumerate(segments):
            both.link.submit(
                mt(
                    number,
                    segment.octets,
                    data_coding=segment.data_coding,
                    udhi=segment.udhi,
                    sar=segment.part if form is SplitForm.SAR else None,
                    payload=segment.payload,
                )
            )
        return [(await both.wire.expect_submit())[1] for _ in segments]


@pytest.mark.parametrize(
    ("words", "octets"),
    [
        ("a" * 160, [160]),
        ("a" * 161, [153, 8]),
        ("€" * 80, [160]),
        ("a" * 152 + "€" * 80, [152, 152, 8]),  # a pair never straddles the edge at 153
        ("ж" * 70, [140]),
        ("ж" * 71, [134, 8]),
        ("ж" * 66 + "😀" * 3, [132, 12]),
    ],
)
async def test_row_l20_texts_are_split_where_no_character_is_cut(
    words: str, octets: list[int]
) -> None:
    sent = await sent_in_segments(words)
    header = 0 if len(sent) == 1 else 6
    assert [len(fields.text) - header for fields in sent] == octets
    if header:
        assert [fields.text[:6] for fields in sent] == [
            bytes((5, 0, 3, 0x34, len(sent), number)) for number in range(1, len(sent) + 1)
        ]
        assert all(fields.esm_class & UDHI for fields in sent)
    if sent[0].data_coding == 8:
        assert "".join(fields.text[header:].decode("utf-16-be") for fields in sent) == words
    else:
        assert text.decode(0, b"".join(f.text[header:] for f in sent), PROFILE)[0] == words


async def test_row_l21_parts_travel_as_sar_or_payload_where_the_operator_wants_it() -> None:
    first, second = await sent_in_segments("ж" * 71, SplitForm.SAR)
    assert (first.tlvs[0x020E], first.tlvs[0x020F], second.tlvs[0x020F]) == (b"\2", b"\1", b"\2")
    assert not first.esm_class & UDHI
    (whole,) = await sent_in_segments("ж" * 71, SplitForm.PAYLOAD)
    assert whole.tlvs[0x0424].decode("utf-16-be") == "ж" * 71
