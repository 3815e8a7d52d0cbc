from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest
from pyarrow import parquet

from gateway.billing.call_rows import rows_of_leg
from gateway.billing.export import export
from gateway.billing.field_names import FIELDS, LAYOUTS, Layout
from gateway.billing.forms import FORMATS, Format
from gateway.billing.rows import Row, money_of, rows_of
from gateway.core.call_records import CallTrace
from gateway.core.ledger import open_chain
from gateway.core.records import Chain
from tests.support.chains import AT_US, MO, chain, question, reply
from tests.support.legs import leg, record

CHAIN = chain(
    question_id=1,
    entries=open_chain(question(id=1), MO, "status", AT_US),
    replies=(reply(id=11),),
)
QUESTION, REPLY = rows_of(CHAIN, money_of(CHAIN.entries))
(LEG,) = rows_of_leg(CallTrace(leg(1), (record(leg(1)),)))
TRAILER = Row._make(
    map({"record_type": "trailer", "seq": 3, "gross_tiyn": 1500, "vat_tiyn": 207}.get, FIELDS)
)
KEYED_IN = QUESTION._replace(record_type="call_question")
FOREIGN = [LAYOUTS["3gpp"], LAYOUTS["tap"]]


def shown(layout: Layout, row: Row) -> dict[str, object]:
    """The cells of a row that are not empty, by column."""
    cells = zip(layout.columns, layout.cells(row), strict=True)
    return {name: cell for name, cell in cells if cell is not None}


def test_our_names_show_a_row_as_it_is() -> None:
    own = LAYOUTS["own"]
    assert own.columns == own.fields == FIELDS
    assert tuple(own.cells(QUESTION)) == QUESTION


@pytest.mark.parametrize("layout", FOREIGN, ids=lambda layout: layout.naming)
@pytest.mark.parametrize("row", [QUESTION, REPLY, LEG, TRAILER, KEYED_IN], ids=lambda row: row[0])
def test_other_names_lose_and_double_nothing(layout: Layout, row: Row) -> None:
    assert len(set(layout.columns)) == len(layout.columns)
    taken = [
        (field, cell)
        for field, cell in zip(layout.fields, layout.cells(row), strict=True)
        if cell is not None and field != "record_type"
    ]
    told = {name: cell for name, cell in row._asdict().items() if cell is not None}
    del told["record_type"]
    assert taken == list(told.items())


def test_3gpp_tells_originator_and_recipient_apart() -> None:
    layout = LAYOUTS["3gpp"]
    asked, answered = shown(layout, QUESTION), shown(layout, REPLY)
    assert (asked["recordType"], answered["recordType"]) == ("sCSMORecord", "sCSMTRecord")
    assert asked["originatorInfo.originatorMSISDN"] == "77010000001"
    assert asked["recipientInfos.recipientOtherAddress"] == "1012"
    assert answered["recipientInfos.recipientMSISDN"] == "77010000001"
    assert answered["originatorInfo.originatorOtherAddress"] == "1012"
    assert "recipientInfos.recipientMSISDN" not in asked
    assert asked["eventtimestamp"] == QUESTION.received_at
    assert asked["done_at"] == QUESTION.done_at  # answered, which 3GPP has no name for
    assert answered["sMDischargeTime"] == REPLY.done_at
    assert (answered["sMSStatus"], answered["messageReference"]) == ("DELIVRD", "a1b2")


def test_3gpp_has_no_names_for_what_is_no_sms() -> None:
    layout = LAYOUTS["3gpp"]
    for row in (LEG, KEYED_IN):
        told = shown(layout, row)
        assert told["recordType"] == row.record_type
        assert (told["msisdn"], told["short_code"]) == (row.msisdn, row.short_code)


def test_tap_knows_calls_and_charges() -> None:
    layout = LAYOUTS["tap"]
    asked, call, trailer = (shown(layout, row) for row in (QUESTION, LEG, TRAILER))
    assert asked["callEventDetail"] == "MobileOriginatedCall"
    assert asked["basicCallInformation.destination.sMSDestinationNumber"] == "1012"
    assert asked["chargeInformation.chargeDetail.charge"] == 1500
    assert asked["taxation.taxRate"] == 1600
    assert call["basicCallInformation.callOriginator.callingNumber"] == LEG.msisdn
    assert call["basicCallInformation.destination.calledNumber"] == "1414"
    assert call["basicCallInformation.totalCallEventDuration"] == 60
    assert trailer["gross_tiyn"] == 1500  # a sum is no charge of an event
    assert trailer["auditControlInfo.totalTaxValue"] == 207


@pytest.mark.parametrize("layout", FOREIGN, ids=lambda layout: layout.naming)
@pytest.mark.parametrize("file_format", FORMATS)
async def test_every_form_takes_other_names(
    tmp_path: Path, layout: Layout, file_format: Format
) -> None:
    path = tmp_path / "a"
    await export(stream([CHAIN]), path, file_format, layout=layout)
    if file_format == "csv":
        found = next(csv.reader(io.StringIO(path.read_text(), newline="")))
    elif file_format == "ndjson":
        found = list(json.loads(path.read_text().splitlines()[0]))
    else:
        found = parquet.read_schema(path).names
        assert parquet.read_metadata(path).metadata[b"jauap.names"] == layout.naming.encode()
    assert tuple(found) == layout.columns


async def stream(chains: Iterable[Chain]) -> AsyncIterator[Chain]:
    for each in chains:
        yield each
