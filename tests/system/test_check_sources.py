"""`jauap check` on sources: what cannot work is told by file or key and remedy, asking nobody."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli import jauap
from gateway.keys import read_key_file
from gateway.settings import SettingsError
from tests.support.soap import WSDL

SETTINGS = """
[store]
url = "sqlite://{folder}/journal.db"
key_file = "{folder}/key"

[[source]]
name = "services"
type = "soap"
kinds = ["service_request"]
map = "{folder}/map.toml"

[source.soap]
wsdl = "{folder}/tickets.wsdl"
url = "http://127.0.0.1:9/nobody/is/here"
operation = "FindCard"
arguments = {{ "Query.RegNo" = "{{number}}" }}
items = "Card"
"""
MAP = '[fields]\nnumber = "RegNo"\nstatus = "State.Code"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for each in WSDL.iterdir():
        shutil.copy(each, tmp_path)
    (tmp_path / "map.toml").write_text(MAP, encoding="utf-8")
    (tmp_path / "jauap.toml").write_text(SETTINGS.format(folder=tmp_path), encoding="utf-8")
    read_key_file(tmp_path / "key", create=True)
    return tmp_path


def check(folder: Path) -> Result:
    return CliRunner().invoke(jauap, ["check", "-c", str(folder / "jauap.toml")])


def test_a_soap_source_that_can_work_is_no_problem_while_its_service_is_down(folder: Path) -> None:
    done = check(folder)
    assert done.exit_code == 0, done.output
    assert "0 problems" in done.output


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("jauap.toml", "/tickets.wsdl", "/none.wsdl", "none.wsdl: is no file; lay the WSDL"),
        ("jauap.toml", "FindCard", "FindCards", "has no operation 'FindCards'; it has: FindCard"),
        ("jauap.toml", "Query.RegNo", "Query.No", "arguments do not fit operation 'FindCard'"),
        ("jauap.toml", '"Card"', '"Cards"', "items: 'Cards' is not in the answer, but: Result"),
        ("map.toml", '"RegNo"', '"RegN"', "the map reads 'RegN', which no ticket has; it has"),
        ("map.toml", "status", "statsu", "did you mean"),
        ("map.toml", "[fields]", "[fields", "map.toml"),
        ("tickets.wsdl", "tickets.xsd", "http://127.0.0.1:9/a.xsd", "nothing is fetched; put that"),
        ("tickets.xsd", "</xsd:schema>", "", "tickets.xsd: is not well-formed XML"),
        ("tickets.xsd", "<xsd:schema ", "<!DOCTYPE x><xsd:schema ", "holds a DTD or entities"),
    ],
)
def test_what_cannot_work_is_told_with_the_source_and_a_remedy(
    folder: Path, file: str, old: str, new: str, told: str
) -> None:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    done = check(folder)
    assert isinstance(done.exception, SettingsError), done.output
    assert str(done.exception).startswith("[[source]] 'services': ")
    assert told in str(done.exception)
