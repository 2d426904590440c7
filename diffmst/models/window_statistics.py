"""What a window sounds like in figures: levels, dynamics, onsets and stereo of every band, on fixed scales.

Nothing is normalised by the window itself: how loud, dynamic or wide it is must be told.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import pad

from diffmst.dsp.band_powers import BANDS

FLOOR = 1e-9
"""Power per band and frame under which there is nothing to hear (-90 dBFS); added before every logarithm."""

# What decibels are divided by to be of about unit size, and the level that becomes 0.
_SCALE_DB, _MIDDLE_DB = 20.0, -45.0

# Frames over which loudness is smoothed before its spread is taken: flutter, beat, phrase.
_SMOOTHED_FRAMES = (1, 8, 32)

_SIDE_FLOOR = 1e-4  # a side this far under the whole, 40 dB, is not heard

GROUPS = 8
"""Of neighbouring bands."""

# Distances from the middle, as `panner.pan` has them, at which it is told how much stands there.
_DISTANCES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
PLACES = len(_DISTANCES) + 1
"""Number of figures that tell where things stand: the distances, and nowhere."""

_LOUDNESS_POWER = 0.5  # to which powers are raised, so that what is loudest does not decide alone where things stand
_PLACE_SCALE = 2.0

_OF_BANDS = ("level_low", "level", "level_high", "spread", "onsets", "side", "balance")
_OVERALL = 5 + len(_SMOOTHED_FRAMES)  # three levels, a spread for every smoothing, side and balance
STATISTICS = BANDS * len(_OF_BANDS) + GROUPS * PLACES + _OVERALL
"""Number of figures per window."""

_SUMMARIZED = ("level", "spread", "onsets", "side")
SUMMARY = GROUPS * len(_SUMMARIZED) + _OVERALL
"""Number of figures in a summary."""


def level(power: Tensor) -> Tensor:
    """Powers as levels of about unit size, 0 at -45 dB and 1 at -25 dB; any shape."""
    return (10 * torch.log10(power + FLOOR) - _MIDDLE_DB) / _SCALE_DB


def window_statistics(powers: Tensor, has_frame: Tensor) -> Tensor:
    """Figures of windows, each of about unit size, that say how loud, dynamic and wide every band is.

    Args:
        powers: of left, right, and left times right, see `band_powers`.
        has_frame: which frames count, at least one of each window.

    Shape: powers [windows, 3, frames, bands]; has_frame, bool [windows, frames]; returns [windows, STATISTICS].
    """
    share = has_frame / has_frame.sum(-1, keepdim=True, dtype=powers.dtype)
    share = share[..., None].to(powers.dtype)
    left, right, cross = powers.unbind(-3)
    means = [(power * share).sum(-2) for power in (left, right, cross)]
    total = left + right
    levels, loudness = level(total), level(total.sum(-1, keepdim=True))
    bands = [*_power_means(total, share), _spread(levels, share), _onsets(levels, share), *_stereo(*means)]
    overall = [
        *_power_means(total.sum(-1, keepdim=True), share),
        *(_spread(*_smoothed(loudness, share, frames)) for frames in _SMOOTHED_FRAMES),
        *_stereo(*(mean.sum(-1, keepdim=True) for mean in means)),
    ]
    return torch.cat([*bands, _places(powers, share), *overall], -1)


def summary(statistics: Tensor) -> Tensor:
    """The coarse outline of statistics: too little to know a recording by, enough to tell bass from cymbals.

    Shape: statistics [..., STATISTICS]; returns [..., SUMMARY].
    """
    of_bands, _, overall = statistics.split([BANDS * len(_OF_BANDS), GROUPS * PLACES, _OVERALL], -1)
    groups = of_bands.unflatten(-1, (len(_OF_BANDS), GROUPS, BANDS // GROUPS)).mean(-1)
    picked = groups[..., [_OF_BANDS.index(name) for name in _SUMMARIZED], :]
    return torch.cat([picked.flatten(-2), overall], -1)


def places(statistics: Tensor) -> Tensor:
    """How much stands how far from the middle, from near to far, and how much nowhere, in groups of bands.

    Shape: statistics [..., STATISTICS]; returns [..., GROUPS, PLACES].
    """
    _, found, _ = statistics.split([BANDS * len(_OF_BANDS), GROUPS * PLACES, _OVERALL], -1)
    return found.unflatten(-1, (GROUPS, PLACES))


def _power_means(power: Tensor, share: Tensor) -> list[Tensor]:
    """Levels of power means over the frames, with exponents 1/4, 1 and 4; [..., frames, bands] -> [..., bands] each.

    The first is near the mean in decibels, the last near the peaks; what lies between them tells how dynamic a band is.
    Taken relative to the greatest, so that no exponent leaves the range of single precision.
    """
    greatest = (power * (share > 0)).amax(-2, keepdim=True) + FLOOR
    relative = (power + FLOOR) / greatest
    low = (relative.sqrt().sqrt() * share).sum(-2).square().square()
    middle = (relative * share).sum(-2)
    high = (relative.square().square() * share).sum(-2).sqrt().sqrt()
    return [level(greatest.squeeze(-2) * mean) for mean in (low, middle, high)]


def _spread(levels: Tensor, share: Tensor) -> Tensor:
    """Standard deviation over the frames; [..., frames, bands] -> [..., bands]."""
    mean = (levels * share).sum(-2, keepdim=True)
    return (((levels - mean).square() * share).sum(-2) + 1e-6).sqrt()


def _onsets(levels: Tensor, share: Tensor) -> Tensor:
    """How much levels rise within two frames, as a mean square; [..., frames, bands] -> [..., bands]."""
    rise = pad((levels[..., 2:, :] - levels[..., :-2, :]).relu(), (0, 0, 2, 0))[..., -levels.shape[-2] :, :]
    return (rise.square() * share).sum(-2)


def _stereo(left: Tensor, right: Tensor, cross: Tensor) -> list[Tensor]:
    """Level of the side under the whole, 0 to 1 in the range of 40 dB, and left against right, -1 to 1."""
    total = left + right + FLOOR
    side = (total / 2 - cross).clamp_min(0) / total
    return [1 + torch.log10(side + _SIDE_FLOOR) / 4, (left - right) / total]


def _places(powers: Tensor, share: Tensor) -> Tensor:
    """How much stands how far from the middle, and how much stands nowhere, in groups of bands; [..., GROUPS * PLACES].

    Means over a window cannot tell this: what is left and what is right in the same band becomes a middle. But in one
    frame of one band there is mostly one source. With the powers l, r and x of left, right and left times right, the
    larger eigenvalue of [[l, x], [x, r]] is the power of what is panned, along the angle atan2(2 x, l - r) / 2 of a
    pan by sine and cosine; by what it exceeds the other, relative to both, that is one source.

    Reference: C. Avendano, "Frequency-domain source identification and manipulation in stereo mixes for enhancement,
    suppression and re-panning applications", WASPAA 2003, for places in single frames.
    """
    left, right, cross = powers.unbind(-3)
    weight = (left + right + FLOOR).pow(_LOUDNESS_POWER) * share
    excess = ((left - right).square() + 4 * cross.square() + FLOOR**2).sqrt()
    direct = (excess / (left + right + FLOOR)).clamp(max=1)
    distance = (torch.atan2(2 * cross.clamp_min(0) + FLOOR, left - right) * (2 / torch.pi) - 1).abs()
    width = _DISTANCES[1]
    near = [direct * (1 - (distance - place).abs() / width).clamp_min(0) for place in _DISTANCES]
    parts = torch.stack([weight * part for part in (*near, 1 - direct)], -1).sum(-3)
    total = weight.sum(-2)[..., None]
    grouped, whole = (part.unflatten(-2, (GROUPS, BANDS // GROUPS)).sum(-2) for part in (parts, total))
    return (_PLACE_SCALE * grouped / whole).flatten(-2)


def _smoothed(levels: Tensor, share: Tensor, frames: int) -> tuple[Tensor, Tensor]:
    """Levels [..., frames, 1] meaned over so many frames, and the shares of what is whole."""
    frames = min(frames, levels.shape[-2])
    smoothed, counts = levels.unfold(-2, frames, 1).mean(-1), share.unfold(-2, frames, 1).amin(-1)
    return smoothed, counts / counts.sum(-2, keepdim=True).clamp_min(1e-6)
