"""A short run of schemathesis over the whole HTTP of a started service: every check holds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.fuzz.api import PHASES, started, tried

EXAMPLES = 12  # of each operation, besides those that its contract and its edges give
LEAST = 1_000  # requests: fewer would mean that it did not try


@pytest.mark.timeout(180)
async def test_the_service_keeps_to_its_contract_whatever_is_asked(tmp_path: Path) -> None:
    async with started(tmp_path) as (service, key):
        figures = await tried(service, key, EXAMPLES, 1, PHASES)
        assert service.running
        assert service.events("request_failed") == []
    assert not figures.failed, figures.report
    assert figures.requests > LEAST, figures.report
    assert not [status for status in figures.statuses if status >= 500]
    assert re.search(r"API Links:\s+[1-9]", figures.report), "no ticket that was pushed was read"
    assert {200, 201, 401, 404, 405, 409, 415, 422} <= figures.statuses.keys()
