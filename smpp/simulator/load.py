"""Load: many subscribers ask at once, and each reply is matched to the question it answers.

Every question has a subscriber number of its own, so a reply tells which question it belongs to,
and a second one is seen as such, over reconnects and restarts of the gateway.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Final

from smpp.simulator import tally
from smpp.simulator.delivery import Delivery
from smpp.simulator.inbox import Mt
from smpp.simulator.smsc import Smsc
from smpp.simulator.tally import Question, Report

QUESTIONS_MAX: Final = 2_000_000  # of one run; each keeps its record
TICK_S: Final = 0.005
MSISDN_DIGITS: Final = 11
ONE_PART_OCTETS: Final = 140  # whatever the alphabet


class _Asked:
    """A question's delivery; its record outlives it."""

    __slots__ = ("_load", "question")

    def __init__(self, load: Load, question: Question) -> None:
        self._load = load
        self.question = question

    def settled(self, delivery: Delivery) -> None:
        self.question.attempts = delivery.attempts
        self.question.status = delivery.status
        self._load.settled(self.question)

    def repeated(self, delivery: Delivery) -> None:
        self.question.redelivered = True


class Load:
    """A closed loop of `window` open questions, or an open loop of `rate_per_s`; latency counts
    from when a question was due. It ends after `count` questions or `seconds`, once each is
    answered or `drain_s` have passed, and `linger_s` later, to see second replies. It also ends
    when the SMSC's backlog is full for `drain_s`, because nobody binds.

    Questions are `numbers` in order, over and over. A reply has to show the last `tail` characters
    of its question. An unanswered question is given up after `reply_timeout_s`; a reply that
    comes after that still counts.
    """

    def __init__(
        self,
        smsc: Smsc,
        *,
        numbers: Sequence[str],
        window: int = 0,
        rate_per_s: float = 0.0,
        count: int = QUESTIONS_MAX,
        seconds: float | None = None,
        msisdn_from: int = 77_010_000_000,
        tail: int = 4,
        reply_timeout_s: float = 30.0,
        drain_s: float = 30.0,
        linger_s: float = 0.0,
        wall: Callable[[], datetime] | None = None,
    ) -> None:
        """Raises ValueError for a run without an end, a pace or numbers."""
        if (window > 0) == (rate_per_s > 0):
            raise ValueError("load: give either window or rate_per_s")
        if not numbers or any(len(each.encode("utf-16-be")) > ONE_PART_OCTETS for each in numbers):
            raise ValueError(
                f"load: numbers must be texts of 1 to {ONE_PART_OCTETS // 2} characters"
            )
        if not 0 < count <= QUESTIONS_MAX or (count == QUESTIONS_MAX and seconds is None):
            raise ValueError(f"load: give count (1 to {QUESTIONS_MAX - 1}) or seconds")
        if len(str(msisdn_from)) != MSISDN_DIGITS or len(str(msisdn_from + count)) != MSISDN_DIGITS:
            raise ValueError(f"load: msisdn_from must leave {MSISDN_DIGITS} digits to all")
        self.questions: list[Question] = []
        self._smsc = smsc
        self._numbers = numbers
        self._window = window
        self._rate = rate_per_s
        # An open loop asks all that is due, however late this process gets to it.
        in_time = round(seconds * rate_per_s) if seconds is not None and rate_per_s else count
        self._count = min(count, in_time)
        self._seconds = None if rate_per_s else seconds
        self._msisdn_from = msisdn_from
        self._tail = tail
        self._reply_timeout_s = reply_timeout_s
        self._drain_s = drain_s
        self._linger_s = linger_s
        self._wall = wall
        self._open: dict[str, Question] = {}  # by MSISDN, oldest first
        self._unsettled = 0  # without a final response
        self._duplicates: Counter[str] = Counter()
        self._unmatched = 0
        self._epoch_s = 0.0
        self._began = self._last_reply = 0.0
        self._asking = False
        self._blocked_at: float | None = None  # since when the SMSC's backlog is full
        self._drain_until: float | None = None
        self._linger_until: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def run(self) -> Report:
        """Ask until the end and report. The gateway may come, go and come back meanwhile."""
        self._loop = asyncio.get_running_loop()
        self._finished = self._loop.create_future()
        self._began = self._last_reply = self._loop.time()
        if self._wall is not None:
            self._epoch_s = self._wall().timestamp() - self._began
        self._asking = True
        self._smsc.listen(self._arrived)
        try:
            self._tick()
            await self._finished
        finally:
            self._smsc.unlisten(self._arrived)
            if self._timer is not None:
                self._timer.cancel()
        return self.report()

    def stop_asking(self) -> None:
        """Ask no more; `run` ends when what is open is answered."""
        self._asking = False

    def report(self) -> Report:
        """The figures so far."""
        return tally.draw_up(
            self.questions,
            duplicates=self._duplicates,
            unmatched=self._unmatched,
            reply_timeout_s=self._reply_timeout_s,
            seconds=self._last_reply - self._began,
        )

    def lines(self) -> Iterator[str]:
        """A line for each question, to compare with a ledger's export; see Question.line."""
        return (question.line(self._epoch_s) for question in self.questions)

    def settled(self, question: Question) -> None:
        """The question's deliver_sm got its final response, or was given up."""
        question.resp_at = self._loop.time()
        self._unsettled -= 1
        if question.status != 0:
            self._end(question)

    def _arrived(self, mt: Mt) -> None:
        question = self._question_of(mt.msisdn)
        if question is None:
            self._unmatched += 1
            return
        cause = question.reply(mt, self._tail)
        if cause is not None:
            self._duplicates[cause] += 1
            return
        self._last_reply = mt.received_at
        self._end(question)

    def _question_of(self, msisdn: str) -> Question | None:
        if not (msisdn.isascii() and msisdn.isdecimal()):
            return None
        index = int(msisdn) - self._msisdn_from
        return self.questions[index] if 0 <= index < len(self.questions) else None

    def _end(self, question: Question) -> None:
        if question.ended:
            return
        question.ended = True
        del self._open[question.msisdn]
        if self._window:
            self._fill()

    def _fill(self) -> None:
        now = self._loop.time()
        while self._more(now) and len(self._open) < self._window and self._ask(now):
            pass

    def _more(self, now: float) -> bool:
        if self._asking and (
            len(self.questions) >= self._count
            or (self._seconds is not None and now - self._began >= self._seconds)
            or (self._blocked_at is not None and now - self._blocked_at >= self._drain_s)
        ):
            self._asking = False
        return self._asking

    def _ask(self, due_at: float) -> bool:
        """Ask the next question; False when the SMSC's backlog is full."""
        index = len(self.questions)
        msisdn = str(self._msisdn_from + index)
        text = self._numbers[index % len(self._numbers)]
        question = Question(msisdn, text, due_at)
        owner = _Asked(self, question)
        mo = self._smsc.compose(msisdn, text)
        if not self._smsc.deliver(Delivery(mo.bodies[0], owner, command=mo.command)):
            if self._blocked_at is None:
                self._blocked_at = self._loop.time()
            return False
        self._blocked_at = None
        self.questions.append(question)
        self._open[msisdn] = question
        self._unsettled += 1
        return True

    def _tick(self) -> None:
        now = self._loop.time()
        if self._window:
            self._fill()
        else:
            self._pace(now)
        self._give_up(now - self._reply_timeout_s)
        if not self._more(now) and self._over(now):
            if not self._finished.done():
                self._finished.set_result(None)
            return
        self._timer = self._loop.call_later(TICK_S, self._tick)

    def _pace(self, now: float) -> None:
        due = int((now - self._began) * self._rate) + 1
        while len(self.questions) < due and self._more(now):
            if not self._ask(self._began + len(self.questions) / self._rate):
                return

    def _give_up(self, before: float) -> None:
        late = []
        for question in self._open.values():
            if question.due_at > before:
                break  # the rest is younger
            late.append(question)
        for question in late:
            self._end(question)

    def _over(self, now: float) -> bool:
        """Nothing more is asked: whether what is open is answered, or waited for long enough."""
        if self._drain_until is None:
            self._drain_until = now + self._drain_s
        if (self._open or self._unsettled) and now < self._drain_until:
            return False
        if self._linger_until is None:
            self._linger_until = now + self._linger_s
        return now >= self._linger_until
