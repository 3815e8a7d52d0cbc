"""The same two sides joined plainly by DuckDB: a second opinion, and how fast a join can be."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import duckdb

from gateway.core.records import Chain

_PAIRS = """
CREATE TABLE pairs AS
WITH mine AS (SELECT * FROM read_csv(?, header = true, types = {'msisdn': 'VARCHAR',
        'code': 'VARCHAR'})),
rows AS (
    SELECT row_number() OVER () + 1 AS row, "Тип" AS kind, "Абонент" AS msisdn, "Номер" AS code,
        epoch_us(strptime("Дата", '%d.%m.%Y %H:%M:%S')) - 5 * 3600000000 AS at_us,
        "Стоимость" AS price
    FROM read_csv(?, delim = ';', header = true, all_varchar = true)),
yours AS (SELECT * FROM rows WHERE kind = 'SMS' AND price <> '0,00'),
near AS (
    SELECT mine.id, mine.inside, yours.row, abs(yours.at_us - ? * 1000000 - mine.at_us) AS apart
    FROM mine JOIN yours USING (msisdn, code)
    WHERE apart <= ? * 1000000),
best AS (
    SELECT id, inside, row,
        row_number() OVER (PARTITION BY id ORDER BY apart, row) AS of_mine,
        row_number() OVER (PARTITION BY row ORDER BY apart, id) AS of_yours
    FROM near)
SELECT mine.id, yours.row, coalesce(mine.inside, true) AS inside
FROM (SELECT id, row FROM best WHERE of_mine = 1 AND of_yours = 1) found
    FULL JOIN mine USING (id) FULL JOIN yours USING (row)
"""


class Joined(NamedTuple):
    """Messages on both sides, and who is alone: our question ids, their rows."""

    pairs: int
    only_ours: frozenset[int]
    only_theirs: frozenset[int]


def write_ours(path: Path, chains: Iterable[Chain], operator: str, month: int) -> Path:
    """Our questions of one operator as a plain CSV file; `month`: YYYYMM."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(("id", "msisdn", "code", "at_us", "inside"))
        out.writerows(
            (each.question_id, each.msisdn, each.short_code, each.received_us, inside)
            for each in chains
            if each.operator == operator
            for inside in ["true" if each.day // 100 == month else "false"]
        )
    return path


def plain_join(ours: Path, theirs: Path, *, skew_s: int, window_s: int = 120) -> Joined:
    """Each row once: a pair is who is nearest to each other. `theirs`: UTF-8, of
    tests.support.operator_files."""
    with duckdb.connect(":memory:") as base:
        base.execute(_PAIRS, [str(ours), str(theirs), skew_s, window_s])
        [(pairs,)] = base.execute(
            "SELECT count(*) FROM pairs WHERE id IS NOT NULL AND row IS NOT NULL"
        ).fetchall()
        only_ours = base.execute("SELECT id FROM pairs WHERE row IS NULL AND inside").fetchall()
        only_theirs = base.execute("SELECT row FROM pairs WHERE id IS NULL").fetchall()
    return Joined(
        pairs, frozenset(id_ for (id_,) in only_ours), frozenset(row for (row,) in only_theirs)
    )
