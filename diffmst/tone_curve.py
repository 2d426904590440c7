"""Where in the spectrum two mixes differ: smooth curves for the eye and the notes, and parts by their edges."""

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from diffmst.profile import AS_GOOD_AS_MONO_DB, TONE_HZ, Bands, Profile, at_equal_loudness
from diffmst.stereo_field import power_to_db

FloatArray = NDArray[np.float64]

_BANDS_PER_OCTAVE = 12  # each point is still a third octave wide
_BANDS_BLUR = 1.2  # points


class Peak(NamedTuple):
    """Where two curves are furthest apart.

    Attributes:
        freq_hz: there.
        difference_db: above 0 where the mix has more than the reference.
        octaves: how wide it is where it is over a limit.
    """

    freq_hz: float
    difference_db: float
    octaves: float


def smooth_bands(profile: Profile) -> Bands:
    """Overlapping third octaves with soft edges, so that a single tone draws a hill and not a box."""
    bands = profile.bands(_BANDS_PER_OCTAVE)
    mid, side = (gaussian_filter1d(power, _BANDS_BLUR, mode="nearest") for power in (bands.mid, bands.side))
    return replace(bands, mid=mid, side=side)


def total_curve(profile: Profile, *, soft: bool = True) -> tuple[FloatArray, FloatArray]:
    """Mid plus side against the integrated loudness: frequencies, and dB, [points] each; edges soft or not."""
    bands = smooth_bands(profile) if soft else profile.bands(_BANDS_PER_OCTAVE)
    return bands.freq_hz, at_equal_loudness(bands.total_db, profile)


def difference_curve(profile: Profile, reference: Profile, *, soft: bool = True) -> tuple[FloatArray, FloatArray]:
    """Mid plus side of a mix against a reference, both at equal loudness: frequencies, and dB, [points] each."""
    (freq_hz, ours_db), (_, theirs_db) = total_curve(profile, soft=soft), total_curve(reference, soft=soft)
    shared = min(len(ours_db), len(theirs_db))
    return freq_hz[:shared], ours_db[:shared] - theirs_db[:shared]


def furthest_off(
    profile: Profile, reference: Profile, limit_db: float, *, lowest_hz: float = 0.0, highest_hz: float = math.inf
) -> Peak | None:
    """Where a mix is furthest from its reference on the curve of `difference_curve`; none where it is within a limit.

    Args:
        profile: of the mix.
        reference: of the reference.
        limit_db: a smaller difference does not count.
        lowest_hz: what lies below does not count; nor does what lies below 40 Hz, see `part_db`.
        highest_hz: what lies above does not count; nor does what lies above 16 kHz.
    """
    freq_hz, difference_db = difference_curve(profile, reference)
    counts = (freq_hz >= max(lowest_hz, TONE_HZ[0])) & (freq_hz <= min(highest_hz, TONE_HZ[1]))
    worst = int(np.where(counts, np.abs(difference_db), -1.0).argmax())
    if not abs(difference_db[worst]) > limit_db:
        return None
    # Soft edges make a loud tone the wider the louder it is; without them it is a third of an octave wide.
    _, sharp_db = difference_curve(profile, reference, soft=False)
    octaves = _points_around(worst, sharp_db * np.sign(difference_db[worst]) > limit_db) / _BANDS_PER_OCTAVE
    return Peak(float(freq_hz[worst]), float(difference_db[worst]), octaves)


def _points_around(place: int, over: NDArray[np.bool_]) -> int:
    """How many points around a place are over, without a gap."""
    if not over[place]:
        return 0
    under = np.flatnonzero(~over)
    return int(under[under > place].min(initial=len(over)) - under[under < place].max(initial=-1)) - 1


def part_db(profile: Profile, low_hz: float, high_hz: float) -> float:
    """Level of mid plus side between two frequencies, against the integrated loudness."""
    return float(at_equal_loudness(power_to_db(sum(profile.powers_between(low_hz, high_hz))), profile))


def side_db(profile: Profile, low_hz: float, high_hz: float) -> float:
    """Side against mid between two frequencies; -30 at least, which is as good as mono."""
    mid, side = profile.powers_between(low_hz, high_hz)
    return max(AS_GOOD_AS_MONO_DB, float(power_to_db(side) - power_to_db(mid)))
