"""What a load run asked and got: one record a question, and the figures drawn from them. Pure."""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from smpp.simulator.inbox import Mt

NEVER: Final = -1.0  # a time that didn't come


class Cause(StrEnum):
    """What came before a second reply to one question, the first that applies."""

    REDELIVERY = "after_redelivery"  # the question was delivered more than once
    LOST_RESPONSE = "after_lost_response"  # a submit_sm_resp to the first reply was withheld
    RECONNECT = "after_reconnect"  # the first reply came by a session that has ended since
    NONE = "unexplained"


class Question:
    """One question's record. Times are loop time in seconds, or NEVER."""

    __slots__ = (
        "attempts", "due_at", "ended", "msisdn", "redelivered", "replies", "reply_at",
        "reply_session", "resp_at", "status", "text", "withheld", "wrong",
    )  # fmt: skip

    def __init__(self, msisdn: str, text: str, due_at: float) -> None:
        self.msisdn = msisdn
        self.text = text
        self.due_at = due_at
        self.resp_at = NEVER
        self.status: int | None = None  # of the deliver_sm_resp
        self.reply_at = NEVER
        self.reply_session = 0
        self.replies = 0
        self.attempts = 0
        self.redelivered = False
        self.withheld = False
        self.wrong = 0  # replies without the question's last characters
        self.ended = False  # it is no longer counted as open

    @property
    def acked(self) -> bool:
        return self.status == 0

    def reply(self, mt: Mt, tail: int) -> Cause | None:
        """Note a reply; its cause when it isn't the first. `tail` is how many of the question's
        last characters it must show; 0: none.
        """
        self.replies += 1
        if tail and self.text[-tail:] not in mt.text:
            self.wrong += 1
        if self.replies == 1:
            self.reply_at = mt.received_at
            self.reply_session = mt.session
            self.withheld = not mt.answered
            return None
        if self.redelivered:
            return Cause.REDELIVERY
        if self.withheld:
            return Cause.LOST_RESPONSE
        return Cause.RECONNECT if mt.session != self.reply_session else Cause.NONE

    def line(self, epoch_s: float) -> str:
        """`msisdn ticket sent_at resp_status reply_at n_replies`, times in Unix seconds."""
        status = "-" if self.status is None else str(self.status)
        reply = "-" if self.reply_at == NEVER else f"{self.reply_at + epoch_s:.6f}"
        return (
            f"{self.msisdn} {self.text} {self.due_at + epoch_s:.6f} {status} {reply} {self.replies}"
        )


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of one run; latencies in milliseconds from the time a question was due."""

    asked: int
    acked: int  # deliver_sm_resp with status 0
    refused: int  # with an error, permanent or repeated to the end
    unacked: int  # without any final response
    answered: int  # with at least one reply
    late: int  # of these, after the reply timeout
    unanswered: int
    lost_after_ok: int  # acked, and never answered: what the gateway lost
    duplicates: dict[str, int]  # second replies, by Cause
    wrong: int  # replies without the end of the question
    unmatched: int  # replies to nobody
    redelivered: int  # questions that were delivered more than once
    seconds: float
    round_trips_per_s: float
    resp_p50_ms: float
    resp_p99_ms: float
    reply_p50_ms: float
    reply_p99_ms: float
    reply_max_ms: float
    max_gap_ms: float  # the longest time without any first reply

    @property
    def duplicates_total(self) -> int:
        return sum(self.duplicates.values())

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return dataclasses.asdict(self)


def draw_up(
    questions: Sequence[Question],
    *,
    duplicates: Counter[str],
    unmatched: int,
    reply_timeout_s: float,
    seconds: float,
) -> Report:
    """The report of a run that took so many seconds."""
    acked = [each for each in questions if each.acked]
    answered = [each for each in questions if each.replies]
    resp = sorted((each.resp_at - each.due_at) * 1000 for each in acked)
    reply = sorted((each.reply_at - each.due_at) * 1000 for each in answered)
    times = sorted(each.reply_at for each in answered)
    gaps = (after - before for before, after in itertools.pairwise(times))
    refused = sum(1 for each in questions if each.status)
    return Report(
        asked=len(questions),
        acked=len(acked),
        refused=refused,
        unacked=len(questions) - len(acked) - refused,
        answered=len(answered),
        late=sum(1 for each in answered if each.reply_at - each.due_at > reply_timeout_s),
        unanswered=len(questions) - len(answered),
        lost_after_ok=sum(1 for each in acked if not each.replies),
        duplicates={cause.value: duplicates[cause] for cause in Cause},
        wrong=sum(each.wrong for each in questions),
        unmatched=unmatched,
        redelivered=sum(1 for each in questions if each.redelivered),
        seconds=round(seconds, 3),
        round_trips_per_s=round(len(answered) / seconds, 1) if seconds > 0 else 0.0,
        resp_p50_ms=percentile(resp, 50),
        resp_p99_ms=percentile(resp, 99),
        reply_p50_ms=percentile(reply, 50),
        reply_p99_ms=percentile(reply, 99),
        reply_max_ms=percentile(reply, 100),
        max_gap_ms=round(max(gaps, default=0.0) * 1000, 3),
    )


def percentile(ordered: Sequence[float], percent: int) -> float:
    """The value that so many percent of the sorted values don't exceed; 0 of none."""
    if not ordered:
        return 0.0
    rank = -(-len(ordered) * percent // 100)  # rounded up
    return round(ordered[max(rank, 1) - 1], 3)
