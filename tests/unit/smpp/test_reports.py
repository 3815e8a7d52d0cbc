"""Our receipts read as Appendix B has them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from smpp.messages import ReceiptState
from smpp.operators import DEFAULT
from smpp.pdu import ShortMessage, decode_short_message
from smpp.receipts import read_receipt
from smpp.reports import report_text

ALMATY = timezone(timedelta(hours=5))
AT = datetime(2026, 11, 20, 10, 5, 59, tzinfo=ALMATY)


def test_the_text_is_that_of_appendix_b() -> None:
    assert report_text("123456789012345678", AT, AT + timedelta(minutes=1)) == (
        "id:123456789012345678 sub:001 dlvrd:001 submit date:2611201005 done date:2611201006 "
        "stat:DELIVRD err:000 text:"
    )


@given(st.integers(0, 2**63 - 1))
def test_a_reader_finds_the_id_and_the_state(id_: int) -> None:
    text = report_text(str(id_), AT, AT)
    body = b"\0\0\1" + b"1012\0\1\1" + b"77011234567\0" + bytes((4, 0, 0, 0, 0, 0, 0, 0, 0))
    message = decode_short_message(5, body + bytes((len(text),)) + text.encode("ascii"))
    assert isinstance(message, ShortMessage)
    receipt = read_receipt(message, DEFAULT)
    assert (receipt.message_id, receipt.state) == (str(id_), ReceiptState.DELIVERED)
    assert (receipt.stat, receipt.error) == ("DELIVRD", "000")
