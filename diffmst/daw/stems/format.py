"""Processed stems, equally long and from 0:00, that add up to the mix before its master, and a settings sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import fill

from diffmst.daw.console_mix import Audio, ConsoleMix
from diffmst.daw.formats import Part, SessionValues
from diffmst.daw.notes import listed
from diffmst.daw.stems.sheet import settings_csv
from diffmst.daw.translation import Translation, console_effects
from diffmst.errors import UserError
from diffmst.outputs import write_text_atomically
from diffmst.progress import Advance
from diffmst.report.sheet import build_sheet
from diffmst.report.words import label

SETTINGS_CSV, SETTINGS_PAGE, README = "settings.csv", "settings.html", "README.txt"

_WIDTH = 120  # of the text, in characters

_IN_THE_STEMS = Translation("printed", "the audio of the stem", "what was set stands in the settings sheet", False)
_ON_THE_MASTER_TOO = _IN_THE_STEMS._replace(difference=f"{_IN_THE_STEMS.difference}; that of the master only there")
_OF_MASTER = Translation("absent", "the settings sheet", "the stems are the mix before its master", False)
_PRINTED_REVERB = Translation("printed", "the reverb return, an audio file", "the room itself is not there", False)


class Stems:
    """The format `stems`."""

    name = "stems"
    title = "stems with a settings sheet"
    suffix = ""
    parts: frozenset[Part] = frozenset({"processed"})
    translations: Mapping[str, Translation] = {
        **dict.fromkeys(console_effects(), _IN_THE_STEMS),
        **dict.fromkeys(("input", "eq", "compressor", "fader"), _ON_THE_MASTER_TOO),
        "image": _OF_MASTER,
        "reverb": _PRINTED_REVERB,
    }
    saves = ()
    caches = ()
    not_in_paths = ""

    def write(self, mix: ConsoleMix, folder: Path, advance: Advance) -> tuple[str, ...]:
        """Writes the stems, the return, the sheet as table and page, and what to do with them."""
        heard = [strip.processed for strip in mix.tracks if strip.processed]
        audio: list[Audio] = [*heard, mix.reverb_return]
        for one in audio:
            one.place(folder / one.path.name)
            advance(1 / len(audio))
        write_text_atomically(folder / SETTINGS_CSV, settings_csv(mix))
        steps = _steps(mix)
        write_text_atomically(folder / SETTINGS_PAGE, build_sheet(mix.document, mix.title, steps))
        write_text_atomically(folder / README, _readme(mix, steps))
        muted = [strip.name for strip in mix.tracks if strip.muted]
        notes = [f"what the master does ({_master(mix)}) is in {SETTINGS_PAGE}, not in the stems"]
        return (*notes, f"left out, as they are muted: {listed(muted)}") if muted else tuple(notes)

    def read(self, path: Path) -> SessionValues:
        """Stems say nothing of what was done to them: raises UserError."""
        raise UserError(f"{path}: stems cannot be read back; export to ardour, dawproject or reaper for that")


def _steps(mix: ConsoleMix) -> Sequence[str]:
    """What to do with the files, in sentences."""
    level = mix.stated_level()
    return (
        f"Set the project to {mix.sample_rate} Hz and bring in all WAV files at 0:00: each lasts for the whole song.",
        "The stems already have their input gain, equalizer, compressor, pan and fader, and the reverb is in "
        f"“{mix.reverb_return.path.name}”. Leave all faders at 0 dB and all pans or balances in the middle.",
        "Played together they are the mix before its master, to the sample. Put the master's settings of this sheet on "
        f"the output: {_master(mix)}, in this order."
        + (f" That is the mix as the console makes it, at {level}." if level else ""),
        "To work from the recordings instead, load your own stems and set every strip as it is drawn here.",
    )


def _master(mix: ConsoleMix) -> str:
    """The effects of the master, as `input, EQ, compressor`."""
    titles = (label(effect.name) for effect in mix.layout.master.effects)
    return ", ".join(title if title.isupper() else title.lower() for title in titles)


def _readme(mix: ConsoleMix, steps: Sequence[str]) -> str:
    paragraphs = [
        f"{mix.title}: {len(mix.tracks)} tracks, mixed by {mix.document.software}",
        "\n".join(fill(f"{number}. {step}", _WIDTH, subsequent_indent="   ") for number, step in enumerate(steps, 1)),
        _PROGRAMS,
        f"{SETTINGS_PAGE} shows every setting as on a desk, and prints; {SETTINGS_CSV} has them for spreadsheets;\n"
        "mix.json is the mix itself, which `diffmst render` makes into sound.",
    ]
    return "\n\n".join(paragraphs) + "\n"


_PROGRAMS = """\
Logic Pro: set File > Project Settings > Audio > Sample Rate. Select all WAV files in the Finder, drag them to an empty
  place in the tracks area at bar 1, and choose "Create new tracks". Do not let Logic import tempo information.
Pro Tools: make a session at this rate, 32-bit float. File > Import > Audio, choose all, then "New Track" at "Session
  Start". Pan stereo tracks hard left and right, as they come.
Ableton Live: set Settings > Audio > In/Out Sample Rate, and switch off Record/Warp/Launch > Auto-Warp Long Samples.
  Select all files and hold Ctrl (Cmd on a Mac) while you drop them at 1.1.1, so that each gets a track of its own.
Any other: one stereo track per file from the beginning, nothing on it, and no stretching to a tempo."""

FORMAT = Stems()
