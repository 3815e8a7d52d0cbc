"""The composition root: `gateway.parts` makes every part, here they are started and stopped.

Stopping is the reverse: intake refuses, what is on its way is written down, binds are closed, the
store last. A watchdog ends a process that cannot stop.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

import structlog
from aiohttp import web

from gateway.clock import Clock
from gateway.findings import Findings
from gateway.front import Front
from gateway.keys import Keys
from gateway.parts import Parts, make_parts
from gateway.settings import Settings, SettingsError
from gateway.store import StoreOpenError
from gateway.store.journal import StoreUnavailableError

PURGE_EVERY_S = 30.0
PURGE_PAUSE_S = 0.05  # between slices, so that the writer stays free for answers
BEAT_S = 0.5
IDLE_CHECK_S = 0.02
BACKLOG = 1_024  # connections that the system holds until we take them
WATCHDOG_GRACE_S = 5.0
EXIT_STUCK = 3

log = structlog.get_logger()


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
    async with asyncio.TaskGroup() as loops, AsyncExitStack() as held:
        parts = await make_parts(settings, keys, clock or Clock(), held)
        await _recover(parts)
        held.callback(parts.webhooks.close)
        agi = parts.webhooks.listen()
        running = [
            loops.create_task(work)
            for work in (
                parts.outbox.run(),
                parts.outbox.run_settling(),
                parts.intake.run_questions(),
                parts.intake.run_side(),
                parts.owed.run(),
                parts.sources.run(),
                parts.findings.run(parts.lookup.find_many),
                parts.waiting.run(),
                parts.certificates.run(),
                parts.webhooks.run(),
                parts.calls.run(),
                _purge(parts),
                _beat(parts.front),
            )
        ]
        held.push_async_callback(_end, running)  # before what they use is closed
        http = await held.enter_async_context(_serving(parts.site, settings.http.listen))
        smsc = await parts.carriers.listen()
        running += parts.carriers.run(loops)
        log.info("gateway_started", http=http, links=len(parts.carriers.links), smsc=smsc, agi=agi)
        if on_ready:
            on_ready(parts, http)
        await stop.wait()
        with _watchdog(settings.service.stop_within_s + WATCHDOG_GRACE_S):
            await _stop(parts, settings.service.stop_within_s)
            await held.aclose()
    log.info("gateway_stopped")


async def _end(running: Sequence[asyncio.Task[None]]) -> None:
    for task in running:
        task.cancel()
    await asyncio.wait(running)


@asynccontextmanager
async def _serving(site: web.Application, listen: str) -> AsyncIterator[str]:
    """The web server on its address; port 0 takes a free one."""
    host, _, port = listen.rpartition(":")
    runner = web.AppRunner(site, access_log=None)
    await runner.setup()
    try:
        server = web.TCPSite(runner, host, int(port), backlog=BACKLOG)
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


async def _recover(parts: Parts) -> None:
    """Take the journal over from the process that wrote it last."""
    try:
        unknown = await parts.journal.recover(parts.clock.now_us())
    except StoreOpenError as problem:
        raise SettingsError(str(problem)) from problem
    if unknown:
        log.warning("replies_of_unknown_fate", count=unknown)


async def _stop(parts: Parts, within_s: float) -> None:
    """Refuse, write down what is on its way, unbind."""
    parts.front.draining = True
    parts.intake.close()
    try:
        async with asyncio.timeout(within_s):
            while not parts.intake.idle:
                await asyncio.sleep(IDLE_CHECK_S)
            await flush(parts.findings)
            await parts.carriers.stop(within_s)
            while not parts.outbox.idle:
                await asyncio.sleep(IDLE_CHECK_S)
    except TimeoutError:
        log.warning("stopped_with_work_open", after_s=within_s)


async def flush(findings: Findings) -> None:
    """Contradictions seen and not yet written; what a store that is away misses is seen again."""
    if not await findings.flush():
        log.warning("findings_lost", reason="the store is away")


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
