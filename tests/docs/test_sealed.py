"""What docs/how-to/read-the-ledger.md says of the sealed ledger: every finding has its row, and the
script for outsiders does what it says, on what the commands wrote."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gateway.cli import jauap
from tests.support.pages import DOCS, ROOT, blocks, read, section, table
from tests.support.sealed import DAYS, MASTER, Made, asked, fill

PAGE = "how-to/read-the-ledger.md"
CODE = re.compile(r'"((?:row|seal|seals|head|older|trigger)_[a-z]+)"')
NO_CODES = {"seal_row", "seal_index", "seal_path", "seal_root"}


def test_every_finding_of_the_seals_has_its_row() -> None:
    folder = ROOT / "gateway" / "billing" / "sealed"
    code = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    told = table(section(read(PAGE), "Was anything changed afterwards?").body)
    assert set(told) == set(CODE.findall(code)) - NO_CODES


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("proofs")
    made = Made(folder)
    made.with_journal(lambda journal: fill(made, journal), writing=True)
    (folder / "key").write_text(MASTER.hex())
    (folder / "key").chmod(0o600)
    (folder / "settings.toml").write_text(
        f'[store]\nurl = "{made.url}"\nkey_file = "{folder}/key"\n'
    )
    (script,) = [block for block in blocks(DOCS / PAGE) if block.info == ("python", "run")]
    (folder / "check_proof.py").write_text(script.body)
    return folder


def run(folder: Path, *words: str | Path) -> str:
    settings = ("-c", str(folder / "settings.toml"))
    result = CliRunner().invoke(jauap, ["ledger", *map(str, words), *settings])
    assert result.exit_code == 0, result.output
    return result.stdout


def proven(folder: Path, proof: dict[str, Any], head: Path) -> bool:
    path = folder / "proof.json"
    path.write_text(json.dumps(proof))
    script = [sys.executable, "-I", str(folder / "check_proof.py"), str(path), str(head)]
    done = subprocess.run(script, capture_output=True, text=True, timeout=30, check=False)
    assert done.stderr == ""
    assert done.returncode == (0 if "was sealed so" in done.stdout else 1)
    return done.returncode == 0


@pytest.mark.parametrize("form", ["csv", "ndjson", "parquet"])
def test_an_outsider_proves_a_row_by_a_billing_file_alone(folder: Path, form: str) -> None:
    day = DAYS[1]
    daily = folder / form
    run(folder, "export", "--daily", daily, "--from", str(day), "--to", str(day), "--format", form)
    (published,) = daily.glob(f"*north*.{form}")
    for number in (1, 3, 24):
        key = f"rated:{asked(number, 1).id}"
        proof = json.loads(run(folder, "prove", key, "--json"))
        assert key in proof["row"]
        assert proven(folder, proof, published)


def test_nothing_else_is_proven(folder: Path) -> None:
    head, other = folder / "head.txt", folder / "other.txt"
    head.write_text(run(folder, "head", "--day", str(DAYS[1])))
    other.write_text(run(folder, "head", "--day", str(DAYS[2])))
    (record,) = re.findall(r"call_record:\d+", f"call_record:{asked(5, 1).id + 1}")
    proof = json.loads(run(folder, "prove", record, "--json"))
    assert proven(folder, proof, head)
    assert not proven(folder, proof, other)
    for name, value in (
        ("row", proof["row"].replace("1414", "1415")),
        ("index", proof["index"] + 1),
        ("path", [*proof["path"], proof["day_root"]]),
        ("seal", proof["seal"].replace("seal", "Seal")),
        ("seal_index", 0),
        ("seal_path", proof["seal_path"][:-1]),
        ("day", DAYS[0]),
    ):
        assert not proven(folder, proof | {name: value}, head), name
