"""What a sane mix of these stems looks like before anything is known of the reference: a Gaussian over the settings."""

import math
from collections.abc import Sequence
from fnmatch import fnmatch
from typing import NamedTuple

import torch
from torch import Tensor

from diffmst.layout import Layout, Section, Settings
from diffmst.params import Param

NOMINAL_LUFS = -24.0
"""Loudness that the input gain brings every track to, so that a compressor threshold means the same for all."""

QUIETEST_LU = -24.0
"""Balance alone takes no track further below the mix than this."""

BOUND = 3.0
"""The prior is cut off at this many widths."""

PAN_SPREAD = 0.25
"""Start of a mono track that may be panned, to one side or the other: at the centre the width has no gradient."""

LOW_TRACK = 0.5
"""A track with more than this share of its power below `LOW_HZ` carries the low end and stays in the middle."""

LOW_HZ = 200.0


class Prior(NamedTuple):
    """Independent Gaussians over the controls, in the unit interval, cut off at `BOUND` widths.

    Whatever knows the song better, a trained network say, gives the same three vectors.

    Attributes:
        mean: where refinement is drawn to, unit positions, batch of one, float64.
        width: one standard deviation of each, unit positions; a control of width 0 stays at its mean.
        start: where refinement starts, unit positions.
    """

    mean: Settings
    width: Settings
    start: Settings


class _Belief(NamedTuple):
    """How far a control is usually moved: one standard deviation, as a difference or as a factor."""

    pattern: str
    plus: float = 0.0
    factor: float = 1.0
    mean: float | None = None  # None is the default of the control


# Habits of mixing, narrow where long-time statistics of a mix say little about the control: a reference tells the level
# and tone of its mix well, but hardly the ratio or release on one of its tracks. The first pattern that fits counts;
# a control that none fits is not touched.
_TRACK_BELIEFS = (
    _Belief("panner.pan", plus=0.35),
    _Belief("eq.*.gain_db", plus=1.5),
    _Belief("eq.*.freq_hz", factor=1.3),
    _Belief("eq.*.q", factor=1.2),
    _Belief("compressor.threshold_db", plus=4.0),
    _Belief("compressor.ratio", factor=1.25),
    _Belief("compressor.attack_ms", factor=1.3),
    _Belief("compressor.release_ms", factor=1.3),
    _Belief("send.gain_db", plus=4.0, mean=-32.0),
)
_FX_BELIEFS = (
    _Belief("reverb.*.gain_db", plus=1.5),
    _Belief("reverb.*.rt60_s", factor=1.2),
)
_MASTER_BELIEFS = (
    _Belief("eq.*.gain_db", plus=3.0),
    _Belief("eq.*.freq_hz", factor=1.3),
    _Belief("eq.*.q", factor=1.2),
    _Belief("compressor.threshold_db", plus=4.0),
    _Belief("compressor.ratio", factor=1.3),
    _Belief("compressor.attack_ms", factor=1.3),
    _Belief("compressor.release_ms", factor=1.3),
)
_LEVEL_WIDTH_DB = 3.0
_LOW_PAN_WIDTH = 0.02
_STEREO_PAN_WIDTH = 0.1


def sane_prior(
    layout: Layout, loudness_lufs: Sequence[float], channels: Sequence[int], low_shares: Sequence[float]
) -> Prior:
    """Balanced loudness, neutral effects, and how far a careful engineer goes from there.

    Args:
        layout: the console's controls.
        loudness_lufs: integrated loudness of each track; -inf for a silent one, which is left alone.
        channels: 1 or 2 of each track.
        low_shares: share of each track's power below `LOW_HZ`.
    """
    audible = torch.tensor([math.isfinite(loudness) for loudness in loudness_lufs])
    defaults = layout.defaults(len(channels))
    tracks = _believed(layout.track, defaults.tracks, _TRACK_BELIEFS)
    fx = _believed(layout.fx, defaults.fx, _FX_BELIEFS)
    master = _believed(layout.master, defaults.master, _MASTER_BELIEFS)
    _set_levels(layout.track, tracks, loudness_lufs)
    _limit_panning(layout.track, tracks, channels, low_shares)
    tracks.width[0, ~audible] = 0
    mean = Settings(tracks.mean, fx.mean, master.mean)
    width = Settings(tracks.width, fx.width, master.width)
    return Prior(mean, width, mean._replace(tracks=_spread(layout.track, tracks, channels)))


