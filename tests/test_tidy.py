"""Style that a linter does not know, as tests."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("gateway", "smpp", "ivr", "lookup")
LINES_MAX = 300
FUNCTION_LINES_MAX = 60
BAD_NAMES = {"util", "utils", "helper", "helpers", "manager", "common"}

# Who may import what: one door a dependency.
DOORS = {
    "aiosmpplib": {"smpp/library.py"},
    "argon2": {"smpp/server/accounts.py"},
    "cryptography": {"smpp/tls.py", "ivr/ed25519.py"},
    "scapy": {"smpp/capture/pcap.py"},
    "tomlkit": {"smpp/probe/profile.py"},
    "aiosqlite": {
        "gateway/store/sqlite*.py",
        "lookup/registry/sqlite.py",
        "gateway/commands/bench_webhook.py",  # what the gateway is measured beside
    },
    "yoyo": {"gateway/store/*.py", "lookup/registry/sqlite.py"},
    "aiohttp": {
        "gateway/app.py",
        "gateway/calls/api.py",
        "gateway/calls/stream.py",
        "gateway/parts.py",
        "gateway/web/*.py",
        "gateway/commands/*.py",
        "ivr/problems.py",
        "ivr/prompts/pages.py",
        "ivr/webhook.py",
        "lookup/outgoing/*.py",
    },
    "prometheus_client": {"gateway/metrics.py"},
    "jinja2": {"gateway/web/*.py", "gateway/billing/pages.py"},
    "click": {"gateway/cli.py", "gateway/commands/*.py"},
    "rich": {"gateway/commands/*.py"},
    "asyncpg": {"lookup/postgres.py", "lookup/postgres_wire.py"},
    "zeep": {"lookup/soap/service.py"},
    "defusedxml": {"lookup/soap/xml.py"},
    "lxml": set(),
    "weasyprint": {"gateway/billing/pdf.py"},
    "openpyxl": {"lookup/feed/sheet.py", "lookup/feed/sheet_parser.py"},
    "pyarrow": {"gateway/billing/parquet.py"},
}
# Pure files: no I/O, no clock, no chance, no third party.
PURE = (
    "gateway/core/*.py",
    "smpp/{messages,pdu,tlv,submit,septets,text,udh,reassembly,addresses,receipts,inbound,operators,status}.py",
    "smpp/{window,pacing,timers,backoff,repeats,routes,message_ids,reports,bind_request,allowance}.py",
    "smpp/server/access.py",
    "smpp/capture/{ring,masking,masked_receipts}.py",
    "smpp/probe/{findings,inbound,rows,seen,session,traffic}.py",
    "ivr/{actions,callers,events,switch}.py",
    "ivr/attendant/{people,waiting_line}.py",
    "ivr/dialogue/*.py",
    "ivr/speech/*.py",
    "ivr/dialects/*.py",
    "ivr/prompts/{manifest,phrases,quality,recent,recordings,resample,sound,studio_list}.py",
    "lookup/{status,source,cache,breaker,circulation,compare,joined,strict_json}.py",
    "lookup/foreign/*.py",
    "lookup/outgoing/{networks,retries}.py",
    "lookup/http/form.py",
    "lookup/soap/{arguments,outcomes,values,shape}.py",
    "lookup/feed/{lines,fields,row,parts,path,times,bodies,vocabulary,sniff,merged}.py",
    "lookup/deliveries/{marker,report,settling}.py",
    "gateway/billing/reconcile/{causes,clocks,file_map,month,our_rows,pairing,phone}.py",
    "gateway/billing/reconcile/{records,row_reader,summary,told}.py",
    "gateway/billing/sealed/{broken,found,held,links,odd}.py",
    "gateway/problems.py",
    "gateway/billing/{charts,field_names,months,parties,totals,words}.py",
    "gateway/calls/{hours,ring,spoken}.py",
    "gateway/calls/view.py",
    "gateway/feeds/{limits,rows,view}.py",
    "lookup/registry/{feed_keys,feed_scope,merge,place,wire,sql}.py",
)
VIRTUAL_TIME = set(ROOT.glob("tests/support/*world.py"))  # their seconds pass at once
IMPURE = {
    "asyncio", "time", "random", "secrets", "os", "socket", "logging", "subprocess", "threading",
}  # fmt: skip


def sources() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def expand(pattern: str) -> Iterator[Path]:
    braces = re.search(r"\{([^}]*)\}", pattern)
    options = braces[1].split(",") if braces else [""]
    for option in options:
        one = pattern.replace(braces[0], option) if braces else pattern
        yield from ROOT.glob(one)


def imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_short_and_well_named(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LINES_MAX
    assert path.stem not in BAD_NAMES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            assert lines <= FUNCTION_LINES_MAX, f"{node.name} has {lines} lines"


def test_each_dependency_has_one_door() -> None:
    wrong = []
    for dependency, doors in DOORS.items():
        allowed = {path for door in doors for path in ROOT.glob(door)}
        wrong += [
            f"{path.relative_to(ROOT)} imports {dependency}"
            for path in sources()
            if path not in allowed and dependency in imports(path)
        ]
    assert not wrong


def test_pure_files_import_nothing_impure() -> None:
    third_party = {name.replace("-", "_") for name in dependencies()}
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for pattern in PURE
        for path in expand(pattern)
        for name in imports(path) & (IMPURE | third_party)
    ]
    assert not wrong


def dependencies() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [re.split(r"[<>=]", line)[0] for line in project["dependencies"]]


def test_only_settings_reads_the_environment() -> None:
    wrong = [
        str(path.relative_to(ROOT))
        for path in sources()
        if "os.environ" in path.read_text(encoding="utf-8")
        and path != ROOT / "gateway" / "settings" / "__init__.py"
    ]
    assert not wrong


def test_no_task_is_left_without_an_owner() -> None:
    pattern = re.compile(r"asyncio\.(create_task|ensure_future)|get_event_loop\(")
    wrong = [str(p.relative_to(ROOT)) for p in sources() if pattern.search(p.read_text("utf-8"))]
    assert not wrong, "use a TaskGroup: unreferenced tasks are garbage-collected"


def test_the_clock_is_read_at_one_place() -> None:
    pattern = re.compile(r"datetime\.now|\btime\.time(_ns)?\(|date\.today")
    allowed = {ROOT / "gateway" / "clock.py"}
    wrong = [
        str(path.relative_to(ROOT))
        for path in sources()
        if path not in allowed and pattern.search(path.read_text(encoding="utf-8"))
    ]
    assert not wrong


def test_money_is_counted_without_fractions() -> None:
    for name in ("tariff", "tariff_rules", "ledger", "cdr"):
        path = ROOT / "gateway" / "core" / f"{name}.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)), path
            assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), path
            assert not (isinstance(node, ast.Name) and node.id == "float"), path


def test_no_sentence_for_subscribers_stands_in_code() -> None:
    """Cyrillic in code is a letter table or an example in a docstring, never a sentence."""
    wrong = []
    for path in sources():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docs = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and id(node) not in docs
                and re.search(
                    r"[А-Яа-яӘәҒғҚқҢңӨөҰұҮүҺһІі]{3,} [А-Яа-яӘәҒғҚқҢңӨөҰұҮүҺһІі]", node.value
                )
            ):
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert not wrong


def test_tests_wait_for_events_not_for_time() -> None:
    pattern = re.compile(r"\btime\.sleep\(|asyncio\.sleep\((?!0\))")
    wrong = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests").rglob("*.py")
        if path not in {Path(__file__), *VIRTUAL_TIME}
        and pattern.search(path.read_text(encoding="utf-8"))
    ]
    assert not wrong


def test_suppressions_name_their_rule_and_reason() -> None:
    bare = re.compile(r"# type: ignore(?!\[)|# noqa(?!: [A-Z]+\d+)")
    wrong = [str(p.relative_to(ROOT)) for p in sources() if bare.search(p.read_text("utf-8"))]
    assert not wrong


def test_every_pure_file_of_the_core_has_its_test() -> None:
    missing = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "gateway" / "core").glob("*.py")
        if path.stem not in {"__init__", "reading", "records", "cdr", "results"}  # types alone
        and not (ROOT / "tests" / "unit" / "gateway" / "core" / f"test_{path.stem}.py").exists()
    ]
    assert not missing


def test_locks_are_hashed_and_name_no_index() -> None:
    for lock in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / lock).read_text(encoding="utf-8")
        assert "--hash=sha256:" in text
        assert "index-url" not in text
        assert "://" not in text
