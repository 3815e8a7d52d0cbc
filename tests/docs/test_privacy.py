"""docs/explanation/privacy.md tells the limits and terms that the code has."""

from __future__ import annotations

from dataclasses import asdict

from gateway import logs
from gateway.core.memory import Limits
from gateway.store import limits
from ivr.prompts.serving import CACHE_OCTETS_MAX
from tests.support.pages import read, rows, section, table

PAGE = "explanation/privacy.md"
SECOND_US = 1_000_000
HOUR_US = 3_600 * SECOND_US
DAY_US = 24 * HOUR_US


def test_every_limit_on_a_phone_has_its_row() -> None:
    told = table(section(read(PAGE), "Limits on a phone").body)
    assert {name: int(cells[0]) for name, cells in told.items()} == asdict(Limits())


def test_terms_are_those_of_the_store() -> None:
    told = {cells[0]: cells[2] for cells in rows(section(read(PAGE), "What is stored").body)}
    assert told["fate of a reply"].startswith(f"{limits.REPLY_US // DAY_US} days")
    assert told["phone, in plain"].startswith(f"{limits.MSISDN_US // DAY_US} days")
    assert told["receipt that fits no reply"] == f"{limits.ORPHAN_US // DAY_US} days"
    contradiction = next(term for what, term in told.items() if "contradict" in what)
    assert contradiction.startswith(f"{limits.FINDING_US // DAY_US} days")
    call_back = next(term for what, term in told.items() if "to be called" in what)
    assert call_back.startswith(f"{limits.CALL_BACK_DONE_US // DAY_US} days")
    assert f"{limits.CALL_BACK_OPEN_US // DAY_US} days" in call_back
    fingerprint = told["fingerprint of a message"]
    assert f"{limits.REPEAT_US // SECOND_US} s" in fingerprint
    assert f"{limits.DOUBTFUL_US // HOUR_US} h" in fingerprint
    kept = next(term for what, term in told.items() if "as sound" in what)
    assert f"{CACHE_OCTETS_MAX // 1024**2} MiB" in kept
    log_mib = limits.StoreLimits().log_size_max_mib
    assert f"at most {log_mib} MiB" in section(read(PAGE), "What is stored").body


def test_the_size_of_a_logged_value_is_that_of_the_masking() -> None:
    told = section(read(PAGE), "What logs show").body
    assert f"cuts values at {logs.VALUE_SIZE_MAX} characters" in told
