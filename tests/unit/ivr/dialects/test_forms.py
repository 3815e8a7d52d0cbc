from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.actions import CallStarted, Digits, Ending
from ivr.dialects.contract import CallRequest, Malformed, RawRequest
from ivr.dialects.forms import (
    FIELDS_MAX,
    FORM,
    Fields,
    has,
    is_form,
    keyed,
    one,
    posted,
    query_of,
    read_fields,
    seconds_of,
    told,
)

URL = "https://gw.example.kz/ivr/1414"


def request(method: str, query: str = "", body: bytes = b"", kind: str = FORM) -> RawRequest:
    return RawRequest(method, f"{URL}{query}", {"content-type": kind}, body)


def test_a_post_tells_in_its_body_and_a_get_in_its_query() -> None:
    assert told(request("POST", "?a=1", b"b=2")) == Fields([("b", "2")])
    assert told(request("GET", "?a=1", b"b=2")) == Fields([("a", "1")])


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "", "multipart/form-data"])
def test_another_body_has_no_fields(kind: str) -> None:
    assert not is_form(request("POST", "", b"a=1", kind))
    assert posted(request("POST", "", b"a=1", kind)) == Fields()


def test_a_form_may_name_its_charset() -> None:
    assert posted(request("POST", "", b"a=1", f" {FORM.title()} ; charset=utf-8")) == Fields(
        [("a", "1")]
    )


def test_empty_and_repeated_fields_are_kept() -> None:
    assert query_of(f"{URL}?a=&b=1&a=2#c=3") == Fields([("a", ""), ("b", "1"), ("a", "2")])
    assert query_of(URL) == Fields()


def test_more_fields_than_any_request_has_are_none() -> None:
    body = urlencode([("a", "")] * FIELDS_MAX).encode()
    assert len(posted(request("POST", "", body)) or ()) == FIELDS_MAX
    assert posted(request("POST", "", body + b"&a=")) is None
    assert read_fields(request("POST", "", body + b"&a="), "a", lambda *_: None) == Malformed(
        "fields"
    )


def test_a_field_that_contradicts_itself_has_no_value() -> None:
    assert one(Fields([("a", "1"), ("a", "1")]), "a") == "1"
    assert one(Fields([("a", "1"), ("a", "2")]), "a") == ""
    assert one(Fields([("a", "2"), ("a", "1"), ("a", "2")]), "a") == ""
    assert one(Fields(), "a") == ""
    assert has(Fields([("a", "")]), "a")
    assert not has(Fields([("b", "")]), "a")


def test_the_step_is_read_from_our_url_alone() -> None:
    """Else a field of the platform's, or of who sends through it, would move the dialogue."""
    read = read_fields(request("POST", "", b"Id=1&step=4&nonce=x"), "Id", lambda *_: None)
    assert isinstance(read, CallRequest)
    assert (read.step, read.nonce, read.key) == (None, "", "start")


def test_what_the_platform_tells_is_read_with_its_step() -> None:
    seen: list[int | None] = []

    def event_of(fields: Fields, step: int | None) -> CallStarted:
        seen.append(step)
        assert fields == Fields([("Id", "1"), ("From", "a"), ("To", "b")])
        return CallStarted(None)

    read = read_fields(request("POST", "?step=4&nonce=x", b"Id=1&From=a&To=b"), "Id", event_of)
    assert read == CallRequest("1", "a", "b", CallStarted(None), "step 4", 4, "x")
    assert seen == [4]


def test_keys_and_silence() -> None:
    assert keyed(Fields([("Digits", "12")]), complete=True) == Digits("12", Ending.COMPLETE)
    assert keyed(Fields([("Digits", "12")]), complete=False) == Digits("12", Ending.TIMEOUT)
    assert keyed(Fields(), complete=True) == Digits("", Ending.EMPTY)


def test_a_duration_is_a_count_of_seconds() -> None:
    assert seconds_of(Fields([("D", "61")]), "D") == 61
    for nonsense in ("", "-1", "1.5", "1000001", "٣"):
        assert seconds_of(Fields([("D", nonsense)]), "D") is None


@given(st.binary(max_size=200), st.text(max_size=60), st.sampled_from(["GET", "POST", "PUT"]))
def test_nothing_that_comes_raises(body: bytes, query: str, method: str) -> None:
    read = read_fields(
        request(method, f"?{query}", body), "Id", lambda fields, _: keyed(fields, complete=True)
    )
    assert isinstance(read, CallRequest | Malformed)


@given(st.text(alphabet="ab=&+%41ё", max_size=40) | st.text(max_size=40))
def test_fields_are_read_as_everybody_reads_them(text: str) -> None:
    body = text.encode("utf-8", "replace")
    read = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    assert posted(request("POST", "", body)) == Fields(read)
