"""What the columns of the billing file are called: our names, or those of 3GPP or TAP where they
have one. Pure.

3GPP: SMS charging, TS 32.274, as spelled in the ASN.1 of TS 32.298 (SCSMORecord, SCSMTRecord).
TAP: GSMA TD.57. Both speak of originator and recipient where we have one phone and one number, so
a column of ours becomes two of theirs, each filled in its own kind of row. What they have no name
for keeps ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple

from gateway.billing.rows import Row

Naming = Literal["own", "3gpp", "tap"]
FIELDS = Row._fields

_TYPE = "record_type"

Cells = Callable[[Row], Sequence[object]]


class Layout(NamedTuple):
    """The columns of a file, in their order; `fields` are those of `Row` that they show."""

    naming: Naming
    columns: tuple[str, ...]
    fields: tuple[str, ...]
    cells: Cells


class _Column(NamedTuple):
    """A column that shows a field in rows of some record types, or in all but some."""

    name: str
    field: str
    only: frozenset[str] | None = None
    without: frozenset[str] = frozenset()


# A name for every row, or one for each record type that has one.
_Names = Mapping[str, str | Mapping[str, str]]

_3GPP: _Names = {
    "record_type": "recordType",
    "seq": "localRecordSequenceNumber",
    "bind_id": "sMSCAddress",
    "msisdn": {
        "mo": "originatorInfo.originatorMSISDN",
        "mt": "recipientInfos.recipientMSISDN",
    },
    "short_code": {
        "mo": "recipientInfos.recipientOtherAddress",
        "mt": "originatorInfo.originatorOtherAddress",
    },
    "received_at": {"mo": "eventtimestamp"},
    "submitted_at": "submissionTime",
    "done_at": {"mt": "sMDischargeTime"},
    "smsc_message_id": "messageReference",
    "part_no": "sMSequenceNumber",
    "parts": "sMTotalNumber",
    "status": "sMSStatus",
    "error_code": "sMSResult",
    "receipt_requested": "sMdeliveryReportRequested",
}
_3GPP_TYPES = {"mo": "sCSMORecord", "mt": "sCSMTRecord"}

_TAP: _Names = {
    "record_type": "callEventDetail",
    "msisdn": {
        "mo": "basicCallInformation.chargeableSubscriber.msisdn",
        "mt": "basicCallInformation.chargeableSubscriber.msisdn",
        "call": "basicCallInformation.callOriginator.callingNumber",
    },
    "short_code": {
        "mo": "basicCallInformation.destination.sMSDestinationNumber",
        "mt": "basicCallInformation.callOriginator.sMSOriginator",
        "call": "basicCallInformation.destination.calledNumber",
    },
    "received_at": "basicCallInformation.callEventStartTimeStamp",
    "billable_s": "basicCallInformation.totalCallEventDuration",
    "gross_tiyn": {"mo": "chargeInformation.chargeDetail.charge"},
    "vat_rate_bp": "taxation.taxRate",
    "currency": "accountingInfo.localCurrency",
    "vat_tiyn": "auditControlInfo.totalTaxValue",
}
_TAP_TYPES = {"mo": "MobileOriginatedCall", "mt": "MobileTerminatedCall"}


def _columns(names: _Names) -> list[_Column]:
    columns: list[_Column] = []
    for field in FIELDS:
        name = names.get(field, field)
        if isinstance(name, str):
            columns.append(_Column(name, field))
            continue
        for each in dict.fromkeys(name.values()):
            types = frozenset(kind for kind, taken in name.items() if taken == each)
            columns.append(_Column(each, field, types))
        columns.append(_Column(field, field, without=frozenset(name)))
    return columns


def _layout(naming: Naming, names: _Names, types: Mapping[str, str]) -> Layout:
    columns = _columns(names)
    plan = [(FIELDS.index(each.field), each.only, each.without) for each in columns]
    place = FIELDS.index(_TYPE)

    def cells(row: Row) -> Sequence[object]:
        kind = row.record_type
        shown: list[object] = [
            row[field] if kind not in without and (only is None or kind in only) else None
            for field, only, without in plan
        ]
        shown[place] = types.get(kind, kind)
        return shown

    return Layout(naming, tuple(each.name for each in columns),
                  tuple(each.field for each in columns), cells)  # fmt: skip


LAYOUTS: Mapping[Naming, Layout] = {
    "own": Layout("own", FIELDS, FIELDS, lambda row: row),
    "3gpp": _layout("3gpp", _3GPP, _3GPP_TYPES),
    "tap": _layout("tap", _TAP, _TAP_TYPES),
}
OWN = LAYOUTS["own"]
