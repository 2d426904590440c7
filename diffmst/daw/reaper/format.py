"""The format `reaper`: a folder with a project, its audio, and our strip and reverb as scripts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from diffmst.daw.console_mix import ConsoleMix
from diffmst.daw.formats import Part, SessionValues
from diffmst.daw.reaper.chunks import to_text
from diffmst.daw.reaper.jsfx import NOISE_NAME, reverb_script, strip_script
from diffmst.daw.reaper.mixer import HIGHEST_FADER_DB
from diffmst.daw.reaper.project import (
    EFFECTS_FOLDER,
    MASTER_SCRIPT,
    MEDIA_FOLDER,
    REVERB_SCRIPT,
    TRACK_SCRIPT,
    fader,
    to_project,
)
from diffmst.daw.reaper.reading import read_project
from diffmst.daw.reaper.reverb_noise import noise_taps, write_noise
from diffmst.daw.translation import Translation
from diffmst.outputs import write_errors, write_text_atomically
from diffmst.progress import Advance

_STRIP = "our strip as JSFX"
_TRANSLATIONS = {
    "input": Translation("exact", _STRIP),
    "eq": Translation("exact", _STRIP),
    "compressor": Translation("exact", _STRIP),
    "panner": Translation(
        "exact",
        "pan knob, law −3 dB and sine taper (mono) or 0 dB and linear taper (stereo), as REAPER documents it",
    ),
    "image": Translation("exact", f"{_STRIP}, on the master"),
    "fader": Translation("exact", f"fader; what is above {HIGHEST_FADER_DB:+g} dB in the output gain of the strip"),
    "send": Translation("exact", "send behind the fader"),
    "reverb": Translation("exact", "our reverb as JSFX; also printed, on a muted track"),
}


class Reaper:
    """The format `reaper`; see `Format`."""

    name = "reaper"
    title = "REAPER 7 and later"
    suffix = ".rpp"
    parts: frozenset[Part] = frozenset({"sources"})
    translations: Mapping[str, Translation] = _TRANSLATIONS
    saves = ("*.rpp", "*.rpp-bak", "*.rpp-undo")
    caches = ("*.reapeaks",)
    not_in_paths = ""

    def write(self, mix: ConsoleMix, folder: Path, advance: Advance) -> tuple[str, ...]:
        """See `Format.write`."""
        played = [strip.audio for strip in mix.tracks if strip.audio is not None]
        if mix.has_reverb():
            played.append(mix.reverb_return)
        share = 1 / (len(played) + 1)
        for audio in played:
            audio.place(folder / MEDIA_FOLDER / audio.path.name)
            advance(share)
        _write_effects(mix, folder / EFFECTS_FOLDER)
        advance(share)
        write_text_atomically(folder / f"{mix.title}{self.suffix}", to_text(to_project(mix)))
        return tuple(_notes(mix))

    def read(self, path: Path) -> SessionValues:
        """See `Format.read`."""
        return read_project(path)


def _write_effects(mix: ConsoleMix, folder: Path) -> None:
    with write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    write_text_atomically(folder / TRACK_SCRIPT, strip_script(mix.layout.track, "track"))
    write_text_atomically(folder / MASTER_SCRIPT, strip_script(mix.layout.master, "master"))
    taps = noise_taps(mix)
    write_text_atomically(folder / REVERB_SCRIPT, reverb_script(mix.layout.fx, mix.sample_rate, taps))
    write_noise(folder / NOISE_NAME, mix.sample_rate, taps)


def _notes(mix: ConsoleMix) -> Iterator[str]:
    for strip in (*mix.tracks, mix.master):
        if (output_db := fader(strip.values).output_db) > 0:
            yield (
                f"{strip.name}: the fader ends at {HIGHEST_FADER_DB:+g} dB; the other {output_db:.1f} dB are the "
                "output gain of the strip"
            )
    if not mix.has_sends():
        longest_s = noise_taps(mix) / mix.sample_rate
        yield (
            f"nothing is sent to the reverb, so that it came with decays of up to {longest_s:g} s alone; "
            "export again with a send turned up for longer ones"
        )


FORMAT = Reaper()
