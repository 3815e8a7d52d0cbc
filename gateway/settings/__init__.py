"""Settings: TOML file, `JAUAP_<SECTION>__<KEY>` in the environment above it, secrets by name.

The only place that reads `os.environ`. Every problem is a `SettingsError` whose text names the
file, the key and the remedy; the command line prints it and exits with 2.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import msgspec

from gateway.settings.checks import SettingsError, check
from gateway.settings.section import Section
from gateway.settings.sources import SourceSettings
from gateway.settings.tables import (
    HttpSettings,
    IvrSettings,
    LinkSettings,
    LogSettings,
    LookupSettings,
    OperatorsSettings,
    PrivacySettings,
    PromptsSettings,
    ServerTlsSettings,
    ServiceSettings,
    Settings,
    SmscAccountSettings,
    SmscSettings,
    StoreSettings,
    TlsSettings,
)

__all__ = [
    "HttpSettings",
    "IvrSettings",
    "LinkSettings",
    "LogSettings",
    "LookupSettings",
    "OperatorsSettings",
    "PrivacySettings",
    "PromptsSettings",
    "Section",
    "ServerTlsSettings",
    "ServiceSettings",
    "Settings",
    "SettingsError",
    "SmscAccountSettings",
    "SmscSettings",
    "SourceSettings",
    "StoreSettings",
    "TlsSettings",
    "effective",
    "load",
    "secret",
]

_UNKNOWN = re.compile(r"unknown field `(?P<key>[^`]*)`(?: - at `\$\.?(?P<where>[^`]*)`)?")


def load(path: Path | None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read the file (None: defaults alone), lay the environment over it, check everything.

    Raises SettingsError.
    """
    environ = os.environ if environ is None else environ
    where = str(path) if path else "the defaults"
    table = _read(path) if path else {}
    _overlay(table, environ)
    try:
        settings = msgspec.convert(table, Settings, strict=False)
    except msgspec.ValidationError as problem:
        raise SettingsError(_explain(where, str(problem))) from problem
    check(settings, where)
    return settings


def secret(what: str, env: str | None, file: str | None) -> str:
    """A secret named by `*_env` or `*_file`. Raises SettingsError naming what it is for."""
    if env and file:
        raise SettingsError(f"{what}: give either the _env or the _file key, not both")
    if env:
        value = os.environ.get(env)
        if value is None:
            raise SettingsError(f"{what}: the environment variable {env} is not set; export it")
        return value
    if file:
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except OSError as problem:
            raise SettingsError(
                f"{what}: cannot read {file} ({problem.strerror}); check path and rights"
            ) from problem
        except UnicodeDecodeError:  # not as its cause: that one holds the octets
            raise SettingsError(f"{what}: {file} is no text in UTF-8; write it anew") from None
    raise SettingsError(f"{what}: no secret is given; set its _env or _file key")


def effective(
    settings: Settings, path: Path | None, environ: Mapping[str, str] | None = None
) -> Iterator[tuple[str, str, str]]:
    """(key, value, where it came from) of every setting; secrets are only ever names here."""
    environ = os.environ if environ is None else environ
    table = _read(path) if path else {}
    for section in Settings.__struct_fields__:
        given = table.get(section, {})
        yield from _flat(section, getattr(settings, section), given, environ, section.upper())


def _flat(
    prefix: str, value: Any, given: Any, environ: Mapping[str, str], env: str
) -> Iterator[tuple[str, str, str]]:
    """The rows of a table or a list of tables, and of those inside it."""
    if isinstance(value, tuple):
        for number, item in enumerate(value):
            yield from _flat(f"{prefix}.{item.name}", item, given[number], environ, "")
        return
    for key in value.__struct_fields__:
        inner = getattr(value, key)
        if isinstance(inner, Section) or (isinstance(inner, tuple) and _are_tables(inner)):
            yield from _flat(f"{prefix}.{key}", inner, given.get(key, ()), environ, "")
            continue
        variable = f"JAUAP_{env}__{key.upper()}"
        origin = "file" if key in given else "default"
        if env and variable in environ:
            origin = f"environment {variable}"
        shown = "(hidden)" if key == "password_hash" and inner else str(inner)
        yield f"{prefix}.{key}", shown, origin


def _are_tables(value: tuple[Any, ...]) -> bool:
    return any(isinstance(each, Section) for each in value)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise SettingsError(
            f"{path}: cannot be read ({problem.strerror}); give another file with -c"
        ) from problem
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise SettingsError(f"{path}: is not TOML: {problem}") from problem


def _overlay(table: dict[str, Any], environ: Mapping[str, str]) -> None:
    for name, value in sorted(environ.items()):
        if not name.startswith("JAUAP_") or "__" not in name:
            continue
        section, _, key = name.removeprefix("JAUAP_").lower().partition("__")
        default = getattr(Settings(), section, None)
        if not isinstance(default, Section):
            known = ", ".join(s.upper() for s in _plain_sections())
            raise SettingsError(f"{name}: there is no such section; known are {known}")
        table.setdefault(section, {})[key] = value


def _plain_sections() -> list[str]:
    empty = Settings()
    return [n for n in Settings.__struct_fields__ if isinstance(getattr(empty, n), Section)]


def _explain(where: str, problem: str) -> str:
    unknown = _UNKNOWN.search(problem)
    if unknown is None:
        return f"{where}: {problem}"
    key, place = unknown["key"], unknown["where"] or ""
    keys = _keys_at(place)
    near = difflib.get_close_matches(key, keys, n=1, cutoff=0.5)
    hint = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(keys)}"
    return f"{where}: unknown key '{key}'{f' in [{place}]' if place else ''}; {hint}"


def _keys_at(place: str) -> list[str]:
    """Known keys of a table named as msgspec names it: "", "store", "link[...].tls"."""
    struct: type[Section] = Settings
    for step in filter(None, re.sub(r"\[[^\]]*\]", "", place).split(".")):
        fields = {f.encode_name: f.type for f in msgspec.structs.fields(struct)}
        struct = _struct_in(fields.get(step, Settings)) or struct
    return list(struct.__struct_fields__)


def _struct_in(annotation: Any) -> type[Section] | None:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next((s for a in get_args(annotation) if (s := _struct_in(a))), None)
