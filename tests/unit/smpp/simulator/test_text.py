from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp.simulator import text
from smpp.simulator.text import Alphabet

GSM_CHARACTERS = [*text.GSM_BASIC.replace("\x1b", ""), *text.GSM_EXTENSION.values()]
gsm_texts = st.text(st.sampled_from(GSM_CHARACTERS), max_size=60)


@pytest.mark.parametrize(
    ("code", "character"),
    # Corners and lookalikes of the table of 23.038 6.2.1.
    [(0x00, "@"), (0x02, "$"), (0x09, "Ç"), (0x0A, "\n"), (0x10, "Δ"), (0x11, "_"), (0x1A, "Ξ"),
     (0x20, " "), (0x24, "¤"), (0x30, "0"), (0x40, "¡"), (0x41, "A"), (0x5B, "Ä"), (0x5F, "§"),
     (0x60, "¿"), (0x61, "a"), (0x7B, "ä"), (0x7F, "à")],
)  # fmt: skip
def test_the_default_alphabet_is_that_of_the_standard(code: int, character: str) -> None:
    assert text.encode(character, Alphabet.GSM) == bytes((code,))
    assert text.decode(bytes((code,)), Alphabet.GSM) == character


def test_the_extension_takes_two_septets() -> None:
    assert text.encode("€[", Alphabet.GSM) == b"\x1b\x65\x1b\x3c"
    assert text.decode(b"a\x1b\x65b\x1b\x3c", Alphabet.GSM) == "a€b["


def test_an_escape_before_an_unknown_code_shows_the_basic_character() -> None:
    assert text.decode(b"\x1b\x41b", Alphabet.GSM) == "Ab"
    assert text.decode(b"a\x1b", Alphabet.GSM) == "a"


@given(gsm_texts)
def test_reading_gsm_octets_gives_the_text(content: str) -> None:
    assert text.decode(text.encode(content, Alphabet.GSM), Alphabet.GSM) == content


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_reading_ucs2_octets_gives_the_text(content: str) -> None:
    assert text.decode(text.encode(content, Alphabet.UCS2), Alphabet.UCS2) == content


def test_kazakh_letters_are_in_no_gsm_alphabet() -> None:
    assert not any(text.in_gsm(letter) for letter in "ӘҒҚҢӨҰҮҺІәғқңөұүһі")
    assert text.encode("Ә1", Alphabet.GSM) == b"?1"
    assert text.in_gsm("061200000012345678")


@pytest.mark.parametrize(
    ("content", "packed"),
    [
        ("hellohello", "E8329BFD4697D9EC37"),
        ("1234567", "31D98C56B3DD1A"),  # seven spare bits hold a CR
        ("12345678", "31D98C56B3DD70"),
    ],
)
def test_septets_are_packed_as_the_standard_shows(content: str, packed: str) -> None:
    octets = text.encode(content, Alphabet.GSM_PACKED)
    assert octets.hex().upper() == packed
    assert text.unpack(octets).decode("ascii") == content


@given(st.binary(max_size=40).map(lambda b: bytes(o & 0x7F for o in b)), st.integers(0, 6))
def test_unpacking_what_was_packed_gives_the_septets(septets: bytes, fill: int) -> None:
    if septets.endswith(b"\r"):
        septets += b"x"
    back = text.unpack(text.pack(septets, fill), fill)
    # Fewer than seven spare bits can't hold a septet; exactly seven hold a CR, which is removed.
    assert back == septets


@pytest.mark.parametrize(
    ("data_coding", "alphabet"),
    [(0, Alphabet.LATIN1), (1, Alphabet.ASCII), (2, None), (3, Alphabet.LATIN1), (4, None),
     (8, Alphabet.UCS2), (9, Alphabet.LATIN1), (0x10, Alphabet.GSM), (0x18, Alphabet.UCS2),
     (0x14, None), (0xF0, Alphabet.GSM), (0xF4, None), (0xC0, Alphabet.LATIN1)],
)  # fmt: skip
def test_a_data_coding_names_its_alphabet(data_coding: int, alphabet: Alphabet | None) -> None:
    assert text.alphabet_of(data_coding, Alphabet.LATIN1) is alphabet


def test_binary_is_shown_in_hex_and_latin1_as_it_is() -> None:
    assert text.decode(b"\x00\xff", None) == "00ff"
    assert text.decode(b"\xe9@", Alphabet.LATIN1) == "é@"
    assert text.encode("é", Alphabet.ASCII) == b"?"
    assert text.decode(b"\xe9", Alphabet.ASCII) == "\ufffd"


def test_a_lone_surrogate_is_sent_as_a_phone_does() -> None:
    assert text.encode("\ud83d", Alphabet.UCS2) == b"\xd8\x3d"


@given(st.binary(max_size=40), st.sampled_from([*Alphabet, None]))
def test_no_octets_make_the_decoder_raise(octets: bytes, alphabet: Alphabet | None) -> None:
    text.decode(octets, alphabet)
    text.unpack(octets)
