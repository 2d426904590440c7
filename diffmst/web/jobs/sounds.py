"""What a mix sounds like, as data for pictures: kept in the cache, one file for each mix."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from diffmst.outputs import write_text_atomically

Curve = list[float]


class Sound(BaseModel):
    """What was measured of a mix; levels are at its own loudness, which is 0 LU."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    key: str = Field(description="Changes with the sound.")
    seconds: float
    loudness_lufs: float | None = Field(description="Integrated; null for silence.")
    loudness_range_lu: float
    true_peak_dbtp: float | None
    plr_db: float | None = Field(description="Peak to loudness: small is dense, large is dynamic.")
    width_db: float = Field(description="Side against mid over all frequencies.")
    correlation: float
    mono_loss_lu: float
    bandwidth_hz: float
    mono: bool
    freq_hz: Curve = Field(description="Of the spectra, twelve points an octave.")
    mid_db: Curve = Field(description="Against the integrated loudness.")
    side_db: Curve
    total_db: Curve = Field(description="Mid and side together.")
    band_hz: Curve = Field(description="Centres of third octaves.")
    band_db: Curve = Field(description="Mid and side together in them, against the integrated loudness.")
    time_s: Curve = Field(description="Of the short-term loudness.")
    short_term_lu: list[float | None] = Field(description="Against the integrated loudness; null for silence.")
    field: list[list[float]] = Field(
        description="How often the goniometer's point is at an angle (-90 to 90 degrees, left to right) and a level "
        "(42 dB, up to 12 LU over the loudness, in steps of 1 dB), [angles][levels], 0 to 1."
    )


def sound_path(cache: Path, source: str) -> Path:
    """Where the sound of a source lies in a cache folder."""
    return cache / f"sound-{source}.json"


def write_sound(cache: Path, source: str, sound: Sound) -> None:
    """Keeps what was measured."""
    cache.mkdir(parents=True, exist_ok=True)
    write_text_atomically(sound_path(cache, source), sound.model_dump_json())


def read_sound(cache: Path, source: str) -> Sound | None:
    """What was measured, if it is there."""
    try:
        return Sound.model_validate_json(sound_path(cache, source).read_bytes())
    except (OSError, ValidationError):
        return None
