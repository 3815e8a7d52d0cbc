"""Every registry file that the settings name, for commands that look over all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from gateway.settings import Settings, SettingsError
from lookup.registry.source import Registry
from lookup.registry.sqlite import RegistryError, RegistryMissingError
from lookup.source import SourceUnavailableError

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
