"""The form of API keys."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lookup.registry.feed_keys import (
    ID_OCTETS,
    SECRET_OCTETS,
    FeedKey,
    Scope,
    digest_of,
    id_of,
    make_key,
)

octets = st.builds(
    make_key,
    st.binary(min_size=ID_OCTETS, max_size=ID_OCTETS),
    st.binary(min_size=SECRET_OCTETS, max_size=SECRET_OCTETS),
)


def stored(text: str, **changes: object) -> FeedKey:
    identity = id_of(text)
    assert identity is not None
    key = FeedKey(identity, "aikyn", digest_of(text), Scope(("almaty-akimat",)), 1_000, 2_000)
    return key._replace(**changes)


@given(octets)
def test_a_key_tells_its_id(text: str) -> None:
    identity = id_of(text)
    assert identity is not None
    assert len(identity) == 8
    assert text.startswith(f"jauap_{identity}_")
    assert stored(text).matches(text)


@given(octets, st.integers(0, 200), st.characters(codec="ascii"))
def test_one_wrong_letter_is_seen_before_anything_is_looked_up(
    text: str, at: int, letter: str
) -> None:
    at %= len(text)
    mistyped = text[:at] + letter + text[at + 1 :]
    assert (id_of(mistyped) is None) == (mistyped != text)


@given(st.text())
def test_no_text_breaks_the_reading_of_keys(text: str) -> None:
    assert id_of(text) is None


def test_what_is_stored_does_not_hold_the_key() -> None:
    text = make_key(b"abcde", b"s" * 32)
    key = stored(text)
    assert text[15:] not in repr(key)
    assert not key.matches(make_key(b"abcde", b"t" * 32))


def test_a_key_ends_when_it_is_revoked_and_when_its_time_is_over() -> None:
    key = stored(make_key(b"abcde", b"s" * 32))
    assert key.live(1_999)
    assert not key.live(2_000)
    assert not key._replace(revoked_us=1_500).live(1_600)
