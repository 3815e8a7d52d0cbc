"""`jauap tickets import` and `jauap bodies import`, as they are called."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli import jauap
from gateway.keys import read_key_file
from gateway.settings import SettingsError
from lookup.feed.file import FeedFile
from tests.support.feed import appeal, body, write_bodies, write_feed

Jauap = Callable[..., Result]
CLI = "from gateway.cli import main; main()"


@pytest.fixture
def run(tmp_path: Path) -> Jauap:
    """`jauap WORDS` over a registry that is not there yet."""
    read_key_file(tmp_path / "key", create=True)
    settings = tmp_path / "jauap.toml"
    settings.write_text(
        f'[store]\nkey_file = "{tmp_path}/key"\n'
        f'[[source]]\nname = "registry"\npath = "{tmp_path}/tickets.db"\n'
    )

    def run(*words: str | Path) -> Result:
        said = [str(word) for word in words]
        return CliRunner(env={"JAUAP_CONFIG": str(settings)}).invoke(jauap, said)

    return run


def refusal(result: Result) -> str:
    assert isinstance(result.exception, SettingsError), result.output
    return str(result.exception)


def test_what_was_rejected_is_named(run: Jauap, tmp_path: Path) -> None:
    feed = write_feed(tmp_path / "feed.ndjson", appeal(), b"{")
    result = run("tickets", "import", feed)
    assert result.exit_code == 1
    assert f"rejects            {feed}.rejected.ndjson\n" in result.stdout
    assert run("tickets", "import", write_feed(feed, appeal())).exit_code == 0


def test_times_of_a_region_have_its_clock(run: Jauap, tmp_path: Path) -> None:
    line = appeal(created_at="2020-05-10T23:30:00")
    feed = write_feed(tmp_path / "feed.ndjson", line)
    assert run("tickets", "import", "--zone", "Asia/Atyrau", feed).exit_code == 0
    shown = run("tickets", "show", "--json", line["number"])
    assert json.loads(shown.stdout)[0]["created_at"] == "2020-05-10T23:30:00+05:00"
    refused = run("tickets", "import", "--zone", "Asia/Atirau", feed)
    assert refused.exit_code == 2
    assert "write a zone such as" in refused.stderr


def test_a_machine_without_zone_data_imports_nothing_and_says_so(tmp_path: Path) -> None:
    feed = write_feed(tmp_path / "feed.ndjson", appeal())
    read_key_file(tmp_path / "key", create=True)
    settings = tmp_path / "jauap.toml"
    settings.write_text(f'[store]\nkey_file = "{tmp_path}/key"\n', encoding="utf-8")
    told = subprocess.run(
        [sys.executable, "-c", CLI, "tickets", "import", "-c", settings, feed],
        env={"PYTHONTZPATH": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 2
    assert "update the system's tzdata" in told.stderr
    assert "Traceback" not in told.stderr


def test_files_of_rejects_are_no_feeds(run: Jauap, tmp_path: Path) -> None:
    feed = write_feed(tmp_path / "feed.ndjson", b"{")
    run("tickets", "import", feed)
    result = run("tickets", "import", "--json", *tmp_path.glob("*.ndjson"))
    assert json.loads(result.stdout)["lines"] == 1
    assert len(list(tmp_path.glob("*.ndjson"))) == 2
    assert run("tickets", "import", tmp_path / "feed.ndjson.rejected.ndjson").exit_code == 2


def test_a_file_that_was_written_to_meanwhile_is_to_be_imported_again(
    run: Jauap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = write_feed(tmp_path / "feed.ndjson", appeal())
    monkeypatch.setattr(FeedFile, "changed", True)
    result = run("tickets", "import", feed)
    assert result.exit_code == 1
    assert "feed.ndjson: was written to while it was read; import it again" in result.stderr


def test_what_cannot_be_read_or_written_is_told_in_a_line(run: Jauap, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert refusal(run("tickets", "import", tmp_path / "pipe")).startswith(
        f"{tmp_path}/pipe: is no regular file"
    )
    feed = write_feed(tmp_path / "feed.ndjson", appeal())
    nowhere = tmp_path / "nowhere"
    assert refusal(run("tickets", "import", "--rejects", nowhere, feed)).startswith(
        f"{nowhere}/feed.ndjson.rejected.ndjson: No such file or directory"
    )


def test_rejects_of_files_of_the_same_name_need_a_folder_each(run: Jauap, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write_feed(tmp_path / name / "feed.ndjson", b"{")
    feeds = tmp_path.glob("?/feed.ndjson")
    result = run("tickets", "import", "--rejects", tmp_path, *feeds)
    assert result.exit_code == 2
    assert "a folder of rejects each" in result.stderr


def test_a_bad_body_is_told_by_its_id_and_the_others_are_stored(run: Jauap, tmp_path: Path) -> None:
    file = write_bodies(tmp_path / "bodies.json", body("x", phone="1414"), body("y"))
    result = run("bodies", "import", file)
    assert result.exit_code == 1
    assert "added 1, updated 0, unchanged 0" in result.stdout
    assert f"{file}: x: phone: must be a phone" in result.stdout
