"""What can be said of a row, and how a play says it. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Role(StrEnum):
    """What the peer under test is."""

    ESME = "esme"
    SMSC = "smsc"


class Verdict(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    UNTESTABLE = "untestable"  # on this peer, or with these options
    SKIPPED = "skipped"  # by an option, or because the time was up
    NOT_PLAYED = "not played"  # the kit has no play of it for this role


class Result(NamedTuple):
    """`detail` says what was seen or why nothing was; it may be empty for a row that passed."""

    row_id: str
    verdict: Verdict
    detail: str


class FailedError(Exception):
    """The peer did not do what the row expects. Its text says what it did."""


class UntestableError(Exception):
    """This peer cannot be judged on this row. Its text says why, and what would help."""


class NoPeerError(Exception):
    """There is nobody to test: no connection, no bind."""
