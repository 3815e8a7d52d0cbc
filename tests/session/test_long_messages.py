"""Rows L at the session: each part is handed over with its place, none is answered for another.

Joining is the store's work; here stands what it leans on: places, identities, sources, and that a
part is acknowledged when the owner says so, never before.
"""

from __future__ import annotations

import pytest

from gateway.core import intents
from gateway.core.reading import Intent
from smpp import reassembly, text
from smpp.messages import BindState, Inbound, Part
from smpp.operators import SplitForm
from tests.support.line import PROFILE, Line, Recorder, line, mt, quick
from tests.support.peer import DELIVER_SM, RESPONSE, Submitted, deliver_sm, part, tlv
from tests.support.rules import rules

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


@pytest.mark.parametrize(
    ("octets", "words"),
    [(b"\x40hello", "¡hello"), (b"1" * 18, "1" * 18), (b"", ""), (b"\x03", "¥")],
    ids=["header", "digits", "nothing", "length-alone"],
)
async def test_row_l4_a_header_flag_without_a_header_leaves_the_text(
    octets: bytes, words: str
) -> None:
    async with line() as both:
        (message,) = await parts_of(both, octets)
        assert (message.text, message.part) == (words, None)
        assert message.warnings


async def test_row_l5_a_header_at_the_start_of_message_payload_is_read_there() -> None:
    async with line() as both:
        payload = tlv(0x0424, part(9, 2, 2, b"second"))
        both.wire.send(deliver_sm(1, b"", esm_class=UDHI, tail=payload))
        await both.wire.expect(DELIVER_SM_RESP, 0, 1)
        message = await both.owner.inbound()
        assert message.part == Part(9, 2, 2, 8)
        assert message.octets == b"second"


def sar(reference: int, total: int, number: int) -> tuple[bytes, ...]:
    """The three SAR parameters."""
    return (
        tlv(0x020C, reference.to_bytes(2, "big")),
        tlv(0x020E, bytes((total,))),
        tlv(0x020F, bytes((number,))),
    )


async def with_tlvs(text: bytes, *tlvs: bytes, **fields: int) -> tuple[Inbound, bytes]:
    """The message of a deliver_sm with these TLVs, and its body as it came."""
    async with line() as both:
        both.wire.send(deliver_sm(1, text, tail=b"".join(tlvs), **fields))
        await both.wire.expect(DELIVER_SM_RESP, 0, 1)
        return await both.owner.inbound(), both.owner.deliveries[0].request.body


async def test_row_l6_sar_parameters_are_a_place() -> None:
    async with line() as both:
        for number, octets in ((2, b"second"), (1, b"first ")):
            tail = b"".join(sar(0x1234, 2, number))
            both.wire.send(deliver_sm(number, octets, tail=tail))
            await both.wire.expect(DELIVER_SM_RESP, 0, number)
        messages = [each for each in await both.owner.delivered(2) if isinstance(each, Inbound)]
        assert [message.part for message in messages] == [
            Part(0x1234, 2, 2, 0),
            Part(0x1234, 2, 1, 0),
        ]
        assert joined(messages) == "first second"


@pytest.mark.parametrize("missing", [0, 1, 2], ids=["reference", "total", "number"])
async def test_row_l6_an_incomplete_set_is_a_message_of_its_own(missing: int) -> None:
    given = [each for at, each in enumerate(sar(1, 2, 1)) if at != missing]
    message, _ = await with_tlvs(b"770112345671234567", *given)
    assert (message.part, message.text) == (None, "770112345671234567")
    assert "incomplete SAR" in message.warnings[0]


async def test_row_l6_a_header_wins_over_sar() -> None:
    message, _ = await with_tlvs(part(9, 3, 2, b"x"), *sar(1, 2, 1), esm_class=UDHI)
    assert (message.part, message.octets) == (Part(9, 3, 2, 8), b"x")


async def test_row_l7_of_two_texts_the_payload_is_read_and_the_raw_pdu_has_both() -> None:
    message, body = await with_tlvs(b"short one", tlv(0x0424, b"long one"))
    assert message.text == "long one"
    assert "message_payload" in message.warnings[0]
    assert b"short one" in body
    assert b"long one" in body


async def test_row_l7_an_empty_payload_hides_nothing() -> None:
    message, _ = await with_tlvs(b"short one", tlv(0x0424, b""))
    assert message.text == "short one"


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


