"""The formats of sessions: what each has to offer, and which there are."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Literal, NamedTuple, Protocol, cast

from diffmst.daw.console_mix import ConsoleMix
from diffmst.daw.translation import Translation
from diffmst.errors import UserError
from diffmst.progress import Advance

FORMAT_NAMES = ("ardour", "dawproject", "reaper", "stems")
"""Each is a package `diffmst.daw.<name>` with a module `format`, in which `FORMAT` is a `Format`."""

VARIANT_NAMES = ("ardour-ace",)
"""Likewise, with underscores for hyphens; they write files of the same kind as one of the others, which reads them."""

Part = Literal["sources", "processed"]
"""Audio that a format may ask for: the stems as recorded, or behind fader and pan. It gets the return anyway."""


class SessionValues(NamedTuple):
    """What was read from a session.

    Attributes:
        tracks: by the key of the track, then by the dotted name of the control, physical values: only of controls that
            the session has a say on. Values may lie outside the range of the control. Tracks that are not of the mix
            are left out, and so are those that were deleted.
        master: likewise by control.
        return_gain_db: of the fader of the reverb return, against where it stood when the session was written.
        muted: by the key of the track.
        names: by the key of the track.
        ignored: a line each on what the session has that the console cannot say.
        fx: of the reverb by control; empty where the session has none of ours.
    """

    tracks: Mapping[str, Mapping[str, float]]
    master: Mapping[str, float]
    return_gain_db: float = 0.0
    muted: Mapping[str, bool] = {}
    names: Mapping[str, str] = {}
    ignored: tuple[str, ...] = ()
    fx: Mapping[str, float] = {}


class Format(Protocol):
    """A kind of session.

    Attributes:
        name: as the user types it.
        title: for people, such as `Ardour 7 and later`.
        suffix: of the file that a program opens, with its dot and in lower case; empty where nothing can be read back.
        parts: audio that it asks for.
        translations: by the name of the effect, for every effect of the console.
        saves: names of files in which its programs keep the user's work, in a session's folder or below: sessions,
            backups of them. Patterns as `fnmatch` takes them, in lower case.
        caches: names of files that they make of a session and would make again, likewise.
        not_in_paths: characters in the path of a session with which its programs find no audio.
    """

    name: str
    title: str
    suffix: str
    parts: frozenset[Part]
    translations: Mapping[str, Translation]
    saves: tuple[str, ...]
    caches: tuple[str, ...]
    not_in_paths: str

    def write(self, mix: ConsoleMix, folder: Path, advance: Advance) -> tuple[str, ...]:
        """Writes a session.

        Args:
            mix: what it holds; its audio goes to its place by `Audio.place`, or is read.
            folder: empty; it is renamed when complete, and may then be moved: nothing in it refers to where it is.
            advance: told the share of the work that was done, 1 in all.

        Returns:
            A line each on what the user should know of this session: what is lossy in it, what they have to do.

        Raises:
            UserError: it cannot be written.
        """
        ...

    def read(self, path: Path) -> SessionValues:
        """Reads a session that `write` has written, and that a program may have saved again.

        Args:
            path: of the file with `suffix`.

        Raises:
            UserError: it cannot be read, or is no session of this format.
        """
        ...


def known_names() -> str:
    """What the user may ask for, with commas between.

    >>> known_names()
    'ardour, ardour-ace, dawproject, reaper, stems, all'
    """
    return ", ".join((*sorted((*FORMAT_NAMES, *VARIANT_NAMES)), "all"))


def format_named(name: str) -> Format:
    """A format by its name.

    Raises:
        UserError: there is no such format.
    """
    if name not in (*FORMAT_NAMES, *VARIANT_NAMES):
        raise UserError(f"{name}: there is no such format; choose from {known_names()}")
    return cast(Format, import_module(f"diffmst.daw.{name.replace('-', '_')}.format").FORMAT)


def all_formats() -> tuple[Format, ...]:
    """Every format, in the order of their names, without variants."""
    return tuple(map(format_named, FORMAT_NAMES))
