"""openapi.yaml is OpenAPI 3.1, served as it is, and names what the running service answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from openapi_spec_validator import OpenAPIV31SpecValidator

from gateway.clock import Clock
from gateway.keys import read_key_file
from gateway.parts import make_parts
from gateway.settings import load
from gateway.web import captures
from lookup.feed.parts import FINE_FIELDS, INSPECTION_FIELDS, OUTCOME_FIELDS
from lookup.feed.row import EVENT_FIELDS, TICKET_FIELDS
from tests.support.contract import PATH, conforms, contract, operations
from tests.support.service import make_folder

ANY = "*"


def test_the_contract_is_openapi_3_1() -> None:
    OpenAPIV31SpecValidator(contract()).validate()
    assert contract()["openapi"].startswith("3.1")


async def routes(folder: Path) -> set[tuple[str, str]]:
    """(METHOD, path) of all routes of a service that has everything."""
    settings = await make_folder(folder, [], feeds={"enabled": True})
    with settings.open("a", encoding="utf-8") as file:
        file.write('\n[[ivr]]\nname = "1414"\ndialect = "json"\npath = "/ivr/1414"\n')
        file.write(f'secret_file = "{folder}/secret"\n')
        file.write(f'\n[operators]\ntoken_file = "{folder}/token"\n')
    (folder / "token").write_text("t" * 32, encoding="utf-8")
    loaded = load(settings)
    async with AsyncExitStack() as held:
        parts = await make_parts(loaded, read_key_file(folder / "jauap.key"), Clock(), held)
        return {(route.method, _path(route)) for route in parts.site.router.routes()}


def _path(route: web.AbstractRoute) -> str:
    assert route.resource is not None
    info = route.resource.get_info()
    path = str(info.get("path") or info["formatter"])
    return re.sub(r"^/ivr/\w+$", "/ivr/{name}", path)


async def test_every_route_stands_in_the_contract_and_the_other_way_round(tmp_path: Path) -> None:
    found = await routes(tmp_path)
    told = operations()
    for method, path in found:
        if method == ANY:
            assert path == captures.PATH, "a method that is wrong there is told nothing"
            assert ("GET", path) in told
        elif method != "HEAD":
            assert (method, path) in told
    gets = {path for method, path in found if method in {"GET", ANY}}
    assert {path for method, path in told if method == "GET"} == gets
    assert told <= found | {("GET", captures.PATH)}


async def test_it_is_served(tmp_path: Path) -> None:
    settings = load(await make_folder(tmp_path, []))
    async with AsyncExitStack() as held:
        parts = await make_parts(settings, read_key_file(tmp_path / "jauap.key"), Clock(), held)
        paths = {_path(route) for route in parts.site.router.routes()}
    assert "/openapi.yaml" in paths
    assert not [path for path in paths if path.startswith("/api/")], "no API is enabled"
    assert PATH.read_bytes().startswith(b"openapi: 3.1")


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_every_component_is_used() -> None:
    used = set(references(contract()))
    components = contract()["components"]
    for section in ("schemas", "parameters", "responses", "headers", "links"):
        for name in components[section]:
            assert f"#/components/{section}/{name}" in used


def test_every_operation_that_needs_a_key_tells_401_and_429() -> None:
    for item in contract()["paths"].values():
        for operation in item.values():
            if isinstance(operation, dict) and {"apiKey": []} in operation.get("security", ()):
                assert {"401", "403", "429", "503"} <= operation["responses"].keys()


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("Ticket", TICKET_FIELDS),
        ("Event", EVENT_FIELDS),
        ("Fine", FINE_FIELDS),
        ("Inspection", INSPECTION_FIELDS),
        ("Outcome", OUTCOME_FIELDS),
    ],
)
def test_the_contract_has_every_field_of_the_feed(name: str, fields: frozenset[str]) -> None:
    schema = contract()["components"]["schemas"][name]
    assert set(schema["properties"]) == fields
    assert schema["additionalProperties"] is False


def test_the_schema_of_a_ticket_is_strict() -> None:
    good = {"kind": "appeal", "status": "in_review", "body_id": "almaty-akimat"}
    conforms("Ticket", good)
    for wrong in (
        good | {"is_admin": True},
        good | {"status_at": "20-11-2026"},
        good | {"due_on": "2026-02-30"},
        good | {"version": -1},
        good | {"fine": {"amount": "1"}},
        {"kind": "appeal", "status": "in_review"},
    ):
        with pytest.raises(AssertionError):
            conforms("Ticket", wrong)
