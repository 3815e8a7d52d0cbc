"""The form of questions and answers of an HTTP JSON service. Pure.

A question is a template with {number}, {numbers}, {kind}; whatever is filled in is escaped, so
that a number can never become another path, parameter or field.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import quote

from lookup.strict_json import strict_decoder

CHARSETS: Final = {
    "utf-8": "utf-8-sig", "utf8": "utf-8-sig", "windows-1251": "cp1251", "cp1251": "cp1251",
}  # fmt: skip
FILLED: Final = ("kind", "number", "numbers")
SPECIMEN: Final = "0"  # a number and a kind to try the templates with

_PLACE: Final = re.compile(r"\{([A-Za-z_]+)\}")


class TemplateError(ValueError):
    """A template cannot be used; the message names the key and the remedy."""


class UnreadableError(Exception):
    """An answer that is no JSON we take; the message quotes nothing of it."""


class Question(NamedTuple):
    """One request, and the numbers it asks for."""

    numbers: tuple[str, ...]
    url: str
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Template:
    """How to ask. Raises TemplateError when made."""

    url: str
    body: str | None
    numbers_max: int  # numbers in one request

    def __post_init__(self) -> None:
        places = _PLACE.findall(self.url) + _PLACE.findall(self.body or "")
        for place in places:
            if place not in FILLED:
                near = difflib.get_close_matches(place, FILLED, n=1)
                remedy = f"did you mean {{{near[0]}}}?" if near else "known: {number}, {numbers}"
                raise TemplateError(f"{{{place}}} is not known; {remedy}")
        if ("number" in places) == ("numbers" in places):
            raise TemplateError("url or body must hold either {number} or {numbers}")
        if self.numbers_max < 1 or (self.numbers_max > 1 and "numbers" not in places):
            raise TemplateError("numbers_max above 1 needs {numbers}, in url or body")
        authority = self.url.partition("://")[2].partition("/")[0]
        if _PLACE.search(authority):
            raise TemplateError("url: the host must be written out, nothing is filled in there")
        if self.body is not None:
            try:
                json.loads(self._body((SPECIMEN,), SPECIMEN))
            except ValueError as error:
                raise TemplateError(
                    f"body is no JSON once filled in ({error});"
                    ' write "{number}" in quotes, {numbers} without'
                ) from None

    @property
    def by_kind(self) -> bool:
        """Whether each kind is asked for by itself."""
        return "{kind}" in self.url or "{kind}" in (self.body or "")

    @property
    def specimen(self) -> str:
        """A filled url, to be checked."""
        return self._url((SPECIMEN,), SPECIMEN)

    def questions(self, numbers: Sequence[str], kind: str = "") -> list[Question]:
        """The requests that ask for all these numbers; `kind` in their word."""
        chunks = [
            tuple(numbers[start : start + self.numbers_max])
            for start in range(0, len(numbers), self.numbers_max)
        ]
        return [
            Question(
                chunk,
                self._url(chunk, kind),
                None if self.body is None else self._body(chunk, kind).encode(),
            )
            for chunk in chunks
        ]

    def _url(self, numbers: tuple[str, ...], kind: str) -> str:
        values = {
            "number": quote(numbers[0], safe=""),
            "numbers": ",".join(quote(number, safe="") for number in numbers),
            "kind": quote(kind, safe=""),
        }
        return _PLACE.sub(lambda match: values[match[1]], self.url)

    def _body(self, numbers: tuple[str, ...], kind: str) -> str:
        values = {
            "number": json.dumps(numbers[0])[1:-1],  # the template has the quotes
            "numbers": json.dumps(numbers),
            "kind": json.dumps(kind)[1:-1],
        }
        return _PLACE.sub(lambda match: values[match[1]], self.body or "")


def is_json(content_type: str) -> bool:
    return content_type in ("application/json", "text/json") or content_type.endswith("+json")


def is_page(content_type: str) -> bool:
    """A page for people: what proxies and servers answer in the place of a service."""
    return content_type in ("text/html", "application/xhtml+xml")


def parse(body: bytes, charset: str | None) -> object:
    """JSON that can be understood in one way only. Raises UnreadableError.

    Its size is bounded by the client, its depth by the interpreter: what is nested deeper is
    refused, and nothing here walks into it.
    """
    codec = CHARSETS.get(charset or "utf-8")
    if codec is None:
        raise UnreadableError("is in a character set that is not taken; UTF-8 is")
    try:
        value: object = _JSON.decode(body.decode(codec))
    except UnicodeDecodeError:
        raise UnreadableError("is not in the character set it names") from None
    except json.JSONDecodeError as error:
        raise UnreadableError(f"is no JSON: {error.msg}, character {error.pos + 1}") from None
    except _TwiceError:
        raise UnreadableError("names a field twice") from None
    except ValueError:
        raise UnreadableError("holds a number that JSON does not allow") from None
    except RecursionError:
        raise UnreadableError("is nested too deeply") from None
    return value


class _TwiceError(ValueError):
    pass


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Which of two values counts is a matter of the parser, so neither does."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _TwiceError
    return made


_JSON: Final = strict_decoder(_once)
