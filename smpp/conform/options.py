"""What a run of the kit is told, with its limits. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

PLAIN_TEXT = "123456789012345678"  # asked where no question is given
MSISDN_DIGITS = 11
QUESTION_CHARACTERS_MAX = 70  # one part in UCS-2, as some rows write it

_ADDRESS = re.compile(r"\+?[0-9]{1,19}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """How the kit binds to an SMSC."""

    system_id: str = ""
    password: str = field(default="", repr=False)
    system_type: str = ""
    binds_max: int = 0  # sessions that the SMSC allows; 0: not known

    def __post_init__(self) -> None:
        for what in ("system_id", "password", "system_type"):
            value: str = getattr(self, what)
            if not value.isascii() or "\0" in value:
                raise ValueError(f"{what}: SMPP has ASCII there; give it in ASCII characters")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Times in seconds. `question` is a text that the peer, a gateway, answers: then rows are
    judged by the answer too, which must be the same in whatever form the question comes.
    """

    question: str = ""
    short_code: str = "1012"
    first_msisdn: int = 77_000_000_001  # subscribers count up from here, one or more a row
    to: str = ""  # the one phone that an SMSC may be given messages for; empty: any
    answer_s: float = 5.0  # for a response
    reply_s: float = 10.0  # for the answer to a question
    patience_s: float = 25.0  # for what the peer's own timers decide
    rebind_s: float = 180.0  # for an ESME to bind again; RALYBND may make it wait two minutes
    backoff_min_s: float = 0.5  # an ESME that binds again sooner hammers
    settle_s: float = 1.0  # at the end: for answers that should not come
    row_s: float = 600.0  # for one row
    limit_s: float = 1_800.0  # for all
    window: int = 10  # agreed open submits of a session of the ESME's
    binds: int = 1  # agreed sessions, or pairs of them
    tps: int = 0  # agreed submits a second; 0: not known
    lock_out: bool = False  # rows after which accounts get locked or ESMEs wait for minutes
    only: frozenset[str] = frozenset()  # rows to play; empty: all
    without: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if not self.question.isascii():
            raise ValueError(
                "the question must be ASCII: rows write it in several codings, 0x00-0x7F alone "
                "are in all of them"
            )
        if len(self.question) > QUESTION_CHARACTERS_MAX:
            raise ValueError(
                f"the question has {len(self.question)} characters; "
                f"{QUESTION_CHARACTERS_MAX} are the most"
            )
        for address in (self.short_code, self.to or "0"):
            if not _ADDRESS.fullmatch(address):
                raise ValueError(f"{address}: a phone and a short code are up to 19 digits")
        if self.first_msisdn < 0 or len(str(self.first_msisdn)) != MSISDN_DIGITS:
            raise ValueError(f"{self.first_msisdn}: a subscriber has {MSISDN_DIGITS} digits")

    @property
    def text(self) -> str:
        """What is asked."""
        return self.question or PLAIN_TEXT
