"""The data shipped in config/: read once at start, checked by `jauap check`."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from gateway.settings import SettingsError

LANGUAGES = ("kk", "ru", "en")


def folder() -> Path:
    """config/ as the wheel ships it, else as it lies beside the packages."""
    shipped = Path(__file__).parent / "_config"
    return shipped if shipped.is_dir() else Path(__file__).parent.parent / "config"


def table(name: str, root: Path | None = None) -> dict[str, Any]:
    """One TOML file of config/. Raises SettingsError naming the file and the line."""
    path = (root or folder()) / name
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise SettingsError(f"{path}: cannot be read ({problem.strerror})") from problem
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise SettingsError(f"{path}: is not TOML: {problem}") from problem


def names(pattern: str, root: Path | None = None) -> list[str]:
    """Names of the files of config/ that match, such as "operators/*.toml"."""
    base = root or folder()
    return sorted(path.relative_to(base).as_posix() for path in base.glob(pattern))
