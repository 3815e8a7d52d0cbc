"""The folder a reconciliation is handed on in: it appears whole, in place of an earlier one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from gateway.billing.whole_file import create, sync, sync_folder

SUMMARY: Final = "summary.json"
PRIVATE_FOLDER: Final = 0o700


class OutFolder:
    """`path` gets its files all at once, when `finish` is called; they hold plain MSISDNs, so
    that only their owner may read them. Raises OSError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_name(path.name + ".part")
        self._old = path.with_name(path.name + ".old")
        if path.exists() and not (path / SUMMARY).is_file() and any(path.iterdir()):
            raise FileExistsError(
                f"{path}: holds something else than a reconciliation; name another folder"
            )
        self.close()
        self._part.mkdir(mode=PRIVATE_FOLDER, parents=True)

    def write(self, name: str, lines: Iterable[bytes]) -> None:
        with create(self._part / name) as file:
            file.writelines(lines)
            sync(file)

    def write_summary(self, summary: Mapping[str, Any]) -> None:
        text = json.dumps(summary, ensure_ascii=False, indent=2)
        self.write(SUMMARY, [text.encode(), b"\n"])

    def finish(self) -> None:
        if self._path.exists():
            shutil.rmtree(self._old, ignore_errors=True)  # a crash left it
            self._path.replace(self._old)
        self._part.replace(self._path)
        shutil.rmtree(self._old, ignore_errors=True)
        sync_folder(self._path.parent)

    def close(self) -> None:
        """Remove what is not finished."""
        shutil.rmtree(self._part, ignore_errors=True)
