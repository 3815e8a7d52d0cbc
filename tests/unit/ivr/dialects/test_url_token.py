from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.dialects.url_token import opens, url_token

URL = "https://gw.example.kz/ivr/1414"
# openssl: printf 'jauap ivr url\n/ivr/1414' | openssl dgst -sha256 -hmac topsecret
TOKEN = "ad98ca10e5f563049c060cc31956e3208402ce41fc035ef6867b874dffa2f42b"


def test_the_token_is_what_openssl_makes_of_the_path() -> None:
    assert url_token("topsecret", URL) == TOKEN


@pytest.mark.parametrize(
    "url",
    [
        f"{URL}?step=3&nonce=ab",
        f"{URL}#fragment",
        f"{URL}?",
        "http://127.0.0.1:8080/ivr/1414",
    ],
)
def test_host_and_query_do_not_count(url: str) -> None:
    assert opens(TOKEN, "topsecret", url)


@pytest.mark.parametrize(
    "url",
    ["https://gw.example.kz/ivr/1415", "https://gw.example.kz/ivr/1414/", "https://gw.example.kz"],
)
def test_another_path_has_another_token(url: str) -> None:
    assert not opens(TOKEN, "topsecret", url)


def test_another_secret_opens_nothing() -> None:
    assert not opens(TOKEN, "topsecret2", URL)


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_text_may_be_given(given_token: str, url: str) -> None:
    assert not opens(given_token, "topsecret", url)
