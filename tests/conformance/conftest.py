"""The store of the conformance suites: one on each engine. A new engine is a line in ENGINES."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.store import Journal
from tests.support.journal import ENGINES, SqliteEngine


@pytest.fixture(params=ENGINES, ids=lambda engine: engine.name)
async def engine(
    request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[SqliteEngine]:
    made = tmp_path_factory.getbasetemp() / f"{request.param.name}.made"
    engine: SqliteEngine = request.param(tmp_path, made)
    yield engine
    await engine.close()


@pytest.fixture
async def store(engine: SqliteEngine) -> Journal:
    return await engine.open()
