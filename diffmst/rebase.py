"""What a user has changed of a mix while another was being made from it, brought into the other: a three-way merge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from diffmst.adjust import named_controls
from diffmst.layout import Settings
from diffmst.locking import with_locked
from diffmst.mix import Mix
from diffmst.mix_parts import RenderSettings, TrackMix

_SAID = (("name",), ("mute",), ("role", "role_from", "role_confidence"))
"""What may be said of a track besides its settings; what stands together changes together."""

_Key = tuple[str, int]  # the file of a track, and how many tracks before it are of that file


class Rebased(NamedTuple):
    """A mix that has taken changes.

    Attributes:
        mix: the document.
        kept: what is as the user has it, as `Kick: fader.gain_db`, `Kick: mute` or `render: ceiling_dbtp`.
    """

    mix: Mix
    kept: list[str]


def rebased(mix: Mix, before: Mix, edited: Mix) -> Rebased:
    """A mix with all that the user has changed of an earlier one of the same song.

    A setting whose lock was closed counts as changed: it stays where the user has seen it. Tracks and references that
    the user has taken out are out. Of a console with other controls nothing is taken.

    Args:
        mix: takes the changes; all else in it stays to the last digit.
        before: what the changes were made on.
        edited: with the changes.
    """
    if not mix.layout == before.layout == edited.layout:
        return Rebased(mix, [])
    mix = _without_removed(mix, before, edited)
    before, edited = _in_step(mix, before, edited), _in_step(mix, edited, before)
    locks = Settings(*map(np.not_equal, before.locked, edited.locked))
    moved = Settings(*map(np.not_equal, before.settings, edited.settings))
    held = Settings(*(a | (b & c) for a, b, c in zip(moved, locks, edited.locked, strict=True)))
    wanted = Settings(*map(np.where, locks, edited.locked, mix.locked))
    said = [_said(*tracks) for tracks in zip(before.tracks, edited.tracks, strict=True)]
    delivery = _changes(before.render, edited.render, tuple(RenderSettings.model_fields))
    kept = [*named_controls(mix, held), *_words(edited, said), *(f"render: {name}" for name in delivery)]
    taken = with_locked(mix.keeping(edited, held), wanted)
    tracks = tuple(track.model_copy(update=words) for track, words in zip(taken.tracks, said, strict=True))
    render = taken.render.model_copy(update=delivery)
    return Rebased(taken.model_copy(update={"tracks": tracks, "render": render}), kept)


def _without_removed(mix: Mix, before: Mix, edited: Mix) -> Mix:
    """The mix without the files that have been taken out."""
    gone = _keyed(before).keys() - _keyed(edited).keys()
    songs = {one.path for one in before.references} - {one.path for one in edited.references}
    tracks = tuple(track for key, track in _keyed(mix).items() if key not in gone)
    references = tuple(one for one in mix.references if one.path not in songs)
    return mix.model_copy(update={"tracks": tracks, "references": references})


def _in_step(mix: Mix, one: Mix, other: Mix) -> Mix:
    """A document with the tracks of `mix` in their order; those that are not in both documents as they are in `mix`."""
    own, others = _keyed(one), _keyed(other)
    tracks = tuple(own[key] if key in own and key in others else track for key, track in _keyed(mix).items())
    return one.model_copy(update={"tracks": tracks})


def _keyed(mix: Mix) -> dict[_Key, TrackMix]:
    counts: Counter[str] = Counter()
    found = {}
    for track in mix.tracks:
        found[track.path, counts[track.path]] = track
        counts[track.path] += 1
    return found


def _said(before: TrackMix, edited: TrackMix) -> dict[str, Any]:
    changed = [fields for fields in _SAID if _changes(before, edited, fields)]
    return {name: getattr(edited, name) for fields in changed for name in fields}


def _changes(before: object, edited: object, fields: tuple[str, ...]) -> dict[str, Any]:
    values = {name: getattr(edited, name) for name in fields}
    return {name: value for name, value in values.items() if value != getattr(before, name)}


def _words(mix: Mix, said: list[dict[str, Any]]) -> Iterator[str]:
    for track, changes in zip(mix.tracks, said, strict=True):
        yield from (f"{track.name}: {fields[0]}" for fields in _SAID if fields[0] in changes)
