"""What zeep makes of a reply, in plain values."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from lxml import etree

from lookup.soap.values import plain


@pytest.mark.parametrize(
    "value",
    [None, True, 7, 1.5, "text", Decimal("1E+999999999"), date(2026, 1, 2), datetime(2026, 1, 2)],  # noqa: DTZ001
)
def test_what_a_field_map_reads_stays_as_it_is(value: object) -> None:
    assert plain({"a": [value]}) == {"a": [value]}


@pytest.mark.parametrize("value", [b"octets", timedelta(1), (2026, 10, None), object()])
def test_what_no_field_can_hold_is_nothing(value: object) -> None:
    assert plain([value]) == [None]


def test_elements_of_no_known_schema_become_what_they_look_like() -> None:
    whole = etree.fromstring(
        '<x xmlns="urn:x"><No>7</No><At>1</At><At>2</At><In><Deep/></In><?pi?></x>'
    )
    inside = {"No": "7", "At": ["1", "2"], "In": {"Deep": None}}
    assert plain({"_value_1": whole}) == {"_value_1": inside}
    assert plain([each for each in whole if isinstance(each.tag, str)]) == inside
