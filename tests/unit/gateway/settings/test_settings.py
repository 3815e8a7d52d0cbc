"""Settings: the file, the environment above it, clear refusals."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway import config
from gateway.settings import (
    LinkSettings,
    Settings,
    SettingsError,
    SmscAccountSettings,
    SmscSettings,
    SourceSettings,
    effective,
    load,
    secret,
)
from gateway.settings.checks import host_and_port


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

SMSC = """
[smsc]
listen = "127.0.0.1:2776"
"""
ACCOUNT = """
[[smsc.account]]
name = "altel"
system_id = "altel"
password_env = "SECRET"
"""
CERTIFICATE = 'cert_file = "a.pem"'


def test_the_annotated_example_is_valid() -> None:
    settings = load(config.folder() / "jauap.example.toml", {})
    assert [link.name for link in settings.link] == ["beeline"]
    assert [account.name for account in settings.smsc.account] == ["altel"]


def test_the_annotated_example_shows_every_key() -> None:
    text = (config.folder() / "jauap.example.toml").read_text(encoding="utf-8")
    shown = {line.split("=")[0].strip(" #") for line in text.splitlines() if "=" in line}
    empty = Settings()
    for section in ("store", "service", "lookup", "http", "privacy", "logs"):
        assert set(getattr(empty, section).__struct_fields__) <= shown, section
    assert set(LinkSettings.__struct_fields__) - {"password_file"} <= shown
    assert set(SmscSettings.__struct_fields__) - {"account"} <= shown
    assert set(SmscAccountSettings.__struct_fields__) <= shown


def test_the_sources_of_the_annotated_example_show_every_key_and_are_valid(tmp_path: Path) -> None:
    text = (config.folder() / "jauap.example.toml").read_text(encoding="utf-8")
    block = text.partition("goes through one.\n")[2]
    block = block.partition("[[ivr]]")[0]
    path = tmp_path / "jauap.toml"
    path.write_text(re.sub(r"^# ?", "", block, flags=re.MULTILINE), encoding="utf-8")
    settings = load(path, {})
    assert [each.type for each in settings.source] == ["postgres", "http", "soap", "files"]
    shown = {line.split("=")[0].strip(" #") for line in text.splitlines() if "=" in line}
    tables = ("postgres", "http", "soap", "files")
    assert set(SourceSettings.__struct_fields__) - set(tables) <= shown
    for name, source in zip(tables, settings.source, strict=True):
        assert set(getattr(source, name).__struct_fields__) <= shown, name


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
        (LINK + "outbind_system_id = 'x'", "outbind needs both outbind_system_id and"),
        (LINK + "capture_pdus = -1", "capture_pdus is -1; it starts at 0"),
        (SMSC + "liste = 1", r"unknown key 'liste' in \[smsc\]; did you mean 'listen'"),
        (SMSC + ACCOUNT + "queue = 1", r"'queue' in \[smsc.account\[0\]\]; .*'queue_max'"),
        (SMSC + f"tls = {{ {CERTIFICATE}, keyfile = 'b' }}", "'keyfile' in .*did you mean 'key_fi"),
        ("[prompts]\nfolder = ''", "prompts.folder is empty; name a folder"),
        ("[smsc]\nlisten = '2776'", "'2776' is not host:port; write it as '127.0.0.1:2776'"),
        (ACCOUNT, r"\[smsc\] has accounts and no address; set listen"),
        (SMSC + ACCOUNT * 2, "two .*smsc.account.* tables are called 'altel'"),
        (SMSC + ACCOUNT + ACCOUNT.replace('name = "altel"', "name='b'"), "the system_id 'altel'"),
        (SMSC + ACCOUNT + LINK.replace("beeline", "altel"), "'altel': a .*link.* has this name"),
        (SMSC + ACCOUNT + "password_file = 'x'", "needs one of password_env, password_file and"),
        (SMSC + ACCOUNT.replace("password_env", "password_hash"), "password_hash is no argon2"),
        (SMSC + ACCOUNT + "addresses = ['10.0.0.1/8']", "has host bits set; write '192.0.2.10'"),
        (SMSC + ACCOUNT + "queue_max = 0", "queue_max, reply_hours and receipt_hours start at 1"),
        (SMSC + ACCOUNT + "window = 0", "binds_max, window, queue_max"),
        (SMSC + ACCOUNT + "tps_max = -1", "tps_max and capture_pdus start at 0"),
        (SMSC + ACCOUNT + "outbind = 'h:1'", "needs outbind_password_env or"),
        (SMSC + ACCOUNT + "outbind = 'h'\noutbind_password_env='X'", "outbind: 'h' is not host:po"),
        (SMSC + "bind_within_s = 0", "bind_within_s lies above 0"),
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


def test_accounts_and_their_secrets_are_shown_without_hashes(tmp_path: Path) -> None:
    hashed = ACCOUNT.replace("password_env", "password_hash").replace("SECRET", "$argon2id$x")
    path = written(tmp_path, SMSC + hashed + f"[smsc.tls]\n{CERTIFICATE}")
    environ = {"JAUAP_SMSC__LISTEN": "127.0.0.1:9"}
    rows = list(effective(load(path, environ), path, environ))
    shown = {key: (value, origin) for key, value, origin in rows}
    assert shown["smsc.listen"] == ("127.0.0.1:9", "environment JAUAP_SMSC__LISTEN")
    assert shown["smsc.tls.cert_file"] == ("a.pem", "file")
    assert shown["smsc.account.altel.password_hash"] == ("(hidden)", "file")
    assert shown["smsc.account.altel.queue_max"] == ("10000", "default")
    assert not any("argon2" in value for value, _ in shown.values())


def host(name: str, extra: str = "") -> str:
    return LINK.replace("127.0.0.1", name) + extra


def listening(address: str, extra: str = "") -> str:
    return f"[smsc]\nlisten = '{address}:2776'\n{extra}"


UNSAID = "is not this machine: say how it is protected"
OPEN = "no private address: whoever is on the way reads phones and passwords"


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        (host("127.0.0.1"), None),
        (host("localhost"), None),
        (host("::1"), None),
        (host("10.1.2.3"), UNSAID),
        (host("10.1.2.3", "tls = false"), None),
        (host("8.8.8.8", "tls = false"), OPEN),
        (host("smsc.example.kz", "tls = false"), OPEN),
        (host("smsc.example.kz", "tls = false\ninsecure = true"), None),
        (host("smsc.example.kz", "insecure = true"), UNSAID),
        (host("smsc.example.kz", "tls = {}"), None),
        (listening("[::1]"), None),
        (listening("10.1.2.3"), UNSAID),
        (listening("10.1.2.3", "tls = false"), None),
        (listening("0.0.0.0", "tls = false"), OPEN),
        (listening("[::]", "tls = false"), OPEN),
        (listening("0.0.0.0", "tls = false\ninsecure = true"), None),
        (listening("0.0.0.0", f"tls = {{ {CERTIFICATE} }}"), None),
    ],
)
def test_smpp_without_tls_is_said_aloud(tmp_path: Path, text: str, refused: str | None) -> None:
    path = written(tmp_path, text)
    if refused is None:
        load(path, {})
        return
    with pytest.raises(SettingsError, match=refused):
        load(path, {})


@pytest.mark.parametrize(
    "text", ["127.0.0.1", "127.0.0.1:", ":1", "h:x", "h:70000", "[zz]:1", "::1:80", ""]
)
def test_what_is_no_address_with_a_port_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not host:port|At least 3 parts"):
        host_and_port(text)


def test_addresses_are_told_from_ports() -> None:
    assert host_and_port("127.0.0.1:80") == ("127.0.0.1", 80)
    assert host_and_port("[::1]:80") == ("::1", 80)
    assert host_and_port("a.example.kz:2775") == ("a.example.kz", 2775)
