"""Result codes: what a question came to, as the ledger and the tariffs know it. Pure.

The values are stored, exported and named in config/tariffs.toml: add new ones, never rename.
Where a text's intent alone decides the result, both have one value, so `Result(intent)` works.
"""

from __future__ import annotations

from enum import StrEnum


class Result(StrEnum):
    # The lookup answered.
    STATUS = "status"  # the status of at least one ticket was told
    UNREGISTERED = "unregistered"  # an inspection act the register does not know: an answer
    RESTRICTED = "restricted"  # "details only for the applicant", whether it exists or not
    AMBIGUOUS = "ambiguous"  # one number of two kinds: we ask "1 or 2?"
    NOT_FOUND = "not_found"
    # The lookup did not answer.
    PROMISED = "promised"  # told "we will send the answer"; the answer is still owed
    UNAVAILABLE = "unavailable"  # told "try later"; or a promise that could not be kept
    # The text holds no number that could be looked up.
    BAD_LENGTH = "bad_length"
    MALFORMED = "malformed"
    IIN = "iin"
    CARD = "card"
    PHONE = "phone"
    EMPTY = "empty"
    BINARY = "binary"
    # Commands and words.
    HELP = "help"
    LANGUAGE = "language"
    STOP = "stop"
    SUBSCRIBE = "subscribe"
    DISAGREE = "disagree"
    ILLEGAL_INSPECTION = "illegal_inspection"
    EMERGENCY = "emergency"
    SCAM = "scam"
    NO_SLIP = "no_slip"
    WRONG_PLACE = "wrong_place"
    THANKS = "thanks"
    # Limits and transport.
    REPEAT = "repeat"  # the person's own repeat within a minute
    LOCKED = "locked"  # told "too many wrong numbers"
    SILENT_LOCKED = "silent_locked"
    SILENT_LIMIT = "silent_limit"  # replies of the day used up
    SILENT_LOOP = "silent_loop"  # two machines talking to each other
    UNANSWERABLE = "unanswerable"  # the sender cannot be answered by SMS
    PARKED = "parked"  # repeated failure of ours; replayed by command

    @property
    def answers(self) -> bool:
        """The person got what was asked for: of several numbers in one question such a result is
        the question's, which is charged once and not given back because another one failed."""
        return self in _ANSWERS


_ANSWERS = frozenset({Result.STATUS, Result.UNREGISTERED})
