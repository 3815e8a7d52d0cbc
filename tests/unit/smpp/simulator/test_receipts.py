from __future__ import annotations

import uuid
from datetime import datetime, timedelta, timezone

import pytest

from smpp.simulator import receipts
from smpp.simulator.receipts import IdForm, Outcome, ReceiptBody, ReceiptForm, State

ALMATY = timezone(timedelta(hours=5))
SUBMITTED = datetime(2026, 11, 20, 10, 0, 1, tzinfo=ALMATY)
DONE = datetime(2026, 11, 20, 10, 1, 2, tzinfo=ALMATY)


def outcome(form: IdForm, state: State = State.DELIVERED, error: int = 0) -> Outcome:
    number = 1_700_000_000_011
    return Outcome(
        number,
        receipts.message_id(form, number),
        state,
        error,
        SUBMITTED,
        DONE,
        "№1 is in work, says",
    )


@pytest.mark.parametrize(
    ("form", "id_form", "expected"),
    [
        (ReceiptForm.STANDARD, IdForm.DECIMAL,
         b"id:0001700000000011 sub:001 dlvrd:001 submit date:2611201000 done date:2611201001 "
         b"stat:DELIVRD err:000 text:?1 is in work, says"),
        (ReceiptForm.HEX_ID, IdForm.DECIMAL,
         b"id:18BCFE5680B sub:001 dlvrd:001 submit date:2611201000 done date:2611201001 "
         b"stat:DELIVRD err:000 text:?1 is in work, says"),
        (ReceiptForm.HEX_ID, IdForm.HEX,
         b"id:1700000000011 sub:001 dlvrd:001 submit date:2611201000 done date:2611201001 "
         b"stat:DELIVRD err:000 text:?1 is in work, says"),
        (ReceiptForm.NO_COUNTS, IdForm.HEX,
         b"id:18bcfe5680b submit date:2611201000 done date:2611201001 stat:DELIVRD err:000"),
    ],
)  # fmt: skip
def test_a_receipt_is_written_as_its_operator_writes_it(
    form: ReceiptForm, id_form: IdForm, expected: bytes
) -> None:
    assert receipts.compose(form, outcome(id_form)) == ReceiptBody(expected, 0, ())


def test_a_failure_names_its_state_error_and_count() -> None:
    body = receipts.compose(
        ReceiptForm.STANDARD, outcome(IdForm.DECIMAL, State.UNDELIVERABLE, 5)
    ).octets
    assert b" dlvrd:000 " in body
    assert b" stat:UNDELIV err:005 " in body


def test_a_receipt_of_tlvs_has_no_text() -> None:
    body = receipts.compose(ReceiptForm.TLV_ONLY, outcome(IdForm.HEX, State.EXPIRED))
    assert body == ReceiptBody(b"", 0, ((0x001E, b"18bcfe5680b\0"), (0x0427, b"\x03")))


def test_a_ucs2_receipt_has_odd_dates_and_a_lower_case_state() -> None:
    body = receipts.compose(ReceiptForm.UCS2, outcome(IdForm.HEX, State.REJECTED, 0x21B))
    assert body.data_coding == 8
    assert body.octets.decode("utf-16-be") == (
        "id:18bcfe5680b sub:001 dlvrd:000 submit date:20261120100001 done date:261120100102 "
        "stat:rejectd err:021b text:"
    )


def test_a_ucs2_receipt_with_a_long_id_travels_in_message_payload() -> None:
    body = receipts.compose(ReceiptForm.UCS2, outcome(IdForm.UUID))
    ((tag, payload),) = body.tlvs
    assert (tag, body.octets) == (0x0424, b"")
    assert payload.decode("utf-16-be").startswith("id:")


@pytest.mark.parametrize("form", IdForm)
def test_ids_differ_and_come_again_the_same(form: IdForm) -> None:
    ids = [receipts.message_id(form, number) for number in range(500)]
    assert len(set(ids)) == 500
    assert ids == [receipts.message_id(form, number) for number in range(500)]


def test_a_uuid_is_one_and_a_hex_receipt_of_it_changes_its_case_alone() -> None:
    given = outcome(IdForm.UUID)
    assert uuid.UUID(given.message_id).version == 4
    octets = receipts.compose(ReceiptForm.HEX_ID, given).octets
    assert octets.startswith(f"id:{given.message_id.upper()} ".encode())


def test_every_state_has_its_number_of_the_specification() -> None:
    assert [receipts.MESSAGE_STATES[state] for state in State] == [2, 3, 4, 5, 6, 7, 8]
