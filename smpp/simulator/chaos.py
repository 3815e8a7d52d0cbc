"""What can go wrong at an operator's SMSC, as a table of odds. Pure: chance comes in as a callable.

Odds are in percent of the events named, 0 to 100; the same seed gives the same faults in the same
order of events.
"""

from __future__ import annotations

import difflib
import itertools
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final, NamedTuple

from smpp.simulator import wire

DURATION_MS_MAX: Final = 600_000
COUNT_MAX: Final = 1_000_000
TORN_PIECES_MAX: Final = 4096  # of one write; what is left goes out whole
CUTS_MAX: Final = 8  # of one write torn at random
GARBAGE_OCTETS: Final = 32


class Torn(StrEnum):
    OCTET = "octet"  # one octet a write
    RANDOM = "random"  # a few cuts anywhere


class ChaosError(ValueError):
    """The table names something unknown or out of range; the message says what is allowed."""


@dataclass(frozen=True, slots=True)
class Chaos:
    """The table. All zero: an SMSC as the specification has it."""

    # Of each submit_sm. The first that fires decides; the message is not taken.
    throttle_percent: float = 0.0  # 0x58
    queue_full_percent: float = 0.0  # 0x14
    vendor_status_percent: float = 0.0
    vendor_status: int = 0x520
    submits_per_s_max: int = 0  # above it 0x58; 0: no limit
    # Of each submit_sm that is taken.
    silence_percent: float = 0.0  # never answered
    late_percent: float = 0.0  # answered after late_ms
    late_ms: int = 1000
    wrong_sequence_percent: float = 0.0  # answered under another number
    duplicate_response_percent: float = 0.0
    receipt_first_percent: float = 0.0  # a receipt, where one is asked for, before the response
    # Of each deliver_sm answered with 0.
    duplicate_mo_percent: float = 0.0
    duplicate_mo_ms: int = 20
    duplicate_receipt_percent: float = 0.0
    drop_every: int = 0  # cut the connection after each n-th deliver_sm; 0: never
    # Of each write.
    torn_percent: float = 0.0
    torn: Torn = Torn.OCTET
    garbage_percent: float = 0.0  # octets that are no PDU, in front
    merge_ms: int = 0  # PDUs are held so long and leave in one write
    # Of each PDU that comes in on a bound session.
    unknown_command_percent: float = 0.0  # a request nobody knows is sent
    half_close_percent: float = 0.0  # our side of the connection ends, theirs is still read
    # Of each bind.
    bind_refused_percent: float = 0.0
    bind_status: int = wire.RBINDFAIL
    bind_nack_percent: float = 0.0  # generic_nack with RINVBNDSTS instead of a bind_resp
    bind_silence_percent: float = 0.0
    bind_delay_ms: int = 0
    # Of time.
    enquire_flood_per_s: int = 0

    def __post_init__(self) -> None:
        for field in fields(self):
            _check(field.name, getattr(self, field.name))

    @classmethod
    def of(cls, table: Mapping[str, object]) -> Chaos:
        """Raises ChaosError for a key that isn't in the table or a value out of its range."""
        known = [field.name for field in fields(cls)]
        values: dict[str, object] = {}
        for key, value in table.items():
            if key not in known:
                near = difflib.get_close_matches(key, known, 1)
                hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
                raise ChaosError(f"chaos: unknown key {key}; {hint}")
            values[key] = _check(key, value)
        return cls(**values)  # type: ignore[arg-type]  # _check has given each its type

    @classmethod
    def of_toml(cls, content: str) -> Chaos:
        """A TOML file with these keys at its top, or under [chaos]."""
        try:
            table = tomllib.loads(content)
        except tomllib.TOMLDecodeError as error:
            raise ChaosError(f"chaos: not TOML: {error}") from error
        inner = table.get("chaos", table)
        if not isinstance(inner, dict):
            raise ChaosError("chaos: [chaos] must be a table")
        return cls.of(inner)