class _Column(NamedTuple):
    mean: Tensor
    width: Tensor


def _believed(section: Section, defaults: Tensor, beliefs: Sequence[_Belief]) -> _Column:
    """Unit means and widths [..., controls] of a section from its table."""
    mean, width = defaults.clone(), torch.zeros_like(defaults)
    for column, (name, param) in enumerate(section.params.items()):
        belief = next((belief for belief in beliefs if fnmatch(name, belief.pattern)), None)
        if belief is None:
            continue
        if belief.mean is not None:
            mean[..., column] = belief.mean
        width[..., column] = _unit_width(param, float(mean.flatten()[column]), belief)
    return _Column(section.to_unit(mean), width)


def _unit_width(param: Param, mean: float, belief: _Belief) -> float:
    """The width as a distance in the unit interval, measured into the longer side of the range."""
    up = param.to_unit(torch.tensor(mean, dtype=torch.float64)) < 0.5
    moved = (mean + belief.plus) * belief.factor if up else (mean - belief.plus) / belief.factor
    values = torch.tensor([mean, min(max(moved, param.low), param.high)], dtype=torch.float64)
    return float(param.to_unit(values).diff().abs())


def _set_levels(section: Section, tracks: _Column, loudness_lufs: Sequence[float]) -> None:
    """Every track at equal loudness by its input gain; its level free within what keeps it audible in the mix."""
    names = list(section.params)
    gain, level = names.index("input.gain_db"), names.index(level_control(section))
    audible = [loudness for loudness in loudness_lufs if math.isfinite(loudness)]
    below_mix_lu = -10 * math.log10(max(1, len(audible)))  # one of n equally loud, unrelated tracks
    width_db = min(_LEVEL_WIDTH_DB, max(0.5, (below_mix_lu - QUIETEST_LU) / BOUND))
    level_param = section.params[names[level]]
    tracks.width[..., level] = width_db / (level_param.high - level_param.low)
    for track, loudness in enumerate(loudness_lufs):
        param = section.params["input.gain_db"]
        gain_db = NOMINAL_LUFS - loudness if math.isfinite(loudness) else 0.0
        position = param.to_unit(torch.tensor(min(max(gain_db, param.low), param.high), dtype=torch.float64))
        tracks.mean[..., track, gain] = position


def level_control(section: Section) -> str:
    """The control that sets a track's level in the mix."""
    return "fader.gain_db" if "fader.gain_db" in section.params else "input.gain_db"


def _limit_panning(section: Section, tracks: _Column, channels: Sequence[int], low_shares: Sequence[float]) -> None:
    """Tracks that carry the low end stay in the middle; stereo tracks, which have their own image, nearly so."""
    pan = list(section.params).index("panner.pan")
    param = section.params["panner.pan"]
    for track, (count, share) in enumerate(zip(channels, low_shares, strict=True)):
        if share > LOW_TRACK:
            tracks.width[..., track, pan] = _LOW_PAN_WIDTH / (param.high - param.low)
        elif count == 2:
            tracks.width[..., track, pan] = _STEREO_PAN_WIDTH / (param.high - param.low)


def _spread(section: Section, tracks: _Column, channels: Sequence[int]) -> Tensor:
    """Start positions: mono tracks that may be panned stand to the left and right in turn."""
    start, pan = tracks.mean.clone(), list(section.params).index("panner.pan")
    movable = [
        track for track, count in enumerate(channels) if count == 1 and tracks.width[0, track, pan] > PAN_SPREAD / 4
    ]
    for place, track in enumerate(movable):
        start[..., track, pan] += PAN_SPREAD / 2 * (-1) ** place
    return start
