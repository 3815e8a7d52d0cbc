"""IVR webhooks from settings: dialect, secrets, voice, prompts."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from gateway.calls import Calls
from gateway.clock import Clock
from gateway.metrics import Metrics
from gateway.rules import Rules
from gateway.settings import Settings
from gateway.web.site import Handler


class Webhooks(NamedTuple):
    routes: tuple[tuple[str, Handler], ...]

    async def run(self) -> None:
        await asyncio.Event().wait()


def make_webhooks(
    settings: Settings, calls: Calls, rules: Rules, clock: Clock, metrics: Metrics
) -> Webhooks:
    return Webhooks(())
