"""Receipts as operators send them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp import tlv
from smpp.messages import Receipt, ReceiptState
from smpp.operators import DEFAULT, Alphabet, MessageIdForm, OperatorProfile
from smpp.pdu import ShortMessage
from smpp.receipts import fields_of, is_receipt_text, read_receipt, settle

DELIVERED, UNDELIVERED, ENROUTE = (
    ReceiptState.DELIVERED, ReceiptState.UNDELIVERED, ReceiptState.ENROUTE,
)  # fmt: skip
STANDARD = (
    "id:0123456789 sub:001 dlvrd:001 submit date:2611201000 done date:2611201001 "
    "stat:DELIVRD err:000 text:12345"
)
PLAIN = ShortMessage(
    b"", 1, 1, b"+77011234567", 0, 1, b"1012", 4, 0, 0, b"", b"", 0, 0, 0, b"", {}
)  # fmt: skip
HEX_TO_DEC = OperatorProfile(message_id_form=MessageIdForm.HEX_TO_DEC)
DEC_TO_HEX = OperatorProfile(message_id_form=MessageIdForm.DEC_TO_HEX)


def read(
    text: str | bytes,
    tlvs: dict[int, bytes] | None = None,
    data_coding: int = 0,
    profile: OperatorProfile = DEFAULT,
) -> Receipt:
    octets = text.encode("latin-1") if isinstance(text, str) else text
    message = PLAIN._replace(octets=octets, tlvs=tlvs or {}, data_coding=data_coding)
    return read_receipt(message, profile)


def test_the_form_of_appendix_b() -> None:
    assert read(STANDARD) == Receipt(
        message_id="0123456789",
        canonical_id="123456789",
        state=DELIVERED,
        stat="DELIVRD",
        error="000",
        source="77011234567",
    )


# Ids


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (MessageIdForm.LEARN, "123456789"),
        (MessageIdForm.AS_IS, "123456789"),
        (MessageIdForm.HEX_TO_DEC, "75bcd15"),
        (MessageIdForm.DEC_TO_HEX, "4886718345"),
    ],
)
def test_rows_r5_r6_the_id_is_told_as_that_of_the_response(
    form: MessageIdForm, expected: str
) -> None:
    receipt = read(STANDARD, profile=OperatorProfile(message_id_form=form))
    assert (receipt.message_id, receipt.canonical_id) == ("0123456789", expected)


@pytest.mark.parametrize("message_id", ["6ba7b810-9dad-11d1-80b4-00c04fd430c8", "f" * 65])
def test_row_r7_a_long_id_is_kept_whole(message_id: str) -> None:
    assert read(STANDARD.replace("0123456789", message_id)).message_id == message_id


# Sources of id and state


def test_row_r8_tlvs_alone_are_a_receipt() -> None:
    receipt = read(b"", {tlv.RECEIPTED_MESSAGE_ID: b"00AB\0", tlv.MESSAGE_STATE: b"\x02"})
    assert (receipt.message_id, receipt.canonical_id) == ("00AB", "ab")
    assert (receipt.state, receipt.stat) == (DELIVERED, "DELIVRD")


def test_row_r8_tlvs_beat_the_text() -> None:
    tlvs = {tlv.RECEIPTED_MESSAGE_ID: b"77", tlv.MESSAGE_STATE: b"\x05"}
    receipt = read(STANDARD, tlvs)
    assert (receipt.message_id, receipt.state, receipt.stat) == ("77", UNDELIVERED, "DELIVRD")


@pytest.mark.parametrize("value", [b"", b"\x63", b"12345"])
def test_row_r8_a_state_nobody_knows_leaves_the_text_s(value: bytes) -> None:
    assert read(STANDARD, {tlv.MESSAGE_STATE: value}).state is DELIVERED
    assert read(STANDARD, {tlv.RECEIPTED_MESSAGE_ID: b"\0"}).message_id == "0123456789"


@pytest.mark.parametrize(
    ("value", "state"),
    [
        (1, ENROUTE), (2, DELIVERED), (3, UNDELIVERED), (4, UNDELIVERED), (5, UNDELIVERED),
        (6, ENROUTE), (7, ENROUTE), (8, UNDELIVERED), (0, ENROUTE), (9, UNDELIVERED),
    ],
)  # fmt: skip
def test_row_r8_each_message_state(value: int, state: ReceiptState) -> None:
    assert read("id:1", {tlv.MESSAGE_STATE: bytes((value,))}).state is state


def test_user_message_reference_is_read() -> None:
    assert (
        read(STANDARD, {tlv.USER_MESSAGE_REFERENCE: b"\x12\x34"}).user_message_reference == 0x1234
    )
    assert read(STANDARD).user_message_reference is None


# Texts


@pytest.mark.parametrize("data_coding", [0, 1, 3, 8, 4, 0xF0])
def test_row_r9_ascii_under_any_data_coding(data_coding: int) -> None:
    assert read(STANDARD, data_coding=data_coding).state is DELIVERED


@pytest.mark.parametrize("data_coding", [0, 8])
def test_row_r9_ucs2_under_its_own_or_no_flag(data_coding: int) -> None:
    receipt = read(STANDARD.encode("utf-16-be"), data_coding=data_coding)
    assert (receipt.message_id, receipt.state) == ("0123456789", DELIVERED)


def test_row_r9_packed_septets() -> None:
    # "id:1 stat:DELIVRD", packed
    packed = OperatorProfile(packed=True)
    octets = bits_of("id:1 stat:DELIVRD")
    assert read(octets, profile=packed).state is DELIVERED


def bits_of(text: str) -> bytes:
    bits = sum(ord(char) << (7 * at) for at, char in enumerate(text))
    return bits.to_bytes((len(text) * 7 + 7) // 8, "little")


@pytest.mark.parametrize(
    ("text", "message_id", "state", "error"),
    [
        ("id:1 stat:DELIVRD", "1", DELIVERED, ""),
        ("id:1 sub:n/a dlvrd:n/a submit date:n/a done date:n/a stat:UNDELIV err:n/a", "1",
         UNDELIVERED, "n/a"),
        ("stat:DELIVRD err:000 id:1", "1", DELIVERED, "000"),
        ("text:stat and id stat:EXPIRED id:1", "1", UNDELIVERED, ""),
        ("ID:1 STAT:DELIVRD ERR:1", "1", DELIVERED, "1"),
        ("id: 1 stat: DELIVRD err: 5", "1", DELIVERED, "5"),
        ("id:1 submit_date:2611201000 donedate:2611201000 stat:DELIVRD", "1", DELIVERED, ""),
        ("id:1\nstat:DELIVRD\r\nerr:000", "1", DELIVERED, "000"),
        ("msgid:9 id:1 stat:DELIVRD", "1", DELIVERED, ""),
        ("id:1 stat:DELIVRD err:000 text:id:2 stat:UNDELIV err:9", "1", DELIVERED, "000"),
        ("id:1 stat:", "1", ENROUTE, ""),
        ("id: stat:DELIVRD", "", DELIVERED, ""),
        ("nothing at all", "", ENROUTE, ""),
        ("", "", ENROUTE, ""),
    ],
)  # fmt: skip
def test_row_r10_fields_may_be_missing_reordered_and_odd(
    text: str, message_id: str, state: ReceiptState, error: str
) -> None:
    receipt = read(text)
    assert (receipt.message_id, receipt.state, receipt.error) == (message_id, state, error)


@pytest.mark.parametrize(
    "date", ["2611201000", "261120100059", "20261120100059", "0000000000", "", "never"]
)
def test_row_r11_no_date_costs_the_state(date: str) -> None:
    receipt = read(STANDARD.replace("2611201001", date))
    assert (receipt.message_id, receipt.state) == ("0123456789", DELIVERED)


@pytest.mark.parametrize("error", ["0000", "21b", "", "12345", "-1", "0x1f"])
def test_row_r12_the_error_is_a_text(error: str) -> None:
    assert read(STANDARD.replace("err:000", f"err:{error}")).error == error


@pytest.mark.parametrize(
    ("stat", "state"),
    [
        ("DELIVRD", DELIVERED), ("delivrd", DELIVERED), ("Delivered", DELIVERED), ("2", DELIVERED),
        ("EXPIRED", UNDELIVERED), ("DELETED", UNDELIVERED), ("UNDELIV", UNDELIVERED),
        ("REJECTD", UNDELIVERED), ("FAILED", UNDELIVERED), ("5", UNDELIVERED),
        ("ACCEPTD", ENROUTE), ("UNKNOWN", ENROUTE), ("ENROUTE", ENROUTE), ("BUFFRED", ENROUTE),
        ("ACKED", ENROUTE), ("SCHEDULED", ENROUTE), ("WHATEVER", ENROUTE), ("99", ENROUTE),
    ],
)  # fmt: skip
def test_row_r13_each_state_word_and_the_word_is_kept(stat: str, state: ReceiptState) -> None:
    receipt = read(STANDARD.replace("DELIVRD", stat))
    assert (receipt.state, receipt.stat) == (state, stat)


def test_row_r2_an_intermediate_notification_is_never_final() -> None:
    message = PLAIN._replace(octets=STANDARD.encode(), esm_class=0x20)
    receipt = read_receipt(message, DEFAULT, intermediate=True)
    assert (receipt.state, receipt.intermediate, receipt.stat) == (ENROUTE, True, "DELIVRD")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, ENROUTE, ENROUTE),
        (None, DELIVERED, DELIVERED),
        (ENROUTE, DELIVERED, DELIVERED),
        (ENROUTE, UNDELIVERED, UNDELIVERED),
        (DELIVERED, ENROUTE, DELIVERED),
        (UNDELIVERED, DELIVERED, UNDELIVERED),
        (DELIVERED, UNDELIVERED, DELIVERED),
    ],
)
def test_row_r15_a_final_state_never_goes_back(
    before: ReceiptState | None, after: ReceiptState, expected: ReceiptState
) -> None:
    assert settle(before, after) is expected


def test_a_receipt_text_has_an_id_and_a_state() -> None:
    assert is_receipt_text(STANDARD)
    assert is_receipt_text("stat:DELIVRD id:1")
    for text in ("id:1", "stat:DELIVRD", "id: stat:DELIVRD", "123456789012345678", "void:1 stat:x"):
        assert not is_receipt_text(text)


NOISE = st.lists(
    st.one_of(st.text(max_size=12), st.sampled_from(["id:", " stat:", "DELIVRD", "err:", "text:"]))
).map("".join)


@given(NOISE)
def test_the_parser_never_raises_and_its_short_cut_changes_nothing(text: str) -> None:
    fields_of(text)
    is_receipt_text(text)
    read(text.encode("utf-8"))
    fast = fields_of(f"{STANDARD} {text}")
    slow = fields_of(f" {STANDARD} {text}")
    assert all(slow[name] == value for name, value in fast.items())


@given(
    st.binary(max_size=200),
    st.dictionaries(st.sampled_from([0x1E, 0x427, 0x204]), st.binary(max_size=8)),
    st.integers(0, 255),
    st.sampled_from([DEFAULT, HEX_TO_DEC, DEC_TO_HEX, OperatorProfile(packed=True),
                     OperatorProfile(default_alphabet=Alphabet.UTF16)]),
)  # fmt: skip
def test_no_octets_raise(
    octets: bytes, tlvs: dict[int, bytes], data_coding: int, profile: OperatorProfile
) -> None:
    assert isinstance(read(octets, tlvs, data_coding, profile), Receipt)
