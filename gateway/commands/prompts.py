"""`jauap prompts`: the recordings that calls are answered with."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress

from gateway.calls.recordings import ESPEAK, clips_needed, prompts_folder
from gateway.commands.options import json_option, settings_option, show
from gateway.rules import load_rules
from gateway.settings import Settings, SettingsError
from ivr.prompts.building import LISTS, Built, build
from ivr.prompts.checking import Checked, check
from ivr.prompts.folder import RecordingsError
from ivr.prompts.speaker import Speaker

FAULTS_SHOWN_MAX = 200


@click.group()
def prompts() -> None:
    """Recordings of what a caller hears."""


@prompts.command("build")
@settings_option
@click.option(
    "--folder", type=click.Path(path_type=Path), help="Instead of the one of the settings."
)
@json_option
def build_prompts(settings: Settings, folder: Path | None, as_json: bool) -> None:
    """Make placeholders for missing clips, note new recordings, write the studio's lists."""
    folder = folder or prompts_folder(settings)
    espeak = shutil.which(ESPEAK)
    speaker = Speaker(espeak) if espeak is not None else None
    needed = clips_needed(load_rules(settings))
    with _as_settings_error(), _progress(quiet=as_json) as on_progress:
        built = asyncio.run(build(folder, needed, speaker, on_progress))

    def tell() -> None:
        for language, each in built.items():
            click.echo(_line(language, each))
        if any(each.placeholders for each in built.values()):
            click.echo(
                f"Placeholders are {ESPEAK}'s voice, to try calls with: no voice for citizens."
            )
        click.echo(f"What a studio must record: {folder / LISTS}/<language>.csv and .html")

    document = {language: _document(folder, language, each) for language, each in built.items()}
    show({"folder": str(folder), "languages": document}, as_json, tell)
    if any(each.missing for each in built.values()):
        if speaker is None:
            click.echo(f"{ESPEAK} is not installed: there are no placeholders", err=True)
        click.echo("jauap prompts check tells of each that cannot be played what to do", err=True)
        sys.exit(1)


@prompts.command("check")
@settings_option
@click.option(
    "--folder", type=click.Path(path_type=Path), help="Instead of the one of the settings."
)
@click.option("--final", is_flag=True, help="A placeholder is a finding too.")
@json_option
def check_prompts(settings: Settings, folder: Path | None, final: bool, as_json: bool) -> None:
    """Find recordings that are missing, faulty, or of a text that has changed since."""
    folder = folder or prompts_folder(settings)
    needed = clips_needed(load_rules(settings))
    with _as_settings_error():
        checked = check(folder, needed, final=final)

    def tell() -> None:
        for problem in checked.problems[:FAULTS_SHOWN_MAX]:
            click.echo(f"{problem.file}: {problem.what}: {problem.detail}")
        left = len(checked.problems) - FAULTS_SHOWN_MAX
        if left > 0:
            click.echo(f"... and {left} more; --json shows all")
        for path in checked.unused:
            click.echo(f"{path}: no text needs it; is its name right?")
        click.echo(_sum(checked))

    show(_found(checked), as_json, tell)
    if checked.problems:
        sys.exit(1)


def _line(language: str, built: Built) -> str:
    recorded = built.clips - len(built.wanted)
    return (
        f"{language}  {built.clips} clips: {recorded} recorded, {built.placeholders} placeholders "
        f"({built.made} made now), {built.missing} cannot be played"
    )


def _sum(checked: Checked) -> str:
    languages = "; ".join(
        f"{language} {count} clips, {checked.placeholders[language]} placeholders"
        for language, count in checked.clips.items()
    )
    return f"{languages}; {len(checked.problems)} findings"


def _document(folder: Path, language: str, built: Built) -> dict[str, Any]:
    return {
        "clips": built.clips,
        "recorded": built.clips - len(built.wanted),
        "placeholders": built.placeholders,
        "placeholders_made": built.made,
        "missing": built.missing,
        "lists": [str(folder / LISTS / f"{language}.{kind}") for kind in ("csv", "html")],
    }


def _found(checked: Checked) -> dict[str, Any]:
    return {
        "findings": [problem._asdict() for problem in checked.problems],
        "unused": list(checked.unused),
        "clips": dict(checked.clips),
        "placeholders": dict(checked.placeholders),
    }


@contextmanager
def _as_settings_error() -> Iterator[None]:
    try:
        yield
    except RecordingsError as problem:
        raise SettingsError(str(problem)) from problem


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """A bar a language at a terminal, nothing elsewhere."""
    console = Console(stderr=True, quiet=quiet)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bars:
        tasks: dict[str, Any] = {}

        def on_progress(language: str, done: int, clips: int) -> None:
            if language not in tasks:
                tasks[language] = bars.add_task(language, total=clips)
            bars.update(tasks[language], completed=done)

        yield on_progress
