"""The folder of the gateway that `jauap bench` measures: key, secret, tickets, settings."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from gateway import config
from gateway.commands.bench_subjects import HOST, PASSWORD, SHORT_CODE
from gateway.keys import read_key_file
from lookup.registry.importing import import_bodies, import_tickets
from lookup.registry.source import Registry

FIRST_TICKET: Final = 61_200_000_010_000_000  # shown in 18 digits, with the zero in front

_STORE: Final = """\
[store]
url = "sqlite://{folder}/journal.db"
key_file = "{folder}/jauap.key"

[logs]
level = "warning"

[[source]]
name = "registry"
path = "{folder}/tickets.db"
"""
_SMS: Final = """
[http]
listen = "{host}:0"

[[link]]
name = "bench"
host = "{host}"
port = {port}
system_id = "{short_code}"
password_file = "{folder}/secret"
short_codes = ["{short_code}"]
window = {window}
tps_max = 0
receipts = {receipts}
"""
_CALLS: Final = """
[http]
listen = "{host}:{port}"
public_url = "http://{host}:{port}"

[[ivr]]
name = "1414"
dialect = "twiml"
path = "{path}"
secret_file = "{folder}/secret"
numbers = ["1414"]
"""


def number(index: int) -> str:
    """The ticket number of that place."""
    return f"{FIRST_TICKET + index:018d}"


async def make_folder(
    folder: Path, *, port: int, window: int, tickets: int, receipts: bool
) -> Path:
    """Fill `folder`; the path of the settings. The link goes to `port` on this machine."""
    text = _SMS.format(
        folder=folder, host=HOST, port=port, short_code=SHORT_CODE, window=window,
        receipts=str(receipts).lower(),
    )  # fmt: skip
    return await _fill(folder, text, PASSWORD, tickets)


async def make_call_folder(
    folder: Path, *, port: int, path: str, secret: str, tickets: int
) -> Path:
    """The same for calls, which come to `path` on `port`, signed with `secret`."""
    text = _CALLS.format(folder=folder, host=HOST, port=port, path=path)
    return await _fill(folder, text, secret, tickets)


async def _fill(folder: Path, settings: str, secret: str, tickets: int) -> Path:
    keys = read_key_file(folder / "jauap.key", create=True)
    (folder / "secret").write_text(secret, encoding="ascii")
    feed = folder / "tickets.ndjson"
    with feed.open("wb") as file:
        for index in range(tickets):
            file.write(msgspec.json.encode(_ticket(index)) + b"\n")
    registry = await Registry.open(folder / "tickets.db", create=True)
    try:
        await import_bodies(registry, config.folder() / "demo" / "bodies.json")
        await import_tickets(registry, [feed], hash_phone=keys.owner, pause_ms=0)
    finally:
        await registry.close()
    path = folder / "jauap.toml"
    path.write_text(_STORE.format(folder=folder) + settings, encoding="utf-8")
    return path


def _ticket(index: int) -> dict[str, object]:
    """One appeal as a feed has it; all of it follows from its place."""
    at = f"2026-10-{index % 28 + 1:02d}T10:00:00+05:00"
    return {
        "kind": "appeal",
        "number": number(index),
        "number_shown": number(index),
        "source_system": "bench",
        "created_at": at,
        "first_filed_at": at,
        "status": ("registered", "in_review", "extended")[index % 3],
        "status_at": at,
        "body_id": ("almaty-akimat", "karaganda-police", "tax-shymkent")[index % 3],
        "due_on": f"2026-12-{index % 28 + 1:02d}",
        "due_basis": "backend",
        "events": [],
    }
