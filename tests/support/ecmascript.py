"""Expressions of ECMAScript, as far as our VoiceXML documents use them, for the voice browser of
the tests: literals, names, members, calls, `new Date()`, and the usual operators."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from typing import Any

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<text>'[^']*')|(?P<name>[A-Za-z_$][\w$]*)"
    r"|(?P<sign>\|\||&&|==|[-+*/<>!().,]))"
)
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class ScriptError(Exception):
    """What a browser throws as error.semantic."""


class Undefined:
    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "undefined"


UNDEFINED = Undefined()


def evaluate(expression: str, resolve: Callable[[str], Any], now_ms: Callable[[], int]) -> Any:
    """The value. `resolve` finds a name, or raises ScriptError."""
    reader = _Reader(expression, resolve, now_ms)
    value = reader.either()
    if reader.tokens:
        raise ScriptError(f"{expression}: what is {reader.tokens[0][1]!r}?")
    return value


def text_of(value: Any) -> str:
    """As a form field: whole numbers without a fraction."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


class _Reader:
    def __init__(
        self, expression: str, resolve: Callable[[str], Any], now_ms: Callable[[], int]
    ) -> None:
        self.tokens = _tokens(expression)
        self.resolve = resolve
        self.now_ms = now_ms

    def takes(self, *signs: str) -> str:
        if self.tokens and self.tokens[0][1] in signs and self.tokens[0][0] != "text":
            return self.tokens.pop(0)[1]
        return ""

    def needs(self, sign: str) -> None:
        if not self.takes(sign):
            raise ScriptError(f"{sign!r} is missing")

    # Both sides are read; what the left side has decided must not fail on the right.
    def either(self) -> Any:
        value = self.both()
        while self.takes("||"):
            if value:
                self.skip(self.both)
            else:
                value = self.both()
        return value

    def both(self) -> Any:
        value = self.compared()
        while self.takes("&&"):
            if value:
                value = self.compared()
            else:
                self.skip(self.compared)
        return value

    def skip(self, read: Callable[[], Any]) -> None:
        """Read without looking: every name is anything."""
        resolve, self.resolve = self.resolve, lambda _: _Anything()
        try:
            read()
        finally:
            self.resolve = resolve

    def compared(self) -> Any:
        value = self.summed()
        while sign := self.takes("==", "<", ">"):
            other = self.summed()
            if sign == "==":
                value = value == other
            elif sign == "<":
                value = _number(value) < _number(other)
            else:
                value = _number(value) > _number(other)
        return value

    def summed(self) -> Any:
        value = self.divided()
        while sign := self.takes("+", "-"):
            other = self.divided()
            if sign == "-":
                value = _number(value) - _number(other)
            elif isinstance(value, str) or isinstance(other, str):
                value = text_of(value) + text_of(other)
            else:
                value = value + other
        return value

    def divided(self) -> Any:
        value = self.member()
        while self.takes("/"):
            value = _number(value) / _number(self.member())
        return value

    def member(self) -> Any:
        value = self.atom()
        while sign := self.takes(".", "("):
            if sign == "(":
                value = self.called(value)
                continue
            kind, name = self.tokens.pop(0)
            if kind != "name":
                raise ScriptError(f"{name!r} is no member")
            value = _member(value, name)
        return value

    def called(self, function: Any) -> Any:
        arguments = []
        while not self.takes(")"):
            arguments.append(self.either())
            self.takes(",")
        if not callable(function):
            raise ScriptError("what is called is no function")
        return function(*arguments)

    def atom(self) -> Any:
        if not self.tokens:
            raise ScriptError("the expression ends too early")
        kind, token = self.tokens.pop(0)
        if kind == "number":
            return float(token) if "." in token else int(token)
        if kind == "text":
            return token[1:-1]
        if token == "(":
            value = self.either()
            self.needs(")")
            return value
        return not self.member() if token == "!" else self.named(token)

    def named(self, name: str) -> Any:
        if name == "new":
            assert self.takes("Date"), "Date is all that can be new"
            self.needs("(")
            self.needs(")")
            return {"getTime": self.now_ms}
        return _KNOWN[name] if name in _KNOWN else self.resolve(name)


_KNOWN: Mapping[str, Any] = {
    "true": True,
    "false": False,
    "Math": {"random": random.random, "round": lambda number: int(number + 0.5)},
}


class _Anything(dict[str, Any]):
    """Behind `&&` and `||` where it does not count: has every member, can be called."""

    def __missing__(self, _: str) -> _Anything:
        return self

    def __call__(self, *_: Any) -> _Anything:
        return self


def _tokens(expression: str) -> list[tuple[str, str]]:
    found, at = [], 0
    expression = expression.rstrip()
    while at < len(expression):
        match = _TOKEN.match(expression, at)
        if match is None:
            raise ScriptError(f"{expression[at:]!r} cannot be read")
        assert match.lastgroup is not None
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


def _member(value: Any, name: str) -> Any:
    if value is UNDEFINED:
        raise ScriptError(f"undefined has no {name!r}")
    if isinstance(value, Mapping):
        return value[name] if name in value or isinstance(value, _Anything) else UNDEFINED
    if isinstance(value, str) and name == "substring":
        return lambda start: value[start:]
    if isinstance(value, int | float) and name == "toString":
        return lambda base: _in_base(value, base)
    return UNDEFINED


def _number(value: Any) -> float:
    try:
        return float(value or 0)
    except (TypeError, ValueError):
        return float("nan")


def _in_base(value: float, base: int) -> str:
    whole, rest = int(value), value - int(value)
    signs = ""
    while whole:
        whole, digit = divmod(whole, base)
        signs = _DIGITS[digit] + signs
    fraction = ""
    while rest and len(fraction) < 12:
        rest *= base
        fraction += _DIGITS[int(rest)]
        rest -= int(rest)
    return (signs or "0") + ("." + fraction if fraction else "")
