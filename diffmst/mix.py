"""The mix document: all of one mix, readable, editable and versioned, as JSON."""

import json
import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, Strict, ValidationError, model_validator

from diffmst import __version__
from diffmst.errors import UserError
from diffmst.layout import LAYOUTS, Layout, LayoutName, Section, Settings
from diffmst.validation import Keys, dotted, first_problem

VERSION: Final = 1
"""Of the document. Raise it with any change that an older reader would misread, and add the step to `_MIGRATIONS`."""

STEMS_SUFFIX = "_stems"
"""What the folder of a mix's processed stems is called by, after the name of the mix."""

_OLDEST = 1
_MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""From a version to the next: a function on the parsed JSON."""

Values = dict[str, Annotated[float, Strict()]]
"""Settings by dotted name, physical units."""

Subtype = Literal["PCM_16", "PCM_24", "FLOAT"]
_SHA256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
_SIGNIFICANT_DIGITS = 5


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class TrackMix(_Part):
    """One track: the file it comes from and its settings."""

    name: str = Field(description="As shown; free to change.")
    path: str = Field(description="The audio file, relative to the folder of this document.")
    sha256: _SHA256 = Field(description="Of the file's bytes when the mix was made.")
    channels: int = Field(ge=1, le=2, description="Channels mixed; a stereo file whose sides are equal counts as mono.")
    role: str = Field("", description="What the stem is, as its name tells; empty when it tells nothing.")
    mute: bool = False
    note: str | None = Field(default=None, description="Why it is muted, or what was noticed about the file.")
    settings: Values = Field(default_factory=dict, description="By dotted name; what is left out is at its default.")


class ReferenceMix(_Part):
    """The song that was matched, and how near the mix came."""

    path: str = Field(description="The audio file, relative to the folder of this document.")
    sha256: _SHA256
    loudness_lufs: float
    window_s: float = Field(gt=0, description="Length of the windows of the reference that were compared.")
    windows_at_s: tuple[float, ...] = Field(description="Where they start.")
    song_window_s: float = Field(gt=0, description="Length of the windows of the song.")
    song_windows_at_s: tuple[float, ...] = Field(description="Where they start.")
    distance_before: Values = Field(description="Distances to the reference of the balanced mix with neutral settings.")
    distance_after: Values


class RenderSettings(_Part):
    """How the mix is written."""

    loudness_lufs: float | None = Field(
        default=None, ge=-70, le=0, description="Integrated loudness; null leaves it as it is."
    )
    ceiling_dbtp: float = Field(default=-1.0, ge=-20, le=0, description="The true peak never exceeds it.")
    subtype: Subtype = Field(default="PCM_24", description="Sample format of the WAV file.")


class Mix(_Part):
    """All of one mix, as the JSON file holds it; `settings` and `with_settings` are the console's view of it."""

    format: Literal["diffmst.mix"] = "diffmst.mix"
    version: Literal[1] = Field(default=VERSION, description="Of this document.")
    software: str = f"diffmst {__version__}"
    layout: LayoutName = Field(default="default", description="The console's set of controls.")
    sample_rate: int = Field(ge=22_050, le=192_000)
    tracks: tuple[TrackMix, ...] = Field(min_length=1)
    fx: Values = Field(default_factory=dict)
    master: Values = Field(default_factory=dict)
    reference: ReferenceMix | None = None
    render: RenderSettings = RenderSettings()

    @model_validator(mode="after")
    def _settings_fit_the_layout(self) -> Self:
        sections = self.console_layout
        for track in self.tracks:
            _check(sections.track, track.settings, f"track {track.name!r}")
        _check(sections.fx, self.fx, "fx")
        _check(sections.master, self.master, "master")
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
        tracks = tuple(
            track.model_copy(update={"settings": _named(layout.track, values)})
            for track, values in zip(self.tracks, settings.tracks[0], strict=True)
        )
        fx, master = _named(layout.fx, settings.fx[0]), _named(layout.master, settings.master[0])
        return self.model_copy(update={"tracks": tracks, "fx": fx, "master": master})

    def to_json(self) -> str:
        """The document, with every setting spelled out."""
        return json.dumps(self.with_settings(self.settings).model_dump(), indent=2, ensure_ascii=False) + "\n"

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
            raise UserError(f"{path}: is no mix document; give the mix.json that `diffmst mix` wrote") from None
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


def json_schema() -> dict[str, Any]:
    """JSON Schema of the document, the settings of every section with their ranges."""
    schema = Mix.model_json_schema()
    track, root = schema["$defs"]["TrackMix"]["properties"], schema["properties"]
    for holder, key, section in ((track, "settings", "track"), (root, "fx", "fx"), (root, "master", "master")):
        holder[key].pop("additionalProperties")
        holder[key]["anyOf"] = [_section_schema(getattr(layout, section)) for layout in LAYOUTS.values()]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _section_schema(section: Section) -> dict[str, Any]:
    properties = {
        name: {
            "type": "number",
            "minimum": param.low,
            "maximum": param.high,
            "default": param.default,
            "description": f"{param.about}{f', {param.unit}' if param.unit else ''}",
        }
        for name, param in section.params.items()
    }
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _check(section: Section, values: Values, where: str) -> None:
    """Raises ValueError unless every setting is known and in range."""
    for name, value in values.items():
        if name not in section.params:
            raise ValueError(f"{where}: there is no control {name!r}; `diffmst effects` lists them")
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


def _rounded(value: float) -> float:
    if value == 0 or not math.isfinite(value):
        return value
    return round(value, max(0, min(4, _SIGNIFICANT_DIGITS - 1 - math.floor(math.log10(abs(value))))))


def _parse(text: str, source: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise UserError(f"{source}: not valid JSON at line {error.lineno}, column {error.colno}: {error.msg}") from None
    except (ValueError, RecursionError):  # a number of thousands of digits, thousands of brackets
        raise UserError(f"{source}: not a mix document (its JSON is beyond reading)") from None
    if not isinstance(data, dict) or data.get("format") != "diffmst.mix":
        raise UserError(f'{source}: not a mix document (no "format": "diffmst.mix")')
    return data


def _migrate(data: Mapping[str, Any], source: str) -> dict[str, Any]:
    version = data.get("version")
    if not isinstance(version, int) or version < _OLDEST:
        raise UserError(f"{source}: version must be a whole number from {_OLDEST}, got {version!r}")
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
