from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from gateway.billing.sealed.found import ROWS_TOLD_MAX, key_of, rows_told, with_id, word_of
from gateway.core.seal import SealedRow

TEXTS = st.text(st.characters(codec="utf-8"))


def compact(row: list[object]) -> bytes:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode()


@given(st.lists(TEXTS | st.integers() | st.none(), min_size=1), st.integers(), st.integers())
def test_a_row_under_another_id_is_the_same_otherwise(
    columns: list[object], old: int, new: int
) -> None:
    assert with_id(compact(["entry", old, *columns]), new) == compact(["entry", new, *columns])


@given(st.binary())
def test_a_row_that_somebody_made_unreadable_has_no_key(octets: bytes) -> None:
    assert key_of(b'["entry",5,' + octets) is None or octets.rstrip().endswith(b"]")


def test_a_row_calls_itself_by_what_people_know() -> None:
    assert key_of(b'["entry",5,"rated:7",20261120]') == "rated:7"
    record = ["call_record", *range(16), "1414", "CA1", "caller", "p", "1414", 0, 20261120]
    assert key_of(compact(list(record))) == "1414 CA1 caller"
    assert key_of(b'["audit",1,2,"aliya","engineer","accept-loss","batch 7","done","{}"]') == (
        "aliya engineer accept-loss batch 7"
    )
    assert key_of(b'["staff",1,2,"aliya"]') == "aliya"
    assert key_of(b'["loss",1,2,3]') is None
    assert key_of(b'["entry",5]') is None


def test_rows_with_consecutive_ids_are_one_stretch() -> None:
    rows = [SealedRow(kind, id_, b"") for kind, id_ in ((1, 5), (1, 6), (1, 7), (2, 8), (9, 9))]
    assert rows_told(rows) == "entry 5 to 7, call_record 8, kind 9 9"
    far = [SealedRow(1, 2 * id_, b"") for id_ in range(ROWS_TOLD_MAX + 1)]
    assert rows_told(far).endswith(", ...")
    assert word_of(77) == "kind 77"
