"""Balanced mixes: what can be made of stems alone, without a song to mix like."""

from pathlib import Path
from statistics import median

import torch

from diffmst.adjust import with_ends
from diffmst.gauge import regauged, usual_gauge
from diffmst.layout import DEFAULT, Layout, Section
from diffmst.listening import Heard
from diffmst.mix import Mix, TrackMix, relative_path
from diffmst.mix_parts import Ends
from diffmst.prior import level_control
from diffmst.task import Task, prepare
from diffmst.tidy import tidy

_GAINS = ("input.gain_db", "fader.gain_db")


def balanced(heard: Heard, folder: Path, layout: Layout = DEFAULT) -> Mix:
    """The document of a mix of stems as loud as such stems usually are, without effects.

    It is both of the ends that amounts go between, so that what the user changes can be told from it.

    Args:
        heard: the song; references are not asked.
        folder: that the paths of the document are relative to.
        layout: the console's controls.
    """
    task = prepare(heard, layout)
    settings = tidy(layout.from_unit(task.prior.mean), layout)
    sounding = torch.tensor([stem.audible for stem in task.stems])
    settings = regauged(settings, usual_gauge([settings], sounding, layout), layout)
    mix = Mix(layout=layout.name, sample_rate=heard.song.sample_rate, tracks=tracks_of(heard, task, folder))
    return with_ends(mix, settings, settings)


def tracks_of(heard: Heard, task: Task, folder: Path) -> tuple[TrackMix, ...]:
    """The tracks of a document, with settings that do nothing; silent ones are muted.

    Args:
        heard: the song.
        task: made from it.
        folder: that their paths are relative to.
    """
    of_group = {place: group.name for group in task.groups for place in group.tracks}
    return tuple(
        TrackMix(
            name=track.name,
            path=relative_path(track.path, folder),
            sha256=survey.sha256,
            channels=track.channels,
            role=known.role.name,
            role_from=known.source,
            role_confidence=round(known.confidence, 2),
            group=of_group.get(place, ""),
            mute=survey.silent,
            note="silent: nothing in the file is louder than -70 LUFS" if survey.silent else None,
        )
        for place, (track, survey, known) in enumerate(zip(heard.song.tracks, heard.surveys, task.roles, strict=True))
    )


def with_new_tracks(mix: Mix, other: Mix) -> Mix:
    """A mix with those tracks of a balanced one that it does not have, at their level beside the others.

    Args:
        mix: stays as it is otherwise.
        other: the balanced mix of all stems of the song, on the same console.
    """
    section = mix.console_layout.track
    own = {track.path: track for track in mix.tracks}
    shared = [track for track in other.tracks if track.path in own and not track.mute]
    louder_db = [_level_db(section, own[track.path]) - _level_db(section, track) for track in shared]
    change_db = median(louder_db) if louder_db else 0.0
    new = (_louder(section, track, change_db) for track in other.tracks if track.path not in own)
    return mix.model_copy(update={"tracks": (*mix.tracks, *new)})


def _level_db(section: Section, track: TrackMix) -> float:
    values = section.named(section.vector(track.settings))
    return sum(values.get(control, 0.0) for control in _GAINS)


def _louder(section: Section, track: TrackMix, change_db: float) -> TrackMix:
    control = level_control(section)
    param = section.params[control]
    level_db = min(max(track.settings[control] + change_db, param.low), param.high)
    settings = track.settings | {control: round(level_db, 2)}
    return track.model_copy(update={"settings": settings, "ends": Ends(neutral=settings, matched=settings)})
