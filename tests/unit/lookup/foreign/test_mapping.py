from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookup.feed.fields import Refused
from lookup.feed.parts import PARTS
from lookup.feed.row import EVENT_FIELDS, TICKET_FIELDS, row_of
from lookup.foreign.mapping import FieldMap
from lookup.foreign.paths import MapError
from lookup.foreign.table import EVENT_FORMS, TICKET_FORMS
from tests.support.feed import appeal, fine, hash_phone, inspection

MAP = """
[fields]
number = "reg.no"
number_shown = "reg.no"
status = "state.code"
status_at = "state.since"
owner_phones = "people.*.phone"
other_bodies = "with"
body_id = "body"
fine.amount = "penalty.sum"
"fine.conflict" = "penalty.twice"

[defaults]
kind = "fine"
due_basis = "backend"
body_id = "almaty-akimat"

[values.status]
"Наложен" = "imposed"
"Оплачен" = "paid"
"?" = ""

[values.fine.conflict]
"да" = true

[formats]
patterns = ["dd.mm.yyyy hh:mm", "dd.mm.yyyy"]

[amounts]
unit = "tiyn"

[lists]
other_bodies = ","

[events]
path = "steps"

[events.fields]
at = "on"
stage = "what"
to_body = "whom"

[events.values.stage]
"Передано" = "forwarded"
"""
FIELDS = FieldMap.from_toml(MAP, "fines.toml")


def theirs(**changes: object) -> dict[str, Any]:
    return {
        "reg": {"no": "1975 0000 0431233"},
        "state": {"code": "ОПЛАЧЕН", "since": "03.09.2026 18:20"},
        "people": [{"phone": "8 701 000 00 14"}, {"name": "A"}],
        "with": "a, b",
        "penalty": {"sum": 1966000, "twice": "Да"},
        "clerk": "not ours to know",
        "steps": [
            {"on": "03.09.2026 18:20", "what": "Передано", "whom": "b"},
            {"on": "20.08.2026", "what": "registered", "whom": "a"},
        ],
    } | changes


def refused(record: object) -> tuple[str, str]:
    with pytest.raises(Refused) as refusal:
        row_of(FIELDS.feed_values(record), hash_phone)
    return refusal.value.field, refusal.value.reason


def test_a_record_of_theirs_becomes_a_ticket_of_the_feed() -> None:
    values = FIELDS.feed_values(theirs())
    events = values.pop("events")
    assert values == {
        "kind": "fine",
        "number": "197500000431233",
        "number_shown": "1975 0000 0431233",
        "status": "paid",
        "status_at": "2026-09-03T18:20:00+05:00",
        "body_id": "almaty-akimat",
        "other_bodies": ["a", "b"],
        "due_basis": "backend",
        "owner_phones": ["8 701 000 00 14"],
        "fine": {"amount": 19660, "conflict": True},
    }
    assert isinstance(events, list)
    assert [(e["seq"], e["at"], e["stage"], e["to_body"]) for e in events] == [
        (1, "2026-08-20", "registered", "a"),
        (2, "2026-09-03T18:20:00+05:00", "forwarded", "b"),
    ]
    assert row_of({**values, "events": events}, hash_phone).unknown_fields == ()


def test_what_the_map_does_not_name_is_not_taken() -> None:
    assert "not ours to know" not in repr(FIELDS.feed_values(theirs()))


def test_a_default_stands_in_for_a_missing_null_empty_or_unknown_value() -> None:
    for body in (None, "", " "):
        assert FIELDS.feed_values(theirs(body=body))["body_id"] == "almaty-akimat"
    assert FIELDS.feed_values(theirs(body="akim"))["body_id"] == "akim"


def test_a_word_that_nobody_mapped_is_refused_by_its_field() -> None:
    field, reason = refused(theirs(state={"code": "Списан"}))
    assert (field, reason) == ("status", "is a word that [values.status] does not map")


def test_a_status_of_another_kind_is_refused() -> None:
    assert refused(theirs(state={"code": "in_review"}))[0] == "status"


def test_our_own_code_needs_no_mapping() -> None:
    assert FIELDS.feed_values(theirs(state={"code": "bailiff"}))["status"] == "bailiff"


def test_a_word_that_says_not_known_leaves_the_field_out() -> None:
    assert refused(theirs(state={"code": "?"})) == ("status", "is missing")


