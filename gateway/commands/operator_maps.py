"""The maps of operators' files, config/reconcile/: read for one, checked for all."""

from __future__ import annotations

from pathlib import Path

from gateway import config
from gateway.billing.reconcile.file_map import FileMap, read_map
from gateway.core.tariff_row import TariffError
from gateway.settings import SettingsError


def check_maps() -> None:
    """Read every map that is there. Raises SettingsError."""
    for name in config.names("reconcile/*.toml"):
        load_map(Path(name).stem)


def load_map(operator: str, path: Path | None = None) -> FileMap:
    """How that operator's file is read. Raises SettingsError naming the file and the key."""
    if path is None:
        name = f"reconcile/{operator}.toml"
        if name not in config.names("reconcile/*.toml"):
            raise SettingsError(
                f"{config.folder() / name}: there is no map of this operator's file; copy "
                "example.toml beside it, or name one by --map"
            )
        path = config.folder() / name
    try:
        return read_map(config.table(path.name, path.parent))
    except TariffError as problem:
        raise SettingsError(f"{path}: {problem}") from problem
