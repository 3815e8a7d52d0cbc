"""The proposed profile as a file: the template's words, the proposed values, and why."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from smpp.operators import (
    Alphabet,
    BindForm,
    OperatorProfile,
    ProfileError,
    UnknownPolicy,
    from_table,
)
from smpp.probe.profile import propose
from smpp.probe.rows import Proposal
from smpp.status import Action

TEMPLATE = (Path(__file__).parents[4] / "config" / "operators" / "default.toml").read_text("utf-8")
CONFIGURED = OperatorProfile(
    name="north",
    default_alphabet=Alphabet.LATIN1,
    aliases={"71012": "1012"},
    status_map={0x520: Action.THROTTLE},
    busy_status=0x14,
    unknown_policy=UnknownPolicy.HOLD,
)


def test_without_proposals_the_profile_is_as_configured() -> None:
    assert from_table(tomllib.loads(propose(TEMPLATE, "north", CONFIGURED, []))) == CONFIGURED


def test_proposals_win_and_the_rest_stays() -> None:
    proposals = [
        Proposal("bind", "pair", "a transceiver was refused"),
        Proposal("vendor_id_tlv", 0x1403, "another in each message"),
        Proposal("enquire_link_timer_s", 15.0, "closed after 30 s"),
        Proposal("aliases", {"71012": "1012", "+1012": "1012"}, "seen in destinations"),
        Proposal("packed", True, "by the octets"),
        Proposal("busy_status", 0x64, "seen"),
    ]
    written = propose(TEMPLATE, "north", CONFIGURED, proposals)
    assert from_table(tomllib.loads(written)) == replace(
        CONFIGURED,
        bind=BindForm.PAIR,
        vendor_id_tlv=0x1403,
        enquire_link_timer_s=15.0,
        aliases={"71012": "1012", "+1012": "1012"},
        packed=True,
        busy_status=0x64,
    )


def test_each_changed_line_says_why_and_the_others_keep_their_comments() -> None:
    written = propose(TEMPLATE, "north", CONFIGURED, [Proposal("bind", "pair", "refused")])
    lines = written.splitlines()
    assert 'bind = "pair"                     # refused' in lines
    assert 'default_alphabet = "latin1"       # as configured' in lines
    changed = [line for line in TEMPLATE.splitlines() if line not in lines]
    keys = {line.split(" ")[0] for line in changed}
    assert keys == {"name", "bind", "default_alphabet", "busy_status", "unknown_policy"}


def test_statuses_and_tags_are_written_in_hexadecimal() -> None:
    written = propose(TEMPLATE, "north", CONFIGURED, [Proposal("vendor_id_tlv", 0x1403, "x")])
    assert "vendor_id_tlv = 0x1403" in written
    assert "busy_status = 0x14" in written
    assert '0x520 = "throttle"' in written


def test_a_value_that_no_profile_can_have_is_refused() -> None:
    with pytest.raises(ProfileError, match="binds"):
        propose(TEMPLATE, "north", CONFIGURED, [Proposal("binds", 0, "x")])


def test_a_template_without_its_tables_is_refused() -> None:
    with pytest.raises(ValueError, match="aliases"):
        propose('name = "x"', "north", CONFIGURED, [])
