from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ivr.prompts.building import PLACEHOLDER, Built, build
from ivr.prompts.folder import RecordingsError, read_manifest, read_recordings
from ivr.prompts.manifest import Made
from ivr.prompts.quality import judge
from ivr.prompts.recordings import Missing
from ivr.prompts.speaker import Speaker
from ivr.speech.clips import Clip, Tone
from tests.support.recordings import clip, inventory_of, recorded, tone
from tests.support.speaker import SILENT, make_speaker, runs

DUE, END = clip("due", "Срок", tone=Tone.LEVEL), clip("goodbye", "До свидания!")
VOICE = recorded(tone(90))


class Studio:
    """A folder, built again and again as texts and files change."""

    def __init__(self, folder: Path, program: Path | None) -> None:
        self.folder = folder / "prompts"
        self.program = program

    async def build(
        self, *clips: Clip, on_progress: Callable[[str, int, int], None] = lambda *_: None
    ) -> Built:
        speaker = Speaker(str(self.program)) if self.program else None
        return (await build(self.folder, inventory_of(*clips), speaker, on_progress))["ru"]

    def deliver(self, each: Clip, file: bytes = VOICE) -> None:
        self.file(each).write_bytes(file)

    def file(self, each: Clip) -> Path:
        return self.folder / "ru" / f"{each.id}.wav"

    def playable(self, *clips: Clip) -> list[str]:
        found = read_recordings(self.folder, inventory_of(*clips))
        return [each.id for each in clips if found.get("ru", each.id)]


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path, make_speaker(tmp_path))


def whys(built: Built) -> dict[str, str]:
    return {each.clip.id: each.why for each in built.wanted}


async def test_missing_clips_get_placeholders_that_are_known_as_such(studio: Studio) -> None:
    told: list[tuple[str, int, int]] = []
    built = await studio.build(DUE, END, on_progress=lambda *each: told.append(each))
    assert (built.clips, built.placeholders, built.made, built.missing) == (2, 2, 2, 0)
    assert whys(built) == {"due": PLACEHOLDER, "goodbye": PLACEHOLDER}
    assert told == [("ru", 1, 2), ("ru", 2, 2)]
    entries = read_manifest(studio.folder)
    assert [(entry.text, entry.made) for entry in entries.values()] == [
        ("Срок", Made.PLACEHOLDER), ("До свидания!", Made.PLACEHOLDER),
    ]  # fmt: skip
    assert studio.playable(DUE, END) == ["due", "goodbye"]


async def test_a_second_time_nothing_is_made(studio: Studio) -> None:
    await studio.build(DUE, END)
    before = studio.file(DUE).read_bytes()
    built = await studio.build(DUE, END)
    assert (built.placeholders, built.made) == (2, 0)
    assert studio.file(DUE).read_bytes() == before
    assert runs(studio.program or Path()) == 2


async def test_a_delivered_recording_takes_the_place_of_the_placeholder(studio: Studio) -> None:
    await studio.build(DUE, END)
    studio.deliver(DUE)
    assert studio.playable(DUE, END) == ["due", "goodbye"]  # before it is even noted
    built = await studio.build(DUE, END)
    assert whys(built) == {"goodbye": PLACEHOLDER}
    assert studio.file(DUE).read_bytes() == VOICE
    assert read_manifest(studio.folder)["ru", "due"].made is Made.RECORDED


async def test_recordings_can_come_before_the_first_build(studio: Studio) -> None:
    studio.file(DUE).parent.mkdir(parents=True)
    studio.deliver(DUE)
    assert studio.playable(DUE) == []
    built = await studio.build(DUE)
    assert (built.wanted, built.made) == ((), 0)
    assert studio.playable(DUE) == ["due"]


async def test_a_changed_text_makes_the_placeholder_anew(studio: Studio) -> None:
    await studio.build(DUE)
    before = studio.file(DUE).read_bytes()
    changed = DUE._replace(text="Крайний срок")
    assert studio.playable(changed) == []
    assert (await studio.build(changed)).made == 1
    assert studio.file(DUE).read_bytes() != before
    assert studio.playable(changed) == ["due"]


async def test_a_recording_of_the_old_text_is_kept_unplayed_until_the_new_one_comes(
    studio: Studio,
) -> None:
    await studio.build(DUE)
    studio.deliver(DUE)
    await studio.build(DUE)
    changed = DUE._replace(text="Крайний срок")
    for _ in range(2):
        built = await studio.build(changed)
        assert whys(built) == {"due": Missing.OTHER_TEXT}
        assert (built.missing, built.made) == (1, 0)
        assert studio.playable(changed) == []
        assert studio.file(DUE).read_bytes() == VOICE
    assert studio.playable(DUE) == ["due"]  # the text taken back
    studio.deliver(DUE, recorded(tone(120)))
    assert studio.playable(changed) == ["due"]
    assert (await studio.build(changed)).wanted == ()


