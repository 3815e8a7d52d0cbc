"""Which base citizens are told does not answer now. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

from gateway.core.bases import Bases
from gateway.core.reading import Asked
from lookup.source import ANY_KIND

# What a kind's base is called where the settings name none: keys of config/bases.toml.
BASE_OF_KIND: Final[Mapping[str, str]] = {
    "appeal": "appeals",
    "crime_report": "police",
    "investigation": "prosecutor",
    "inspection": "inspections",
    "fine": "fines",
}
BASE_OF_OTHERS: Final = "services"


class Served(NamedTuple):
    """A source of the settings: the kinds it serves, and the base it is known as, if named."""

    kinds: Collection[str]
    base: str | None = None


class Silence:
    """The names of silent bases; `sources` by name."""

    def __init__(self, bases: Bases, sources: Mapping[str, Served]) -> None:
        self._bases = bases
        self._sources = sources

    def base(
        self, silent: Sequence[str], asked: Asked, told: Collection[str] = ()
    ) -> Mapping[str, str] | None:
        """The first of the silent sources that matters, as citizens know it, by language.

        `told` are the kinds found all the same. None: a kind word narrowed the question, it was
        found, and who is silent serves only other kinds.
        """
        wanted = asked.kinds
        if told and set(wanted).isdisjoint(told):
            wanted += asked.other_kinds
        missing = tuple(kind for kind in wanted if kind not in told) or wanted
        for kinds in (missing, wanted):
            for name in silent:
                source = self._sources.get(name)
                served = kinds if source is None else _served(source, kinds)
                if served:
                    named = source.base if source is not None else None
                    return self._name(named or BASE_OF_KIND.get(served[0], BASE_OF_OTHERS))
        return None if told else self._name(BASE_OF_KIND.get(wanted[0], BASE_OF_OTHERS))

    def _name(self, key: str) -> Mapping[str, str]:
        return self._bases.by_language(key)


def unknown_bases(bases: Bases, sources: Mapping[str, Served]) -> list[str]:
    """What is wrong with `base` of the settings, a sentence each."""
    known = ", ".join(bases.names)
    return [
        f"[[source]] '{name}': no base '{source.base}' in config/bases.toml; known are {known}"
        for name, source in sources.items()
        if source.base is not None and source.base not in bases.names
    ]


def _served(source: Served, kinds: Sequence[str]) -> tuple[str, ...]:
    if ANY_KIND in source.kinds:
        return tuple(kinds)
    return tuple(kind for kind in kinds if kind in source.kinds)
