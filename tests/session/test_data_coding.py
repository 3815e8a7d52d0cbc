"""Rows D: what a citizen wrote arrives as written, whatever the operator says it is."""

from __future__ import annotations

import pytest

from gateway.core import intents
from gateway.core.reading import Intent
from smpp import text
from smpp.messages import Inbound
from smpp.operators import Alphabet, OperatorProfile
from tests.support.line import PROFILE, line, mt, quick
from tests.support.peer import DELIVER_SM, RESPONSE, deliver_sm
from tests.support.rules import rules

DELIVER_SM_RESP = DELIVER_SM | RESPONSE
KAZAKH = "\u04d8\u0492\u049a\u04a2\u04e8\u04b0\u04ae\u04ba\u0406\u04d9\u0493\u049b\u04a3\u04e9"


async def received(
    octets: bytes, data_coding: int, profile: OperatorProfile = PROFILE, *, esm_class: int = 0
) -> Inbound:
    """What the owner gets; the message must be acknowledged with ROK."""
    async with line(profile) as both:
        both.wire.send(deliver_sm(6, octets, data_coding=data_coding, esm_class=esm_class))
        await both.wire.expect(DELIVER_SM_RESP, 0, 6)
        return await both.owner.inbound()


@pytest.mark.parametrize(
    ("alphabet", "octets", "expected"),
    [
        (Alphabet.GSM7, b"\0\x11 1", "@_ 1"),
        (Alphabet.LATIN1, b"@\xe9 1", "@é 1"),
        (Alphabet.ASCII, b"@_ 1", "@_ 1"),
        (Alphabet.UTF16, "Ә 1".encode("utf-16-be"), "Ә 1"),
    ],
)
async def test_row_d1_the_default_alphabet_is_the_operators(
    alphabet: Alphabet, octets: bytes, expected: str
) -> None:
    message = await received(octets, 0, quick(default_alphabet=alphabet))
    assert message.text == expected


async def test_row_d2_an_octet_beyond_seven_bits_falls_back_and_is_acknowledged() -> None:
    message = await received(b"caf\xe9 123", 0)
    assert message.text == "café 123"
    assert message.warnings


@pytest.mark.parametrize(
    ("data_coding", "octets", "expected"),
    [(1, b"a@b$", "a@b$"), (3, b"a@b\xe9\xa3", "a@bé£")],
)
async def test_row_d3_ia5_and_latin1_are_not_gsm(
    data_coding: int, octets: bytes, expected: str
) -> None:
    assert (await received(octets, data_coding)).text == expected


@pytest.mark.parametrize("data_coding", [2, 4])
async def test_row_d4_binary_is_acknowledged_and_no_text(data_coding: int) -> None:
    message = await received(b"770112345671234567", data_coding)
    assert message.text is None
    assert message.octets == b"770112345671234567"


async def test_row_d5_cyrillic_of_iso_8859_5_is_read() -> None:
    assert (await received("Жауап 1".encode("iso8859-5"), 6)).text == "Жауап 1"


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        ("Ә1".encode("utf-16-be") + b"\x04", "Ә1"),
        (b"\xfe\xff" + "Ә1".encode("utf-16-be"), "Ә1"),
        (b"\xff\xfe" + "Ә1".encode("utf-16-le"), "Ә1"),
    ],
    ids=["odd", "big-endian-mark", "little-endian-mark"],
)
async def test_row_d6_odd_lengths_and_byte_order_marks_are_put_right(
    octets: bytes, expected: str
) -> None:
    assert (await received(octets, 8)).text == expected


@pytest.mark.parametrize(
    ("data_coding", "octets", "expected"),
    [
        (0xF0, b"123 \0", "123 @"),
        (0xF1, b"123 \0", "123 @"),
        (0xF4, b"123", None),
        (0xF5, b"123", None),
        (0x10, b"123 \0", "123 @"),
        (0x1F, b"123 \0", "123 @"),
        (0x18, "Ә1".encode("utf-16-be"), "Ә1"),
    ],
)
async def test_row_d7_from_0x10_on_the_coding_is_that_of_23_038(
    data_coding: int, octets: bytes, expected: str | None
) -> None:
    assert (await received(octets, data_coding)).text == expected


@pytest.mark.parametrize(
    ("data_coding", "octets"),
    [(0xC0, b"123"), (0xD0, b"123"), (0xE0, "123".encode("utf-16-be"))],
)
async def test_row_d8_message_waiting_groups_are_texts(data_coding: int, octets: bytes) -> None:
    assert (await received(octets, data_coding)).text == "123"


