"""The mix document: all of one mix, readable, editable and versioned, as JSON."""

import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, Self

import numpy as np
from pydantic import Field, StrictInt, ValidationError, model_validator

from diffmst import __version__
from diffmst.amount import Amounts
from diffmst.errors import UserError
from diffmst.layout import LAYOUTS, Layout, LayoutName, Section, Settings
from diffmst.locks import locked_columns
from diffmst.mix_parts import ComparisonMix, Ends, Locks, Part, ReferenceMix, RenderSettings, TrackMix, Values
from diffmst.validation import Keys, as_written, dotted, first_problem

VERSION: Final = 2
"""Of the document. Raise it with any change that an older reader would misread, and add the step to `_MIGRATIONS`."""

STEMS_SUFFIX = "_stems"
"""What the folder of a mix's processed stems is called by, after the name of the mix."""

_OLDEST = 1

_NO_DOCUMENT = "is no mix document; give the mix.json that `diffmst mix` wrote"


def _with_references(data: dict[str, Any]) -> dict[str, Any]:
    """Version 1 held one reference, and what was compared within it."""
    data = dict(data)
    reference = data.pop("reference", None)
    if not isinstance(reference, dict):
        return data
    names = ("song_window_s", "song_windows_at_s", "distance_before", "distance_after")
    compared = {name: reference[name] for name in names if name in reference}
    of_reference = {name: value for name, value in reference.items() if name not in names}
    return data | {"references": [of_reference], "comparison": compared}


_MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: _with_references}
"""From a version to the next: a function on the parsed JSON."""

_SIGNIFICANT_DIGITS = 5


class Mix(Part):
    """All of one mix, as the JSON file holds it; `settings` and `with_settings` are the console's view of it."""

    format: Literal["diffmst.mix"] = "diffmst.mix"
    version: Literal[2] = Field(default=VERSION, description="Of this document.")
    software: str = f"diffmst {__version__}"
    layout: LayoutName = Field(default="default", description="The console's set of controls.")
    sample_rate: StrictInt = Field(ge=22_050, le=192_000)
    tracks: tuple[TrackMix, ...] = Field(min_length=1)
    fx: Values = Field(default_factory=dict)
    fx_locks: Locks = ()
    fx_ends: Ends | None = None
    master: Values = Field(default_factory=dict)
    master_locks: Locks = ()
    master_ends: Ends | None = None
    amounts: Amounts = Field(default=Amounts(), description="That the settings were made with; see `diffmst adjust`.")
    references: tuple[ReferenceMix, ...] = Field(default=(), description="The songs that it was mixed like.")
    comparison: ComparisonMix | None = Field(default=None, description="How near the mix came to them.")
    render: RenderSettings = RenderSettings()

    @model_validator(mode="after")
    def _settings_fit_the_layout(self) -> Self:
        layout = self.console_layout
        parts = [(layout.track, f"track {one.name!r}", one.settings, one.locks, one.ends) for one in self.tracks]
        parts += [
            (layout.fx, "fx", self.fx, self.fx_locks, self.fx_ends),
            (layout.master, "master", self.master, self.master_locks, self.master_ends),
        ]
        for section, where, values, locks, ends in parts:
            _check(section, values, where, self.layout)
            for end, recorded in ends or ():
                _check(section, recorded, f"{where}: ends: {end}", self.layout)
            _check_locks(section, locks, where)
        return self

    @property
    def console_layout(self) -> Layout:
        """The layout by its object."""
        return LAYOUTS[self.layout]

    @property
    def channels(self) -> tuple[int, ...]:
        """Of every track."""
        return tuple(track.channels for track in self.tracks)

    @property
    def muted(self) -> tuple[bool, ...]:
        """Of every track."""
        return tuple(track.mute for track in self.tracks)

    @property
    def settings(self) -> Settings[np.ndarray]:
        """Physical settings as the console takes them: batch of one, float64."""
        layout = self.console_layout
        tracks = np.stack([layout.track.vector(track.settings) for track in self.tracks])
        return Settings(tracks[None], layout.fx.vector(self.fx)[None], layout.master.vector(self.master)[None])

    def with_settings(self, settings: Settings) -> "Mix":
        """This mix with the physical settings (batch of one) of a console; rounded to what the document shows."""
        layout, settings = self.console_layout, settings.arrays()
        tracks = [_named(layout.track, values) for values in settings.tracks[0]]
        return self._with_values(tracks, _named(layout.fx, settings.fx[0]), _named(layout.master, settings.master[0]))

    def keeping(self, other: "Mix", where: Settings[np.ndarray]) -> "Mix":
        """This mix with some settings as another one of the same tracks has them, to their last digit.

        Args:
            other: has its settings spelled out or at their defaults.
            where: bool, of the shape of `settings`.
        """
        layout = self.console_layout
        tracks = [
            _merged(layout.track, track.settings, others.settings, columns)
            for track, others, columns in zip(self.tracks, other.tracks, where.tracks[0], strict=True)
        ]
        fx = _merged(layout.fx, self.fx, other.fx, where.fx[0])
        return self._with_values(tracks, fx, _merged(layout.master, self.master, other.master, where.master[0]))

    def _with_values(self, tracks: Sequence[Values], fx: Values, master: Values) -> "Mix":
        settled = tuple(
            track.model_copy(update={"settings": values}) for track, values in zip(self.tracks, tracks, strict=True)
        )
        return self.model_copy(update={"tracks": settled, "fx": fx, "master": master})

    @property
    def locked(self) -> Settings[np.ndarray]:
        """Which settings nothing but the user may change: bool, of the shape of `settings`."""
        layout = self.console_layout
        tracks = np.stack([locked_columns(layout.track, track.locks) for track in self.tracks])
        fx, master = locked_columns(layout.fx, self.fx_locks), locked_columns(layout.master, self.master_locks)
        return Settings(tracks[None], fx[None], master[None])

    def spelled_out(self) -> "Mix":
        """The same mix, which names every setting, those at their defaults too."""
        layout = self.console_layout
        tracks = [_spelled_out(layout.track, track.settings) for track in self.tracks]
        return self._with_values(tracks, _spelled_out(layout.fx, self.fx), _spelled_out(layout.master, self.master))

    def to_json(self) -> str:
        """The document, with every setting spelled out."""
        return json.dumps(self.spelled_out().model_dump(), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str, source: str = "mix") -> "Mix":
        """Reads a document, older versions too.

        Args:
            text: JSON.
            source: what errors call it.

        Raises:
            UserError: not JSON, not a mix document, of a newer version, or with a key or value that does not fit.
        """
        data = _migrate(_parse(text, source), source)
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise UserError(f"{source}: {first_problem(error, lambda keys: _place(keys, data))}") from None

    @classmethod
    def read(cls, path: Path) -> "Mix":
        """Reads a document from a file; raises UserError as `from_json`, and when there is no such file."""
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise UserError(f"{path}: no such file; give the mix.json that `diffmst mix` wrote") from None
        except (OSError, UnicodeDecodeError):
            raise UserError(f"{path}: {_NO_DOCUMENT}") from None
        return cls.from_json(text, str(path))


