"""The registry files that the settings name, opened for a command: the one it works on, or all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TypeVar

from gateway.settings import Settings, SettingsError
from lookup.registry.source import Registry
from lookup.registry.sqlite import RegistryError, RegistryMissingError
from lookup.source import SourceUnavailableError

T = TypeVar("T")
FED_BY_FILES = frozenset({"registry", "files"})  # types of [[source]] that have a registry file


@asynccontextmanager
async def registries_of(settings: Settings) -> AsyncIterator[list[Registry]]:
    """Open them; one that nobody has fed yet is left out. Raises SettingsError."""
    async with AsyncExitStack() as held:
        try:
            opened: list[Registry] = []
            for source in settings.source:
                if source.type in FED_BY_FILES:
                    try:
                        registry = await Registry.open(Path(source.path), name=source.name)
                    except RegistryMissingError:
                        continue
                    held.push_async_callback(registry.close)
                    opened.append(registry)
            yield opened
        except (RegistryError, SourceUnavailableError) as problem:
            raise SettingsError(str(problem)) from problem


def with_registry(
    settings: Settings, work: Callable[[Registry], Awaitable[T]], *, create: bool = False
) -> T:
    """What the work gives; the loop is the command's own. Raises SettingsError."""
    source = settings.registry()
    if source is None:
        raise SettingsError("no [[source]] of type 'registry' is set; add one with its path")

    async def run() -> T:
        registry = await Registry.open(Path(source.path), name=source.name, create=create)
        try:
            return await work(registry)
        finally:
            await registry.close()

    try:
        return asyncio.run(run())
    except RegistryError as problem:
        raise SettingsError(str(problem)) from problem
    except OSError as problem:  # of a feed, or of the rejects beside it
        where = f"{problem.filename}: " if problem.filename else ""
        raise SettingsError(f"{where}{problem.strerror}; what was stored stays") from problem
