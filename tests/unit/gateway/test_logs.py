"""Masking: nothing personal survives the last processor."""

from __future__ import annotations

import io
import json

import structlog
from hypothesis import given
from hypothesis import strategies as st

from gateway.logs import Masking, configure


def mask(event: dict[str, object]) -> dict[str, object]:
    return dict(Masking(lambda digits: "h" + digits[-1])(None, "info", event))


def test_a_phone_in_a_value_becomes_its_last_four_and_a_hash() -> None:
    assert mask({"detail": "from +77010000001 to 1012"})["detail"] == "from *0001~h1 to 1012"


def test_separators_do_not_hide_a_number() -> None:
    assert "0612" not in str(mask({"detail": "0612 0000 0012 345678"})["detail"])


def test_ids_that_are_integers_stay() -> None:
    assert mask({"question_id": 1234567890123456789})["question_id"] == 1234567890123456789


def test_control_and_direction_marks_are_escaped() -> None:
    cleaned = str(mask({"detail": "a\r\x1b[31mb\u202ec"})["detail"])
    assert cleaned.isprintable()


def test_a_long_value_is_cut() -> None:
    assert len(str(mask({"detail": "x" * 10_000})["detail"])) == 256


@given(st.text(max_size=300), st.from_regex(r"7[67]\d{9}", fullmatch=True))
def test_no_phone_survives_in_any_surroundings(text: str, phone: str) -> None:
    assert phone not in str(mask({"detail": f"{text} {phone} {text}"})["detail"])


def test_a_traceback_is_masked_too() -> None:
    out = io.StringIO()
    configure("info", "json", lambda _: "h", out)
    log = structlog.get_logger()
    try:
        raise ValueError("no such subscriber 77010000001")
    except ValueError:
        log.exception("failed")
    line = out.getvalue()
    assert "77010000001" not in line
    assert json.loads(line)["event"] == "failed"
    structlog.reset_defaults()
