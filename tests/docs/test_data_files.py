"""Reference pages of what is read and written: export, tariffs, feed, operator profile."""

from __future__ import annotations

import ast
import inspect
import json
import re
import tomllib
from dataclasses import MISSING, fields

from gateway.billing.field_names import LAYOUTS
from gateway.billing.rows import Row
from gateway.core import holidays, term_rules
from lookup.feed.bodies import BODY_FIELDS
from lookup.feed.parts import FINE_FIELDS, INSPECTION_FIELDS, OUTCOME_FIELDS
from lookup.feed.row import EVENT_FIELDS, TICKET_FIELDS
from lookup.foreign import forms as map_forms
from lookup.foreign import table as map_table
from lookup.foreign import times as map_times
from lookup.foreign.mapping import FieldMap
from smpp import operators
from smpp.operators import OperatorProfile
from tests.support.pages import DOCS, ROOT, blocks, names, read, rows, section, table


def test_every_column_of_the_billing_file_has_its_row() -> None:
    first = section(read("reference/ledger-export.md"), "The billing file").body
    assert tuple(table(first)) == Row._fields


def test_every_name_of_3gpp_and_tap_has_its_row() -> None:
    body = section(read("reference/ledger-export.md"), "Names of 3GPP and TAP").body
    told: dict[str, dict[str, set[str]]] = {"3gpp": {}, "tap": {}}
    for column, _, *cells in rows(body):
        for naming, cell in zip(told, cells, strict=True):
            if cell:
                told[naming].setdefault(*names(column), set()).add(names(cell)[0])
    for naming, columns in told.items():
        layout = LAYOUTS[naming]
        known: dict[str, set[str]] = {}
        for field, name in zip(layout.fields, layout.columns, strict=True):
            if name != field:
                known.setdefault(field, set()).add(name)
        assert columns == known, naming


def test_every_key_of_the_terms_and_the_calendar_has_its_row() -> None:
    page = read("reference/terms.md")
    assert set(table(section(page, "[[rule]]").body)) == set(term_rules.RULE_KEYS)
    year, fixed = section(page, "The calendar").body.split("`config/calendar/fixed.toml`")
    assert set(table(year)) == set(holidays.YEAR_KEYS)
    assert set(table(fixed)) == set(holidays.HOLIDAY_KEYS)


def test_every_rule_of_a_term_stands_in_the_page() -> None:
    told = table(section(read("reference/terms.md"), "The rules").body)
    units = {"working": "working day", "calendar": "calendar day", "months": "month"}
    for rule in tomllib.loads((ROOT / "config/terms.toml").read_text("utf-8"))["rule"]:
        holds, term, basis = told.pop(rule["id"])
        unit = units.get(rule["unit"], "hour")
        plural = "s" if rule["length"] > 1 else ""
        assert term.startswith(f"{rule['length']} {unit}{plural}"), rule["id"]
        assert ("extended by at most" in term) == ("extension" in rule), rule["id"]
        assert ("not told once over" in term) == (rule.get("overdue") is False), rule["id"]
        assert ("to be confirmed" in basis) == ("to be confirmed" in rule["basis"]), rule["id"]
        for key in ("from", "to"):
            assert key not in rule or f"{rule[key].day} {rule[key]:%B %Y}" in holds, rule["id"]
        statuses = rule.get("status", [])
        for status in [statuses] if isinstance(statuses, str) else statuses[:1]:
            assert f"`{status}`" in holds, rule["id"]
    assert not told


def test_every_field_of_the_feed_has_its_row() -> None:
    page = read("reference/feed.md")
    for heading, known in (
        ("A ticket", TICKET_FIELDS),
        ("fine", FINE_FIELDS),
        ("inspection", INSPECTION_FIELDS),
        ("outcome", OUTCOME_FIELDS),
        ("An event", EVENT_FIELDS),
        ("Bodies", BODY_FIELDS),
    ):
        assert set(table(section(page, heading).body)) == known, heading


def test_every_key_of_a_field_map_has_its_row() -> None:
    page = read("reference/field-map.md")
    assert tuple(table(section(page, "The file").body)) == map_table.TABLES
    assert set(table(section(page, "[lists]").body)) == {
        name for name, form in map_table.TICKET_FORMS.items() if form is map_forms.Form.LIST
    }
    assert tuple(table(section(page, "[amounts]").body)) == ("unit",)
    patterns = {map_times.ISO, *map_times.EPOCHS, "mm"} | {
        part for part in map_times._PARTS if len(part) > 1
    }
    formats = set(table(section(page, "[formats]").body))
    assert formats == {*map_table.FORMATS_KEYS, *patterns}


def test_every_field_of_ours_that_a_map_may_name_says_how_it_is_read() -> None:
    page = read("reference/field-map.md")
    steps = {"a name", "0", "1", "*"}
    read_as = [names(cells[0]) or [cells[0]] for cells in rows(section(page, "[fields]").body)]
    assert {name for each in read_as for name in each} - steps == set(map_table.TICKET_FORMS)
    of_events = [name for cells in rows(section(page, "[events]").body) for name in names(cells[0])]
    assert set(of_events) == {*map_table.EVENTS_KEYS, *map_table.EVENT_FORMS}


def test_the_map_that_is_shipped_as_an_example_can_be_read() -> None:
    for file in (ROOT / "config" / "maps").glob("*.toml"):
        assert FieldMap.from_toml(file.read_text(encoding="utf-8"), file.name).names


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
    for name in ("core/ledger.py", "core/call_ledger.py", "billing/verify.py"):
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
