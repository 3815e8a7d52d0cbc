"""`python -m tests.support.month_of_three_million FOLDER [COUNT [EVERY]]`: a busy month of four
operators through every command that closes it, as its owner runs them: exports, verify,
reconciliation with each operator, acts, reports. What each of them says is held against the truth
of tests.support.month_on_disk, and its time and largest memory are told: FOLDER/figures.json.

By hand for millions: making the journal takes longer than reading it. A folder made once is used
again.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tests.support.busy_calls import NUMBERS
from tests.support.busy_month import FIRST_DAY, LAST_DAY, MONTH
from tests.support.month_on_disk import EVERY
from tests.support.month_steps import NAMES, Month

COUNT: Final = 3_000_000
FORMS: Final = ("csv", "ndjson", "parquet")
ACTS: Final = ("json", "html", "pdf")
DAYS: Final = ("--from", str(FIRST_DAY), "--to", str(LAST_DAY))


def exports(month: Month) -> None:
    expected = month.exported()
    for form in FORMS:
        month.jauap(
            f"export {form}", "export", *DAYS, "--format", form, month.out / f"month.{form}",
            ends=(0,), check=lambda told: differ(expected, told),
        )  # fmt: skip

    def check(told: Any) -> list[str]:
        sums = {key: sum(each[key] for each in told["files"]) for key in expected}
        files = len(MONTH.days()) * (len(NAMES) + len(NUMBERS) + 1)  # and the page's
        return differ({**expected, "files": files}, {**sums, "files": len(told["files"])})

    month.jauap("export daily", "export", *DAYS, "--daily", month.out / "daily", ends=(0,),
                check=check)  # fmt: skip


def verify(month: Month) -> None:
    counts, calls = month.truth["all"], month.truth["calls"]
    expected = {
        "questions": counts["questions"],
        "entries": counts["entries"] + month.by_hand("entries"),
        "charged_tiyn": counts["charged_tiyn"],
        "credited_tiyn": counts["credited_tiyn"] + month.by_hand("soon_tiyn", "late_tiyn"),
        "calls": calls["all_legs"],
        "calls_open": calls["all_open"],
        "payer_tiyn": calls["all_tiyn"],
        "findings_count": 0,
    }
    rows = expected["entries"] + calls["all_records"]
    sealed = {"rows": rows, "older": 0, "heads": 1, "findings_count": 0}

    def check(told: Any) -> list[str]:
        seals = told["sealed"]
        witnessed = {"witnessed": seals["last_batch"]}
        return differ(expected, told) + differ(sealed | witnessed, seals)

    head = month.out / "daily" / f"ledger-{NAMES[0]}-{LAST_DAY}.csv"
    month.jauap("verify", "verify", "--head", head, ends=(0,), check=check)
    month.jauap(
        "verify, no seals", "verify", "--no-seals", ends=(0,),
        check=lambda told: differ(expected, told),
    )  # fmt: skip


def reconcile(month: Month, name: str) -> None:
    """Every difference found, of its class and cause, and none besides: by their numbers in the
    summary, and phone by phone in the files."""
    out = month.out / f"reconciled-{name}"
    truth = {(cls, cause): n for cls, cause, n in month.truth["operators"][name]["causes"]}
    matched = truth.pop(("matched", ""))

    def check(told: Any) -> list[str]:
        causes = {(each["class"], each["cause"]): each["rows"] for each in told["causes"]}
        wrong = differ(truth, causes)
        wrong += differ({"matched": matched}, {"matched": told["classes"]["matched"]["rows"]})
        found, true = rows_told(out), rows_true(month.folder / f"truth-{name}.csv")
        wrong += [f"invented: {row}" for row in (found - true)][:10]
        return wrong + [f"not found: {row}" for row in (true - found)][:10]

    month.jauap(
        f"reconcile {name}", "reconcile", "--operator", name, "--month", MONTH,
        "--map", month.folder / f"{name}.toml", "--out", out, month.folder / f"{name}.csv",
        ends=(0, 1), check=check,
    )  # fmt: skip


def rows_told(folder: Path) -> Counter[tuple[str, ...]]:
    found = Counter[tuple[str, ...]]()
    for cls in ("only_ours", "only_theirs", "differing"):
        with (folder / f"{cls}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                found[row["class"], row["cause"], row["msisdn"]] += 1
    return found


def rows_true(path: Path) -> Counter[tuple[str, ...]]:
    with path.open(encoding="utf-8", newline="") as file:
        return Counter(map(tuple, csv.reader(file)))


def acts(month: Month, forms: Sequence[str]) -> None:
    """Those of all operators, in all languages and forms. What was credited after the month's close
    stands in the next act."""

    def check(_: Any) -> list[str]:
        return [f"{name}: {wrong}" for name in NAMES for wrong in _act(month, name)]

    reconciled = [month.out / f"reconciled-{name}" / "summary.json" for name in NAMES]
    month.jauap(
        "acts", "act", "--all", "--month", MONTH,
        *(part for path in reconciled for part in ("--reconciled", path)),
        *(part for form in forms for part in ("--format", form)),
        *(part for each in ("kk", "ru", "en") for part in ("--language", each)), month.out,
        ends=(0,), check=check,
    )  # fmt: skip


def _act(month: Month, name: str) -> list[str]:
    truth = month.truth["operators"][name]
    by_hand = month.by_hand("soon_tiyn", operators=(name,))
    told = json.loads((month.out / f"act-{name}-{MONTH}.json").read_bytes())
    lines = dict(told["by_result"])
    sums = ("questions", "parts", "gross_tiyn", "charged_tiyn", "credited_tiyn")
    expected = {
        "questions": month.sums("questions", name),
        "parts": month.sums("parts", name),
        "gross_tiyn": month.sums("rated_tiyn", name),
        "charged_tiyn": month.sums("charged_tiyn", name),
        "credited_tiyn": month.sums("credited_tiyn", name) + by_hand,
        "duplicates": month.sums("duplicates", name),
        "segments": month.sums("replies", name),
        "results": dict(sorted(truth["results"].items())),
        "reconciled": next(n for cls, _, n in truth["causes"] if cls == "matched"),
        "draft": False,
    }
    more = {
        "duplicates": told["duplicates"],
        "segments": sum(n for _, n in told["out"]),
        "results": {result: lines[result]["questions"] for result in sorted(lines)},
        "reconciled": told["reconciled"]["classes"]["matched"]["rows"],
        "draft": told["draft"],
    }
    return differ(expected, {key: sum(line[key] for line in lines.values()) for key in sums} | more)


def report(month: Month) -> None:
    """By operator; its sums are those of the export."""
    path = month.out / "report.csv"
    exported = month.exported()
    expected = {
        name: [month.sums("questions", name), month.sums("charged_tiyn", name)] for name in NAMES
    }
    expected["total"] = [month.sums("questions"), exported["charged_tiyn"]]

    def check(_: Any) -> list[str]:
        with path.open(encoding="utf-8", newline="") as file:
            rows = {row["operator"]: row for row in csv.DictReader(file)}
        told = {
            name: [int(rows[name]["questions"]), int(rows[name]["charged_tiyn"])]
            for name in expected
        }
        sums = {key: int(rows["total"][key]) for key in ("gross_tiyn", "credited_tiyn")}
        return differ(expected, told) + differ({key: exported[key] for key in sums}, sums)

    month.jauap("report", "report", *DAYS, "--by", "operator", path, ends=(0,), check=check)


def differ(expected: dict[Any, Any], told: dict[Any, Any]) -> list[str]:
    """Where what was told is not what is true."""
    return [
        f"{key}: told {told.get(key)}, true {value}"
        for key, value in expected.items()
        if told.get(key) != value
    ] + [f"{key}: not expected" for key in told.keys() - expected.keys() if isinstance(key, tuple)]


def close(
    folder: Path, count: int = COUNT, every: int = EVERY, *, forms: Sequence[str] = ACTS
) -> Month:
    """Everything, in the order in which a month is closed; `forms`: those of the acts."""
    month = Month(folder)
    month.lay_out(count, every)
    exports(month)
    verify(month)
    for name in NAMES:
        reconcile(month, name)
    acts(month, forms)
    report(month)
    month.write_figures()
    return month


if __name__ == "__main__":
    closed = close(Path(sys.argv[1]), *map(int, sys.argv[2:4]))
    sys.exit(any(step.wrong for step in closed.steps))
