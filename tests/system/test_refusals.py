"""What cannot be started says so: exit code 2, one sentence that names the thing and the remedy."""

from __future__ import annotations

import asyncio
import shutil
import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.service import JAUAP, LinkTo, Service, make_folder

LINK = LinkTo("operator", port=9)  # nobody is ever connected to


class Case(NamedTuple):
    """How a folder that would start is spoiled, and what the sentence must name."""

    name: str
    spoil: Callable[[Path], None]
    names: tuple[str, ...]


def edit(before: str, after: str) -> Callable[[Path], None]:
    """Replace something in the settings, all of it once."""

    def spoil(folder: Path) -> None:
        path = folder / "jauap.toml"
        text = path.read_text(encoding="utf-8")
        assert text.count(before) == 1, before
        path.write_text(text.replace(before, after), encoding="utf-8")

    return spoil


def newer_journal(folder: Path) -> None:
    """A journal of a program after this one."""
    with closing(sqlite3.connect(folder / "journal.db")) as journal:
        journal.execute(
            "INSERT INTO _yoyo_migration (migration_hash, migration_id, applied_at_utc) "
            "VALUES ('f', '9999_of_the_future', '2030-01-01')"
        )
        journal.commit()


def no_key(folder: Path) -> None:
    (folder / "jauap.key").unlink()


def open_key(folder: Path) -> None:
    (folder / "jauap.key").chmod(0o640)


def short_key(folder: Path) -> None:
    (folder / "jauap.key").write_text("abcd", encoding="ascii")


def no_journal_at_all(folder: Path) -> None:
    (folder / "journal.db").write_bytes(b"a letter to my aunt, not a journal " * 100)


def not_a_registry(folder: Path) -> None:
    (folder / "tickets.db").write_bytes(b"a shopping list, not a registry " * 100)


SETTINGS = [
    Case(
        "an unknown key",
        edit("tps_max = 0", "tps_maximum = 0"),
        ("jauap.toml", "tps_maximum", "did you mean 'tps_max'?"),
    ),
    Case("an unknown section", edit("[logs]", "[log]"), ("unknown key 'log'", "'logs'")),
    Case("not TOML", edit("[logs]", "[logs"), ("jauap.toml", "is not TOML")),
    Case("a wrong type", edit("window = 50", 'window = "many"'), ("jauap.toml", "window")),
    Case(
        "an unknown profile",
        edit('profile = "default"', 'profile = "beelime"'),
        ("beelime", "known are", "beeline"),
    ),
    Case(
        "no file for the password",
        edit("/secret", "/secrets"),
        ("operator", "secrets", "check path and rights"),
    ),
    Case(
        "no variable for the password",
        lambda folder: edit(f'password_file = "{folder}/secret"', 'password_env = "TEST_NOT_SET"')(
            folder
        ),
        ("operator", "TEST_NOT_SET", "export it"),
    ),
    Case("no key file", no_key, ("jauap.key", "jauap key")),
    Case("a key file that others may read", open_key, ("jauap.key", "chmod 600")),
    Case("a key file without a key", short_key, ("jauap.key", "64 hex digits")),
    Case(
        "an unknown engine",
        edit("sqlite://", "oracle://"),
        ("oracle", "sqlite:///"),
    ),
    Case(
        "a folder for the journal that is none",
        edit("/journal.db", "/jauap.toml/journal.db"),
        ("journal", "jauap.toml/journal.db", "let this user write"),
    ),
    Case("a journal of a newer program", newer_journal, ("9999_of_the_future", "newer program")),
    Case("a file that is no journal", no_journal_at_all, ("journal.db", "journal")),
    Case(
        "a folder for the registry that is none",
        edit("/tickets.db", "/jauap.toml/tickets.db"),
        ("registry", "jauap.toml/tickets.db"),
    ),
    Case("a file that is no registry", not_a_registry, ("registry", "tickets.db")),
]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that starts, with a journal already in it."""
    made = tmp_path_factory.mktemp("sound")

    async def make() -> None:
        await make_folder(made, [LINK])
        service = Service(made / "jauap.toml")
        await service.start(ready=False)
        assert await service.stop() == 0

    asyncio.run(make())
    return made


@pytest.fixture
def folder(tmp_path: Path, sound: Path) -> Path:
    """One like it, to be spoiled."""
    folder = shutil.copytree(sound, tmp_path / "spoiled")
    settings = folder / "jauap.toml"
    text = settings.read_text(encoding="utf-8").replace(str(sound), str(folder))
    settings.write_text(text, encoding="utf-8")
    return folder


async def refusal(folder: Path, *words: str) -> str:
    """The sentence with which `jauap run` ends."""
    settings = words or ("-c", "jauap.toml")
    process = await asyncio.create_subprocess_exec(
        *JAUAP, "run", *settings, cwd=folder, stdout=-1, stderr=-1
    )
    try:
        async with asyncio.timeout(10):
            out, err = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    told = err.decode()
    assert process.returncode == 2, told
    assert out == b""
    assert "Traceback" not in told
    sentences = [line for line in told.splitlines() if line.startswith("jauap: ")]
    assert told.splitlines()[-1:] == sentences, told
    return sentences[0]


@pytest.mark.parametrize("case", SETTINGS, ids=lambda case: case.name.replace(" ", "_"))
async def test_the_sentence_names_the_thing_and_the_remedy(folder: Path, case: Case) -> None:
    case.spoil(folder)
    sentence = await refusal(folder)
    for word in case.names:
        assert word in sentence, sentence


async def test_settings_that_are_not_there_are_named(folder: Path) -> None:
    sentence = await refusal(folder, "-c", "elsewhere.toml")
    assert "elsewhere.toml: cannot be read" in sentence
    assert "-c" in sentence


async def test_a_port_that_is_taken_is_named(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        edit("127.0.0.1:0", listen)(folder)
        sentence = await refusal(folder)
    assert listen in sentence
    assert "is the port taken? choose another" in sentence


async def test_a_second_process_on_one_journal_is_refused(folder: Path) -> None:
    service = Service(folder / "jauap.toml")
    await service.start(ready=False)
    try:
        sentence = await refusal(folder)
        assert "another process serves this journal" in sentence
        assert "journal.db. Stop that one first" in sentence
        assert (await service.get("/health/live"))[0] == 200
    finally:
        await service.kill()


async def test_a_variable_of_the_environment_is_blamed_by_its_name(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAUAP_STOER__URL", "sqlite:///nowhere")
    sentence = await refusal(folder)
    assert "JAUAP_STOER__URL" in sentence
    assert "STORE" in sentence
