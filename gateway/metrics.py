"""Counters and gauges of the gateway (docs/reference/metrics.md lists them).

Labels are links, results and states: never a phone or a ticket number.
"""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from gateway.core.records import ReplyState

_LATENCY_S = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


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
        self._calls = Counter(
            "ivr_steps", "Webhook steps by dialect and outcome", ("dialect", "outcome"),
            registry=self.registry,
        )  # fmt: skip
        self._signatures = Counter(
            "ivr_signature_fail", "Webhooks refused", ("dialect", "reason"), registry=self.registry
        )
        self._answer_s = Histogram(
            "jauap_answer_seconds",
            "From the arrival of a batch's oldest question to the commit of its answer",
            buckets=_LATENCY_S,
            registry=self.registry,
        )
        self.bound = Gauge("jauap_link_bound", "1 while bound", ("link",), registry=self.registry)
        self._parked = Counter("jauap_parked", "Questions parked", registry=self.registry)
        self._children: dict[tuple[str, ...], Counter] = {}
        for link in links:
            self._submitted.labels(link)
            self._refused.labels(link)
            self.bound.labels(link).set(0)

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

    def call_step(self, dialect: str, outcome: str) -> None:
        self._child(self._calls, "v", dialect, outcome).inc()

    def signature_failed(self, dialect: str, reason: str) -> None:
        self._child(self._signatures, "g", dialect, reason).inc()

    def _child(self, counter: Counter, tag: str, *labels: str) -> Counter:
        """Looking a child up by its labels costs more than counting: keep them."""
        key = (tag, *labels)
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = counter.labels(*labels)
        return child

    def page(self) -> bytes:
        """The text exposition format."""
        return generate_latest(self.registry)
