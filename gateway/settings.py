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
from typing import Any, Literal, get_args

import msgspec


class SettingsError(Exception):
    """A setting is missing, unknown or impossible; the text says which and what to do."""


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the settings file: unknown keys are refused."""


class StoreSettings(Section, frozen=True, kw_only=True):
    url: str = "sqlite:///var/lib/jauap/journal.db"
    key_file: str = "/var/lib/jauap/jauap.key"  # 0600; keys for phones, logs and fingerprints
    backlog_max: int = 1_000  # calls waiting for the writer


class TlsSettings(Section, frozen=True, kw_only=True):
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    server_name: str | None = None


class LinkSettings(Section, frozen=True, kw_only=True):
    name: str
    host: str
    port: int = 2775
    system_id: str
    password_env: str | None = None
    password_file: str | None = None
    profile: str = "default"  # config/operators/<profile>.toml
    operator: str | None = None  # as in tariffs; the link's name when not given
    bind: Literal["transceiver", "pair"] | None = None  # this and the next: None, the profile's
    binds: int | None = None
    tls: TlsSettings | Literal[False] = False
    short_codes: tuple[str, ...] = ("1012",)
    window: int | None = None  # open submits, per bind
    tps_max: int | None = None  # submits a second; 0: no limit
    receipts: bool = True  # ask for a receipt with each reply


class SourceSettings(Section, frozen=True, kw_only=True):
    name: str
    type: Literal["registry"] = "registry"
    path: str = "/var/lib/jauap/tickets.db"
    kinds: tuple[str, ...] = ("*",)


class IvrSettings(Section, frozen=True, kw_only=True):
    name: str
    dialect: Literal["twiml", "twiml-sha256", "json"]
    path: str
    secret_env: str | None = None
    secret_file: str | None = None
    numbers: tuple[str, ...] = ()
    operator_target: str | None = None  # number or SIP address a call is handed to


class HttpSettings(Section, frozen=True, kw_only=True):
    listen: str = "127.0.0.1:8080"
    public_url: str = "http://127.0.0.1:8080"
    body_size_max: int = 65_536  # octets
    trusted_proxies: tuple[str, ...] = ()  # addresses whose X-Forwarded-For is believed


class ServiceSettings(Section, frozen=True, kw_only=True):
    language: Literal["kk", "ru", "en"] = "kk"  # where a question tells nothing of its language
    node: int = 0  # 0..1023, part of every id
    old_after_days: int = 1_096  # closed longer ago: the answer is "archived"
    reply_validity_s: int = 600  # an answer later than this is not worth sending
    stop_within_s: float = 30.0  # drain at stop; afterwards the watchdog ends the process


class LookupSettings(Section, frozen=True, kw_only=True):
    batch_budget_ms: int = 150  # a batch waits so long before its questions are acknowledged alone
    source_deadline_ms: int = 1_500
    call_deadline_ms: int = 2_000
    later_after_s: int = 20  # then: "we will send the answer"
    give_up_after_s: int = 86_400
    in_flight_max: int = 64  # lookups of one source at a time
    cache_ttl_ms: int = 0  # 0: none; the embedded registry is as fast without


class PrivacySettings(Section, frozen=True, kw_only=True):
    keep_text_days: Literal[0] = 0  # texts are erased once answered


class LogSettings(Section, frozen=True, kw_only=True):
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "console"] = "json"


class Settings(Section, frozen=True, kw_only=True):
    """All settings; `Settings()` is a gateway without links, of use only to tests."""

    store: StoreSettings = StoreSettings()
    service: ServiceSettings = ServiceSettings()
    lookup: LookupSettings = LookupSettings()
    http: HttpSettings = HttpSettings()
    privacy: PrivacySettings = PrivacySettings()
    logs: LogSettings = LogSettings()
    link: tuple[LinkSettings, ...] = ()
    source: tuple[SourceSettings, ...] = ()
    ivr: tuple[IvrSettings, ...] = ()


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
    _cross_check(settings, where)
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
    raise SettingsError(f"{what}: no secret is given; set its _env or _file key")


def effective(
    settings: Settings, path: Path | None, environ: Mapping[str, str] | None = None
) -> Iterator[tuple[str, str, str]]:
    """(key, value, where it came from) of every setting; secrets are only ever names here."""
    environ = os.environ if environ is None else environ
    table = _read(path) if path else {}
    for section in Settings.__struct_fields__:
        value = getattr(settings, section)
        if isinstance(value, tuple):
            for number, item in enumerate(value):
                given = table.get(section, [])[number]
                yield from _rows(f"{section}.{item.name}", item, given, environ, "")
        else:
            yield from _rows(section, value, table.get(section, {}), environ, section.upper())


def _rows(
    prefix: str, item: Section, given: Mapping[str, Any], environ: Mapping[str, str], env: str
) -> Iterator[tuple[str, str, str]]:
    for key in item.__struct_fields__:
        variable = f"JAUAP_{env}__{key.upper()}"
        origin = "file" if key in given else "default"
        if env and variable in environ:
            origin = f"environment {variable}"
        yield f"{prefix}.{key}", str(getattr(item, key)), origin


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


def _cross_check(settings: Settings, where: str) -> None:
    for section in ("link", "source", "ivr"):
        names = [item.name for item in getattr(settings, section)]
        for name in {n for n in names if names.count(n) > 1}:
            raise SettingsError(
                f"{where}: two [[{section}]] tables are called '{name}'; rename one"
            )
    for link in settings.link:
        given = (link.window, link.binds, None if link.tps_max is None else link.tps_max + 1)
        if any(number is not None and number < 1 for number in given):
            raise SettingsError(
                f"{where}: [[link]] '{link.name}': window and binds start at 1, tps_max at 0"
            )
        if link.password_env is None and link.password_file is None:
            raise SettingsError(
                f"{where}: [[link]] '{link.name}' has no password; set password_env or "
                "password_file"
            )
    for ivr in settings.ivr:
        if ivr.path != f"/ivr/{ivr.name}":
            raise SettingsError(
                f"{where}: [[ivr]] '{ivr.name}': path must be '/ivr/{ivr.name}', not '{ivr.path}'"
            )
    if not 0 <= settings.service.node <= 1023:
        raise SettingsError(f"{where}: service.node is {settings.service.node}; it is 0 to 1023")
