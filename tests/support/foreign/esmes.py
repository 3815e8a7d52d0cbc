"""The foreign ESMEs that are scripts, and what each of them can tell."""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    script: str
    splits: bool  # a long text by itself
    tells_version: bool = True
    tells_refusal: bool = True
    enquires: bool = True


KINDS = {
    "npm": Kind("npm/esme.js", splits=False),
    "smpplib": Kind("peers/smpplib_esme.py", splits=True),
    "aiosmpplib": Kind("peers/aiosmpplib_esme.py", splits=True),
    "smpp34": Kind(
        "peers/smpp34_esme.py",
        splits=False,
        tells_version=False,
        tells_refusal=False,  # a refused bind is a time-out to it
        enquires=False,
    ),
}
