"""What a client of our HTTP did wrong, or what we cannot do now, as RFC 9457 tells it. Pure.

Fields and reasons are told, values never: they may be personal.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final, NamedTuple

CONTENT_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:jauap:problem:"
_PLAIN: Final = "about:blank"


class FieldProblem(NamedTuple):
    """What is wrong with one field of a request."""

    field: str
    reason: str


class Problem(NamedTuple):
    """`kind` becomes the stable end of the type's URN; none: the status says it all."""

    status: int
    kind: str | None = None
    detail: str | None = None
    errors: Sequence[FieldProblem] = ()
    retry_after_s: int | None = None
    more: Mapping[str, object] = {}  # members of this kind of problem

    def document(self) -> bytes:
        body: dict[str, object] = {
            "type": _PLAIN if self.kind is None else TYPE_PREFIX + self.kind,
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
        }
        if self.detail is not None:
            body["detail"] = self.detail
        if self.errors:
            body["errors"] = [error._asdict() for error in self.errors]
        return json.dumps(body | dict(self.more), ensure_ascii=False).encode()

    def headers(self) -> dict[str, str]:
        """What goes beside the document."""
        headers = {"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"}
        if self.retry_after_s is not None:
            headers["Retry-After"] = str(self.retry_after_s)
        if self.status == HTTPStatus.UNAUTHORIZED:
            headers["WWW-Authenticate"] = "Bearer"
        return headers


class RefusedRequest(Exception):  # noqa: N818 - a verdict on a request, told to its client
    """A request that is answered by a problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.kind or problem.status)
        self.problem = problem


def wrong_field(status: int, field: str, reason: str) -> RefusedRequest:
    """The commonest: one field of the request is wrong."""
    error = FieldProblem(field, reason)
    return RefusedRequest(Problem(status, "invalid", f"{field} {reason}", (error,)))
