from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp.simulator import segments, text, wire
from smpp.simulator.segments import Piece, Place, SplitForm
from smpp.simulator.text import Alphabet

GSM = st.text(st.sampled_from("0123456789 abcXYZ@€[]{}~^\\|ñΩ"), max_size=700)
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
CUT_FORMS = [SplitForm.UDH8, SplitForm.UDH16, SplitForm.SAR]


def message(piece: Piece, data_coding: int) -> wire.Message:
    """A piece as the other side reads it from the wire."""
    sent = wire.Message(
        "77010000001", "1012", piece.octets, data_coding, piece.esm_class, tlvs=piece.tlvs
    )
    got = wire.decode_message(wire.encode_message(sent))
    assert isinstance(got, wire.Message)
    return got


def joined(pieces: tuple[Piece, ...], data_coding: int, dc0: Alphabet) -> str:
    octets = b"".join(segments.read(message(piece, data_coding), dc0)[1] for piece in pieces)
    return text.decode(octets, text.alphabet_of(data_coding, dc0))


@given(GSM, st.sampled_from(SplitForm), st.sampled_from([Alphabet.GSM, Alphabet.GSM_PACKED]))
def test_joining_the_parts_of_a_gsm_text_gives_the_text(
    content: str, form: SplitForm, dc0: Alphabet
) -> None:
    pieces = segments.cut(content, data_coding=0, form=form, reference=700, dc0=dc0)
    assert joined(pieces, 0, dc0) == content


@given(ANY, st.sampled_from(SplitForm))
def test_joining_the_parts_of_any_text_in_ucs2_gives_the_text(
    content: str, form: SplitForm
) -> None:
    pieces = segments.cut(content, data_coding=8, form=form, reference=9, dc0=Alphabet.GSM)
    assert joined(pieces, 8, Alphabet.GSM) == content


@given(GSM, st.sampled_from(CUT_FORMS))
def test_every_part_of_a_gsm_text_fits_and_cuts_no_escape(content: str, form: SplitForm) -> None:
    pieces = segments.cut(content, data_coding=0, form=form, reference=1, dc0=Alphabet.GSM)
    for piece in pieces:
        header = piece.octets[0] + 1 if piece.esm_class else 0
        assert len(piece.octets) - header + (header * 8 + 6) // 7 <= 160
        assert not piece.octets.endswith(b"\x1b")
    packed = segments.cut(content, data_coding=0, form=form, reference=1, dc0=Alphabet.GSM_PACKED)
    assert all(len(piece.octets) <= 140 for piece in packed)


@given(ANY, st.sampled_from(CUT_FORMS))
def test_every_part_of_a_ucs2_text_fits_and_cuts_no_pair(content: str, form: SplitForm) -> None:
    for piece in segments.cut(content, data_coding=8, form=form, reference=1, dc0=Alphabet.GSM):
        header = piece.octets[0] + 1 if piece.esm_class else 0
        assert len(piece.octets) <= 140
        piece.octets[header:].decode("utf-16-be")  # raises for half a pair


@pytest.mark.parametrize(
    ("form", "dc0", "size", "parts"),
    [
        (SplitForm.UDH8, Alphabet.GSM, 160, 1), (SplitForm.UDH8, Alphabet.GSM, 161, 2),
        (SplitForm.UDH8, Alphabet.GSM, 306, 2), (SplitForm.UDH8, Alphabet.GSM, 307, 3),
        (SplitForm.UDH16, Alphabet.GSM, 304, 2), (SplitForm.UDH16, Alphabet.GSM, 305, 3),
        (SplitForm.SAR, Alphabet.GSM, 306, 2), (SplitForm.SAR, Alphabet.GSM, 307, 3),
        (SplitForm.UDH8, Alphabet.UCS2, 70, 1), (SplitForm.UDH8, Alphabet.UCS2, 134, 2),
        (SplitForm.UDH8, Alphabet.UCS2, 135, 3), (SplitForm.UDH16, Alphabet.UCS2, 132, 2),
        (SplitForm.UDH8, Alphabet.LATIN1, 140, 1), (SplitForm.UDH8, Alphabet.LATIN1, 268, 2),
        (SplitForm.PAYLOAD, Alphabet.GSM, 900, 1), (SplitForm.DATA_SM, Alphabet.GSM, 900, 1),
    ],
)  # fmt: skip
def test_a_text_takes_as_many_parts_as_the_standard_says(
    form: SplitForm, dc0: Alphabet, size: int, parts: int
) -> None:
    assert len(segments.cut("a" * size, data_coding=0, form=form, reference=1, dc0=dc0)) == parts


