"""What operators get from settings: the floor that calls tell of themselves, and its API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gateway.calls.api import CallsApi
from gateway.calls.floor import Floor
from gateway.clock import Clock
from gateway.metrics import Metrics
from gateway.rules import Rules
from gateway.settings import OperatorsSettings, Settings, SettingsError, secret
from gateway.store.journal import Journal

TOKEN_SIGNS_MIN = 32  # so long that nobody guesses it, however often he may try


class Operators(NamedTuple):
    """Both None where `[operators]` names no token: nobody watches."""

    floor: Floor | None = None
    api: CallsApi | None = None


def make_operators(
    settings: Settings, journal: Journal, rules: Rules, clock: Clock, metrics: Metrics
) -> Operators:
    """Raises SettingsError."""
    tokens = _tokens(settings.operators)
    if not tokens:
        return Operators()
    floor = Floor(clock.now_us)
    api = CallsApi(
        floor=floor,
        kept=journal,
        words=rules.number_words,
        kinds=rules.kinds,
        tokens=tokens,
        now_us=clock.now_us,
        counters=metrics,
    )
    return Operators(floor, api)


def _tokens(operators: OperatorsSettings) -> Sequence[str]:
    """One a line, so that the old one holds while consoles learn the new one."""
    if operators.token_env is None and operators.token_file is None:
        return ()
    tokens = secret("[operators] token", operators.token_env, operators.token_file).split()
    if not tokens or min(map(len, tokens)) < TOKEN_SIGNS_MIN:
        raise SettingsError(
            f"[operators] token: {TOKEN_SIGNS_MIN} signs at least; make one with "
            "'openssl rand -hex 32'"
        )
    return tokens
