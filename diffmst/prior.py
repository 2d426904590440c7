"""What a sane mix of these stems looks like before anything is known of the reference: a Gaussian over the settings."""

import math
from collections.abc import Sequence
from fnmatch import fnmatch
from typing import NamedTuple

import torch
from torch import Tensor

from diffmst.layout import Layout, Section, Settings
from diffmst.params import Param
from diffmst.roles import UNKNOWN, Role

NOMINAL_LUFS = -24.0
"""Loudness that the input gain brings every track to, so that a compressor threshold means the same for all."""

MASTER_LUFS = -20.0
"""Loudness at which the balanced tracks meet the master bus, so that its compressor threshold has a meaning."""

QUIETEST_LU = -24.0
"""Balance alone takes no track further below the mix than this."""

LOUDEST_LU = -3.0
"""Nor is one taken further towards being all that is heard, where there is room for a choice at all."""

BOUND = 3.0
"""The prior is cut off at this many widths."""

PAN_SPREAD = 0.25
"""Start of a mono track that may be panned, to one side or the other: at the centre the width has no gradient."""

PAIR_PAN = 0.6
"""Where the sides of a pair of mono files stand."""

FADER = "fader.gain_db"
"""Level of a track behind its compressor, on consoles that have one."""

LOW_TRACK = 0.5
"""A track with more than this share of its power below 200 Hz carries the low end and stays in the middle."""


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
_STRIP_BELIEFS = (
    _Belief("eq.*.freq_hz", factor=1.3),
    _Belief("eq.*.q", factor=1.2),
    _Belief("compressor.threshold_db", plus=4.0),
    _Belief("compressor.attack_ms", factor=1.3),
    _Belief("compressor.release_ms", factor=1.3),
)
_TRACK_BELIEFS = (
    *_STRIP_BELIEFS,
    _Belief("eq.*.gain_db", plus=1.5),
    _Belief("compressor.ratio", factor=1.35),
    _Belief("send.gain_db", plus=4.0, mean=-32.0),
)
_FX_BELIEFS = (
    _Belief("reverb.*.gain_db", plus=1.5),
    _Belief("reverb.*.rt60_s", factor=1.2),
)
_MASTER_BELIEFS = (
    *_STRIP_BELIEFS,
    _Belief("eq.*.gain_db", plus=3.0),
    _Belief("compressor.ratio", factor=1.6),
    _Belief("image.width", plus=0.3),
)
_LEVEL_WIDTH_DB, _LEAST_LEVEL_WIDTH_DB = 2.0, 0.7
_LOW_PAN_WIDTH = 0.02
_STEREO_PAN_WIDTH = 0.1


class Stem(NamedTuple):
    """What the prior knows of a track.

    Attributes:
        loudness_lufs: integrated; -inf for a silent track, which is left alone.
        channels: 1 or 2.
        low_share: share of its power below 200 Hz, as in its survey.
        role: `UNKNOWN` where nothing tells it.
        side: -1 or 1 for one side of a pair of files, else 0.
    """

    loudness_lufs: float
    channels: int
    low_share: float
    role: Role = UNKNOWN
    side: int = 0

    @property
    def audible(self) -> bool:
        """Whether there is anything to mix."""
        return math.isfinite(self.loudness_lufs)

    @property
    def pan(self) -> float:
        """Where it usually stands."""
        return self.side * PAIR_PAN if self.channels == 1 and self.low_share <= LOW_TRACK else 0.0

    @property
    def pan_width(self) -> float:
        """How far from there: what carries the low end not at all; what has an image of its own hardly."""
        if self.low_share > LOW_TRACK:
            return _LOW_PAN_WIDTH
        return min(self.role.pan_width, _STEREO_PAN_WIDTH) if self.channels == 2 else self.role.pan_width


def sane_prior(layout: Layout, stems: Sequence[Stem]) -> Prior:
    """Balanced loudness, neutral effects, and how far a careful engineer goes from there.

    Stems of known roles are balanced as such stems usually are, others equally loud.
    """
    audible = torch.tensor([stem.audible for stem in stems])
    defaults = layout.defaults(len(stems))
    tracks = _believed(layout.track, defaults.tracks, _TRACK_BELIEFS)
    fx = _believed(layout.fx, defaults.fx, _FX_BELIEFS)
    master = _believed(layout.master, defaults.master, _MASTER_BELIEFS)
    _set_levels(layout.track, tracks, stems)
    _set_pans(layout.track, tracks, stems)
    tracks.width[0, ~audible] = 0
    mean = Settings(tracks.mean, fx.mean, master.mean)
    width = Settings(tracks.width, fx.width, master.width)
    return Prior(mean, width, mean._replace(tracks=_spread(layout.track, tracks, stems)))


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


def _set_levels(section: Section, tracks: _Column, stems: Sequence[Stem]) -> None:
    """Every track at one loudness by its input gain, balanced by its level, which is free as long as all are heard."""
    usual_lu = [stem.role.level_lu for stem in stems if stem.audible]
    middle_lu = sum(usual_lu) / max(1, len(usual_lu))
    mix_lu = 10 * math.log10(sum(10 ** (level_lu / 10) for level_lu in usual_lu) or 1.0)
    for track, stem in enumerate(stems):
        if stem.audible:
            _set(section, tracks.mean, track, "input.gain_db", NOMINAL_LUFS - stem.loudness_lufs)
            _set(section, tracks.mean, track, level_control(section), stem.role.level_lu - middle_lu, add=True)
            share_lu = stem.role.level_lu - mix_lu
            room_lu = min(share_lu - QUIETEST_LU, LOUDEST_LU - share_lu)
            width_db = min(_LEVEL_WIDTH_DB, max(_LEAST_LEVEL_WIDTH_DB, room_lu / BOUND))
            tracks.width[..., track, section.column(level_control(section))] = width_db / _span(section)


def _set_pans(section: Section, tracks: _Column, stems: Sequence[Stem]) -> None:
    param = section.params["panner.pan"]
    for track, stem in enumerate(stems):
        _set(section, tracks.mean, track, "panner.pan", stem.pan)
        tracks.width[..., track, section.column("panner.pan")] = stem.pan_width / (param.high - param.low)


def _spread(section: Section, tracks: _Column, stems: Sequence[Stem]) -> Tensor:
    """Start positions: mono tracks that may be panned, and are not yet, stand to the left and right in turn."""
    start = tracks.mean.clone()
    movable = [
        track
        for track, stem in enumerate(stems)
        if stem.audible and stem.channels == 1 and not stem.side and stem.pan_width > PAN_SPREAD / 2
    ]
    for place, track in enumerate(movable):
        _set(section, start, track, "panner.pan", PAN_SPREAD * (-1) ** place)
    return start


def level_control(section: Section) -> str:
    """The control that sets a track's level in the mix."""
    return FADER if FADER in section.params else "input.gain_db"


def _set(section: Section, unit: Tensor, track: int, control: str, value: float, *, add: bool = False) -> None:
    """Sets a control of one track to a physical value, or adds it, within the control's range."""
    param, column = section.params[control], section.column(control)
    if add:
        value += float(param.from_unit(unit[..., track, column]).flatten()[0])
    unit[..., track, column] = param.to_unit(unit.new_tensor(min(max(value, param.low), param.high)))


def _span(section: Section) -> float:
    """Range of the level control, dB."""
    param = section.params[level_control(section)]
    return param.high - param.low
