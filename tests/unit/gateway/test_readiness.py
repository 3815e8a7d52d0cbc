"""Recordings and whether the service is ready; sources: tests of gateway.sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import pytest

from gateway.carriers import Carriers
from gateway.metrics import Metrics
from gateway.readiness import Readiness
from gateway.sources.opening import Sources
from gateway.store.journal import Journal
from gateway.waiting import Waiting
from ivr.prompts import Prompts
from ivr.prompts.recordings import Missing, Recordings

COMPLETE = Recordings({}, {"kk": {}, "ru": {}})
LACKING = Recordings({}, {"kk": {"menu": Missing.NO_FILE}, "ru": {}})


class _Well:
    """What readiness asks besides recordings, all of it well."""

    writable = True
    links: Sequence[object] = ()
    server = None

    async def health(self) -> _Well:
        return self

    def _asdict(self) -> Mapping[str, object]:
        return {}

    def owing(self) -> Mapping[str, object]:
        return {}

    def tls(self) -> Mapping[str, object]:
        return {}


async def told(recordings: Recordings | None, *, required: bool) -> tuple[bool, Any]:
    well = _Well()
    prompts = recordings and Prompts(recordings=recordings, espeak=None, public_url="", key=b"")
    page = Readiness(
        journal=cast(Journal, well),
        carriers=cast(Carriers, well),
        sources=Sources(),
        waiting=cast(Waiting, well),
        metrics=Metrics(),
        prompts=prompts,
        prompts_required=required,
    )
    ok, detail = await page.ready(draining=False)
    return ok, detail["recordings"]


@pytest.mark.parametrize(
    ("recordings", "required", "ready"),
    [
        (COMPLETE, True, True),
        (LACKING, True, False),
        (LACKING, False, True),
        (None, True, True),
    ],
)
async def test_missing_recordings_are_a_failure_only_where_they_are_required(
    recordings: Recordings | None, required: bool, ready: bool
) -> None:
    assert (await told(recordings, required=required))[0] is ready


async def test_missing_recordings_are_told_by_language() -> None:
    _, detail = await told(LACKING, required=False)
    assert detail == {
        "kk": {"missing": 1, "placeholders": 0},
        "ru": {"missing": 0, "placeholders": 0},
    }
    assert (await told(None, required=False))[1] is None
