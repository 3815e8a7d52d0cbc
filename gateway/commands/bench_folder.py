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

_SETTINGS: Final = """\
[store]
url = "sqlite://{folder}/journal.db"
key_file = "{folder}/jauap.key"

[http]
listen = "{host}:0"

[logs]
level = "warning"

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

[[source]]
name = "registry"
path = "{folder}/tickets.db"
"""


def number(index: int) -> str:
    """The ticket number of that place."""
    return f"{FIRST_TICKET + index:018d}"


async def make_folder(
    folder: Path, *, port: int, window: int, tickets: int, receipts: bool
) -> Path:
    """Fill `folder`; the path of the settings. The link goes to `port` on this machine."""
    keys = read_key_file(folder / "jauap.key", create=True)
    (folder / "secret").write_text(PASSWORD, encoding="ascii")
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
    settings = folder / "jauap.toml"
    text = _SETTINGS.format(
        folder=folder, host=HOST, port=port, short_code=SHORT_CODE, window=window,
        receipts=str(receipts).lower(),
    )  # fmt: skip
    settings.write_text(text, encoding="utf-8")
    return settings


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
