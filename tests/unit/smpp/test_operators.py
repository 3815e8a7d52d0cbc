"""Profiles: the files in config, clear errors, the standard's values."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from smpp.operators import (
    DEFAULT,
    Alphabet,
    MessageIdForm,
    OperatorProfile,
    ProfileError,
    SplitForm,
    ValidityForm,
    from_table,
)
from smpp.status import Action

FILES = sorted((Path(__file__).parents[3] / "config" / "operators").glob("*.toml"))


def load(path: Path) -> dict[str, object]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_profile_in_config_loads_under_its_own_name(path: Path) -> None:
    assert from_table(load(path)).name == path.stem


def test_the_file_of_defaults_names_every_key_with_its_default() -> None:
    path = next(path for path in FILES if path.stem == "default")
    table = load(path)
    assert from_table(table) == DEFAULT
    keys = {each.name for each in fields(OperatorProfile) if each.init}
    assert keys - set(table) == {"vendor_id_tlv"}  # its default is to have none
    assert "vendor_id_tlv" in path.read_text(encoding="utf-8")


def test_an_empty_table_is_the_standard() -> None:
    assert from_table({}) == DEFAULT == OperatorProfile()


def test_rows_b13_p3_f9_l10_the_timers_have_the_agreed_defaults() -> None:
    assert (DEFAULT.session_init_timer_s, DEFAULT.enquire_link_timer_s) == (10, 20)
    assert (DEFAULT.response_timer_s, DEFAULT.pdu_read_timer_s, DEFAULT.parts_wait_s) == (
        10, 10, 120,
    )  # fmt: skip
    assert (DEFAULT.window, DEFAULT.busy_status) == (10, 0x64)


def test_a_table_becomes_typed_values() -> None:
    profile = from_table(
        {
            "name": "x",
            "default_alphabet": "latin1",
            "split_form": "udh16",
            "message_id_form": "hex_to_dec",
            "validity_form": "none",
            "packed": True,
            "vendor_id_tlv": 0x1400,
            "response_timer_s": 20,
            "aliases": {"71012": "1012"},
            "status_map": {"0x520": "throttle", "1057": "fail"},
        }
    )
    assert profile.default_alphabet is Alphabet.LATIN1
    assert profile.split_form is SplitForm.UDH16
    assert profile.message_id_form is MessageIdForm.HEX_TO_DEC
    assert profile.validity_form is ValidityForm.NONE
    assert (profile.packed, profile.vendor_id_tlv, profile.response_timer_s) == (True, 0x1400, 20.0)
    assert dict(profile.aliases) == {"71012": "1012"}
    assert dict(profile.status_map) == {0x520: Action.THROTTLE, 1057: Action.FAIL}


@pytest.mark.parametrize(
    ("key", "nearest"),
    [
        ("windw", "window"),
        ("enquire_link_s", "enquire_link_timer_s"),
        ("source_tone", "source_ton"),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest_known_one(key: str, nearest: str) -> None:
    with pytest.raises(ProfileError, match=rf"'kz': {key}: unknown key, did you mean '{nearest}'"):
        from_table({"name": "kz", key: 1})


@pytest.mark.parametrize("key", ["qqqq", "source_head"])
def test_a_key_like_no_other_is_refused_too(key: str) -> None:
    with pytest.raises(ProfileError, match="unknown key"):
        from_table({key: 1})


@pytest.mark.parametrize(
    ("key", "value", "remedy"),
    [
        ("window", 0, "integer from 1 to 1000"),
        ("window", True, "integer from 1 to 1000"),
        ("window", 10.5, "integer from 1 to 1000"),
        ("window", "10", "integer from 1 to 1000"),
        ("source_ton", 256, "integer from 0 to 255"),
        ("busy_status", 0, "integer from 1"),
        ("response_timer_s", 0, "number from 1 to 600"),
        ("response_timer_s", float("nan"), "number from 1 to 600"),
        ("service_type", "LONGER", "at most 5 ASCII"),
        ("service_type", "Ж", "at most 5 ASCII"),
        ("system_type", 5, "at most 12 ASCII"),
        ("system_type", "a\0b", "at most 12 ASCII"),
        ("split_form", "udh", "udh8, udh16, sar, payload"),
        ("bind", "both", "transceiver, pair"),
        ("packed", "yes", "true or false"),
        ("aliases", ["71012"], "must be a table"),
        ("aliases", {"71012": 1012}, "must point to a short code"),
        ("status_map", 5, "must be a table"),
        ("status_map", {"busy": "retry"}, "not a number"),
        ("status_map", {"0x520": "wait"}, "throttle"),
    ],
)
def test_a_wrong_value_is_named_with_its_remedy(key: str, value: object, remedy: str) -> None:
    with pytest.raises(ProfileError) as refused:
        from_table({"name": "kz", key: value})
    assert remedy in str(refused.value)
    assert str(refused.value).startswith(f"operator profile 'kz': {key}")
