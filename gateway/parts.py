"""Every part of a running gateway, made and wired from top to bottom: the map of the program."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import date
from typing import NamedTuple

import structlog
from aiohttp import web

from gateway import config
from gateway.answers import AnswerRows
from gateway.calls.desk import Calls
from gateway.calls.operators import Operators, make_operators
from gateway.calls.parts import make_calls
from gateway.calls.webhooks import Webhooks, make_webhooks
from gateway.carriers import Carriers, make_carriers
from gateway.certificates import Certificates
from gateway.clock import Clock, Ids, day_date
from gateway.core.results import Result
from gateway.core.tariff_vat import told_tenge
from gateway.desk import Desk
from gateway.feeds.parts import make_feeds_api
from gateway.findings import Findings
from gateway.front import Front
from gateway.intake import Intake
from gateway.keys import Keys
from gateway.long_questions import LongQuestions
from gateway.memories import Memories
from gateway.metrics import Metrics
from gateway.outbox import Outbox
from gateway.owed import OwedAnswers
from gateway.ports import SmsPort
from gateway.readiness import Readiness
from gateway.receipts import Receipts
from gateway.reports import Reports
from gateway.rules import Rules, load_rules
from gateway.settings import Settings, SettingsError
from gateway.sources.opening import Sources, open_sources
from gateway.sources.reports import SourceReports
from gateway.store import StoreOpenError, open_store
from gateway.store.journal import Journal
from gateway.waiting import Waiting
from gateway.web.captures import CapturePage
from gateway.web.site import PageFacts, make_site
from lookup.federation import Lookup
from smpp.messages import SubmitResult
from smpp.owner import BindEvent, Delivery

OWED_GRACE_S = 0.5  # after the longest deadline of a source: by then each has answered or is silent

log = structlog.get_logger()


class Parts(NamedTuple):
    """Everything a running gateway is made of."""

    rules: Rules
    metrics: Metrics
    clock: Clock
    journal: Journal
    lookup: Lookup
    sources: Sources
    findings: Findings
    carriers: Carriers
    ports: Mapping[str, SmsPort]
    outbox: Outbox
    intake: Intake
    owed: OwedAnswers
    waiting: Waiting
    certificates: Certificates
    calls: Calls
    webhooks: Webhooks
    front: Front
    site: web.Application


async def make_parts(settings: Settings, keys: Keys, clock: Clock, held: AsyncExitStack) -> Parts:
    """All parts, wired; what must be closed again is put into `held`. Raises SettingsError."""
    rules = load_rules(settings)
    metrics = Metrics(peer.name for peer in settings.peers())
    journal = await _open_journal(settings, keys, clock, held)
    next_id = Ids(clock.now_us, settings.service.node, await journal.highest_id())
    sources = await open_sources(settings, keys, clock, SourceReports(metrics), held)
    findings = Findings(journal, clock.now_us, metrics)
    lookup = _lookup(sources, findings)
    owner = _Relay()
    jitter = random.Random().random  # noqa: S311  spreads rebinds, protects nothing
    carriers = make_carriers(settings, rules.tariffs, owner, next_id, jitter, clock)
    ports = carriers.ports
    outbox = Outbox(journal, list(ports.values()), clock.now_us, metrics)
    memories = Memories(journal)
    answers = AnswerRows(
        outbox=outbox, links=ports, tariffs=rules.tariffs, clock=clock, next_id=next_id
    )
    desk = Desk(
        journal=journal, lookup=lookup, outbox=outbox, memories=memories, rules=rules,
        answers=answers, keys=keys, clock=clock, next_id=next_id, counters=metrics,
        batch_budget_ms=settings.lookup.batch_budget_ms,
    )  # fmt: skip
    reports = Reports(links=ports, clock=clock, next_id=next_id)
    long_questions = LongQuestions(
        journal=journal, desk=desk, links=ports, reports=reports, outbox=outbox, keys=keys,
        clock=clock, next_id=next_id,
    )  # fmt: skip
    receipts = Receipts(journal=journal, links=ports, counters=metrics, party=keys.party)
    owner.intake = intake = Intake(
        journal=journal, desk=desk, outbox=outbox, long_questions=long_questions,
        receipts=receipts, reports=reports, links=ports, clock=clock, counters=metrics,
    )  # fmt: skip
    owed = OwedAnswers(
        journal=journal, desk=desk, answers=answers, links=ports, memories=memories, rules=rules,
        now_us=clock.now_us, settings=settings.lookup, deadline_s=sources.slowest_s + OWED_GRACE_S,
    )  # fmt: skip
    calls = make_calls(
        settings, journal=journal, desk=desk, answers=answers, memories=memories, rules=rules,
        ports=ports, keys=keys, clock=clock, next_id=next_id, counters=metrics,
    )  # fmt: skip
    operators = make_operators(settings, journal, rules, clock, metrics)
    webhooks = make_webhooks(settings, calls, rules, keys, clock, metrics, operators.floor)
    waiting = Waiting(
        journal=journal, outbox=outbox, now_us=clock.now_us, callers=carriers.callers(),
        queues={port.name: port.queue_max for port in ports.values()}, counters=metrics,
    )  # fmt: skip
    readiness = Readiness(
        journal=journal, carriers=carriers, sources=sources, waiting=waiting, metrics=metrics,
        prompts=webhooks.prompts, prompts_required=settings.prompts.required,
    )  # fmt: skip
    front = _front(settings, rules, desk, next_id, readiness)
    site = await _site(
        settings, rules, keys, clock, metrics, front, webhooks, operators, carriers, held
    )
    certificates = Certificates(carriers.tls(), clock.now, metrics)
    return Parts(
        rules, metrics, clock, journal, lookup, sources, findings, carriers, ports, outbox, intake,
        owed, waiting, certificates, calls, webhooks, front, site,
    )  # fmt: skip


def _front(
    settings: Settings, rules: Rules, desk: Desk, next_id: Ids, readiness: Readiness
) -> Front:
    return Front(
        desk=desk, read=rules.read, deadline_ms=settings.lookup.call_deadline_ms,
        next_visit=next_id, loop_time=asyncio.get_running_loop().time, readiness=readiness,
    )  # fmt: skip


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


def _lookup(sources: Sources, findings: Findings) -> Lookup:
    return Lookup(
        sources.guarded, on_contradiction=findings.on_contradiction, on_walk=findings.on_walk
    )


async def _open_journal(
    settings: Settings, keys: Keys, clock: Clock, held: AsyncExitStack
) -> Journal:
    store = settings.store
    try:
        journal = await open_store(
            store.url, keys=keys, now_us=clock.now_us, witness=store.witness,
            backlog_max=store.backlog_max,
        )  # fmt: skip
    except StoreOpenError as problem:
        raise SettingsError(str(problem)) from problem
    held.push_async_callback(journal.close)
    health = await journal.health()
    log.info("store_opened", library=health.library, schema=health.schema)
    if health.warning:
        log.warning("store_library", warning=health.warning)
    return journal


async def _site(
    settings: Settings, rules: Rules, keys: Keys, clock: Clock, metrics: Metrics, front: Front,
    webhooks: Webhooks, operators: Operators, carriers: Carriers, held: AsyncExitStack,
) -> web.Application:  # fmt: skip
    """The web server's pages: the public one, webhooks, captures, the APIs."""
    facts = _page_facts(settings, rules, day_date(clock.day(clock.now_us())))
    size_max = settings.http.body_size_max
    site = make_site(front, facts, webhooks.routes, webhooks.pages, size_max)
    _capture_page(settings, keys, carriers).add_to(site)
    feeds_api = await make_feeds_api(settings, keys, clock, metrics, held)
    if feeds_api is not None:
        feeds_api.add_to(site)
    if operators.api is not None:
        operators.api.add_to(site)
    return site


def _capture_page(settings: Settings, keys: Keys, carriers: Carriers) -> CapturePage:
    links = [link.name for link in settings.link]
    accounts = [account.name for account in settings.smsc.account]
    return CapturePage(carriers.captures, keys.capture_token, links, accounts)


def _page_facts(settings: Settings, rules: Rules, today: date) -> PageFacts:
    rated = rules.tariffs.rate(operator="*", channel="sms", on=today, result=Result.STATUS)
    short_codes = [code for peer in settings.peers() for code in peer.short_codes]
    numbers = [number for call in settings.ivr for number in call.numbers]
    return PageFacts(
        words={code: config.table(f"web/{code}.toml") for code in config.LANGUAGES},
        language=settings.service.language,
        short_code=short_codes[0] if short_codes else "1012",
        price_tenge=told_tenge(rated.gross_tiyn),
        phone=", ".join(numbers) or "1414",
        trusted_proxies=settings.http.trusted_proxies,
    )
