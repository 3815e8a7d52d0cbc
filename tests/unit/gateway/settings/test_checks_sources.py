"""Each wrong [[source]] is refused with its remedy; the right ones are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.settings import Settings, SettingsError, load

POSTGRES = """
[[source]]
name = "erap"
type = "postgres"
kinds = ["fine"]
map = "erap.toml"
[source.postgres]
dsn_env = "ERAP_DSN"
"""
HTTP = """
[[source]]
name = "kui"
type = "http"
[source.http]
url = "https://kui.example/t/{number}"
"""
SOAP = """
[[source]]
name = "erdr"
type = "soap"
[source.soap]
wsdl = "erdr.wsdl"
operation = "Find"
[source.soap.arguments]
Number = "{number}"
"""
FILES = """
[[source]]
name = "treasury"
type = "files"
copy_age_max_s = 86400
[source.files]
folder = "in"
"""
REGISTRY = """
[[source]]
name = "registry"
"""


def read(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "jauap.toml"
    path.write_text(text, encoding="utf-8")
    return load(path, {})


def test_one_of_each_type_is_right(tmp_path: Path) -> None:
    settings = read(tmp_path, POSTGRES + HTTP + SOAP + FILES + REGISTRY)
    assert [each.type for each in settings.source] == [
        "postgres", "http", "soap", "files", "registry",
    ]  # fmt: skip
    registry = settings.registry()
    assert registry is not None
    assert registry.name == "registry"


def test_without_a_registry_commands_work_on_that_of_the_deliveries(tmp_path: Path) -> None:
    of_files = read(tmp_path, HTTP + FILES).registry()
    assert of_files is not None
    assert of_files.name == "treasury"
    assert read(tmp_path, HTTP).registry() is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (POSTGRES.replace('"postgres"', '"http"'), "has a table [source.postgres]; remove"),
        (HTTP.partition("[source.http]")[0], "needs a table [source.http]; add it"),
        (REGISTRY + 'type = "files"', "needs a table [source.files]; add it"),
        (REGISTRY + 'map = "x.toml"', "a registry has no map"),
        (REGISTRY + "kinds = []", "kinds names no kind"),
        (REGISTRY + "deadline_ms = 0", "start at 1"),
        (REGISTRY + "in_flight_max = 0", "start at 1"),
        (REGISTRY + "failures_max = 0", "start at 1"),
        (REGISTRY + "open_s = 0.0", "open_s above 0"),
        (REGISTRY + "stale_s = -1", "start at 0"),
        (REGISTRY + "cache_ttl_ms = -1", "start at 0"),
        (HTTP.replace("[source.http]", "copy_age_max_s = 5\n[source.http]"), "is for copies"),
        (POSTGRES.replace('dsn_env = "ERAP_DSN"', ""), "dsn_env or dsn_file is missing"),
        (POSTGRES + 'dsn_file = "dsn"', "either dsn_env or dsn_file"),
        (POSTGRES + 'view = ""', "view and number_column must be named"),
        (POSTGRES + "connections_max = 0", "start at 1"),
        (HTTP.replace("url =", "items ="), "url is missing"),
        (HTTP.replace("{number}", "all"), "{number} stands neither in url nor in body"),
        (HTTP + "numbers_max = 5", "numbers_max above 1 needs {numbers}"),
        (HTTP + "numbers_max = 0", "numbers_max starts at 1"),
        (HTTP + 'body = "{}"', 'a body needs method = "POST"'),
        (HTTP + 'auth = "basic"\nsecret_env = "X"', "auth = 'basic' needs auth_name"),
        (HTTP + 'auth = "header"\nsecret_env = "X"', "auth = 'header' needs auth_name"),
        (HTTP + 'auth = "bearer"', "secret_env or secret_file is missing"),
        (HTTP + 'auth = "bearer"\nsecret_env = "X"\nsecret_file = "x"', "not both"),
        (HTTP + 'secret_env = "X"', "need auth"),
        (HTTP + 'key_file = "x"', "key_file without cert_file"),
        (HTTP + 'private_networks = ["10.0.0.1/8"]', "'10.0.0.1/8' is no network"),
        (HTTP + "answer_octets_max = 0", "start at 1"),
        (HTTP + "retry_percent_max = 101", "0 to 100"),
        (SOAP.replace("wsdl =", "items ="), "wsdl is missing"),
        (SOAP.replace("operation =", "items ="), "operation is missing"),
        (SOAP.replace("{number}", "1"), "{number} stands in no value of arguments"),
        (SOAP.replace("[source.soap]", '[source.soap]\nauth = "basic"'), "needs auth_name"),
        (FILES.replace("folder =", "#"), "folder is missing"),
        (FILES + "poll_s = 0.0", "poll_s lies above 0"),
        (FILES + "keep_days = 0", "keep_days and delivery_octets_max start at 1"),
        (FILES + 'zone = "Asia/Atirau"', "zone: write a zone such as"),
        (REGISTRY + REGISTRY, "two [[source]] tables are called 'registry'"),
    ],
)
def test_a_wrong_source_is_refused_with_its_remedy(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read(tmp_path, text)
    assert said in str(refused.value)
    assert "[[source]]" in str(refused.value)
