"""The pure core put together from config/: read once at start, checked by `jauap check`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple

from gateway import config
from gateway.clock import KAZAKHSTAN, zone_problem
from gateway.core import intents, tariff_check
from gateway.core.bases import Bases
from gateway.core.catalogue import Catalogue
from gateway.core.civil import Civil
from gateway.core.conversation import Conversation
from gateway.core.kind_tables import unlike
from gateway.core.kinds import Kinds
from gateway.core.memory import Limits, answerable_source
from gateway.core.number_words import NumberWords
from gateway.core.reading import Reading
from gateway.core.silence import Served, Silence, unknown_bases
from gateway.core.statuses import Statuses
from gateway.core.tariff import TariffError, Tariffs
from gateway.core.telling import Telling
from gateway.core.terms import Terms
from gateway.core.words import Words
from gateway.core.workdays import Workdays
from gateway.settings import Settings, SettingsError
from lookup.source import ANY_KIND
from smpp.operators import DEFAULT, OperatorProfile, ProfileError, from_table

TARIFFS = "config/tariffs.toml: "  # before each sentence on it


class Rules(NamedTuple):
    """What the gateway goes by; nothing in it does I/O."""

    kinds: Kinds
    words: Words
    sms: Catalogue
    voice: Catalogue
    statuses: Statuses
    bases: Bases
    workdays: Workdays
    terms: Terms
    telling: Telling
    tariffs: Tariffs
    number_words: NumberWords
    conversation: Conversation
    read: Callable[[str | None], Reading]
    may_answer: Callable[[str], bool]  # False: short codes, our own numbers, landlines


def load_rules(settings: Settings, root: Path | None = None) -> Rules:
    """Read config/. Raises SettingsError naming the file, the key and the remedy."""
    if (problem := zone_problem()) is not None:
        raise SettingsError(problem)
    try:
        kinds = Kinds.from_table(config.table("kinds.toml", root))
        words = Words.from_table(config.table("keywords.toml", root))
        catalogue = config.table("catalogue.toml", root)
        sms = Catalogue.from_tables(catalogue, "sms", _languages("replies", root))
        voice = Catalogue.from_tables(catalogue, "voice", _languages("voice", root))
        statuses = Statuses.from_table(config.table("statuses.toml", root), sms, voice)
        bases = Bases.from_table(config.table("bases.toml", root))
        workdays = _workdays(root)
        terms = Terms.from_table(
            config.table("terms.toml", root),
            {code: kind.rows.keys() for code, kind in statuses.kinds.items()},
            workdays,
            Civil(KAZAKHSTAN),
        )
        tariffs = _tariffs(root)
        number_words = NumberWords.from_table(config.table("spoken_number.toml", root))
    except ValueError as wrong:
        raise SettingsError(f"{root or config.folder()}: {wrong}") from wrong
    telling = Telling(
        sms,
        statuses,
        {kind: kinds.nouns(kind) for kind in kinds.names},
        terms=terms,
        old_after_days=settings.service.old_after_days,
    )
    served = {each.name: Served(each.kinds, each.base) for each in settings.source}
    wrong_sources = [*unknown_bases(bases, served), *_unknown_kinds(served, kinds)]
    if wrong_sources:
        raise SettingsError(wrong_sources[0])
    own = _own_numbers(settings)
    conversation = Conversation(
        kinds=kinds,
        catalogue=sms,
        telling=telling,
        limits=Limits(),
        language=settings.service.language,
        silence=Silence(bases, served),
    )
    reading = intents.Rules(kinds, words)
    return Rules(
        kinds=kinds,
        words=words,
        sms=sms,
        voice=voice,
        statuses=statuses,
        bases=bases,
        workdays=workdays,
        terms=terms,
        telling=telling,
        tariffs=tariffs,
        number_words=number_words,
        conversation=conversation,
        read=lambda text: intents.read(text, reading),
        may_answer=lambda msisdn: answerable_source(msisdn, own),
    )


def load_profile(name: str, root: Path | None = None) -> OperatorProfile:
    """An operator's profile from config/operators/. Raises SettingsError."""
    if name == "default":
        return DEFAULT
    known = [Path(path).stem for path in config.names("operators/*.toml", root)]
    if name not in known:
        raise SettingsError(
            f"profile '{name}': there is no config/operators/{name}.toml; known are "
            f"{', '.join(['default', *known])}"
        )
    try:
        return from_table(config.table(f"operators/{name}.toml", root))
    except ProfileError as problem:
        raise SettingsError(str(problem)) from problem


def problems(rules: Rules) -> list[str]:
    """What is wrong with the files of config/, a sentence each."""
    return [
        *rules.sms.check(),
        *rules.voice.check(),
        *rules.statuses.check(),
        *unlike(rules.kinds, rules.words.kinds(), rules.statuses),
        *rules.bases.check(),
        *rules.workdays.check(),
        *rules.terms.check(),
        *(TARIFFS + problem for problem in tariff_check.check(rules.tariffs).problems),
    ]


def tariff_warnings(settings: Settings, tariffs: Tariffs, today: date) -> list[str]:
    """What may be meant in the price table and may be a slip, a sentence each."""
    links = [call.name for call in settings.ivr]
    operators = {peer.operator or peer.name for peer in settings.peers()}
    warnings = [
        *tariff_check.check(tariffs).warnings,
        *tariff_check.unknown_names(tariffs, {*operators, *links, "web"}, links, today),
    ]
    return [TARIFFS + warning for warning in warnings]


def _own_numbers(settings: Settings) -> frozenset[str]:
    """What this service is called by: no reply goes there."""
    short_codes = {code for peer in settings.peers() for code in peer.short_codes}
    return frozenset(short_codes.union(*(call.numbers for call in settings.ivr)))


def _tariffs(root: Path | None) -> Tariffs:
    try:
        return Tariffs.from_table(config.table("tariffs.toml", root))
    except TariffError as wrong:
        raise SettingsError(f"{root or config.folder()}/tariffs.toml: {wrong}") from wrong


def _workdays(root: Path | None) -> Workdays:
    files = config.names("calendar/*.toml", root)
    return Workdays.from_tables({Path(name).stem: config.table(name, root) for name in files})


def _unknown_kinds(served: Mapping[str, Served], kinds: Kinds) -> list[str]:
    known = {ANY_KIND, *kinds.names}
    return [
        f"[[source]] '{name}': there is no kind '{kind}'; known are {', '.join(kinds.names)}"
        for name, source in served.items()
        for kind in source.kinds
        if kind not in known
    ]


def _languages(folder: str, root: Path | None) -> dict[str, dict[str, object]]:
    return {code: config.table(f"{folder}/{code}.toml", root) for code in config.LANGUAGES}
