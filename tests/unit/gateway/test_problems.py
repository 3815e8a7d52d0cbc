"""Problem documents."""

from __future__ import annotations

import json

from gateway.problems import FieldProblem, Problem, wrong_field


def test_a_plain_problem_is_its_status() -> None:
    assert json.loads(Problem(404).document()) == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
    }


def test_a_field_is_named_with_its_reason() -> None:
    problem = wrong_field(422, "fine.amount", "must be a whole number").problem
    assert json.loads(problem.document()) == {
        "type": "urn:jauap:problem:invalid",
        "title": "Unprocessable Entity",
        "status": 422,
        "detail": "fine.amount must be a whole number",
        "errors": [{"field": "fine.amount", "reason": "must be a whole number"}],
    }


def test_who_must_wait_is_told_how_long_and_who_needs_a_key_which() -> None:
    assert Problem(429, retry_after_s=7).headers()["Retry-After"] == "7"
    assert Problem(401).headers()["WWW-Authenticate"] == "Bearer"
    assert "Retry-After" not in Problem(422, errors=(FieldProblem("a", "b"),)).headers()


def test_a_kind_of_problem_has_members_of_its_own() -> None:
    stale = Problem(409, "stale", more={"stored": {"version": 3}})
    assert json.loads(stale.document())["stored"] == {"version": 3}
