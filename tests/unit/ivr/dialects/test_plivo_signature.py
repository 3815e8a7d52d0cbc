"""Vectors recomputed from the platform's scheme, and its own library beside ours."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plivo.utils.signature_v3 import validate_v3_signature

from ivr.dialects.plivo_signature import is_among, sign

TOKEN, NONCE = "my_auth_token", "12345"
URL = "https://gw.example.kz/ivr/plivo"
FIELDS = [
    ("CallUUID", "c1"),
    ("From", "77010000001"),
    ("To", "1414"),
    ("Digits", "123456"),
    ("CallStatus", "in-progress"),
]
LANG = [("lang", "kk")]


@pytest.mark.parametrize(
    ("url", "query", "fields", "expected"),
    [
        (f"{URL}?lang=kk", LANG, FIELDS, "05DZlZS5waVveBkvi8GbmvEJg6jBqckaQA9BgVAU6qA="),
        (URL, [], FIELDS, "l/btWt6PqJtcKs+mHAZNA2W1PsjFJ4orcGRzHPsJu+Q="),
        (URL, FIELDS, [], "NA/gypiQQEe2cm9as/vb2w/KIDtqa+a6RADLMPNFmgI="),
    ],
    ids=["POST with a query", "POST without a query", "GET"],
)
def test_a_vector_is_met(
    url: str, query: list[tuple[str, str]], fields: list[tuple[str, str]], expected: str
) -> None:
    assert sign(TOKEN, url, query, fields, NONCE) == expected
    assert sign(TOKEN, url, query[::-1], fields[::-1], NONCE) == expected
    assert sign(TOKEN, url, query, fields, NONCE + "1") != expected
    assert sign(TOKEN + "1", url, query, fields, NONCE) != expected
    assert sign(TOKEN, url, query, [*fields, ("New", "field")], NONCE) != expected


def test_the_fragment_is_not_signed() -> None:
    assert sign(TOKEN, f"{URL}?lang=kk#a?b", LANG, FIELDS, NONCE) == sign(
        TOKEN, f"{URL}?lang=kk", LANG, FIELDS, NONCE
    )


def test_one_of_several_signatures_will_do() -> None:
    assert is_among("abc=", ["xyz=", " abc= "])
    assert not is_among("abc=", ["xyz=", "abc", "Қ", ""])
    assert not is_among("abc=", [])


values = st.text(st.sampled_from("aB1 .&=%+"), max_size=6)
names = st.text(st.sampled_from("abC"), min_size=1, max_size=2)


@given(st.dictionaries(names, values | st.just("Әсел Қ"), min_size=1, max_size=5))
def test_their_library_believes_our_signature_of_a_form(fields: dict[str, str]) -> None:
    for url in (URL, f"{URL}?step=3&nonce=ab%2Fc&empty="):
        query = parse_qsl(urlsplit(url).query, keep_blank_values=True)
        signature = sign(TOKEN, url, query, list(fields.items()), NONCE)
        assert validate_v3_signature("POST", url, NONCE, TOKEN, signature, dict(fields))
        assert validate_v3_signature("POST", url, NONCE, TOKEN, f"x,{signature}", dict(fields))


@given(st.dictionaries(names, values, max_size=5))
def test_their_library_believes_our_signature_of_a_query(fields: dict[str, str]) -> None:
    signature = sign(TOKEN, URL, list(fields.items()), [], NONCE)
    assert validate_v3_signature("GET", URL, NONCE, TOKEN, signature, dict(fields))


def test_their_library_believes_our_signature_of_nothing() -> None:
    signature = sign(TOKEN, URL, [], [], NONCE)
    assert validate_v3_signature("POST", URL, NONCE, TOKEN, signature, {})
    signature = sign(TOKEN, f"{URL}?step=3", [("step", "3")], [], NONCE)
    assert validate_v3_signature("POST", f"{URL}?step=3", NONCE, TOKEN, signature, {})
