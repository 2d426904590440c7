"""What a REAPER project says of the console, whoever has saved it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from diffmst.daw.decibels import to_db
from diffmst.daw.formats import SessionValues
from diffmst.daw.reaper import identity, remarks
from diffmst.daw.reaper.chains import PlacedEffect, effects
from diffmst.daw.reaper.chunks import Chunk, Line, from_text, number_at
from diffmst.daw.reaper.identity import BUS_KEY, PRINTED_KEY, Table
from diffmst.daw.reaper.mixer import panned
from diffmst.daw.reaper.project import MASTER_SCRIPT, REVERB_SCRIPT, TRACK_SCRIPT
from diffmst.daw.reaper.sliders import OUTPUT_GAIN, Slider, from_row, reverb_sliders, strip_sliders
from diffmst.errors import UserError
from diffmst.layout import LAYOUTS, Layout, Section

_MASTER = "master"


class _Strip(NamedTuple):
    """A track, the bus or the master, with what is ours of it.

    Attributes:
        name: for people.
        fader_db: its fader.
        sliders: values of its script by control; empty where the script is gone.
        remarks: on what the console cannot say.
    """

    name: str
    fader_db: float
    sliders: Mapping[str, float]
    remarks: tuple[str, ...]


def read_project(path: Path) -> SessionValues:
    """Reads a project that `to_project` has written, and that REAPER may have saved again.

    Raises:
        UserError: it cannot be read, or does not come from `diffmst export`.
    """
    project = _parsed(path)
    table = identity.from_project(project)
    layout = next((layout for name, layout in LAYOUTS.items() if table and name == table.layout), None)
    if table is None or layout is None:
        raise UserError(f"{path}: says nothing of a mix; give a project that `diffmst export --to reaper` wrote")
    tracks = list(project.chunks("TRACK"))
    found = identity.matched(table, tracks)
    return _values(project, tracks, table, found, layout)


def _parsed(path: Path) -> Chunk:
    try:
        project = from_text(path.read_text(encoding="utf-8", errors="replace"))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; give a project that `diffmst export --to reaper` wrote") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError:
        project = Chunk(("",))
    if project.tag != "REAPER_PROJECT":
        raise UserError(f"{path}: is no REAPER project, or not all of one; save it in REAPER again")
    return project


def _values(
    project: Chunk, tracks: list[Chunk], table: Table, found: Mapping[str, Chunk], layout: Layout
) -> SessionValues:
    """All that the project says, with the remarks in the order of its tracks."""
    channels = {told.key: told.channels for told in table.tracks}
    of_mix = {key: track for key, track in found.items() if key not in (BUS_KEY, PRINTED_KEY)}
    strips = {key: _track(track, layout.track, table.length_s) for key, track in of_mix.items()}
    sends, on_sends = _sends(found.get(BUS_KEY), tracks, of_mix)
    master = _master(project, layout.master)
    bus = _bus(found.get(BUS_KEY), layout)
    return SessionValues(
        tracks={
            key: {
                **_settled(strip, layout.track),
                "panner.pan": panned(number_at(of_mix[key].line("VOLPAN"), 1, 0.0), channels[key]),
                **({"send.gain_db": sends[key]} if key in sends else {}),
            }
            for key, strip in strips.items()
        },
        master=_settled(master, layout.master),
        fx=bus.sliders if bus else {},
        return_gain_db=bus.fader_db if bus else 0.0,
        muted={key: number_at(track.line("MUTESOLO"), 0, 0.0) != 0 for key, track in of_mix.items()},
        names={key: strip.name for key, strip in strips.items() if strip.name},
        ignored=(
            *(remark for strip in (*strips.values(), bus, master) if strip for remark in strip.remarks),
            *on_sends,
            *remarks.on_printed(_name(found.get(PRINTED_KEY)), found.get(PRINTED_KEY)),
            *remarks.on_strangers(tracks, table, list(found.values())),
        ),
    )


def _settled(strip: _Strip, section: Section) -> dict[str, float]:
    """The settings of a strip; gain behind it goes to its fader, or to the makeup gain where it has none."""
    values = {control: value for control, value in strip.sliders.items() if control in section.params}
    behind_db = strip.fader_db + strip.sliders.get(OUTPUT_GAIN, 0.0)
    if "fader.gain_db" in section.params:
        return values | {"fader.gain_db": behind_db}
    return values | {name: value + behind_db for name, value in values.items() if name == "compressor.makeup_db"}


def _name(track: Chunk | None) -> str:
    return next(iter(track.line("NAME")), "") if track else ""


def _track(track: Chunk, section: Section, length_s: float) -> _Strip:
    name = _name(track)
    chain = _effects(track)
    own, on_script = _own(name, chain, TRACK_SCRIPT, strip_sliders(section))
    said = (*on_script, *remarks.on_track(name, track, length_s), *remarks.on_effects(name, chain, TRACK_SCRIPT))
    return _Strip(name, _fader_db(track.line("VOLPAN")), own, said)


def _bus(track: Chunk | None, layout: Layout) -> _Strip | None:
    if track is None:
        return None
    name = _name(track)
    chain = _effects(track)
    own, on_script = _own(name, chain, REVERB_SCRIPT, reverb_sliders(layout.fx))
    said = (*on_script, *remarks.on_bus(name, track), *remarks.on_effects(name, chain, REVERB_SCRIPT))
    return _Strip(name, _fader_db(track.line("VOLPAN")), own, said)


def _master(project: Chunk, section: Section) -> _Strip:
    chain = list(effects(project.chunk("MASTERFXLIST"), is_on=project.line("MASTER_FX") != ("0",)))
    own, on_script = _own(_MASTER, chain, MASTER_SCRIPT, strip_sliders(section))
    said = (*on_script, *remarks.on_master(project), *remarks.on_effects(_MASTER, chain, MASTER_SCRIPT))
    return _Strip(_MASTER, _fader_db(project.line("MASTER_VOLUME")), own, said)


def _own(
    name: str, chain: list[PlacedEffect], script: str, sliders: tuple[Slider, ...]
) -> tuple[dict[str, float], tuple[str, ...]]:
    """The values of our script on a chain, and what is to be said of it."""
    ours = [effect for effect in chain if effect.is_script(script)]
    first = next((effect for effect in ours if effect.is_heard), next(iter(ours), None))
    values = from_row(sliders, first.values) if first else {}
    return values, tuple(remarks.on_script(name, script, ours))


def _effects(track: Chunk) -> list[PlacedEffect]:
    return list(effects(track.chunk("FXCHAIN"), is_on=track.line("FX")[:1] != ("0",)))


def _sends(
    bus: Chunk | None, tracks: list[Chunk], of_mix: Mapping[str, Chunk]
) -> tuple[dict[str, float], tuple[str, ...]]:
    """Levels of the sends of the tracks to the bus, dB, and what is to be said of them; a send that is gone is off."""
    if bus is None:
        return {}, (remarks.NO_BUS,)
    keys = {id(track): key for key, track in of_mix.items()}
    volumes = dict.fromkeys(of_mix, 0.0)
    said: list[str] = []
    for source, line in _receives(bus, tracks):
        if (key := keys.get(id(source))) is None:
            continue
        if number_at(line, 4, 0.0) == 0:  # not muted
            volumes[key] += number_at(line, 2, 1.0)
        said += remarks.on_send(_name(source), line)
    return {key: to_db(volume) for key, volume in volumes.items()}, tuple(said)


def _receives(bus: Chunk, tracks: list[Chunk]) -> Iterator[tuple[Chunk, Line]]:
    for line in bus.lines("AUXRECV"):
        number = int(number_at(line, 0, -1))
        if 0 <= number < len(tracks):
            yield tracks[number], line


def _fader_db(line: Line) -> float:
    return to_db(number_at(line, 0, 1.0))
