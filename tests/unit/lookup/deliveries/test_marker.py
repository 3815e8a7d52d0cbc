from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookup.deliveries.marker import Marker, parse_marker

DIGEST = "a3" * 32


@pytest.mark.parametrize(
    ("content", "marker"),
    [
        (b"", Marker()),
        (b"ok\n", Marker()),
        (b"size: 1234\n", Marker(size=1234)),
        (b"SIZE=1234\r\nSHA-256 = " + DIGEST.upper().encode(), Marker(1234, DIGEST)),
        (b"\xef\xbb\xbfsha256 " + DIGEST.encode(), Marker(sha256=DIGEST)),
        (DIGEST.encode() + b"  tickets-2026.csv\n", Marker(sha256=DIGEST)),
        (DIGEST.encode() + b" *tickets 20261122.csv\n", Marker(sha256=DIGEST)),
        (b"md5: " + b"a3" * 16, Marker()),
        (b"a" * 65, Marker()),
        (b"size: -1\nsize: many", Marker()),
    ],
)
def test_a_marker_says_what_it_says(content: bytes, marker: Marker) -> None:
    assert parse_marker(content) == marker


@given(st.binary(max_size=200))
def test_any_octets_are_a_marker(content: bytes) -> None:
    assert isinstance(parse_marker(content), Marker)
