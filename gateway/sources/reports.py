"""What sources do, told to the log and the metrics."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from gateway.metrics import Metrics
from lookup.deliveries.report import DeliveryReport, DeliveryState

log = structlog.get_logger()


class SourceReports:
    """The observer of every source (lookup.watch.Observer)."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def took(self, source: str, seconds: float) -> None:
        self._metrics.source_took(source, seconds)

    def silent(self, source: str, reason: str) -> None:
        log.warning("source_silent", source=source, reason=reason)

    def left_alone(self, source: str, reason: str) -> None:
        log.warning("source_left_alone", source=source, reason=reason)

    def back(self, source: str) -> None:
        log.info("source_back", source=source)

    def fault(self, source: str, fault: Exception) -> None:
        log.error("source_fault", source=source, exc_info=fault)

    def certificates(self, source: str, files: Sequence[str], problem: str) -> None:
        """Files of a source that changed on disk; `problem`: why they are not used."""
        if problem:
            log.error("source_tls_unusable", source=source, files=list(files), detail=problem)
        else:
            log.info("source_tls_loaded", source=source, files=list(files))

    def delivery(self, report: DeliveryReport) -> None:
        """Of a folder of deliveries."""
        source, file = report.source, report.delivery
        if report.state is not DeliveryState.RUNNING:
            self._metrics.delivery(source, report.state)
        match report.state:
            case DeliveryState.TAKEN:
                log.info("delivery_taken", source=source, file=file, octets=report.octets)
            case DeliveryState.RUNNING:
                log.info(
                    "delivery_running",
                    source=source,
                    file=file,
                    octets=report.octets,
                    octets_done=report.octets_done,
                )
            case DeliveryState.DONE:
                log.info(
                    "delivery_done",
                    source=source,
                    file=file,
                    kept_in=report.kept_in,
                    lines=report.lines,
                    added=report.added,
                    updated=report.updated,
                    rejected=report.rejected,
                    repeats=report.repeats,
                    sheets_left_out=list(report.sheets_left_out),
                )
            case DeliveryState.REFUSED:
                log.warning(
                    "delivery_refused",
                    source=source,
                    file=file,
                    kept_in=report.kept_in,
                    reason=report.reason,
                )
            case DeliveryState.HELD:
                log.warning("delivery_held", source=source, file=file, reason=report.reason)
            case DeliveryState.RESUMED:
                log.info("delivery_resumed", source=source, file=file)