def _check(key: str, value: object) -> object:
    if key == "torn":
        if value not in tuple(Torn):
            raise ChaosError(f"chaos: torn is {value!r}; it may be {' or '.join(Torn)}")
        return Torn(str(value))
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ChaosError(f"chaos: {key} is {value!r}; it must be a number")
    if key.endswith("_percent"):
        top: float = 100
    else:
        top = {"ms": DURATION_MS_MAX, "status": 0xFFFF_FFFF}.get(key.rsplit("_", 1)[-1], COUNT_MAX)
        if not isinstance(value, int):
            raise ChaosError(f"chaos: {key} is {value!r}; it must be a whole number")
    if not 0 <= value <= top:
        raise ChaosError(f"chaos: {key} is {value!r}; it may be 0 to {top}")
    return value


CALM: Final = Chaos()


class Answer(StrEnum):
    """When a submit_sm that was taken is answered."""

    NOW = "now"
    LATE = "late"
    NEVER = "never"


class Verdict(NamedTuple):
    """What becomes of one submit_sm. With a status above 0 it is refused and the rest is void."""

    status: int = wire.ROK
    answer: Answer = Answer.NOW
    wrong_sequence: bool = False
    twice: bool = False
    receipt_first: bool = False


PLAIN: Final = Verdict()


class Faults:
    """The table at work: rolls for each event and counts in `made` what it decided on.

    `roll` gives a number from 0 up to but not including 1.
    """

    def __init__(self, chaos: Chaos, roll: Callable[[], float]) -> None:
        self.chaos = chaos
        self.made: Counter[str] = Counter()
        self._roll = roll
        self._second = -1
        self._submits = 0

    @property
    def chaos(self) -> Chaos:
        return self._chaos

    @chaos.setter
    def chaos(self, chaos: Chaos) -> None:
        self._chaos = chaos
        self.calm = chaos == CALM  # so that the plain case costs one look

    def fires(self, kind: str) -> bool:
        """Whether the fault `kind` happens now; its odds stand under `kind`_percent."""
        percent: float = getattr(self._chaos, f"{kind}_percent")
        if not percent or self._roll() * 100 >= percent:
            return False
        self.made[kind] += 1
        return True

    def submit(self, now_s: float) -> Verdict:
        """What becomes of a submit_sm that arrives now."""
        if self.calm:
            return PLAIN
        status = self._refusal(now_s)
        if status:
            return Verdict(status)
        answer = Answer.NOW
        if self.fires("silence"):
            answer = Answer.NEVER
        elif self.fires("late"):
            answer = Answer.LATE
        return Verdict(
            wire.ROK,
            answer,
            self.fires("wrong_sequence"),
            self.fires("duplicate_response"),
            self.fires("receipt_first"),
        )

    def _refusal(self, now_s: float) -> int:
        if self._over_rate(now_s) or self.fires("throttle"):
            return wire.RTHROTTLED
        if self.fires("queue_full"):
            return wire.RMSGQFUL
        return self._chaos.vendor_status if self.fires("vendor_status") else wire.ROK

    def _over_rate(self, now_s: float) -> bool:
        limit = self._chaos.submits_per_s_max
        if not limit:
            return False
        if int(now_s) != self._second:
            self._second, self._submits = int(now_s), 0
        self._submits += 1
        if self._submits <= limit:
            return False
        self.made["rate"] += 1
        return True

    def pieces(self, data: bytes) -> list[bytes]:
        """A write as it shall leave: whole, or torn."""
        if not self.fires("torn"):
            return [data]
        if self._chaos.torn == Torn.OCTET:
            head = min(len(data), TORN_PIECES_MAX - 1)
            cuts = list(range(1, head + 1))
        else:
            count = 1 + int(self._roll() * CUTS_MAX)
            cuts = sorted({int(self._roll() * len(data)) for _ in range(count)})
        bounds = [0, *cuts, len(data)]
        return [data[a:b] for a, b in itertools.pairwise(bounds) if a < b]

    def garbage(self) -> bytes:
        """Octets that can't begin a PDU: the length they claim is far above any limit."""
        return b"\xff" + bytes(int(self._roll() * 256) for _ in range(GARBAGE_OCTETS - 1))
