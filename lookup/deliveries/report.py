"""What is told of a delivery. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum


class DeliveryState(StrEnum):
    TAKEN = "taken"  # out of the folder; its import begins, or goes on after a restart
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"  # nothing of it was stored; `reason` says why
    HELD = "held"  # trouble of ours, `reason`; tried again until it is over
    RESUMED = "resumed"  # the trouble is over


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """A delivery at one moment; the counts are those of lookup.feed.report.ImportReport."""

    source: str
    state: DeliveryState
    delivery: str  # the file's name as it can be printed; "" where it is the folder's matter
    form: str = ""  # csv, ndjson, xlsx, bodies
    octets: int = 0
    octets_done: int = 0
    lines: int = 0
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    stale: int = 0
    rejected: int = 0
    events: int = 0
    reason: str = ""
    repeats: str = ""  # an earlier delivery of the same content; this one is imported all the same
    sheets_left_out: tuple[str, ...] = ()
    kept_in: str = ""  # where the delivery, its report and its rejects lie, below the folder

    def fields(self) -> dict[str, object]:
        """Those that say something, for a log event; `state` is its name's."""
        return {name: value for name, value in asdict(self).items() if value and name != "state"}


OnDelivery = Callable[[DeliveryReport], None]