@pytest.mark.parametrize(
    ("total", "number"), [(2, 0), (2, 3), (0, 0), (0, 1), (1, 1), (1, 2)], ids=str
)
@pytest.mark.parametrize("form", ["udh8", "udh16", "sar"])
async def test_row_l15_a_place_without_sense_is_a_message_of_its_own(
    form: str, total: int, number: int
) -> None:
    text = b"770112345671234567"
    if form == "sar":
        message, _ = await with_tlvs(text, *sar(7, total, number))
    else:
        width = int(form.removeprefix("udh"))
        octets = part(7, total, number, text, width=width)
        message, _ = await with_tlvs(octets, esm_class=UDHI)
    assert (message.part, message.text) == (None, text.decode())
    assert message.warnings


@pytest.mark.parametrize(
    ("data_coding", "octets", "cut", "words"),
    [
        (0, b"1\x1b\x652", 2, "1€2"),
        (8, "1😀2".encode("utf-16-be"), 4, "1😀2"),
        (8, "1Ә2".encode("utf-16-be"), 3, "1Ә2"),
    ],
    ids=["escape", "surrogates", "one-unit"],
)
async def test_row_l16_what_is_cut_between_two_parts_is_whole_again(
    data_coding: int, octets: bytes, cut: int, words: str
) -> None:
    async with line() as both:
        for number, piece in ((1, octets[:cut]), (2, octets[cut:])):
            body = part(5, 2, number, piece)
            both.wire.send(deliver_sm(number, body, esm_class=UDHI, data_coding=data_coding))
            await both.wire.expect(DELIVER_SM_RESP, 0, number)
        messages = [each for each in await both.owner.delivered(2) if isinstance(each, Inbound)]
        assert joined(messages) == words


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


@pytest.mark.parametrize(
    "ports", [bytes((6, 5, 4, 0x0B, 0x84, 0x23, 0xF4)), bytes((4, 4, 2, 0xF0, 0xF1))]
)
async def test_row_l18_what_is_addressed_to_an_application_is_taken_and_no_question(
    ports: bytes,
) -> None:
    async with line() as both:
        (message,) = await parts_of(both, ports + b"770112345671234567")
        assert (message.text, message.part) == (None, None)
        assert message.octets == b"770112345671234567"
        assert both.link.stats.unusable == 1
        assert intents.read(message.text, rules()).intent is Intent.BINARY, "not answered"


def packed(text: str, header: bytes) -> bytes:
    """Septets behind a header, after the fill bits that lead to the next septet boundary."""
    bits = sum(ord(char) << 7 * at for at, char in enumerate(text))
    fill = -8 * len(header) % 7
    return header + (bits << fill).to_bytes((len(text) * 7 + fill + 7) // 8, "little")


@pytest.mark.parametrize("width", [8, 16])
async def test_row_l19_packed_parts_begin_at_a_septet_boundary(width: int) -> None:
    profile = quick(packed=True)
    texts = ("7701123", "45671", "234567")
    async with line(profile) as both:
        header = 6 if width == 8 else 7
        for number, text_ in enumerate(texts, 1):
            place = part(7, len(texts), number, b"", width=width)
            assert len(place) == header
            both.wire.send(deliver_sm(number, packed(text_, place), esm_class=UDHI))
            await both.wire.expect(DELIVER_SM_RESP, 0, number)
        messages = [each for each in await both.owner.delivered(3) if isinstance(each, Inbound)]
        assert [message.octets for message in messages] == [each.encode() for each in texts]
        assert joined(messages) == "".join(texts)


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


@pytest.mark.parametrize("form", [SplitForm.UDH8, SplitForm.UDH16, SplitForm.SAR])
async def test_row_l22_two_long_texts_to_one_phone_have_different_references(
    form: SplitForm,
) -> None:
    """The reference is the caller's, and goes out as it is: the gateway counts for each phone."""
    profile = quick(split_form=form)
    async with line(profile) as both:
        number = 0
        for reference in (0x00FE, 0x00FF, 0x0100):
            for segment in text.segments("ж" * 71, reference, profile):
                number += 1
                sar_part = segment.part if form is SplitForm.SAR else None
                octets, udhi = segment.octets, segment.udhi
                both.link.submit(mt(number, octets, data_coding=8, udhi=udhi, sar=sar_part))
        sent = [(await both.wire.expect_submit())[1] for _ in range(number)]
    if form is SplitForm.SAR:
        references = [int.from_bytes(fields.tlvs[0x020C], "big") for fields in sent]
    elif form is SplitForm.UDH16:
        references = [int.from_bytes(fields.text[3:5], "big") for fields in sent]
    else:
        references = [fields.text[3] for fields in sent]
    kept = 0xFF if form is SplitForm.UDH8 else 0xFFFF
    assert references == [each & kept for each in (0xFE, 0xFE, 0xFF, 0xFF, 0x100, 0x100)]
