"""The limits on a phone, and what is remembered of it. Pure.

Times (UTC microseconds) and civil days in Kazakhstan (YYYYMMDD) come from the caller. Ticket
numbers are dense: once one is known, nearly every neighbour exists. So guessing is stopped by
counting, over all links and channels together.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from enum import Enum

from gateway.core.memory_record import (
    EMPTY,
    EXCHANGES_MAX,
    MISSES_MAX,
    TAILS_MAX,
    TEXTS_MAX,
    Memory,
    Pending,
    from_json,
    to_json,
)

__all__ = [
    "EMPTY",
    "Limits",
    "Memory",
    "Pending",
    "Verdict",
    "admit",
    "after_hit",
    "after_miss",
    "after_reply",
    "answerable_source",
    "first_reference",
    "from_json",
    "locked",
    "replies_left",
    "tail_shown",
    "take_choice",
    "tell_lock",
    "to_json",
    "with_language",
    "with_last",
    "with_pending",
    "without_pending",
]

_MINUTE_US = 60_000_000
_HOUR_US = 60 * _MINUTE_US
_DAY_US = 24 * _HOUR_US

CHOICE_US = 10 * _MINUTE_US  # how long "1 or 2?" waits for its answer
TAIL_US = _DAY_US  # how long a shown tail counts as shown
TAIL_SIGNS, LONG_TAIL_SIGNS = 4, 6  # signs of a number shown after "*"

SHORT_CODE_DIGITS_MAX = 6
# Kazakhstan's geographic codes, 71x and 72x after the country code 7: no SMS gets there.
LANDLINES = ("771", "772")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a phone may do before it is answered no more."""

    misses_hour_max: int = 5
    misses_day_max: int = 15
    lock_first_min: int = 60
    lock_longest_min: int = 1_440
    lock_forgotten_h: int = 24  # after that long without a lock the next is a first one
    strangers_day_max: int = 10
    replies_day_max: int = 20
    loop_exchanges_max: int = 5
    loop_window_s: int = 600

    def __post_init__(self) -> None:
        """Raises ValueError naming the limit."""
        for field in fields(self):
            if getattr(self, field.name) < 1:
                raise ValueError(f"limit {field.name}: must be at least 1")
        if self.loop_exchanges_max > EXCHANGES_MAX:
            raise ValueError(f"limit loop_exchanges_max: at most {EXCHANGES_MAX} are remembered")
        if self.misses_hour_max > MISSES_MAX:
            raise ValueError(f"limit misses_hour_max: at most {MISSES_MAX} are remembered")
        if self.lock_longest_min < self.lock_first_min:
            raise ValueError("limit lock_longest_min: shorter than lock_first_min")


class Verdict(Enum):
    """What a phone's next question gets."""

    ANSWER = "answer"
    TELL_LOCKED = "tell_locked"  # once a lock: "too many wrong numbers", by `tell_lock`
    SILENT_LOCKED = "silent_locked"
    SILENT_LIMIT = "silent_limit"
    SILENT_LOOP = "silent_loop"


def admit(memory: Memory, limits: Limits, now_us: int) -> Verdict:
    """Whether the phone is answered now."""
    exchanges = memory.exchanges
    # Whoever has used up a day's replies is silent to us until a day has passed since the last
    # one: never more than the limit on any civil day, and no clock of days is needed here.
    spent = memory.replies_today >= limits.replies_day_max
    if spent and exchanges and now_us - exchanges[-1] < _DAY_US:
        return Verdict.SILENT_LIMIT
    if now_us < memory.locked_until_us:
        return Verdict.SILENT_LOCKED if memory.lock_told else Verdict.TELL_LOCKED
    count = limits.loop_exchanges_max
    if len(exchanges) >= count and now_us - exchanges[-count] < limits.loop_window_s * 1_000_000:
        return Verdict.SILENT_LOOP
    return Verdict.ANSWER


def locked(memory: Memory, now_us: int) -> bool:
    """Of several numbers in one question, those after a lock must not be told."""
    return now_us < memory.locked_until_us


def replies_left(memory: Memory, limits: Limits, day: int) -> int:
    """How many replies the phone may still get on that day."""
    used = memory.replies_today if memory.replies_day == day else 0
    return max(0, limits.replies_day_max - used)


def after_reply(memory: Memory, count: int, now_us: int, day: int) -> Memory:
    """An answer of `count` replies goes out; 0 for one that is only spoken or shown."""
    used = memory.replies_today if memory.replies_day == day else 0
    return memory._replace(
        replies_day=day,
        replies_today=used + count,
        texts=(memory.texts + count) % TEXTS_MAX,
        exchanges=(*memory.exchanges[1 - EXCHANGES_MAX :], now_us),
    )


def first_reference(memory: Memory, count: int) -> int:
    """The number of the first of the `count` texts counted last, 0 to 65,535: a counter per phone,
    so that two long texts to one phone have different references (23.040 9.2.3.24.1)."""
    return (memory.texts - count) % TEXTS_MAX


