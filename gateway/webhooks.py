"""IVR webhooks from settings: dialect, secrets, voice, prompts."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from gateway import config
from gateway.calls import Calls
from gateway.clock import Clock
from gateway.core.catalogue import Catalogue
from gateway.keys import Keys
from gateway.metrics import Metrics
from gateway.rules import Rules
from gateway.settings import IvrSettings, Settings, SettingsError, secret
from gateway.web.site import Handler
from ivr.dialects import DIALECTS
from ivr.prompts import Prompts
from ivr.webhook import Webhook, make_prompt_handler, make_webhook

ESPEAK = "espeak-ng"


class Webhooks(NamedTuple):
    """What the site serves for calls, and the loops that keep it in order."""

    routes: tuple[tuple[str, Handler], ...]  # POST
    pages: tuple[tuple[str, Handler], ...]  # GET
    each: tuple[Webhook, ...]

    async def run(self) -> None:
        """Close calls that nobody ends, for ever."""
        async with asyncio.TaskGroup() as reapers:
            for webhook in self.each:
                reapers.create_task(webhook.run())


def make_webhooks(
    settings: Settings,
    calls: Calls,
    rules: Rules,
    keys: Keys,
    clock: Clock,
    metrics: Metrics,
) -> Webhooks:
    """One webhook for each [[ivr]]. Raises SettingsError."""
    if not settings.ivr:
        return Webhooks((), (), ())
    prompts = Prompts(
        folder=_prompts_folder(settings),
        espeak=shutil.which(ESPEAK),
        public_url=settings.http.public_url,
        key=keys.prompts,
    )
    voice = _templates(rules.voice)
    webhooks = tuple(
        make_webhook(
            link=call.name,
            dialect=DIALECTS[call.dialect],
            secrets=_secrets(call),
            public_url=settings.http.public_url,
            desk=calls,
            voice=voice,
            prompt_url=prompts.url,
            numbers=call.numbers,
            operator_target=call.operator_target,
            now_us=clock.now_us,
            loop_time=asyncio.get_running_loop().time,
            counters=metrics,
            language=settings.service.language,
        )
        for call in settings.ivr
    )
    routes = tuple(
        (call.path, webhook.handle) for call, webhook in zip(settings.ivr, webhooks, strict=True)
    )
    return Webhooks(routes, (("/prompts/{name}", make_prompt_handler(prompts)),), webhooks)


def _secrets(call: IvrSettings) -> Sequence[str]:
    """One secret a line, so that the old one holds while the platform learns the new one."""
    what = f"[[ivr]] '{call.name}'"
    secrets = secret(what, call.secret_env, call.secret_file).split()
    if not secrets:
        raise SettingsError(f"{what}: the secret is empty")
    return secrets


def _prompts_folder(settings: Settings) -> Path:
    return Path(settings.store.key_file).parent / "prompts"


def _templates(voice: Catalogue) -> dict[str, dict[str, str]]:
    return {
        text_id: {language: voice.template(text_id, language) for language in config.LANGUAGES}
        for text_id in voice
    }
