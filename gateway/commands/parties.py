"""The legal names of both sides of an act, config/parties.toml: read, and checked by `check`."""

from __future__ import annotations

from pathlib import Path

from gateway import config
from gateway.billing.parties import Parties
from gateway.core.tariff_row import TariffError
from gateway.settings import SettingsError

_SHIPPED = "parties.toml"


def load_parties(path: Path | None = None) -> Parties:
    """Those of the file, else of config/. Raises SettingsError naming the file and the key."""
    path = path or config.folder() / _SHIPPED
    try:
        return Parties.from_table(config.table(path.name, path.parent))
    except TariffError as problem:
        raise SettingsError(f"{path}: {problem}") from problem