async def test_a_delivery_says_what_the_last_list_asked_for(studio: Studio) -> None:
    """The text changed after the list went out: the delivery is of the old one."""
    await studio.build(DUE)
    studio.deliver(DUE)
    changed = DUE._replace(text="Крайний срок")
    assert studio.playable(changed) == []
    assert whys(await studio.build(changed)) == {"due": Missing.OTHER_TEXT}


async def test_without_a_manifest_a_placeholder_is_not_taken_for_a_voice(studio: Studio) -> None:
    await studio.build(DUE)
    (studio.folder / "manifest.json").unlink()
    built = await studio.build(DUE)
    assert (whys(built), built.made) == ({"due": PLACEHOLDER}, 1)


async def test_a_recording_that_cannot_be_played_is_asked_for_again(studio: Studio) -> None:
    await studio.build(DUE)
    studio.deliver(DUE, b"ID3")
    built = await studio.build(DUE)
    assert (whys(built), built.missing) == ({"due": Missing.FORMAT}, 1)
    assert studio.file(DUE).read_bytes() == b"ID3"


@pytest.mark.parametrize("program", [None, SILENT])
async def test_what_nobody_speaks_is_missing_and_asked_for(
    tmp_path: Path, program: str | None
) -> None:
    studio = Studio(tmp_path, make_speaker(tmp_path, program) if program else None)
    built = await studio.build(DUE)
    assert (whys(built), built.missing) == ({"due": Missing.NO_FILE}, 1)
    studio.file(DUE).parent.mkdir(exist_ok=True)
    studio.deliver(DUE)
    changed = DUE._replace(text="Крайний срок")
    assert studio.playable(changed) == []
    assert studio.playable(DUE) == ["due"]


async def test_what_no_text_needs_is_forgotten_once_its_file_is_gone(studio: Studio) -> None:
    await studio.build(DUE, END)
    await studio.build(END)
    assert ("ru", "due") in read_manifest(studio.folder)
    without = Studio(studio.folder.parent, None)
    without.file(DUE).unlink()
    without.file(END).unlink()
    await without.build(DUE, END)
    await without.build(END)
    assert set(read_manifest(studio.folder)) == {("ru", "goodbye")}


async def test_the_lists_name_what_is_to_be_recorded(studio: Studio) -> None:
    await studio.build(DUE, END)
    studio.deliver(END)
    await studio.build(DUE, END)
    for kind in ("csv", "html"):
        told = (studio.folder / "studio" / f"ru.{kind}").read_text(encoding="utf-8")
        assert "due.wav" in told
        assert "goodbye.wav" not in told


async def test_the_voice_goes_on_or_falls_as_the_clip_says(
    tmp_path: Path,
) -> None:
    program = make_speaker(
        tmp_path,
        "import sys; open(sys.argv[0] + '.said', 'ab').write(sys.stdin.buffer.read() + b'|')",
    )
    falling = clip("digit-5-end", "пять")
    await Studio(tmp_path, program).build(clip("digit-5", "пять", tone=Tone.LEVEL), falling, END)
    said = Path(f"{program}.said").read_text(encoding="utf-8").split("|")
    assert sorted(said) == ["", "До свидания!", "пять,", "пять."]


async def test_a_placeholder_by_espeak_has_no_fault(tmp_path: Path) -> None:
    program = shutil.which("espeak-ng")
    assert program, "install espeak-ng: `make tools` does"
    studio = Studio(tmp_path, Path(program))
    await studio.build(DUE, END)
    assert [judge(studio.file(each).read_bytes()) for each in (DUE, END)] == [[], []]


async def test_a_folder_that_cannot_be_written_is_told(studio: Studio) -> None:
    studio.folder.write_bytes(b"")
    with pytest.raises(RecordingsError, match="prompts"):
        await studio.build(DUE)


async def test_one_file_that_cannot_be_read_or_written_is_told(studio: Studio) -> None:
    studio.file(DUE).mkdir(parents=True)
    with pytest.raises(RecordingsError, match=r"due\.wav: cannot be read"):
        await studio.build(DUE, END)
    studio.file(DUE).rename(studio.file(DUE).with_suffix(".wav.part"))
    with pytest.raises(RecordingsError, match=r"due\.wav: cannot be written"):
        await studio.build(DUE, END)
