"""What every table of the settings file is made of. Pure."""

from __future__ import annotations

import msgspec


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the settings file: unknown keys are refused."""
