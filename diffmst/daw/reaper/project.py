"""A mix as the text of a REAPER project."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from diffmst.daw.console_mix import Audio, ConsoleMix, Strip
from diffmst.daw.decibels import to_amplitude
from diffmst.daw.naming import BUS_NAME
from diffmst.daw.reaper.chunks import Chunk
from diffmst.daw.reaper.identity import BUS_KEY, PRINTED_KEY, Table, Told, guid, to_chunk
from diffmst.daw.reaper.mixer import HIGHEST_FADER_DB, pan_knob, send_volume
from diffmst.daw.reaper.sliders import OUTPUT_GAIN, Slider, reverb_sliders, row, strip_sliders
from diffmst.layout import Section

MEDIA_FOLDER = "Media"
EFFECTS_FOLDER = "Effects"
TRACK_SCRIPT, MASTER_SCRIPT, REVERB_SCRIPT = "track.jsfx", "master.jsfx", "reverb.jsfx"
"""In `EFFECTS_FOLDER`, where a project looks for scripts of its own."""

_PROGRAM = "7.0"  # the version whose projects these are
_STEREO_BALANCE = 3  # pan mode


class Fader(NamedTuple):
    """A gain shared by a fader and the strip behind which it stands.

    Attributes:
        fader_db: as far as it goes.
        output_db: what is left.
    """

    fader_db: float
    output_db: float


def fader(values: Mapping[str, float]) -> Fader:
    """Where the fader of a strip goes; a strip without one stays at 0 dB."""
    gain_db = values.get("fader.gain_db", 0.0)
    fader_db = min(gain_db, HIGHEST_FADER_DB)
    return Fader(fader_db, gain_db - fader_db)


def to_project(mix: ConsoleMix) -> Chunk:
    """All of the project."""
    project = Chunk(("REAPER_PROJECT", "0.1", _PROGRAM, "0"))
    project.items.append(_notes(mix))
    project.add("PANLAW", 1)
    project.add("PANMODE", _STEREO_BALANCE)
    project.add("SAMPLERATE", mix.sample_rate, 1, 0)
    project.add("TEMPO", *mix.tempo)
    _add_master(project, mix)
    project.items += [_track(mix, strip) for strip in mix.tracks]
    project.items.append(_bus(mix))
    if mix.has_reverb():
        project.items.append(_printed_return(mix))
    project.items.append(to_chunk(_table(mix)))
    return project


def _notes(mix: ConsoleMix) -> Chunk:
    lines = (
        f"{mix.title}, mixed by diffmst. Each track has its strip as an effect: input gain, equalizer, compressor.",
        "Faders, pans and sends are those of REAPER. The reverb is an effect on its bus and follows the sends; the",
        "muted track below it is the same reverb as audio, to be heard instead where the effect takes too much work.",
        "Scripts are in Effects, audio is in Media: keep both beside the project.",
        "`diffmst import` brings what you change here back into the mix.",
    )
    return Chunk(("NOTES", "0", "2"), [(f"|{line}",) for line in lines])


def _add_master(project: Chunk, mix: ConsoleMix) -> None:
    share = fader(mix.master.values)
    project.add("MASTER_NCH", 2, 2)
    project.add("MASTER_VOLUME", to_amplitude(share.fader_db), 0, -1, -1, 1)
    project.add("MASTER_PANMODE", _STEREO_BALANCE)
    project.add("MASTER_FX", 1)
    project.add("MASTERMUTESOLO", 0)
    chain = _strip_chain(mix, mix.master, mix.layout.master, MASTER_SCRIPT)
    project.items.append(Chunk(("MASTERFXLIST",), chain))


def _track(mix: ConsoleMix, strip: Strip) -> Chunk:
    assert strip.audio, "the format asks for the stems"
    knob = pan_knob(strip.values["panner.pan"], strip.audio.channels)
    track = _new_track(mix, strip.key, strip.name)
    track.add("PANLAWFLAGS", knob.taper)
    track.add("VOLPAN", to_amplitude(fader(strip.values).fader_db), knob.position, knob.law, -1, 1)
    track.add("MUTESOLO", int(strip.muted), 0, 0)
    _add_routing(track)
    track.items.append(Chunk(("FXCHAIN",), _strip_chain(mix, strip, mix.layout.track, TRACK_SCRIPT)))
    track.items.append(_item(mix, strip.name, strip.audio))
    return track


def _bus(mix: ConsoleMix) -> Chunk:
    track = _new_track(mix, BUS_KEY, BUS_NAME)
    track.add("VOLPAN", 1, 0, -1, -1, 1)
    track.add("MUTESOLO", 0, 0, 0)
    _add_routing(track)
    for number, strip in enumerate(mix.tracks):
        # From track, behind its fader and pan, volume, pan, mute, mono, phase, channels from and to, law, MIDI.
        level = send_volume(strip.values["send.gain_db"])
        track.add("AUXRECV", number, 0, level, 0, 0, 0, 0, 0, 0, "-1:U", 0, -1, "")
    sliders = reverb_sliders(mix.layout.fx)
    track.items.append(Chunk(("FXCHAIN",), _chain(mix, BUS_KEY, REVERB_SCRIPT, sliders, mix.fx)))
    return track


def _printed_return(mix: ConsoleMix) -> Chunk:
    track = _new_track(mix, PRINTED_KEY, mix.reverb_name)
    track.add("VOLPAN", 1, 0, -1, -1, 1)
    track.add("MUTESOLO", 1, 0, 0)
    _add_routing(track)
    track.items.append(_item(mix, mix.reverb_name, mix.reverb_return))
    return track


def _new_track(mix: ConsoleMix, key: str, name: str) -> Chunk:
    track = Chunk(("TRACK", guid(mix.title, key)))
    track.add("NAME", name)
    track.add("TRACKID", guid(mix.title, key))
    return track


def _add_routing(track: Chunk) -> None:
    track.add("NCHAN", 2)
    track.add("FX", 1)
    track.add("MAINSEND", 1, 0)


def _strip_chain(mix: ConsoleMix, strip: Strip, section: Section, script: str) -> list[tuple[str, ...] | Chunk]:
    values = {**strip.values, OUTPUT_GAIN: fader(strip.values).output_db}
    return _chain(mix, strip.key, script, strip_sliders(section), values)


def _chain(
    mix: ConsoleMix, key: str, script: str, sliders: tuple[Slider, ...], values: Mapping[str, float]
) -> list[tuple[str, ...] | Chunk]:
    chain = Chunk(("FXCHAIN",))
    for name in ("SHOW", "LASTSEL", "DOCKED"):
        chain.add(name, 0)
    chain.add("BYPASS", 0, 0, 0)
    chain.items.append(Chunk(("JS", f"<Project>/{script}", ""), [row(sliders, values)]))
    chain.add("FXID", guid(mix.title, f"{key} {script}"))
    chain.add("WAK", 0, 0)
    return chain.items


def _item(mix: ConsoleMix, name: str, audio: Audio) -> Chunk:
    item = Chunk(("ITEM",))
    item.add("POSITION", 0)
    item.add("LENGTH", mix.frames / mix.sample_rate)
    item.add("LOOP", 0)
    for fade in ("FADEIN", "FADEOUT"):
        item.add(fade, 1, 0, 0, 1, 0, 0, 0)
    item.add("NAME", name)
    item.add("VOLPAN", 1, 0, 1, -1)
    item.add("SOFFS", 0)
    item.add("PLAYRATE", 1, 1, 0, -1, 0, 0.0025)
    item.add("CHANMODE", 0)
    item.add("GUID", guid(mix.title, f"item {audio.path.name}"))
    source = Chunk(("SOURCE", "WAVE"))
    source.add("FILE", f"{MEDIA_FOLDER}/{audio.path.name}")
    item.items.append(source)
    return item


def _table(mix: ConsoleMix) -> Table:
    return Table(mix.layout.name, mix.frames / mix.sample_rate, tuple(_told(mix)))


def _told(mix: ConsoleMix) -> Iterator[Told]:
    for strip in mix.tracks:
        assert strip.audio
        yield Told(guid(mix.title, strip.key), strip.key, strip.audio.channels, strip.audio.path.name, strip.name)
    yield Told(guid(mix.title, BUS_KEY), BUS_KEY, 2, "", BUS_NAME)
    yield Told(guid(mix.title, PRINTED_KEY), PRINTED_KEY, 2, mix.reverb_return.path.name, mix.reverb_name)
