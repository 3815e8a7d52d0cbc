"""data_coding to text and back; splitting. Letters that look alike are the subject here."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp.operators import DEFAULT, Alphabet, OperatorProfile, SplitForm
from smpp.reassembly import join
from smpp.text import GSM_BASIC, GSM_EXTENSION, decode, encode, segments, septets, user_data

LATIN1 = OperatorProfile(default_alphabet=Alphabet.LATIN1)
ASCII = OperatorProfile(default_alphabet=Alphabet.ASCII)
UTF16 = OperatorProfile(default_alphabet=Alphabet.UTF16)
PACKED = OperatorProfile(packed=True)
KAZAKH = "\u04d8\u0492\u049a\u04a2\u04e8\u04b0\u04ae\u04ba\u0406"
KAZAKH += KAZAKH.lower()
GSM_TEXT = st.text(st.sampled_from(GSM_BASIC.replace("\x1b", "") + "".join(GSM_EXTENSION.values())))


def text_of(data_coding: int, octets: bytes, profile: OperatorProfile = DEFAULT) -> str | None:
    return decode(data_coding, octets, profile)[0]


# Decoding


def test_row_d1_data_coding_0_is_what_the_profile_says() -> None:
    assert text_of(0, b"\x00@\x11") == "@¡_"
    assert text_of(0, b"@\xe9", LATIN1) == "@é"
    assert text_of(0, b"@1", ASCII) == "@1"
    assert text_of(0, "Ж1".encode("utf-16-be"), UTF16) == "Ж1"


def test_row_d2_an_octet_above_7f_is_read_as_latin_1_with_a_warning() -> None:
    text, warnings = decode(0, b"\xe9t\xe9 @")
    assert text == "été @"
    assert "Latin-1" in warnings[0]
    assert decode(1, b"\xe9")[0] == "é"
    assert decode(1, b"\xe9")[1]


@pytest.mark.parametrize("data_coding", [1, 3])
def test_row_d3_an_at_is_an_at_in_ascii_and_latin_1(data_coding: int) -> None:
    assert decode(data_coding, b"a@b") == ("a@b", ())


@pytest.mark.parametrize("data_coding", [2, 4, 0x14, 0xF4, 0xF5, 0x20, 0x30, 0x60])
def test_rows_d4_d7_binary_and_compressed_are_no_text(data_coding: int) -> None:
    assert decode(data_coding, b"123") == (None, ())


def test_row_d5_data_coding_6_is_iso_8859_5() -> None:
    assert text_of(6, "Сұрақ".encode("iso8859-5", "replace")) == "С?ра?"
    assert text_of(6, "Привет 12".encode("iso8859-5")) == "Привет 12"
    assert text_of(7, "שלום".encode("iso8859-8")) == "שלום"


def test_row_d6_odd_length_and_byte_order_marks() -> None:
    text, warnings = decode(8, "12".encode("utf-16-be") + b"\0")
    assert text == "12"
    assert "odd length" in warnings[0]
    assert text_of(8, b"\xfe\xff" + "Ж1".encode("utf-16-be")) == "Ж1"
    assert text_of(8, b"\xff\xfe" + "Ж1".encode("utf-16-le")) == "Ж1"
    assert text_of(8, b"\0") == ""


@pytest.mark.parametrize(
    "data_coding", [0xF0, 0xF1, 0xF3, 0x10, 0x11, 0x1C, 0x40, 0x53, 0xC0, 0xD0]
)
def test_rows_d7_d8_gsm_by_23_038_whatever_the_default_alphabet(data_coding: int) -> None:
    assert text_of(data_coding, b"\x0012", LATIN1) == "@12"


@pytest.mark.parametrize("data_coding", [8, 0x18, 0x19, 0x48, 0x58, 0xE0, 0xE8])
def test_rows_d7_d8_ucs2_by_group(data_coding: int) -> None:
    assert text_of(data_coding, "Ж1".encode("utf-16-be")) == "Ж1"


@pytest.mark.parametrize("data_coding", [5, 9, 10, 11, 12, 13, 14, 15, 0x80, 0x9F, 0xB8])
def test_row_d9_reserved_codings_count_as_0(data_coding: int) -> None:
    assert text_of(data_coding, b"\x0012") == "@12"
    assert text_of(data_coding, b"@12", LATIN1) == "@12"


def test_row_d10_packed_septets_by_profile() -> None:
    packed = bytes.fromhex("31d98c56b3dd00")
    for data_coding in (0, 0xF1):
        octets = user_data(data_coding, packed, 0, PACKED)
        assert text_of(data_coding, octets, PACKED) == "1234567"
    assert user_data(8, packed, 0, PACKED) == packed
    assert user_data(0, packed, 2, DEFAULT) == packed[2:]


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"\x1b\x65", "€"),
        (b"\x1b\x3c1\x1b\x3e", "[1]"),
        (b"\x1bA", "A"),
        (b"1\x1b", "1"),
        (b"1\x1b\x1b2", "1 2"),
        (b"\x1b\x1b\x65", " e"),
        (b"\x1b\x0a", "\f"),
        (b"\x1b\x14\x1b\x28\x1b\x29\x1b\x2f\x1b\x3d\x1b\x40", "^{}\\~|"),
    ],
)
def test_row_d11_escapes(octets: bytes, text: str) -> None:
    assert text_of(0, octets) == text


def test_row_d12_kazakh_letters_travel_unharmed_both_ways() -> None:
    data_coding, octets = encode(KAZAKH)
    assert data_coding == 8
    assert octets == KAZAKH.encode("utf-16-be")
    assert text_of(data_coding, octets) == KAZAKH
    for letter in KAZAKH:
        assert septets(letter) is None


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        ("😀1".encode("utf-16-be"), "😀1"),
        (b"\xd8\x3d\x00\x31", "\ufffd1"),
        (b"\x00\x31\xde\x00", "1\ufffd"),
        (b"\x00\x31\xd8\x3d", "1\ufffd"),
    ],
)
def test_row_d13_surrogates(octets: bytes, text: str) -> None:
    assert text_of(8, octets) == text


@pytest.mark.parametrize("data_coding", [0, 1, 3, 6, 8, 0xF0])
def test_row_d15_an_empty_text_is_empty(data_coding: int) -> None:
    assert decode(data_coding, b"") == ("", ())


@given(st.integers(-1, 300), st.binary(max_size=200), st.sampled_from(list(Alphabet)))
def test_decoding_never_raises(data_coding: int, octets: bytes, alphabet: Alphabet) -> None:
    decode(data_coding, octets, OperatorProfile(default_alphabet=alphabet))


# Encoding


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("abc", 3),
        ("€", 2),
        ("[1]", 5),
        ("@£\n", 3),
        ("\f", 2),
        ("Жауап", None),
        ("`", None),
    ],
)
def test_an_extension_character_is_two_septets(text: str, count: int | None) -> None:
    assert septets(text) == count


def test_a_text_goes_out_in_gsm_where_it_can_and_in_ucs2_where_not() -> None:
    assert encode("a@[€]") == (0, b"a\x00\x1b\x3c\x1b\x65\x1b\x3e")
    assert encode("a@ы") == (8, "a@ы".encode("utf-16-be"))
    assert encode("\x1b")[0] == 8
    assert encode("\ud800") == (8, b"\0?")


def test_row_d1_the_operator_s_alphabet_is_used_for_mt_too() -> None:
    assert encode("a@é", LATIN1) == (0, b"a@\xe9")
    assert encode("€", LATIN1)[0] == 8
    assert encode("Δ", LATIN1)[0] == 8
    assert encode("a@", ASCII) == (0, b"a@")
    assert encode("é", ASCII)[0] == 8
    assert encode("a", UTF16) == (8, b"\0a")


@given(st.text())
def test_what_is_encoded_is_decoded(text: str) -> None:
    text = text.encode("utf-16-be", "replace").decode("utf-16-be").removeprefix("\ufeff")
    for profile in (DEFAULT, LATIN1, ASCII, UTF16):
        data_coding, octets = encode(text, profile)
        if not octets.startswith(b"\xff\xfe"):  # U+FFFE is no character and reads as a mark
            assert decode(data_coding, octets, profile) == (text, ())


@given(GSM_TEXT)
def test_a_gsm_text_is_never_sent_in_ucs2(text: str) -> None:
    data_coding, octets = encode(text)
    assert (data_coding, len(octets)) == (0, septets(text))


# Splitting


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("a" * 160, [160]),
        ("a" * 161, [153, 8]),
        ("a" * 306, [153, 153]),
        ("a" * 307, [153, 153, 1]),
        ("€" * 80, [160]),
        ("€" * 81, [152, 10]),
        ("a" * 152 + "€" * 5, [152, 10]),
        ("ж" * 70, [140]),
        ("ж" * 71, [134, 8]),
        ("ж" * 134, [134, 134]),
        ("ж" * 66 + "😀" * 3, [132, 12]),
        ("", [0]),
    ],
)
def test_row_l20_segments_are_cut_at_their_limits(text: str, counts: list[int]) -> None:
    made = segments(text, 7)
    headers = [6 if segment.udhi else 0 for segment in made]
    assert [len(s.octets) - h for s, h in zip(made, headers, strict=True)] == counts


def test_row_l21_forms() -> None:
    text = "ж" * 71
    eight, _ = segments(text, 0x1FF, DEFAULT)
    assert eight.octets[:6] == bytes.fromhex("05 00 03 ff 02 01")
    assert eight.udhi
    sixteen, second = segments(text, 0x1FF, OperatorProfile(split_form=SplitForm.UDH16))
    assert sixteen.octets[:7] == bytes.fromhex("06 08 04 01ff 02 01")
    assert len(sixteen.octets) == 7 + 2 * 66
    assert second.part is not None
    assert second.part.number == 2
    first, _ = segments(text, 0x1FF, OperatorProfile(split_form=SplitForm.SAR))
    assert not first.udhi
    assert first.part == (0x1FF, 2, 1, 0)
    (whole,) = segments(text, 1, OperatorProfile(split_form=SplitForm.PAYLOAD))
    assert whole.payload
    assert len(whole.octets) == 142
    (short,) = segments("ж", 1, OperatorProfile(split_form=SplitForm.PAYLOAD))
    assert not short.payload


def test_a_text_that_cannot_be_counted_is_refused() -> None:
    assert len(segments("ж" * 67 * 255, 1)) == 255
    with pytest.raises(ValueError, match="256 segments"):
        segments("ж" * (67 * 255 + 1), 1)


@given(
    st.one_of(st.text(max_size=700), st.text("аб€[😀a", max_size=700), GSM_TEXT),
    st.sampled_from([SplitForm.UDH8, SplitForm.UDH16, SplitForm.SAR]),
    st.sampled_from([Alphabet.GSM7, Alphabet.LATIN1]),
    st.booleans(),
    st.integers(0, 70_000),
)
def test_rows_l16_l20_join_after_split_is_the_text(
    text: str, form: SplitForm, alphabet: Alphabet, packed: bool, reference: int
) -> None:
    text = text.encode("utf-16-be", "replace").decode("utf-16-be").lstrip("\ufeff\ufffe")
    if packed:  # at the end of a full last octet these two read as padding
        text = text.replace("\r", "").replace("@", "")
    profile = OperatorProfile(split_form=form, default_alphabet=alphabet, packed=packed)
    made = segments(text, reference, profile)
    parts = []
    for number, segment in enumerate(made, 1):
        header = segment.octets[0] + 1 if segment.udhi else 0
        octets = user_data(segment.data_coding, segment.octets, header, profile)
        if segment.data_coding:
            octets.decode("utf-16-be")  # even, no half of a surrogate pair
            assert len(segment.octets) <= 140
        else:
            assert not octets.endswith(b"\x1b")
            assert (septets(decode(0, octets, profile)[0] or "") or 0) <= 160 - (len(made) > 1) * 7
        assert segment.part is None or segment.part.number == number
        parts.append(octets)
    assert join(parts, made[0].data_coding, profile) == text