@pytest.mark.parametrize("data_coding", range(9, 16))
async def test_row_d9_reserved_codings_count_as_the_default(data_coding: int) -> None:
    assert (await received(b"123 \0", data_coding)).text == "123 @"


@pytest.mark.parametrize(
    "octets",
    [bytes.fromhex("31d98c56b3dd00"), bytes.fromhex("31d98c56b3dd1a")],
    ids=["zeros", "carriage-return"],
)
@pytest.mark.parametrize("data_coding", [0, 0xF1])
async def test_row_d10_seven_packed_characters_have_no_eighth_behind_them(
    data_coding: int, octets: bytes
) -> None:
    assert (await received(octets, data_coding, quick(packed=True))).text == "1234567"


async def test_row_d10_an_eighth_packed_character_is_kept() -> None:
    octets = bytes.fromhex("31d98c56b3dd70")
    assert (await received(octets, 0, quick(packed=True))).text == "12345678"


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"1\x1b\x65", "1€"),
        (b"1\x1b\x3c", "1["),
        (b"1\x1bA", "1A"),
        (b"1\x1b", "1"),
        (b"1\x1b\x1b2", "1 2"),
    ],
    ids=["euro", "bracket", "unknown", "trailing", "double"],
)
async def test_row_d11_escapes_mean_what_23_038_says(octets: bytes, expected: str) -> None:
    assert (await received(octets, 0)).text == expected


async def test_row_d12_kazakh_letters_come_and_go_unharmed() -> None:
    assert (await received(KAZAKH.encode("utf-16-be"), 8)).text == KAZAKH
    (segment,) = text.segments(KAZAKH, 1, PROFILE)
    async with line() as both:
        both.link.submit(mt(1, segment.octets, data_coding=segment.data_coding))
        _, fields = await both.wire.expect_submit()
        assert fields.data_coding == 8
        assert fields.text.decode("utf-16-be") == KAZAKH


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        ("1😀".encode("utf-16-be"), "1😀"),
        (b"\0\x31\xd8\x3d", "1\ufffd"),
        (b"\xde\x00\0\x31", "\ufffd1"),
        (b"\xd8\x3d\0\x31", "\ufffd1"),
    ],
    ids=["pair", "lone-high-at-end", "lone-low", "lone-high"],
)
async def test_row_d13_pairs_stay_and_lone_surrogates_are_replaced(
    octets: bytes, expected: str
) -> None:
    assert (await received(octets, 8)).text == expected


NUMBER = "061200040000000012"


@pytest.mark.parametrize(
    "words",
    [
        NUMBER.replace("0400", "04\u00a000"),
        NUMBER.replace("0400", "04\u200b00"),
        "\u2060" + NUMBER + "\u200d",
        "".join(chr(0xFF10 + int(digit)) for digit in NUMBER),
        "".join(chr(0x0660 + int(digit)) for digit in NUMBER),
        "".join(chr(0x06F0 + int(digit)) for digit in NUMBER),
        NUMBER.replace("0", "\u041e", 3),
    ],
    ids=["nbsp", "zero-width", "marks", "full-width", "arabic", "persian", "cyrillic-o"],
)
async def test_row_d14_a_number_typed_with_foreign_signs_is_found(words: str) -> None:
    message = await received(words.encode("utf-16-be"), 8)
    assert message.text == words, "the session changes nothing"
    reading = intents.read(message.text, rules())
    assert reading.intent is Intent.LOOKUP
    assert [asked.number for asked in reading.asked] == [NUMBER]


@pytest.mark.parametrize("data_coding", [0, 3, 8])
async def test_row_d15_an_empty_text_is_acknowledged(data_coding: int) -> None:
    message = await received(b"", data_coding)
    assert message.text == ""


@pytest.mark.parametrize("element", [0x24, 0x25], ids=["single-shift", "locking-shift"])
@pytest.mark.parametrize("language", [1, 2, 3, 13, 0xEE])
async def test_row_d16_a_national_language_is_read_by_the_default_table(
    element: int, language: int
) -> None:
    """Digits lie at the same places in all of them."""
    header = bytes((3, element, 1, language))
    message = await received(header + b"1\x1b\x65" + NUMBER.encode(), 0, esm_class=0x40)
    assert message.text == "1€" + NUMBER
    assert "default table" in message.warnings[0]
