"""IVR webhooks from settings: dialect, secrets, voice, recordings, operators."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from gateway.calls import fastagi
from gateway.calls.desk import Calls
from gateway.calls.hours import hour_by_hour, operator_hours
from gateway.calls.recordings import open_prompts, voice_texts
from gateway.clock import Clock
from gateway.keys import Keys
from gateway.metrics import Metrics
from gateway.rules import Rules
from gateway.settings import IvrSettings, Settings, SettingsError, secret
from gateway.web.site import Handler
from ivr.attendant.people import People
from ivr.dialects import DIALECTS, secret_problem
from ivr.events import CallEvents
from ivr.fastagi import FastAgi
from ivr.prompts import Prompts, make_prompt_pages
from ivr.webhook import Webhook, make_webhook

VOICELESS = frozenset({"fastagi", "json"})  # dialects whose platform has no voice of its own


class Webhooks(NamedTuple):
    """What the site serves for calls, and the loops that keep it in order."""

    routes: tuple[tuple[str, Handler], ...]  # GET and POST
    pages: tuple[tuple[str, Handler], ...]  # GET
    each: tuple[Webhook, ...]
    prompts: Prompts | None = None
    agi: tuple[FastAgi, ...] = ()

    def listen(self) -> list[str]:
        """Take the ports that Asterisk connects to; their addresses. Raises SettingsError."""
        return fastagi.bind(self.agi)

    def close(self) -> None:
        """Give them back."""
        for server in self.agi:
            server.close()

    async def run(self) -> None:
        """Close calls that nobody ends, and hold those of Asterisk, for ever."""
        async with asyncio.TaskGroup() as loops:
            for webhook in self.each:
                loops.create_task(webhook.run())
            for server in self.agi:
                loops.create_task(server.run())


def make_webhooks(
    settings: Settings,
    calls: Calls,
    rules: Rules,
    keys: Keys,
    clock: Clock,
    metrics: Metrics,
    events: CallEvents | None = None,
) -> Webhooks:
    """One webhook for each [[ivr]]. Raises SettingsError."""
    if not settings.ivr:
        return Webhooks((), (), ())
    prompts = open_prompts(settings, rules, keys)
    voice = voice_texts(rules.voice)
    hours = operator_hours(settings.operators, rules.workdays)
    people = People(
        closed_hours=hour_by_hour(hours, clock),
        call_backs=events is not None and settings.operators.call_backs_max > 0,
    )
    webhooks = tuple(
        make_webhook(
            link=call.name,
            dialect=DIALECTS[call.dialect],
            secrets=_secrets(call),
            public_url=settings.http.public_url,
            desk=calls,
            voice=voice,
            prompt_url=prompts.url if call.dialect in VOICELESS else prompts.url_beside_voice,
            numbers=call.numbers,
            operator_target=call.operator_target if hours.ever else None,
            now_us=clock.now_us,
            loop_time=asyncio.get_running_loop().time,
            counters=metrics,
            nonce_secret=keys.calls,
            events=events,
            people=people,
            language=settings.service.language,
            notice=call.recording_notice,
        )
        for call in settings.ivr
    )
    each = list(zip(settings.ivr, webhooks, strict=True))
    routes = tuple(
        (call.path, webhook.handle) for call, webhook in each if call.dialect != fastagi.DIALECT
    )
    agi = fastagi.make_fastagi([(call, webhook.attendant) for call, webhook in each], metrics)
    return Webhooks(routes, make_prompt_pages(prompts), webhooks, prompts, agi)


def _secrets(call: IvrSettings) -> Sequence[str]:
    """One secret a line, so that the old one holds while the platform learns the new one."""
    what = f"[[ivr]] '{call.name}'"
    secrets = secret(what, call.secret_env, call.secret_file).split()
    if not secrets:
        raise SettingsError(f"{what}: the secret is empty")
    for each in secrets:
        if (problem := secret_problem(call.dialect, each)) is not None:
            raise SettingsError(f"{what}: the secret {problem}")
    return secrets
