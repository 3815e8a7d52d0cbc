"""The composition root: every part is made here, from top to bottom, and started in that order.

Stopping is the reverse: intake refuses, what is on its way is written down, binds are closed, the
store last. A watchdog ends a process that cannot stop.
"""

from __future__ import annotations

import asyncio
import os
import random
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import date
from pathlib import Path
from typing import NamedTuple

import structlog
from aiohttp import web

from gateway import config
from gateway.calls import Calls
from gateway.clock import Clock, Ids, day_date
from gateway.core.results import Result
from gateway.desk import Desk
from gateway.front import Front
from gateway.intake import Intake
from gateway.keys import Keys
from gateway.links import make_port
from gateway.memories import Memories
from gateway.metrics import Metrics
from gateway.outbox import Outbox
from gateway.owed import OwedAnswers
from gateway.ports import SmsPort
from gateway.rules import Rules, load_rules
from gateway.settings import Settings, SettingsError, SourceSettings
from gateway.store import open_store
from gateway.store.journal import Journal, StoreUnavailableError
from gateway.web.site import PageFacts, make_site
from gateway.webhooks import Webhooks, make_webhooks
from lookup.federation import Lookup
from lookup.guard import Guarded, GuardLimits
from lookup.registry import Registry
from smpp.messages import SubmitResult
from smpp.owner import BindEvent, Delivery

PURGE_EVERY_S = 30.0
PURGE_PAUSE_S = 0.05  # between slices, so that the writer stays free for answers
BEAT_S = 0.5
IDLE_CHECK_S = 0.02
WATCHDOG_GRACE_S = 5.0
EXIT_STUCK = 3

log = structlog.get_logger()


class Parts(NamedTuple):
    """Everything a running gateway is made of."""

    rules: Rules
    metrics: Metrics
    clock: Clock
    journal: Journal
    lookup: Lookup
    ports: dict[str, SmsPort]
    outbox: Outbox
    intake: Intake
    owed: OwedAnswers
    webhooks: Webhooks
    front: Front
    site: web.Application


async def run(
    settings: Settings,
    keys: Keys,
    *,
    clock: Clock | None = None,
    stop: asyncio.Event,
    on_ready: Callable[[Parts, str], None] | None = None,
) -> None:
    """Serve until `stop` is set; `on_ready` gets the parts and the web server's address.

    Raises SettingsError for what cannot be started.
    """
    async with AsyncExitStack() as held:
        parts = await make(settings, keys, clock or Clock(), held)
        async with asyncio.TaskGroup() as loops:
            running = [
                loops.create_task(work)
                for work in (
                    parts.outbox.run(),
                    parts.outbox.run_settling(),
                    parts.intake.run_questions(),
                    parts.intake.run_side(),
                    parts.owed.run(),
                    parts.webhooks.run(),
                    _purge(parts),
                    _beat(parts.front),
                )
            ]
            async with _serving(parts.site, settings.http.listen) as http:
                links = [loops.create_task(port.link.run()) for port in parts.ports.values()]
                log.info("gateway_started", http=http, links=len(links))
                if on_ready:
                    on_ready(parts, http)
                await stop.wait()
                with _watchdog(settings.service.stop_within_s + WATCHDOG_GRACE_S):
                    await _stop(parts, settings.service.stop_within_s)
                    for task in (*links, *running):
                        task.cancel()
    log.info("gateway_stopped")


async def make(settings: Settings, keys: Keys, clock: Clock, held: AsyncExitStack) -> Parts:
    """All parts, wired; what must be closed again is put into `held`. Raises SettingsError."""
    loop = asyncio.get_running_loop()
    rules = load_rules(settings)
    metrics = Metrics(link.name for link in settings.link)
    journal = await _open_journal(settings, clock, held)
    next_id = Ids(clock.now_us, settings.service.node, await journal.highest_id())
    sources = [await _open_source(source, settings, held) for source in settings.source]
    lookup = Lookup(sources)
    owner = _Relay()
    jitter = random.Random().random  # noqa: S311  spreads rebinds, protects nothing
    today = day_date(clock.day(clock.now_us()))
    ports = {
        link.name: make_port(link, rules.tariffs, today, owner, next_id, jitter)
        for link in settings.link
    }
    outbox = Outbox(journal, list(ports.values()), clock.now_us, metrics)
    memories = Memories(journal)
    desk = Desk(
        journal=journal, lookup=lookup, outbox=outbox, memories=memories, rules=rules, links=ports,
        keys=keys, clock=clock, next_id=next_id, counters=metrics,
        batch_budget_ms=settings.lookup.batch_budget_ms,
        reply_validity_s=settings.service.reply_validity_s,
    )  # fmt: skip
    owner.intake = intake = Intake(
        journal=journal, desk=desk, outbox=outbox, links=ports, keys=keys, clock=clock,
        next_id=next_id, counters=metrics,
    )  # fmt: skip
    owed = OwedAnswers(
        journal=journal, desk=desk, memories=memories, rules=rules, now_us=clock.now_us,
        settings=settings.lookup,
    )  # fmt: skip
    calls = Calls(
        desk=desk, memories=memories, rules=rules, keys=keys,
        deadline_ms=settings.lookup.call_deadline_ms,
    )  # fmt: skip
    webhooks = make_webhooks(settings, calls, rules, clock, metrics)
    front = Front(
        desk=desk, journal=journal, links=list(ports.values()), sources=sources, metrics=metrics,
        read=rules.read, deadline_ms=settings.lookup.call_deadline_ms, next_visit=next_id,
        loop_time=loop.time,
    )  # fmt: skip
    site = make_site(
        front, _page_facts(settings, rules, today), webhooks.routes, settings.http.body_size_max
    )
    return Parts(
        rules, metrics, clock, journal, lookup, ports, outbox, intake, owed, webhooks, front, site
    )