def test_headers_are_written_octet_by_octet() -> None:
    long = "a" * 200
    eight = segments.cut(
        long, data_coding=0, form=SplitForm.UDH8, reference=0x1A2, dc0=Alphabet.GSM
    )
    wide = segments.cut(long, data_coding=0, form=SplitForm.UDH16, reference=0x1A2,
                        dc0=Alphabet.GSM)  # fmt: skip
    assert [piece.octets[:6].hex() for piece in eight] == ["050003a20201", "050003a20202"]
    assert [piece.octets[:7].hex() for piece in wide] == ["06080401a20201", "06080401a20202"]
    assert {piece.esm_class for piece in (*eight, *wide)} == {0x40}


def test_packed_septets_begin_at_a_multiple_of_seven_bits() -> None:
    long, dc0 = "a" * 200, Alphabet.GSM_PACKED
    eight = segments.cut(long, data_coding=0, form=SplitForm.UDH8, reference=1, dc0=dc0)
    wide = segments.cut(long, data_coding=0, form=SplitForm.UDH16, reference=1, dc0=dc0)
    # 48 bits of header and one of filling; 56 bits of header.
    assert eight[0].octets[6] == (0x61 << 1) & 0xFF
    assert wide[0].octets[7] == 0x61 | (0x61 << 7) & 0xFF


def test_sar_parts_name_their_place_in_tlvs() -> None:
    pieces = segments.cut(
        "a" * 200, data_coding=0, form=SplitForm.SAR, reference=0x1A2, dc0=Alphabet.GSM
    )
    assert wire.encode_tlvs(pieces[1].tlvs).hex() == "020c000201a2" + "020e000102" + "020f000102"
    assert segments.read(message(pieces[1], 0), Alphabet.GSM)[0] == Place(0x1A2, 2, 2, 0)


def test_more_than_255_parts_are_refused() -> None:
    with pytest.raises(ValueError, match="256 parts"):
        segments.cut(
            "a" * (153 * 255 + 1), data_coding=0, form=SplitForm.UDH8, reference=1,
            dc0=Alphabet.GSM,
        )  # fmt: skip


def test_bytes_are_cut_as_they_are() -> None:
    content = bytes(range(256))
    pieces = segments.cut(
        content, data_coding=4, form=SplitForm.UDH8, reference=1, dc0=Alphabet.GSM
    )
    assert b"".join(piece.octets[6:] for piece in pieces) == content
    assert [len(piece.octets) for piece in pieces] == [140, 128]


@pytest.mark.parametrize(
    ("octets", "place"),
    [
        ("0b 0504 15811581 0003 2a 02 01 6869", Place(0x2A, 2, 1, 8)),  # ports, then reference
        ("06 0804 012a 03 02 6869", Place(0x12A, 3, 2, 16)),
        ("06 0504 1581 1581 6869", None),  # ports alone
        ("05 0003 2a 02 00 6869", None),  # part 0
        ("05 0003 2a 02 03 6869", None),  # part 3 of 2
        ("05 0003 2a 01 01 6869", None),  # one part alone
        ("02 0003 6869", None),  # an element cut short
    ],
)
def test_the_reference_is_found_among_other_elements(octets: str, place: Place | None) -> None:
    got = wire.Message("1", "2", bytes.fromhex(octets), esm_class=0x40)
    assert segments.read(got, Alphabet.GSM) == (place, b"hi")


@pytest.mark.parametrize("octets", [b"", b"\x09abc"])
def test_a_header_longer_than_its_message_is_no_header(octets: bytes) -> None:
    got = wire.Message("1", "2", octets, esm_class=0x40)
    assert segments.read(got, Alphabet.GSM) == (None, octets)


def test_an_incomplete_set_of_sar_tlvs_makes_no_part() -> None:
    got = wire.Message("1", "2", b"hi", tlvs=((0x020C, b"\0\1"), (0x020E, b"\2")))
    assert segments.read(got, Alphabet.GSM) == (None, b"hi")


@given(st.binary(max_size=30), st.sampled_from([0x40, 0]), st.sampled_from(Alphabet))
def test_no_octets_make_reading_raise(octets: bytes, esm_class: int, dc0: Alphabet) -> None:
    segments.read(wire.Message("1", "2", octets, esm_class=esm_class), dc0)


@pytest.mark.parametrize(
    ("content", "dc0", "data_coding"),
    [("12€", Alphabet.GSM, 0), ("Өтініш", Alphabet.GSM, 8), ("é", Alphabet.ASCII, 8),
     ("é", Alphabet.LATIN1, 0), ("€", Alphabet.LATIN1, 8), ("Өтініш", Alphabet.UCS2, 0)],
)  # fmt: skip
def test_a_phone_chooses_the_cheapest_coding(content: str, dc0: Alphabet, data_coding: int) -> None:
    assert segments.choose_data_coding(content, dc0) == data_coding
