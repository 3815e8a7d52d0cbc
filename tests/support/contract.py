"""gateway/web/openapi.yaml as tests read it: its paths, and answers held against its schemas."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

import gateway.web

PATH = Path(gateway.web.__file__).parent / "openapi.yaml"
METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "trace")


@cache
def contract() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(PATH.read_text(encoding="utf-8"))
    return found


def operations() -> set[tuple[str, str]]:
    """(METHOD, path) of all operations."""
    return {
        (method.upper(), path)
        for path, item in contract()["paths"].items()
        for method in item
        if method in METHODS
    }


def conforms(schema: dict[str, Any] | str, value: object) -> None:
    """Hold a value against a schema, or against one of the components by its name."""
    if isinstance(schema, str):
        schema = {"$ref": f"#/components/schemas/{schema}"}
    validator = Draft202012Validator(schema | {"components": contract()["components"]})
    problems = sorted(validator.iter_errors(value), key=str)
    assert not problems, f"{problems[0].json_path}: {problems[0].message} in {value}"


def answered(
    method: str, path: str, status: int, content_type: str, headers: Any, octets: bytes
) -> None:
    """Hold an answer against the contract: status, type, headers, body."""
    responses = contract()["paths"][path][method.lower()]["responses"]
    assert str(status) in responses, f"{method} {path} answers {status}, which it does not tell"
    response = _resolved(responses[str(status)])
    kind = content_type.partition(";")[0].strip()
    assert kind in response["content"], f"{method} {path} answers {status} as {kind}"
    for name, written in response.get("headers", {}).items():
        header = _resolved(written)
        assert name in headers or not header.get("required"), f"{status} without {name}"
        if name in headers and header["schema"]["type"] == "integer":
            conforms(header["schema"], int(headers[name]))
    schema = response["content"][kind].get("schema")
    if kind.endswith("json") and kind != "application/x-ndjson" and schema:
        conforms(schema, json.loads(octets))
    if path.endswith("tickets:batch") and status == 200:
        *lines, last = [json.loads(line) for line in octets.splitlines()]
        for line in lines:
            conforms("LineResult", line)
        conforms("BatchEnd", last)


def _resolved(item: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in item:
        found: Any = contract()
        for step in item["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        item = found
    return item