class _Relay:
    """Links are made before the intake they hand in to: this stands in between."""

    intake: Intake

    def on_delivery(self, delivery: Delivery) -> None:
        self.intake.on_delivery(delivery)

    def on_submit_result(self, link: str, result: SubmitResult) -> None:
        self.intake.on_submit_result(link, result)

    def on_room(self, link: str) -> None:
        self.intake.on_room(link)

    def on_confirmed(self, session: int, through: int) -> None:
        self.intake.on_confirmed(session, through)

    def on_bind(self, event: BindEvent) -> None:
        self.intake.on_bind(event)


async def _open_journal(settings: Settings, clock: Clock, held: AsyncExitStack) -> Journal:
    journal = await open_store(settings.store.url, backlog_max=settings.store.backlog_max)
    held.push_async_callback(journal.close)
    health = await journal.health()
    log.info("store_opened", library=health.library, schema=health.schema)
    if health.warning:
        log.warning("store_library", warning=health.warning)
    if unknown := await journal.recover(clock.now_us()):
        log.warning("replies_of_unknown_fate", count=unknown)
    return journal


async def _open_source(source: SourceSettings, settings: Settings, held: AsyncExitStack) -> Guarded:
    try:
        registry = await Registry.open(
            Path(source.path), name=source.name, kinds=frozenset(source.kinds), create=True
        )
    except (OSError, ValueError) as problem:
        raise SettingsError(f"[[source]] '{source.name}': {problem}") from problem
    held.push_async_callback(registry.close)
    limits = GuardLimits(
        deadline_ms=settings.lookup.source_deadline_ms,
        in_flight_max=settings.lookup.in_flight_max,
        cache_ttl_s=settings.lookup.cache_ttl_ms / 1_000,
    )
    return Guarded(registry, clock=asyncio.get_running_loop().time, limits=limits)


def _page_facts(settings: Settings, rules: Rules, today: date) -> PageFacts:
    rated = rules.tariffs.rate(operator="*", channel="sms", on=today, result=Result.STATUS)
    short_codes = [code for link in settings.link for code in link.short_codes]
    numbers = [number for call in settings.ivr for number in call.numbers]
    return PageFacts(
        words={code: config.table(f"web/{code}.toml") for code in config.LANGUAGES},
        language=settings.service.language,
        short_code=short_codes[0] if short_codes else "1012",
        price_tenge=rated.gross_tiyn // 100,
        phone=", ".join(numbers) or "1414",
    )


@asynccontextmanager
async def _serving(site: web.Application, listen: str) -> AsyncIterator[str]:
    """The web server on its address; port 0 takes a free one."""
    host, _, port = listen.rpartition(":")
    runner = web.AppRunner(site, access_log=None)
    await runner.setup()
    try:
        server = web.TCPSite(runner, host, int(port))
        await server.start()
    except OSError as problem:
        await runner.cleanup()
        raise SettingsError(
            f"http.listen = '{listen}': {problem.strerror}; is the port taken? choose another"
        ) from problem
    try:
        bound = runner.addresses[0]
        yield f"http://{bound[0]}:{bound[1]}"
    finally:
        await runner.cleanup()


async def _stop(parts: Parts, within_s: float) -> None:
    """Refuse, write down what is on its way, unbind."""
    parts.front.draining = True
    parts.intake.close()
    try:
        async with asyncio.timeout(within_s):
            while not parts.intake.idle:
                await asyncio.sleep(IDLE_CHECK_S)
            async with asyncio.TaskGroup() as unbinding:
                for port in parts.ports.values():
                    unbinding.create_task(port.link.stop(within_s))
            while not parts.outbox.idle:
                await asyncio.sleep(IDLE_CHECK_S)
    except TimeoutError:
        log.warning("stopped_with_work_open", after_s=within_s)


@contextmanager
def _watchdog(after_s: float) -> Iterator[None]:
    """Ends the process when stopping hangs: what is on disk is enough to go on from."""
    timer = threading.Timer(after_s, os._exit, (EXIT_STUCK,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


async def _purge(parts: Parts) -> None:
    """Remove what has outlived its term, a slice at a time, for ever."""
    while True:
        try:
            while await parts.journal.purge(parts.clock.now_us()):
                await asyncio.sleep(PURGE_PAUSE_S)
        except StoreUnavailableError:
            log.warning("purge_put_off", reason="the store is away")
        await asyncio.sleep(PURGE_EVERY_S)


async def _beat(front: Front) -> None:
    while True:
        front.beat()
        await asyncio.sleep(BEAT_S)
