"""What differs between a session as it was written and as it is now, brought into a mix document."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from diffmst.daw.formats import SessionValues
from diffmst.daw.naming import shown_names, track_keys
from diffmst.daw.ranges import held, is_beyond, is_same, within_range
from diffmst.layout import Section, Settings
from diffmst.locking import with_locked
from diffmst.mix import Mix
from diffmst.mix_parts import TrackMix
from diffmst.report.words import setting

_SAME_GAIN_DB = 0.01


class Change(NamedTuple):
    """One thing that the musician has changed.

    Attributes:
        part: the track by its name in the document, or `fx`, or `master`.
        control: by its dotted name; or `mute`, or `name`.
        before: in the document, as people write it.
        after: in the session.
    """

    part: str
    control: str
    before: str
    after: str


class Merged(NamedTuple):
    """A document after a session was read.

    Attributes:
        mix: the document.
        changes: what was changed in the session.
        notes: a line each on what the user should know.
    """

    mix: Mix
    changes: tuple[Change, ...]
    notes: tuple[str, ...]


class _Part(NamedTuple):
    """A strip or bus of the document, and the values that it takes from the session."""

    name: str
    section: Section
    values: Mapping[str, float]
    taken: Mapping[str, float]
    beyond: Mapping[str, float] = {}  # what the session has of them, where the console does not go so far

    def changes(self) -> Iterator[Change]:
        for control, value in self.taken.items():
            param = self.section.params[control]
            yield Change(self.name, control, setting(param, self.values[control]), setting(param, value))

    def notes(self) -> Iterator[str]:
        for control, value in self.beyond.items():
            param = self.section.params[control]
            yield (
                f"{self.name}: {control} is {setting(param, value)} in the session; "
                f"the console goes no further than {setting(param, self.taken[control])}"
            )

    def vector(self) -> np.ndarray:
        return self.section.vector({**self.values, **self.taken})

    def changed(self) -> np.ndarray:
        return np.array([control in self.taken for control in self.section.params])


def values_of(mix: Mix) -> SessionValues:
    """What a session that says everything would say of a document."""
    layout, settings, keys = mix.console_layout, mix.settings, _keys(mix)
    return SessionValues(
        tracks={key: layout.track.named(values) for key, values in zip(keys, settings.tracks[0], strict=True)},
        master=layout.master.named(settings.master[0]),
        muted=dict(zip(keys, mix.muted, strict=True)),
        names=dict(zip(keys, shown_names(track.name for track in mix.tracks), strict=True)),
        fx=layout.fx.named(settings.fx[0]),
    )


def merge_session(mix: Mix, before: SessionValues, now: SessionValues) -> Merged:
    """The document with every control that differs between two states of its session as it is now, and locked.

    Args:
        mix: the document; it may have been matched anew since the session was written.
        before: the session when it was written, within the ranges of the controls.
        now: the session when it was read.
    """
    layout, own = mix.console_layout, values_of(mix)
    tracks = [
        _part(track.name, layout.track, own.tracks[key], before.tracks.get(key, {}), now.tracks.get(key, {}))
        for key, track in zip(own.tracks, mix.tracks, strict=True)
    ]
    fx = _part("fx", layout.fx, own.fx, before.fx, now.fx)
    fx = _returned(fx, before.fx, now.return_gain_db - before.return_gain_db)
    master = _part("master", layout.master, own.master, before.master, now.master)
    locked = mix.locked
    tracks = [_news(part, columns) for part, columns in zip(tracks, locked.tracks[0], strict=True)]
    fx, master = _news(fx, locked.fx[0]), _news(master, locked.master[0])
    merged = _with_parts(mix, tracks, fx, master)
    told, changes = _told(merged, before, now)
    gone = [track.name for key, track in zip(own.tracks, mix.tracks, strict=True) if key not in now.tracks]
    return Merged(
        told,
        (*(change for part in (*tracks, fx, master) for change in part.changes()), *changes),
        (
            *(f"{name}: is not in the session; left as it was" for name in gone),
            *(note for part in (*tracks, fx, master) for note in part.notes()),
        ),
    )


def is_unity(gain_db: float) -> bool:
    """Whether a gain changes nothing but for rounding; so does one that is no number."""
    return math.isnan(gain_db) or abs(gain_db) < _SAME_GAIN_DB


def _keys(mix: Mix) -> list[str]:
    return track_keys([track.path for track in mix.tracks])


def _part(
    name: str, section: Section, own: Mapping[str, float], before: Mapping[str, float], now: Mapping[str, float]
) -> _Part:
    """What differs; a control on which the session had no say before is compared with the document."""
    taken = {
        control: value
        for control, value in within_range(section, now).items()
        if not is_same(section.params[control], before.get(control, own[control]), value)
    }
    beyond = {control: now[control] for control in taken if is_beyond(section.params[control], now[control])}
    return _Part(name, section, own, taken, beyond)


def _returned(fx: _Part, before: Mapping[str, float], gain_db: float) -> _Part:
    """The reverb with its return louder than before: every band is, as far as it goes."""
    if is_unity(gain_db):
        return fx
    params = {control: param for control, param in fx.section.params.items() if param.keyword == "gain_db"}
    values = {**fx.values, **before, **fx.taken}
    louder = {control: values[control] + gain_db for control in params}
    beyond = {control: value for control, value in louder.items() if is_beyond(params[control], value)}
    taken = {control: held(params[control], value) for control, value in louder.items()}
    return fx._replace(taken={**fx.taken, **taken}, beyond={**fx.beyond, **beyond})


def _news(part: _Part, locked: np.ndarray) -> _Part:
    """Without what the document has locked already, as when the session was read into it before."""
    is_locked = dict(zip(part.section.params, locked.tolist(), strict=True))
    taken = {
        control: value
        for control, value in part.taken.items()
        if not (is_locked[control] and is_same(part.section.params[control], part.values[control], value))
    }
    return part._replace(taken=taken, beyond={name: value for name, value in part.beyond.items() if name in taken})


def _with_parts(mix: Mix, tracks: list[_Part], fx: _Part, master: _Part) -> Mix:
    """The document with what was taken, locked; everything else stays to its last digit."""
    settings = Settings(np.stack([part.vector() for part in tracks])[None], fx.vector()[None], master.vector()[None])
    changed = Settings(np.stack([part.changed() for part in tracks])[None], fx.changed()[None], master.changed()[None])
    merged = mix.with_settings(settings).keeping(mix, Settings(*map(np.logical_not, changed)))
    return with_locked(merged, Settings(*map(np.logical_or, mix.locked, changed)))


def _told(mix: Mix, before: SessionValues, now: SessionValues) -> tuple[Mix, list[Change]]:
    """The document with mutes and names as they are now, where they were changed."""
    tracks: list[TrackMix] = []
    changes: list[Change] = []
    for key, track in zip(_keys(mix), mix.tracks, strict=True):
        update: dict[str, object] = {}
        muted, name = now.muted.get(key), now.names.get(key)
        if muted is not None and muted != before.muted.get(key, track.mute) and muted != track.mute:
            update["mute"] = muted
            changes.append(Change(track.name, "mute", _on(track.mute), _on(muted)))
        if name and name != before.names.get(key) and name != track.name:
            update["name"] = name
            changes.append(Change(track.name, "name", track.name, name))
        tracks.append(track.model_copy(update=update))
    return mix.model_copy(update={"tracks": tuple(tracks)}), changes


def _on(truth: bool) -> str:
    return "on" if truth else "off"