def after_miss(memory: Memory, limits: Limits, now_us: int, day: int) -> Memory:
    """A number of the right form that nobody knows. The last one allowed locks the phone."""
    kept = limits.misses_hour_max
    misses = (*memory.misses, now_us)[-kept:]
    today = (memory.misses_today if memory.misses_day == day else 0) + 1
    memory = memory._replace(misses=misses, misses_day=day, misses_today=today)
    if today >= limits.misses_day_max or (len(misses) == kept and now_us - misses[0] < _HOUR_US):
        return _locked(memory, limits, now_us)
    return memory


def after_hit(memory: Memory, limits: Limits, now_us: int, day: int, *, linked: bool) -> Memory:
    """A ticket was told. The last one allowed to a stranger of a day locks the phone for as long
    as locks can be, which reaches into the next day."""
    if linked:
        return memory
    today = (memory.strangers_today if memory.strangers_day == day else 0) + 1
    memory = memory._replace(strangers_day=day, strangers_today=today)
    if today < limits.strangers_day_max:
        return memory
    return memory._replace(
        locked_until_us=max(memory.locked_until_us, now_us + _DAY_US), lock_told=False
    )


def _locked(memory: Memory, limits: Limits, now_us: int) -> Memory:
    """Lock, unless locked already: three wrong numbers in one SMS are one step, not three."""
    until_us = memory.locked_until_us
    if now_us < until_us:
        return memory
    forgotten = now_us - until_us >= limits.lock_forgotten_h * _HOUR_US
    level = 1 if forgotten else memory.lock_level + 1
    minutes = limits.lock_first_min
    for _ in range(level - 1):
        if minutes >= limits.lock_longest_min:
            break
        minutes *= 2
    minutes = min(minutes, limits.lock_longest_min)
    return memory._replace(
        locked_until_us=now_us + minutes * _MINUTE_US, lock_level=level, lock_told=False
    )


def tell_lock(memory: Memory, now_us: int) -> tuple[Memory, int]:
    """The lock is told, once; with the minutes left, rounded up."""
    minutes = -((now_us - memory.locked_until_us) // _MINUTE_US)
    return memory._replace(lock_told=True), max(1, minutes)


def with_language(memory: Memory, language: str, *, chosen: bool) -> Memory:
    """The phone's language from now on; a guess never replaces what the person chose."""
    if memory.language == language and memory.language_chosen >= chosen:
        return memory
    if memory.language_chosen and not chosen:
        return memory
    return memory._replace(language=language, language_chosen=chosen)


def with_last(memory: Memory, number: str, kind: str | None, now_us: int) -> Memory:
    """The ticket a lone question mark repeats."""
    return memory._replace(last_number=number, last_kind=kind, last_asked_us=now_us)


def with_pending(memory: Memory, number: str, kinds: tuple[str, ...], now_us: int) -> Memory:
    """The phone is asked which of two kinds it means."""
    return memory._replace(pending=Pending(number, kinds, now_us + CHOICE_US))


def without_pending(memory: Memory) -> Memory:
    """A new number or command cancels the question."""
    return memory if memory.pending is None else memory._replace(pending=None)


def take_choice(memory: Memory, choice: int, now_us: int) -> tuple[Memory, tuple[str, str] | None]:
    """(number, kind) of the choice, from 1; None where nothing waits or it waited too long."""
    pending = memory.pending
    if pending is None:
        return memory, None
    memory = memory._replace(pending=None)
    if now_us >= pending.expires_us or not 1 <= choice <= len(pending.kinds):
        return memory, None
    return memory, (pending.number, pending.kinds[choice - 1])


def tail_shown(memory: Memory, number: str, now_us: int) -> tuple[bool, Memory]:
    """Whether the reply must show six signs of the number instead of four, for the phone was shown
    another number with the same four within a day; and that this one is shown now.

    A number not shown within a day is a person's doing: loops are counted anew.
    """
    end = number[-LONG_TAIL_SIGNS:]
    shown = [(tail, at_us) for tail, at_us in memory.tails if now_us - at_us < TAIL_US]
    others = [(tail, at_us) for tail, at_us in shown if tail != end]
    long = any(tail[-TAIL_SIGNS:] == end[-TAIL_SIGNS:] for tail, _ in others)
    exchanges = memory.exchanges if len(others) < len(shown) else ()
    tails = (*others[1 - TAILS_MAX :], (end, now_us))
    return long, memory._replace(tails=tails, exchanges=exchanges)


def answerable_source(msisdn: str, own_numbers: Collection[str]) -> bool:
    """Whether an SMS to this sender can arrive and is not a conversation with a machine.

    Refused: letters, short codes, our own numbers, landlines. Foreign numbers are served.
    """
    return (
        len(msisdn) > SHORT_CODE_DIGITS_MAX
        and msisdn.isascii()
        and msisdn.isdigit()
        and msisdn not in own_numbers
        and not is_landline(msisdn)
    )


def is_landline(msisdn: str) -> bool:
    """Whether it is one of this country's, which all of a household or an office use."""
    return len(msisdn) == 11 and msisdn.startswith(LANDLINES)
