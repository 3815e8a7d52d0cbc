"""A link's rate: smooth release by TPS, slowed down by the SMSC's throttle statuses. Pure.

Rates are PDUs (segments) a second, times seconds of the caller's monotonic clock.
"""

from __future__ import annotations

BURST_S = 0.05  # at most this much of the rate leaves at once
AHEAD_S = 0.1  # and this much may be promised beyond it, to be released as time passes
STEP_S = 0.005  # a release waits at least this long, so that high rates need no timer per PDU
TPS_UNLIMITED = 100_000.0  # what a limit of 0 means
THROTTLE_PAUSE_S = 1.0
FLOOR_SHARE = 0.05  # of the configured rate, and never below 1 a second: a slow link still flows
UNLIMITED_FLOOR = 100.0  # and never below this a second where no rate is agreed
RECOVERY_SHARE_PER_S = 0.02  # of the configured rate, won back each second without a throttle


class Pacing:
    """A token bucket whose rate halves at a throttle and grows back. `tps_max` 0: unlimited."""

    __slots__ = (
        "_at_s",
        "_before_throttle",
        "_count",
        "_count_from_s",
        "_floor",
        "_max",
        "_observed",
        "_paused_until_s",
        "_rate",
        "_recovery",
        "_slowed_s",
        "_throttle_pause_s",
        "_tokens",
    )

    def __init__(
        self, tps_max: float, now_s: float, throttle_pause_s: float = THROTTLE_PAUSE_S
    ) -> None:
        if tps_max < 0:
            raise ValueError(f"tps_max {tps_max}: must be 0 (unlimited) or PDUs a second")
        self._max = float(tps_max) or TPS_UNLIMITED
        floor = max(1.0, tps_max * FLOOR_SHARE) if tps_max else UNLIMITED_FLOOR
        self._floor = min(self._max, floor)
        self._rate = self._max
        self._recovery = tps_max * RECOVERY_SHARE_PER_S  # 0 where no rate is configured
        self._at_s = now_s
        self._tokens = self._burst()
        self._paused_until_s = now_s
        self._throttle_pause_s = throttle_pause_s
        self._slowed_s = float("-inf")
        self._before_throttle = 0.0  # the rate that recovery is measured by
        self._count_from_s = now_s
        self._count = 0
        self._observed = 0.0

    @property
    def rate(self) -> float:
        return self._rate

    def rate_at(self, now_s: float) -> float:
        """The rate, with what has been won back by now."""
        self._refill(now_s)
        return self._rate

    def slowed(self, now_s: float) -> bool:
        """A throttle is still felt: a pause, or a rate below the limit, or where there is none
        below what was in use before it."""
        return self.rate_at(now_s) < self._before_throttle or self.paused(now_s)

    def paused(self, now_s: float) -> bool:
        return now_s < self._paused_until_s

    def take(self, now_s: float) -> bool:
        """May one PDU leave now? Takes its place in the rate if so."""
        self._refill(now_s)
        if self._tokens < 1.0 or now_s < self._paused_until_s:
            return False
        self._tokens -= 1.0
        self._count += 1
        return True

    def allowance(self, now_s: float) -> int:
        """How many PDUs the link may be given now: what can leave, and 100 ms of what follows."""
        if now_s < self._paused_until_s:
            return 0
        self._refill(now_s)
        return int(self._tokens + max(1.0, self._rate * AHEAD_S))

    def ready_s(self, now_s: float) -> float:
        """When `take` is worth the next try."""
        self._refill(now_s)
        missing = max(0.0, 1.0 - self._tokens)
        return max(self._paused_until_s, now_s + max(STEP_S, missing / self._rate))

    def throttled(self, now_s: float, sent_s: float) -> bool:
        """The SMSC throttled a PDU sent at `sent_s`: pause, halve the rate. True if it changed.

        The rest of a window that was sent before we slowed down is no further sign: a burst of
        refusals counts once. What is halved is the rate in use where it is below the limit.
        """
        if sent_s <= self._slowed_s:
            return False
        self._refill(now_s)
        slowed = self._rate < self._before_throttle
        in_use = min(self._rate, max(self._observed, self._count, 2 * self._floor))
        self._rate = max(in_use / 2, self._floor)
        if self._max == TPS_UNLIMITED:
            self._recovery = in_use * RECOVERY_SHARE_PER_S
            if not slowed:
                self._before_throttle = in_use
        else:
            self._before_throttle = self._max
        self._slowed_s = now_s
        self._observed = self._rate
        self._tokens = min(self._tokens, self._burst())
        self.pause(now_s, self._throttle_pause_s)
        return True

    def pause(self, now_s: float, seconds: float) -> None:
        """Nothing leaves until then. A longer pause in force stays."""
        self._paused_until_s = max(self._paused_until_s, now_s + seconds)
        self._count_from_s, self._count = self._paused_until_s, 0  # a pause is no rate in use

    def _burst(self) -> float:
        return max(1.0, self._rate * BURST_S)

    def _refill(self, now_s: float) -> None:
        passed_s = now_s - self._at_s
        if passed_s <= 0.0:
            return
        if self._rate < self._max:
            # Time spent paused wins nothing back.
            free_s = min(passed_s, max(0.0, now_s - self._paused_until_s))
            self._rate = min(self._max, self._rate + self._recovery * free_s)
        self._tokens = min(self._burst(), self._tokens + passed_s * self._rate)
        self._at_s = now_s
        counted_s = now_s - self._count_from_s
        if counted_s >= 1.0:
            self._observed = self._count / counted_s
            self._count_from_s, self._count = now_s, 0
