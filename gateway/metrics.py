"""Counters and gauges of the gateway (docs/reference/metrics.md lists them).

Labels are links, results and states: never a phone or a ticket number.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from gateway.core.records import ReplyState
from lookup.breaker import BreakerState
from lookup.watch import SourceStats
from smpp.stats import LinkStats, ServerStats

_LATENCY_S = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

_BREAKER = {BreakerState.CLOSED: 0, BreakerState.HALF_OPEN: 1, BreakerState.OPEN: 2}


class Metrics:
    """All metrics of one process, in a registry of its own."""

    def __init__(self, links: Iterable[str] = ()) -> None:
        self.registry = CollectorRegistry()
        self._questions = Counter(
            "jauap_questions",
            "Questions answered, by result",
            ("result",),
            registry=self.registry,
        )
        self._received = Counter(
            "jauap_received",
            "Deliveries acknowledged, by link and what they were",
            ("link", "what"),
            registry=self.registry,
        )
        self._refused = Counter(
            "jauap_refused", "Deliveries answered busy", ("link",), registry=self.registry
        )
        self._duplicates = Counter(
            "jauap_duplicates", "Redelivered questions, not charged again", registry=self.registry
        )
        self._submitted = Counter(
            "jauap_submitted", "submit_sm written", ("link",), registry=self.registry
        )
        self._settled = Counter(
            "jauap_settled", "Ends of submits, by state", ("link", "state"), registry=self.registry
        )
        self._receipts = Counter(
            "jauap_receipts", "Receipts joined or orphaned", ("fate",), registry=self.registry
        )
        self._answer_s = Histogram(
            "jauap_answer_seconds",
            "From the arrival of a batch's oldest question to the commit of its answer",
            buckets=_LATENCY_S,
            registry=self.registry,
        )
        self._parked = Counter("jauap_parked", "Questions parked", registry=self.registry)
        self._make_calls()
        self._make_feeds()
        self._make_sources()
        self._make_peers()
        self._children: dict[tuple[str, ...], Counter] = {}
        self._seen: dict[tuple[str, ...], int] = {}  # what was followed so far
        for link in links:
            self._submitted.labels(link)
            self._refused.labels(link)
            self.bound.labels(link).set(0)

    def _make_calls(self) -> None:
        """What voice platforms and the operators of the call centre ask."""
        self._calls = Counter(
            "ivr_steps", "Webhook steps by dialect and outcome", ("dialect", "outcome"),
            registry=self.registry,
        )  # fmt: skip
        self._signatures = Counter(
            "ivr_signature_fail", "Webhooks refused", ("dialect", "reason"), registry=self.registry
        )
        self._call_records = Counter(
            "jauap_call_records", "Legs of calls closed", ("link", "outcome", "closed_by"),
            registry=self.registry,
        )  # fmt: skip
        self._operators = Counter(
            "jauap_operator_requests", "Requests of the operators' API", ("what", "status"),
            registry=self.registry,
        )  # fmt: skip
        self._consoles = Gauge(
            "jauap_operator_streams", "Consoles that read the stream of calls",
            registry=self.registry,
        )  # fmt: skip

    def _make_feeds(self) -> None:
        """What bodies push over HTTP."""
        self._pushed = Counter(
            "jauap_pushes", "Tickets pushed, by result", ("result",), registry=self.registry
        )
        self._feeds_refused = Counter(
            "jauap_feed_refusals", "Requests of the feeds API that were answered by a problem",
            ("reason",), registry=self.registry,
        )  # fmt: skip

    def _make_sources(self) -> None:
        """What is told of each source of statuses."""
        self._source_numbers = Counter(
            "jauap_source_numbers", "Numbers asked of a source, and what became of them",
            ("source", "what"), registry=self.registry,
        )  # fmt: skip
        self._source_s = Histogram(
            "jauap_source_seconds", "Until a source answered a batch, or failed to", ("source",),
            buckets=_LATENCY_S, registry=self.registry,
        )  # fmt: skip
        self._source_breaker = Gauge(
            "jauap_source_breaker", "0 while asked, 1 while tried again, 2 while left alone",
            ("source",), registry=self.registry,
        )  # fmt: skip
        self._deliveries = Counter(
            "jauap_deliveries", "What became of deliveries laid into folders", ("source", "state"),
            registry=self.registry,
        )  # fmt: skip
        self._conflicts = Gauge(
            "jauap_conflicts_open", "Tickets about which systems contradict each other",
            registry=self.registry,
        )  # fmt: skip
        self._findings_dropped = Counter(
            "jauap_findings_dropped", "Contradictions seen while too many waited to be written",
            registry=self.registry,
        )  # fmt: skip

    def _make_peers(self) -> None:
        """What is told of each link and account, and of the listener."""
        self.bound = Gauge("jauap_link_bound", "1 while bound", ("link",), registry=self.registry)
        self.binds = Gauge(
            "jauap_account_binds", "Sessions bound to us", ("account",), registry=self.registry
        )
        self._owed = Gauge(
            "jauap_owed", "Replies and receipts that wait", ("link",), registry=self.registry
        )
        self._owed_oldest_s = Gauge(
            "jauap_owed_oldest_seconds", "Age of the question behind the oldest of them", ("link",),
            registry=self.registry,
        )  # fmt: skip
        self._tls_until = Gauge(
            "jauap_tls_not_after_timestamp_seconds", "When our certificate expires", ("name",),
            registry=self.registry,
        )  # fmt: skip
        self._of_carriers = Counter(
            "jauap_link_events", "What sessions of a link or account count", ("link", "what"),
            registry=self.registry,
        )  # fmt: skip
        self._of_listener = Counter(
            "jauap_smsc_events", "What the listener counts", ("what",), registry=self.registry
        )
        self._match_ratio = Gauge(
            "jauap_receipt_match_ratio",
            "The share of the latest receipts that joined a reply",
            ("link",),
            registry=self.registry,
        )

    def pushed(self, result: str, count: int) -> None:
        self._child(self._pushed, "p", result).inc(count)

    def feed_refused(self, reason: str) -> None:
        self._child(self._feeds_refused, "n", reason).inc()

    def source_took(self, source: str, seconds: float) -> None:
        self._source_s.labels(source).observe(seconds)

    def of_source(self, source: str, stats: SourceStats, state: BreakerState) -> None:
        """Counts that are kept elsewhere, brought up to date."""
        for field in fields(stats):
            self._follow(self._source_numbers, "u", getattr(stats, field.name), source, field.name)
        self._source_breaker.labels(source).set(_BREAKER[state])

    def delivery(self, source: str, state: str) -> None:
        self._child(self._deliveries, "d", source, state).inc()

    def conflicts(self, count: int) -> None:
        self._conflicts.set(count)

    def findings_dropped(self, count: int) -> None:
        self._findings_dropped.inc(count)

    def answered(self, result: str) -> None:
        self._child(self._questions, "q", result).inc()

    def took(self, seconds: float) -> None:
        self._answer_s.observe(seconds)

    def received(self, link: str, what: str, count: int) -> None:
        self._child(self._received, "r", link, what).inc(count)

    def refused(self, link: str, count: int) -> None:
        self._child(self._refused, "f", link).inc(count)

    def duplicated(self, count: int) -> None:
        self._duplicates.inc(count)

    def park(self, count: int) -> None:
        self._parked.inc(count)

    def submitted(self, link: str) -> None:
        self._child(self._submitted, "s", link).inc()

    def settled(self, link: str, state: ReplyState, count: int) -> None:
        self._child(self._settled, "e", link, state.name.lower()).inc(count)

    def receipts_joined(self, joined: int, orphans: int) -> None:
        self._child(self._receipts, "c", "joined").inc(joined)
        self._child(self._receipts, "c", "orphan").inc(orphans)

    def receipt_match_ratio(self, link: str, ratio: float) -> None:
        self._match_ratio.labels(link).set(ratio)

    def owed(self, link: str, count: int, oldest_s: float) -> None:
        self._owed.labels(link).set(count)
        self._owed_oldest_s.labels(link).set(oldest_s)

    def certificate(self, name: str, not_after: datetime) -> None:
        self._tls_until.labels(name).set(not_after.timestamp())

    def of_carrier(self, link: str, stats: LinkStats) -> None:
        """Counts that are kept elsewhere, brought up to date."""
        for field in fields(stats):
            self._follow(self._of_carriers, "t", getattr(stats, field.name), link, field.name)

    def of_listener(self, stats: ServerStats) -> None:
        """As `of_carrier`, of the connections of [smsc]."""
        for field in fields(stats):
            self._follow(self._of_listener, "l", getattr(stats, field.name), field.name)

    def call_closed(self, link: str, outcome: str, closed_by: str) -> None:
        self._child(self._call_records, "r", link, outcome, closed_by).inc()

    def call_step(self, dialect: str, outcome: str) -> None:
        self._child(self._calls, "v", dialect, outcome).inc()

    def signature_failed(self, dialect: str, reason: str) -> None:
        self._child(self._signatures, "g", dialect, reason).inc()

    def operator_request(self, what: str, status: int) -> None:
        self._child(self._operators, "o", what, str(status)).inc()

    def operator_streams(self, count: int) -> None:
        self._consoles.set(count)

    def _child(self, counter: Counter, tag: str, *labels: str) -> Counter:
        """Looking a child up by its labels costs more than counting: keep them."""
        key = (tag, *labels)
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = counter.labels(*labels)
        return child

    def _follow(self, counter: Counter, tag: str, value: int, *labels: str) -> None:
        key = (tag, *labels)
        seen = self._seen.get(key, 0)
        self._child(counter, *key).inc(value - seen)
        self._seen[key] = value

    def page(self) -> bytes:
        """The text exposition format."""
        return generate_latest(self.registry)
