"""A CDR: one append-only entry of the ledger. Pure.

Money is whole tiyn (1 tenge = 100 tiyn) with its currency beside it; VAT rates are basis points
(1 600 = 16 %). Times are UTC microseconds; `day` is the civil date in Kazakhstan at receipt,
as the integer YYYYMMDD.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class EntryKind(StrEnum):
    RATED = "rated"
    CHARGED = "charged"
    VOIDED = "voided"
    CREDITED = "credited"
    ADJUSTED = "adjusted"


class ChargePoint(StrEnum):
    """When the citizen's money moves."""

    MO = "mo"  # the operator took it with the question
    MT = "mt"  # with the reply, by its outcome
    NONE = "none"


class Entry(NamedTuple):
    """One ledger entry. `key` is unique over all days: no cause is booked twice.

    Keys: `rated:<question_id>`, `settled:<question_id>` (charged or voided),
    `credited:<question_id>:<cause>`, `adjusted:<question_id>:<cause>`.
    """

    key: str
    day: int
    question_id: int
    link: str
    operator: str
    party: str  # keyed hash of the MSISDN
    channel: str  # sms, ivr, copy, web
    kind: EntryKind
    amount_tiyn: int  # negative for credits
    currency: str
    vat_bp: int
    charge_point: ChargePoint
    tariff: str  # id of the rule that priced it
    result: str  # result code of the answer
    reason: str | None  # for voided, credited, adjusted
    corrects: str | None  # key of the entry this one corrects
    parts: int  # segments of the question
    at_us: int
