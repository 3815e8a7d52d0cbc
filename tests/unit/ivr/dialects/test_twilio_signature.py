"""The vectors are the vendor's published ones and values recomputed from its scheme."""

from __future__ import annotations

import pytest

from ivr.dialects.twilio_signature import Digest, body_matches, is_signed, sign

URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
P = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675309"),
    ("From", "+14158675309"),
    ("Digits", "1234"),
    ("To", "+18005551212"),
]
Q = [(name, "+12349013030" if value == "+14158675309" else value) for name, value in P]
BODY = b'{"property": "value", "boolean": true}'
BODY_SHA256 = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
ZEROS = "0" * 31
UTF8 = [
    ("AccountSid", f"AC{ZEROS}1"), ("ApiVersion", "2010-04-01"), ("CallSid", f"CA{ZEROS}1"),
    ("CallStatus", "in-progress"), ("CallerName", "Әсел Қ"), ("Digits", "123456"),
    ("Direction", "inbound"), ("From", "+77010000001"), ("To", "+77001414141"),
]  # fmt: skip
FIELDS_26 = [
    ("AccountSid", "AC9a9f9392lad99kla0sklakjs90j092j3"), ("ApiVersion", "2010-04-01"),
    ("CallSid", "CAd800bb12c0426a7ea4230e492fef2a4f"), ("CallStatus", "ringing"),
    ("Called", "+15306384866"), ("To", "+15306384866"), ("CalledCity", "OAKLAND"),
    ("ToCity", "OAKLAND"), ("CalledCountry", "US"), ("ToCountry", "US"), ("CalledState", "CA"),
    ("ToState", "CA"), ("CalledZip", "94612"), ("ToZip", "94612"), ("Caller", "+15306666666"),
    ("From", "+15306666666"), ("CallerCity", "SOUTH LAKE TAHOE"), ("FromCity", "SOUTH LAKE TAHOE"),
    ("CallerCountry", "US"), ("FromCountry", "US"), ("CallerName", "CA Wireless Call"),
    ("CallerState", "CA"), ("FromState", "CA"), ("CallerZip", "89449"), ("FromZip", "89449"),
    ("Direction", "inbound"),
]  # fmt: skip

VECTORS: dict[str, tuple[str, str, list[tuple[str, str]], Digest, str]] = {
    "fields": ("12345", URL, P, "sha1", "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
    "other fields": ("12345", URL, Q, "sha1", "0/KCTR6DLpKmkAf8muzZqo1nDgQ="),
    "SHA-256": ("12345", URL, P, "sha256", "033hgUJA9M/hXIZsYjwkerEP/DBm35nEri5FhCYjA5s="),
    "no fields": ("12345", URL, [], "sha1", "zYQTYrRWXE7LtzbG4PfP7/bkkGo="),
    "empty field": (
        "12345",
        URL,
        [(name, "" if name == "Digits" else value) for name, value in P],
        "sha1",
        "wzkdCJQvLNlnbeQlh0WkHYqefsE=",
    ),
    "repeated field": (
        "12345",
        URL,
        [("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234")],
        "sha1",
        "IK+Dwps556ElfBT0I3Rgjkr1wJU=",
    ),
    "https with its port": (
        "12345",
        URL.replace(".com", ".com:443"),
        P,
        "sha1",
        "kvajT1Ptam85bY51eRf/AJRuM3w=",
    ),
    "http with its port": (
        "12345",
        URL.replace("https", "http").replace(".com", ".com:80"),
        P,
        "sha1",
        "0ZXoZLH/DfblKGATFgpif+LLRf4=",
    ),
    "another port": (
        "12345",
        URL.replace("https", "http").replace(".com", ".com:1234"),
        P,
        "sha1",
        "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=",
    ),
    "JSON": (
        "12345",
        f"{URL}&bodySHA256={BODY_SHA256}",
        [],
        "sha1",
        "a9nBmqA0ju/hNViExpshrM61xv4=",
    ),
    "26 fields": (
        "1c892n40nd03kdnc0112slzkl3091j20",
        "http://www.postbin.org/1ed898x",
        FIELDS_26,
        "sha1",
        "fF+xx6dTinOaCdZ0aIeNkHr/ZAA=",
    ),
    "UTF-8": (
        "12345",
        "https://gw.example.kz/ivr/twilio/ticket?lang=kk",
        UTF8,
        "sha1",
        "sXEXPRc4lVv0LPFC6t1S3nUlMQQ=",
    ),
}


@pytest.mark.parametrize("name", VECTORS)
def test_a_vector_is_met(name: str) -> None:
    secret, url, fields, digest, expected = VECTORS[name]
    assert sign(secret, url, fields, digest) == expected
    assert sign(secret, url, list(reversed(fields)), digest) == expected
    assert is_signed(expected, secret, url, fields, digest)
    assert not is_signed(expected, secret + "x", url, fields, digest)
    assert not is_signed(expected, secret, url, [*fields, ("New", "field")], digest)


def test_the_printed_value_without_its_token_is_no_vector() -> None:
    printed, url = "Np1nax6uFoY6qpfT5l9jWwJeit0=", "https://mycompany.com/myapp"
    assert not is_signed(printed, "12345", url, Q, "sha1")
    assert sign("12345", url, Q, "sha1") == "3KI2uRuYyAdhZIJXcpU0izDUzWI="


def test_the_port_may_be_signed_or_left_out() -> None:
    with_port = URL.replace(".com", ".com:443")
    assert is_signed("kvajT1Ptam85bY51eRf/AJRuM3w=", "12345", URL, P, "sha1")
    assert is_signed("RSOYDt4T1cUTdK1PDd93/VVr8B8=", "12345", with_port, P, "sha1")
    other_port = URL.replace("https", "http").replace(".com", ".com:1234")
    assert is_signed("Zmvh+3yNM1Phv2jhDCwEM3q5ebU=", "12345", other_port, P, "sha1")
    assert not is_signed("Zmvh+3yNM1Phv2jhDCwEM3q5ebU=", "12345", URL, P, "sha1")


def test_a_repeated_equal_value_is_signed_once() -> None:
    twice = [*P, ("Digits", "1234")]
    assert sign("12345", URL, twice, "sha1") == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_one_digest_is_not_taken_for_the_other() -> None:
    assert not is_signed("RSOYDt4T1cUTdK1PDd93/VVr8B8=", "12345", URL, P, "sha256")
    assert not is_signed("033hgUJA9M/hXIZsYjwkerEP/DBm35nEri5FhCYjA5s=", "12345", URL, P, "sha1")


def test_the_hash_of_a_body_is_compared() -> None:
    url = f"{URL}&bodySHA256={BODY_SHA256}"
    assert body_matches(url, BODY)
    assert not body_matches(url, BODY + b" ")
    assert not body_matches(URL, BODY)
    assert not body_matches(f"{url}&bodySHA256=x", BODY)


@pytest.mark.parametrize("given", ["", "é", "=", "\udcff"])
def test_nonsense_is_no_signature(given: str) -> None:
    assert not is_signed(given, "12345", URL, P, "sha1")