def is_mix(path: Path) -> bool:
    """Whether a file is a mix document, as far as its beginning tells."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return '"diffmst.mix"' in file.read(1_000)
    except OSError:
        return False


def relative_path(path: Path, folder: Path) -> str:
    """`path` as a document in `folder` refers to it: relative where the file systems allow, with forward slashes."""
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:  # another drive
        return path.resolve().as_posix()


def _check_locks(section: Section, locks: tuple[str, ...], where: str) -> None:
    """Raises ValueError unless every lock fits a control."""
    try:
        locked_columns(section, locks)
    except ValueError as error:
        raise ValueError(f"{where}: locks: {error}") from None


def _check(section: Section, values: Values, where: str, layout: LayoutName) -> None:
    """Raises ValueError unless every setting is known and in range."""
    for name, value in values.items():
        if name not in section.params:
            raise ValueError(f"{where}: there is no control {name!r}; `diffmst effects --layout {layout}` lists all")
        param = section.params[name]
        if not param.low <= value <= param.high:
            unit = f" {param.unit}" if param.unit else ""
            raise ValueError(f"{where}: {name} must lie in {param.low:g} .. {param.high:g}{unit}, got {value:g}")


def _named(section: Section, values: np.ndarray) -> Values:
    """Settings by name, rounded for the reader and held inside the range, which rounding could leave."""
    return {
        name: min(max(_rounded(value), section.params[name].low), section.params[name].high)
        for name, value in section.named(values.astype(np.float64)).items()
    }


def _spelled_out(section: Section, values: Values) -> Values:
    return section.named(section.vector(values))


def _merged(section: Section, own: Values, others: Values, where: np.ndarray) -> Values:
    """Values of one part of the console, from `others` where that is said, [controls]."""
    names = [name for name, taken in zip(section.params, where, strict=True) if taken]
    return own | {name: others.get(name, section.params[name].default) for name in names}


def _rounded(value: float) -> float:
    if value == 0 or not math.isfinite(value):
        return value
    return round(value, max(0, min(4, _SIGNIFICANT_DIGITS - 1 - math.floor(math.log10(abs(value))))))


def _parse(text: str, source: str) -> dict[str, Any]:
    if not text.lstrip("\ufeff \t\r\n").startswith("{"):
        raise UserError(f"{source}: {_NO_DOCUMENT}")
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise UserError(f"{source}: not valid JSON at line {error.lineno}, column {error.colno}: {error.msg}") from None
    except (ValueError, RecursionError):  # a number of thousands of digits, thousands of brackets
        raise UserError(f"{source}: not a mix document (its JSON is beyond reading)") from None
    if not isinstance(data, dict) or data.get("format") != "diffmst.mix":
        raise UserError(f'{source}: {_NO_DOCUMENT} (this has no "format": "diffmst.mix")')
    return data


def _migrate(data: Mapping[str, Any], source: str) -> dict[str, Any]:
    version = data.get("version")
    if not isinstance(version, int) or version < _OLDEST:
        raise UserError(f"{source}: version must be a whole number from {_OLDEST}, got {as_written(version)}")
    if version > VERSION:
        raise UserError(
            f"{source}: written for version {version} of the document, this diffmst ({__version__}) reads up to "
            f"{VERSION}; update diffmst"
        )
    migrated = dict(data)
    for step in range(version, VERSION):
        migrated = _MIGRATIONS[step](migrated) | {"version": step + 1}
    return migrated


def _place(keys: Keys, data: Mapping[str, Any]) -> str:
    """Where a value stands: `track 'Kick': settings.fader.gain_db` rather than tracks.0."""
    if len(keys) > 1 and keys[0] == "tracks" and isinstance(keys[1], int):
        track = data["tracks"][keys[1]]
        name = track.get("name") if isinstance(track, dict) else None
        whose = f"track {name!r}" if isinstance(name, str) else f"track number {keys[1] + 1}"
        return ": ".join([whose, *([dotted(keys[2:])] if keys[2:] else [])])
    return dotted(keys)
