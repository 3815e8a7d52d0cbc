from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookup.foreign.paths import MISSING, STEPS_MAX, MapError, path_of, reach

RECORD = {"reg": {"no": "1", "steps": [{"s": "a"}, {}, {"s": None}, {"s": "c"}]}, "a.b": 7, "3": 5}


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("reg.no", "1"),
        ("reg.steps.0.s", "a"),
        ("reg.steps.-1.s", "c"),
        ("reg.steps.*.s", ["a", "c"]),
        (["a.b"], 7),
        ("3", 5),
        ("", RECORD),
    ],
)
def test_a_path_leads_to_what_lies_there(written: object, found: object) -> None:
    assert reach(RECORD, path_of(written, "map", "key")) == found


@pytest.mark.parametrize(
    "written", ["reg.date", "reg.steps.9.s", "reg.steps.s", "reg.no.0", "reg.no.*", "reg.steps.²"]
)
def test_where_nothing_lies_it_is_missing_not_null(written: str) -> None:
    assert reach(RECORD, path_of(written, "map", "key")) is MISSING


def test_one_object_where_a_list_was_meant_is_a_list_of_one() -> None:
    assert reach({"who": {"phone": "1"}}, ("who", "*", "phone")) == ["1"]


@pytest.mark.parametrize("written", [None, 7, "a..b", ".", [], [""], ["a", 1], {"a": "b"}])
def test_what_is_no_path_is_an_error_with_a_remedy(written: object) -> None:
    with pytest.raises(MapError, match=r"^m\.toml: fields\.status: write where it lies"):
        path_of(written, "m.toml", "fields.status")


def test_a_path_has_an_end() -> None:
    with pytest.raises(MapError, match="at most"):
        path_of(".".join("a" * (STEPS_MAX + 1)), "m.toml", "items")


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from("ab0"), inner),
)


@given(_json, st.lists(st.sampled_from(["a", "b", "0", "-1", "*", "99999999999"])))
def test_a_path_never_fails_whatever_it_is_led_through(value: object, steps: list[str]) -> None:
    reach(value, tuple(steps))
