"""Settings: the file, the environment above it, clear refusals."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway import config
from gateway.settings import Settings, SettingsError, effective, load, secret


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "jauap.toml"
    path.write_text(text, encoding="utf-8")
    return path


LINK = """
[[link]]
name = "beeline"
host = "127.0.0.1"
system_id = "1012"
password_env = "SECRET"
"""


def test_the_annotated_example_is_valid() -> None:
    settings = load(config.folder() / "jauap.example.toml", {})
    assert [link.name for link in settings.link] == ["beeline"]


def test_the_annotated_example_shows_every_key() -> None:
    text = (config.folder() / "jauap.example.toml").read_text(encoding="utf-8")
    shown = {line.split("=")[0].strip(" #") for line in text.splitlines() if "=" in line}
    empty = Settings()
    for section in ("store", "service", "lookup", "http", "privacy", "logs"):
        assert set(getattr(empty, section).__struct_fields__) <= shown, section


def test_without_a_file_the_defaults_hold() -> None:
    assert load(None, {}) == Settings()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[stroe]\nurl='x'", "unknown key 'stroe'; did you mean 'store'"),
        ("[store]\nurll='x'", r"unknown key 'urll' in \[store\]; did you mean 'url'"),
        (LINK + "widow = 5", "unknown key 'widow'.*did you mean 'window'"),
        (LINK + "window = 'x'", r"Expected `int \| null`"),
        (LINK + "window = 0", "window and binds start at 1"),
        (LINK + LINK, "two .*link.* tables are called 'beeline'"),
        (LINK.replace('password_env = "SECRET"', ""), "has no password"),
        ("[service]\nnode = 5000", "service.node is 5000"),
        ("not toml", "is not TOML"),
        ("[[ivr]]\nname='a'\ndialect='twiml'\npath='/ivr/b'", "path must be '/ivr/a'"),
    ],
)
def test_a_mistake_is_named_with_its_remedy(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(SettingsError, match=expected):
        load(written(tmp_path, text), {})


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path / "none.toml", {})


def test_the_environment_stands_above_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, "[http]\nlisten = '127.0.0.1:1'\nbody_size_max = 5")
    environ = {"JAUAP_HTTP__LISTEN": "127.0.0.1:2", "JAUAP_LOGS__LEVEL": "debug"}
    settings = load(path, environ)
    assert (settings.http.listen, settings.http.body_size_max) == ("127.0.0.1:2", 5)
    origins = {key: origin for key, _, origin in effective(settings, path, environ)}
    assert origins["http.listen"] == "environment JAUAP_HTTP__LISTEN"
    assert origins["http.body_size_max"] == "file"
    assert origins["store.url"] == "default"


def test_numbers_of_the_environment_are_converted() -> None:
    assert load(None, {"JAUAP_SERVICE__NODE": "7"}).service.node == 7


def test_an_unknown_section_of_the_environment_is_refused() -> None:
    with pytest.raises(SettingsError, match="JAUAP_STROE__URL"):
        load(None, {"JAUAP_STROE__URL": "x"})


def test_secrets_are_shown_only_by_name(tmp_path: Path) -> None:
    path = written(tmp_path, LINK)
    shown = {key: value for key, value, _ in effective(load(path, {}), path, {})}
    assert shown["link.beeline.password_env"] == "SECRET"


def test_a_secret_comes_from_the_environment_or_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THE_SECRET", "s1")
    (tmp_path / "s").write_text("s2\n")
    assert secret("x", "THE_SECRET", None) == "s1"
    assert secret("x", None, str(tmp_path / "s")) == "s2"


def test_a_missing_secret_names_what_it_is_for(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"link 'a'.*NOT_SET_HERE is not set"):
        secret("link 'a'", "NOT_SET_HERE", None)
    with pytest.raises(SettingsError, match="cannot read"):
        secret("link 'a'", None, str(tmp_path / "none"))
    with pytest.raises(SettingsError, match="no secret is given"):
        secret("link 'a'", None, None)
    with pytest.raises(SettingsError, match="not both"):
        secret("link 'a'", "A", "b")
