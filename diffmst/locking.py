"""Controls of a mix document locked and freed."""

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

import numpy as np

from diffmst.adjust import changed_by_hand
from diffmst.errors import UserError
from diffmst.layout import Section, Settings
from diffmst.locks import locked_columns, patterns_of
from diffmst.mix import Mix
from diffmst.outputs import write_text_atomically

BUSES = ("fx", "master")


class Locked(NamedTuple):
    """What became of one part of a mix.

    Attributes:
        changed: the controls that were locked, or freed, and had not been.
        locks: all that are locked now.
    """

    changed: tuple[str, ...]
    locks: tuple[str, ...]


def lock_document(path: Path, part: str, controls: Sequence[str], *, unlock: bool = False) -> dict[str, Locked]:
    """Locks or frees controls in a document, and writes it back.

    Args:
        path: of the document.
        part: the name of a track, with wildcards for several, or `fx` or `master`; a track of that name comes first.
        controls: patterns, see `locks.matching_controls`.
        unlock: frees them.

    Returns:
        What was locked or freed, and what is locked now, in every part that was named, by its name.

    Raises:
        UserError: the document cannot be used or written, or there is no such track or control.
    """
    mix = Mix.read(path)
    tracks = _tracks(mix, part)
    if not tracks and part.lower() not in BUSES:
        raise UserError(f"{path}: there is no track {part!r}; {_suggestion(mix, part)}")
    try:
        locked = _locked(mix, tracks, part.lower(), controls, lock=not unlock)
    except ValueError as error:
        raise UserError(f"{part}: {error}") from None
    before, mix = mix.locked, with_locked(mix, locked)
    write_text_atomically(path, mix.to_json())
    changed, layout = Settings(*map(np.not_equal, before, locked)), mix.console_layout
    if tracks:
        return {
            mix.tracks[track].name: Locked(_patterns(layout.track, changed.tracks[0, track]), mix.tracks[track].locks)
            for track in tracks
        }
    if part.lower() == "fx":
        return {"fx": Locked(_patterns(layout.fx, changed.fx[0]), mix.fx_locks)}
    return {"master": Locked(_patterns(layout.master, changed.master[0]), mix.master_locks)}


def with_locked(mix: Mix, locked: Settings[np.ndarray]) -> Mix:
    """The document with just these controls locked; patterns that say so already stay as they were typed.

    Args:
        mix: its document.
        locked: bool, of the shape of its settings.
    """
    layout = mix.console_layout

    def patterns(section: Section, old: tuple[str, ...], wanted: np.ndarray) -> tuple[str, ...]:
        if np.array_equal(locked_columns(section, old), wanted):
            return old
        return _patterns(section, wanted)

    tracks = tuple(
        track.model_copy(update={"locks": patterns(layout.track, track.locks, wanted)})
        for track, wanted in zip(mix.tracks, locked.tracks[0], strict=True)
    )
    fx = patterns(layout.fx, mix.fx_locks, locked.fx[0])
    master = patterns(layout.master, mix.master_locks, locked.master[0])
    return mix.model_copy(update={"tracks": tracks, "fx_locks": fx, "master_locks": master})


def _patterns(section: Section, columns: np.ndarray) -> tuple[str, ...]:
    """The shortest patterns for some columns, bool [controls]."""
    return patterns_of(section, [name for name, held in zip(section.params, columns, strict=True) if held])


def with_changes_locked(mix: Mix) -> Mix:
    """The document with all locked too that the user has changed since it was written."""
    changed = changed_by_hand(mix)
    return with_locked(mix, Settings(*map(np.logical_or, mix.locked, changed)))


def _tracks(mix: Mix, part: str) -> list[int]:
    """The tracks that a name or a pattern of names means: those of just that name if there are any."""
    tests: tuple[Callable[[str], bool], ...] = (
        lambda name: name == part,
        lambda name: name.lower() == part.lower(),
        lambda name: fnmatchcase(name.lower(), part.lower()),
    )
    found = ([number for number, track in enumerate(mix.tracks) if test(track.name)] for test in tests)
    return next(filter(None, found), [])


def _locked(mix: Mix, tracks: Sequence[int], bus: str, controls: Sequence[str], *, lock: bool) -> Settings[np.ndarray]:
    """What is locked once controls of some tracks, or of a bus where there are none, are locked or freed."""
    locked, layout = mix.locked, mix.console_layout
    if tracks:
        columns = locked_columns(layout.track, controls)
        locked.tracks[0, tracks] = np.where(columns, lock, locked.tracks[0, tracks])
    else:
        section, part = (layout.fx, locked.fx) if bus == "fx" else (layout.master, locked.master)
        part[0, locked_columns(section, controls)] = lock
    return locked


def _suggestion(mix: Mix, part: str) -> str:
    names = [*(track.name for track in mix.tracks), *BUSES]
    close = get_close_matches(part, names, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else f"there are {', '.join(names)}"