def test_the_kind_is_the_callers_where_the_map_has_none() -> None:
    fields = FieldMap.from_toml('[fields]\nnumber = "n"\nstatus = "s"', "m.toml")
    record = {"n": "10000142", "s": "registered"}
    assert fields.feed_values(record, kind="appeal")["kind"] == "appeal"
    with pytest.raises(Refused, match="status"):
        fields.feed_values(record)


def test_a_step_keeps_its_id_when_others_come_before_it() -> None:
    first = FIELDS.feed_values(theirs())["events"]
    earlier = {"on": "01.08.2026", "what": "registered", "whom": "c"}
    second = FIELDS.feed_values(theirs(steps=[*theirs()["steps"], earlier]))["events"]
    assert isinstance(first, list)
    assert isinstance(second, list)
    assert [e["source_event_id"] for e in first] == [e["source_event_id"] for e in second][1:]


def test_steps_of_one_time_told_newest_first_are_put_in_their_order() -> None:
    steps = [
        {"on": "04.09.2026", "what": "forwarded", "whom": "c"},
        {"on": "03.09.2026", "what": "forwarded", "whom": "b"},
        {"on": "03.09.2026", "what": "registered", "whom": "a"},
    ]
    events = FIELDS.feed_values(theirs(steps=steps))["events"]
    assert isinstance(events, list)
    assert [event["to_body"] for event in events] == ["a", "b", "c"]


def test_a_step_told_twice_counts_once() -> None:
    events = FIELDS.feed_values(theirs(steps=theirs()["steps"] * 2))["events"]
    assert isinstance(events, list)
    assert len(events) == 2


def test_a_bad_step_is_named_by_its_place() -> None:
    assert refused(theirs(steps=[*theirs()["steps"], {"on": "?"}]))[0] == "events[2].at"
    assert refused(theirs(steps=["a"]))[0] == "events[0].record"
    assert refused(theirs(steps=[{"what": "registered"}])) == ("events[0].at", "is missing")
    assert refused(theirs(steps=[{}] * 1_001))[0] == "events"


def test_one_step_need_not_stand_in_a_list() -> None:
    events = FIELDS.feed_values(theirs(steps=theirs()["steps"][0]))["events"]
    assert isinstance(events, list)
    assert len(events) == 1
    assert "events" not in FIELDS.feed_values(theirs(steps=None))


@pytest.mark.parametrize("record", [None, [], "a", 5, [theirs()]])
def test_what_is_no_object_is_no_record(record: object) -> None:
    assert refused(record) == ("record", "must be an object, one ticket")


def test_the_number_can_be_read_where_the_rest_cannot() -> None:
    assert FIELDS.number_of(theirs(state={"code": "Списан"})) == "197500000431233"
    unreadable: list[dict[str, object]] = [
        {},
        {"reg": {}},
        {"reg": {"no": ""}},
        {"reg": {"no": []}},
    ]
    for record in unreadable:
        with pytest.raises(Refused, match="number"):
            FIELDS.number_of(record)


@pytest.mark.parametrize("ticket", [appeal(), fine(), inspection()])
def test_the_form_of_the_feed_is_left_as_it_is(ticket: dict[str, Any]) -> None:
    read = FieldMap.identity().feed_values(ticket)
    assert row_of(read, hash_phone) == row_of(ticket, hash_phone)


def test_every_field_of_the_feed_can_be_mapped() -> None:
    plain = TICKET_FIELDS - set(PARTS) - {"events"}
    assert set(TICKET_FORMS) == plain | {
        f"{part}.{field}" for part, fields in PARTS.items() for field in fields
    }
    assert set(EVENT_FORMS) == EVENT_FIELDS


def test_the_names_a_record_is_read_by_are_told() -> None:
    assert FIELDS.names == {"reg", "state", "people", "with", "body", "penalty", "steps"}


def test_a_word_of_ours_can_be_said_in_theirs() -> None:
    assert FIELDS.their_word("status", "paid") == "Оплачен"
    assert FIELDS.their_word("status", "late") == "late"
    assert FIELDS.their_word("intake", "office") == "office"


