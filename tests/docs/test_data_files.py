"""Reference pages of what is read and written: export, tariffs, feed, operator profile."""

from __future__ import annotations

import ast
import inspect
import json
import re
import tomllib
from dataclasses import MISSING, fields

from gateway.billing.rows import Row
from gateway.core import tariff, tariff_rules
from lookup.bodies import BODY_FIELDS
from lookup.feed_row import (
    EVENT_FIELDS,
    FINE_FIELDS,
    INSPECTION_FIELDS,
    TICKET_FIELDS,
)
from smpp import operators
from smpp.operators import OperatorProfile
from tests.support.pages import DOCS, ROOT, blocks, names, read, section, table


def test_every_column_of_the_billing_file_has_its_row() -> None:
    assert tuple(table(read("reference/ledger-export.md"))) == Row._fields


def keys_taken(function: object) -> list[str]:
    """The keys a reader of a TOML table takes out, in their order."""
    tree = ast.parse(
        inspect.getsource(inspect.unwrap(function)).replace("    @classmethod\n", "", 1).lstrip()
    )
    return list(
        dict.fromkeys(
            node.args[0].value if isinstance(node.args[0], ast.Constant) else node.args[1].value
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and _takes_a_key(node)
        )
    )


def _takes_a_key(call: ast.Call) -> bool:
    takers = {"integer", "flag", "word", "one_of", "day", "words", "scope", "take"}
    if isinstance(call.func, ast.Attribute):
        of_row = isinstance(call.func.value, ast.Name) and call.func.value.id == "row"
        return of_row and call.func.attr in takers
    return isinstance(call.func, ast.Name) and call.func.id == "_rows"


def test_every_key_of_the_tariffs_has_its_row() -> None:
    page = read("reference/tariffs.md")
    assert set(table(section(page, "The file").body)) == set(
        keys_taken(tariff.Tariffs.from_table.__func__)
    )
    for heading, reader in (
        ("[[rule]]", tariff_rules.read_rule),
        ("[[vat]]", tariff_rules.read_vat),
        ("[[example]]", tariff_rules.read_example),
    ):
        assert set(table(section(page, heading).body)) == set(keys_taken(reader)), heading


def test_every_field_of_the_feed_has_its_row() -> None:
    page = read("reference/feed.md")
    for heading, known in (
        ("A ticket", TICKET_FIELDS),
        ("fine", FINE_FIELDS),
        ("inspection", INSPECTION_FIELDS),
        ("An event", EVENT_FIELDS),
        ("Bodies", BODY_FIELDS),
    ):
        assert set(table(section(page, heading).body)) == known, heading


def test_every_key_of_a_profile_has_its_row_default_and_range() -> None:
    rows = table(read("reference/operator-profile.md"))
    profile = [field for field in fields(OperatorProfile) if field.init]
    assert list(rows) == [field.name for field in profile]
    for field in profile:
        default, allowed, _ = rows[field.name]
        assert default == _default(field), field.name
        if field.name in operators._RANGES:
            assert allowed == "{} to {}".format(*operators._RANGES[field.name])
        if field.name in operators._TEXT_MAX:
            assert allowed == f"{operators._TEXT_MAX[field.name]} characters"
        if field.name in operators._CHOICES:
            assert names(allowed) == [str(choice) for choice in operators._CHOICES[field.name]]


def _default(field: object) -> str:
    value = field.default if field.default is not MISSING else field.default_factory()
    return "-" if value is None else f"`{json.dumps(value)}`"


def test_a_key_of_a_profile_that_nothing_reads_says_who_decides() -> None:
    rows = table(read("reference/operator-profile.md"))
    sources = "".join(
        path.read_text(encoding="utf-8")
        for package in ("gateway", "smpp")
        for path in (ROOT / package).rglob("*.py")
    )
    own = inspect.getsource(OperatorProfile)
    for name, (_, _, meaning) in rows.items():
        used = re.search(rf"profile\.{name}\b", sources) or f"self.{name}" in own
        idle = meaning == "likewise" or "the `[[link]]` decides" in meaning
        assert bool(used) != idle or name == "name", name


def test_toml_and_json_in_the_pages_can_be_read() -> None:
    for page in DOCS.rglob("*.md"):
        for block in blocks(page):
            if block.info[:1] == ("toml",):
                tomllib.loads(block.body)
            elif block.info[:1] == ("json",):
                json.loads(block.body)


def test_every_finding_of_verify_has_its_row() -> None:
    codes: set[str] = set()
    for name in ("core/ledger.py", "billing/verify.py"):
        tree = ast.parse((ROOT / "gateway" / name).read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            code = None
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                code = node.args[1] if node.func.id == "Finding" and len(node.args) > 1 else None
            elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple):
                of_problem = getattr(node.targets[0], "id", "") == "problem"
                code = node.value.elts[0] if of_problem else None
            if isinstance(code, ast.Constant):
                codes.add(code.value)
    body = section(read("how-to/read-the-ledger.md"), "Does it add up?").body
    assert set(table(body)) == codes
