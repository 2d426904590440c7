"""A profile as data."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from diffmst.dsp.loudness import HOP_S
from diffmst.mastering import Output
from diffmst.profile import Profile, at_equal_loudness
from diffmst.stereo_field import LOWEST_DB
from diffmst.tone_curve import smooth_bands
from diffmst.web.jobs.sounds import Sound

_CURVE_POINTS = 500  # of loudness over time
_SHORT_TERM_S = 3.0
_FIELD_TOP_LU, _FIELD_SPAN_DB = 12, 42
_DECIMALS = 2
_FLOOR_DB = -150.0


def sound_of(profile: Profile, key: str, output: Output | None = None) -> Sound:
    """What was measured of a mix, from a profile that has heard all of it.

    Args:
        profile: of the mix.
        key: changes with the sound.
        output: what becomes of it on its way out, if anything.
    """
    loudness_lufs = output.loudness_lufs if output else profile.loudness_lufs
    true_peak_dbtp = output.true_peak_dbtp if output else profile.meter.true_peak_dbtp
    bands, thirds = smooth_bands(profile), profile.bands()
    time_s, short_term_lu = _loudness_curve(profile)
    return Sound(
        key=key,
        seconds=profile.duration_s,
        loudness_lufs=_finite(loudness_lufs),
        loudness_range_lu=profile.meter.loudness_range_lu,
        true_peak_dbtp=_finite(true_peak_dbtp),
        plr_db=_finite(true_peak_dbtp - loudness_lufs),
        width_db=profile.width_db,
        correlation=profile.correlation,
        mono_loss_lu=profile.mono_loss_lu,
        bandwidth_hz=profile.bandwidth_hz,
        mono=profile.mono,
        freq_hz=_numbers(bands.freq_hz),
        mid_db=_numbers(at_equal_loudness(bands.mid_db, profile)),
        side_db=_numbers(at_equal_loudness(bands.side_db, profile)),
        total_db=_numbers(at_equal_loudness(bands.total_db, profile)),
        band_hz=_numbers(thirds.freq_hz),
        band_db=_numbers(at_equal_loudness(thirds.total_db, profile)),
        time_s=time_s,
        short_term_lu=short_term_lu,
        field=_field(profile),
    )


def _loudness_curve(profile: Profile) -> tuple[list[float], list[float | None]]:
    """Times, and short-term loudness against the integrated one, thinned out; a very short song is one level."""
    lufs = profile.meter.short_term_lufs
    if len(lufs) == 0:
        return [0.0, profile.duration_s], [0.0, 0.0]
    step = math.ceil(len(lufs) / _CURVE_POINTS)
    middle_s = np.arange(len(lufs), dtype=np.float64)[::step] * HOP_S + _SHORT_TERM_S / 2
    return _numbers(middle_s), [_rounded(value) for value in at_equal_loudness(lufs[::step], profile).tolist()]


def _field(profile: Profile) -> list[list[float]]:
    """The stereo field between two levels against the loudness, its brightest point 1."""
    density = profile.stereo_field()
    loudness_lufs = profile.loudness_lufs if math.isfinite(profile.loudness_lufs) else 0.0
    top = round(loudness_lufs + _FIELD_TOP_LU - LOWEST_DB)
    padded = np.pad(density, ((0, 0), (_FIELD_SPAN_DB, _FIELD_SPAN_DB)))  # so that no level lies outside
    first = min(max(top, 0), density.shape[1] + _FIELD_SPAN_DB)
    shown = padded[:, first : first + _FIELD_SPAN_DB]
    shown = shown / max(float(shown.max()), 1e-12)
    return [[round(value, 4) for value in row] for row in shown.tolist()]


def _numbers(values: Iterable[float] | NDArray[np.float64]) -> list[float]:
    return np.nan_to_num(np.round(np.asarray(values, np.float64), _DECIMALS), neginf=_FLOOR_DB).tolist()


def _rounded(value: float) -> float | None:
    return round(value, _DECIMALS) if math.isfinite(value) else None


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