LEAST = {"number": "n", "status": "s"}


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"fields": {"status": "s"}}, "fields.number: must be mapped"),
        ({"fields": {"status": "s"}, "defaults": {"number": "1"}}, "fields.number: must be mapped"),
        ({"fields": {"number": "n"}}, "fields.status: must be mapped"),
        ({"feilds": LEAST}, "feilds: unknown; did you mean 'fields'?"),
        (
            {"fields": LEAST | {"stauts_at": "x"}},
            "fields.stauts_at: unknown; did you mean 'status_at'",
        ),
        ({"fields": LEAST | {"fine": {"sum": "x"}}}, "fields.fine.sum: unknown; "),
        ({"fields": LEAST | {"body_id": ""}}, "fields.body_id: write where it lies"),
        ({"fields": LEAST | {"body_id": 1}}, "fields.body_id: write where it lies"),
        ({"fields": LEAST, "values": {"status": {"a": "in_reveiw"}}}, "did you mean 'in_review'?"),
        ({"fields": LEAST, "values": {"status": {"a": 1}}}, "values.status.a: 1 is none of ours"),
        ({"fields": LEAST, "values": {"status": {"a": ["b"]}}}, "values.status.a: write one word"),
        ({"fields": LEAST, "values": {"status": "a"}}, "values.status: write a table"),
        ({"fields": LEAST, "values": {"kind": {"a": "fines"}}}, "did you mean 'fine'?"),
        ({"fields": LEAST, "values": {"intake": {"A": "a", "a": "b"}}}, "stands twice"),
        ({"fields": LEAST, "values": {"intakes": {}}}, "values.intakes: unknown; "),
        ({"fields": LEAST, "defaults": {"status": "opne"}}, "defaults.status: is no status; "),
        ({"fields": LEAST, "defaults": {"kind": "fines"}}, "defaults.kind: is a word that"),
        ({"fields": LEAST, "defaults": {"due_on": "1.1.2026"}}, "defaults.due_on: is a date or"),
        ({"fields": LEAST, "formats": {"patterns": []}}, "formats.patterns: write a text"),
        ({"fields": LEAST, "formats": {"patterns": "dd.mm"}}, "formats.patterns: 'dd.mm' lacks"),
        ({"fields": LEAST, "formats": {"field": {"kind": "iso"}}}, "formats.field.kind: unknown"),
        ({"fields": LEAST, "formats": {"zone": "Almaty"}}, "formats.zone: write a zone"),
        ({"fields": LEAST, "formats": {"zones": "UTC"}}, "did you mean 'zone'?"),
        ({"fields": LEAST, "amounts": {"unit": "usd"}}, "amounts.unit: write tenge or tiyn"),
        ({"fields": LEAST, "amounts": {"unit": []}}, "amounts.unit: write tenge or tiyn"),
        ({"fields": LEAST, "lists": {"status": ","}}, "lists.status: unknown; "),
        ({"fields": LEAST, "lists": {"other_bodies": ""}}, "lists.other_bodies: write the sign"),
        ({"fields": LEAST, "events": {}}, "events.path: write where it lies"),
        ({"fields": LEAST, "events": {"path": "e"}}, "events.fields.at: must be mapped"),
        ({"fields": LEAST, "events": {"path": "e", "x": 1}}, "events.x: unknown; "),
        ({"fields": LEAST, "events": "e"}, "events: write a table, [events]"),
        ({"fields": []}, "fields: write a table, [fields]"),
    ],
)
def test_a_wrong_map_is_told_by_file_key_and_remedy(table: dict[str, object], told: str) -> None:
    with pytest.raises(MapError) as error:
        FieldMap.from_table(table, "maps/fines.toml")
    assert str(error.value).startswith("maps/fines.toml: ")
    assert told in str(error.value)


def test_what_is_no_toml_is_told() -> None:
    with pytest.raises(MapError, match=r"^m\.toml: file: is not TOML: .*line 2"):
        FieldMap.from_toml("[fields]\nnumber = =", "m.toml")


_leaf = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
_json = st.recursive(
    _leaf,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)
_words = st.sampled_from(["Оплачен", "paid", "20.11.2026", "197500000431233", "registered", 5])
_nearly = st.fixed_dictionaries(
    {"reg": st.fixed_dictionaries({"no": _words | _json})},
    optional={
        "state": st.fixed_dictionaries(
            {"code": _words | _json}, optional={"since": _words | _json}
        ),
        "people": st.lists(st.fixed_dictionaries({"phone": _words | _json})) | _json,
        "with": _json,
        "penalty": st.fixed_dictionaries({"sum": _words | _json, "twice": _json}),
        "steps": st.lists(
            st.fixed_dictionaries({"on": _words | _json, "what": _words | _json}), max_size=3
        ),
    },
)


@given(_json | _nearly)
def test_any_record_is_a_ticket_or_refused(record: object) -> None:
    for fields in (FIELDS, FieldMap.identity()):
        try:
            row_of(fields.feed_values(record, kind="fine"), hash_phone)
        except Refused:
            continue
