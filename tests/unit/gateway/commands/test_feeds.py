"""`jauap feeds`: keys made, listed, revoked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.commands.feeds import feeds
from gateway.settings import SettingsError
from lookup.registry.importing import import_bodies
from lookup.registry.source import Registry
from tests.support import feed

AKIMAT = "almaty-akimat"

Jauap = Callable[..., Result]


@pytest.fixture
def jauap(tmp_path: Path) -> Jauap:
    """`jauap feeds COMMAND` over a registry with two bodies."""

    async def make() -> None:
        registry = await Registry.open(tmp_path / "tickets.db", create=True)
        await import_bodies(registry, feed.write_bodies(tmp_path / "bodies.json", *feed.BODIES))
        await registry.close()

    asyncio.run(make())
    settings = tmp_path / "jauap.toml"
    settings.write_text(f'[[source]]\nname = "registry"\npath = "{tmp_path}/tickets.db"\n')

    def run(command: str, *words: str) -> Result:
        return CliRunner().invoke(feeds, [command, "-c", str(settings), *words])

    return run


def listed(jauap: Jauap) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = json.loads(jauap("list", "--json").stdout)
    return rows


def test_a_key_is_shown_once_listed_without_its_secret_and_revoked(jauap: Jauap) -> None:
    made = jauap(
        "add", "aikyn", "--body", AKIMAT, "--subtree", "--kind", "appeal", "--right", "write",
        "--network", "192.0.2.0/24", "--numbers", "7501", "--days", "30",
    )  # fmt: skip
    assert made.exit_code == 0
    key = made.stdout.splitlines()[0]
    assert key.startswith("jauap_")
    (row,) = listed(jauap)
    assert str(row["id"]) in key
    assert key[15:] not in jauap("list", "--json").stdout + jauap("list").stdout
    assert (row["state"], row["bodies"], row["subtree"]) == ("live", [AKIMAT], True)
    assert (row["kinds"], row["rights"]) == (["appeal"], ["write"])
    assert (row["networks"], row["numbers"]) == (["192.0.2.0/24"], ["7501"])
    assert row["last_used"] is None
    assert jauap("revoke", str(row["id"])).exit_code == 0
    assert jauap("revoke", str(row["id"])).exit_code == 1
    assert listed(jauap)[0]["state"] == "revoked"


def test_a_key_may_be_given_whole_to_revoke_it(jauap: Jauap) -> None:
    key = json.loads(jauap("add", "aikyn", "--body", AKIMAT, "--json").stdout)["key"]
    assert jauap("revoke", key).exit_code == 0
    assert listed(jauap)[0]["state"] == "revoked"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("Not A Name", "--body", AKIMAT), "no name of a feed"),
        (("aikyn", "--body", "nowhere"), "no id of the directory"),
        (("aikyn", "--body", AKIMAT, "--network", "here"), "--network"),
        (("aikyn", "--body", AKIMAT, "--numbers", "75 01"), "--numbers"),
    ],
)
def test_a_key_that_makes_no_sense_is_not_made(
    jauap: Jauap, words: tuple[str, ...], told: str
) -> None:
    made = jauap("add", *words)
    assert isinstance(made.exception, SettingsError)
    assert told in str(made.exception)
    assert listed(jauap) == []


@pytest.mark.parametrize(
    "words",
    [
        ("aikyn", "--body", AKIMAT, "--right", "all"),
        ("aikyn",),
        ("aikyn", "--body", AKIMAT, "--days", "1000"),
        ("aikyn", "--body", AKIMAT, "--days", "0"),
    ],
)
def test_wrong_words_are_wrong_use(jauap: Jauap, words: tuple[str, ...]) -> None:
    assert jauap("add", *words).exit_code == 2
    assert listed(jauap) == []


def test_a_third_live_key_of_a_feed_is_not_made(jauap: Jauap) -> None:
    for _ in range(2):
        assert jauap("add", "aikyn", "--body", AKIMAT).exit_code == 0
    third = jauap("add", "aikyn", "--body", AKIMAT)
    assert "revoke one first" in str(third.exception)
    assert jauap("add", "erap", "--body", AKIMAT).exit_code == 0
    assert jauap("revoke", str(listed(jauap)[0]["id"])).exit_code == 0
    assert jauap("add", "aikyn", "--body", AKIMAT).exit_code == 0
