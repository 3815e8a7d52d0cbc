"""What a studio has to record, as CSV and as a page to print. Pure."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ivr.speech.clips import Clip, Tone

# How a clip is to be read, for the studio's people, who may not be ours.
TONES: Mapping[Tone, str] = {
    Tone.LEVEL: "level: the sentence goes on",
    Tone.FALLING: "falling: the sentence ends",
}
COLUMNS = ("file", "text", "voice", "why")
FORMAT = "WAV, PCM 16 bit, 8000 Hz, mono; peak -3 dB; 50 to 80 ms of silence before and behind"


class Wanted(NamedTuple):
    """A clip to be recorded, and why: it is missing, a placeholder, or has a new text."""

    clip: Clip
    why: str


def as_csv(wanted: Iterable[Wanted]) -> bytes:
    """UTF-8 with a byte order mark, by which spreadsheets know Kazakh letters."""
    made = io.StringIO()
    rows = csv.writer(made)
    rows.writerow(COLUMNS)
    rows.writerows(_row(each) for each in wanted)
    return ("\ufeff" + made.getvalue()).encode()


def as_html(wanted: Sequence[Wanted], language: str) -> bytes:
    """One table, numbered; nothing in it comes from elsewhere."""
    rows = "\n".join(
        f"<tr><td>{number}</td><td><code>{html.escape(file)}</code></td>"
        f'<td lang="{language}">{html.escape(text)}</td>'
        f"<td>{html.escape(voice)}</td><td>{html.escape(why)}</td></tr>"
        for number, (file, text, voice, why) in enumerate(map(_row, wanted), start=1)
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>To be recorded: {language}</title>
<style>
body {{ font: 12pt sans-serif }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ border: 1px solid #888; padding: 3pt 5pt; text-align: left; vertical-align: top }}
tr {{ break-inside: avoid }}
</style>
</head>
<body>
<h1>To be recorded: {language}, {len(wanted)} clips</h1>
<p>One speaker for all. {html.escape(FORMAT)}. Each clip is a file of the name given.</p>
<table>
<thead><tr><th>no.</th><th>file</th><th>text</th><th>voice</th><th>why</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
</body>
</html>
""".encode()


def _row(wanted: Wanted) -> tuple[str, str, str, str]:
    clip = wanted.clip
    return f"{clip.language}/{clip.id}.wav", clip.text, TONES[clip.tone], wanted.why
