"""What was done to the sound of a stem: a curve over frequency, and a gain over time, told from before and after.

A channel strip makes of the power D of a frame t in a band b

    W[t, b] = D[t, b] * tone[b] * gain[t],

where `tone` is the equalizer, with every gain that does not change, and `gain` the compressor. Fitted to both at once,
neither is taken for the other: loud frames that are turned down do not bend the curve, and a boost of the bass is no
gain of the frames that have bass. The fit takes each in turn as the ratio of what there is to what the other alone
would make, summed over frames or bands: the likeliest under Poisson noise, in which the loud counts most.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_TURNS = 20  # of the fit; ten more change no gain reduction by as much as 0.05 dB
_SOUNDING_DB = -60.0  # frames this far under the loudest say nothing
_AGREEMENT_DB = 1.0
_FEWEST_FRAMES = 20  # half a second of music
_QUIET_PERCENTILE = 95.0
_NOTHING = 1e-30


class GainAndTone(NamedTuple):
    """The fit, in power.

    Attributes:
        tone: [bands].
        gain: [frames].
        level: of the frames with the tone, before the gain, [frames].
        error_db: root mean square over the bands, by power, of what the fit leaves, [frames].
    """

    tone: FloatArray
    gain: FloatArray
    level: FloatArray
    error_db: FloatArray

    @property
    def gain_reduction_db(self) -> float:
        """How far the gain is lower, on average over the power, than where it is highest; NaN if it cannot be told.

        Highest is the 95th percentile of the frames down to 60 dB under the loudest. A compressor that never lets go
        shows by what it does beyond that alone: the rest is a change of level.

        Frames that the fit leaves more than 1 dB from the truth are left out: in the tail of a reverb there is power
        that no gain has made.
        """
        heard = (self.level > self.level.max(initial=0.0) * 10 ** (_SOUNDING_DB / 10)) & (self.error_db < _AGREEMENT_DB)
        if heard.sum() < _FEWEST_FRAMES:
            return float("nan")
        gain_db, power = _to_db(self.gain[heard]), self.level[heard]
        return float(np.percentile(gain_db, _QUIET_PERCENTILE) - np.average(gain_db, weights=power))


def fit_gain_and_tone(before: FloatArray, after: FloatArray) -> GainAndTone:
    """The curve and the gains by which one turned into the other.

    Args:
        before: powers of the raw stem.
        after: of the processed one.

    Shape: both [frames, bands].

    >>> before = np.random.default_rng(0).uniform(1, 2, (100, 8))
    >>> gain = np.where(np.arange(100) < 50, 1.0, 0.1)
    >>> round(fit_gain_and_tone(before, before * gain[:, None] * np.arange(1, 9)).gain_reduction_db, 1)
    5.0
    """
    gain = np.ones(len(before))
    for _ in range(_TURNS):
        tone = after.sum(0) / np.maximum(gain @ before, _NOTHING)
        gain = after.sum(1) / np.maximum(before @ tone, _NOTHING)
    level = before @ tone
    expected = before * tone
    left_db = _to_db(after) - _to_db(expected * gain[:, None])
    shares = expected / np.maximum(level, _NOTHING)[:, None]
    return GainAndTone(tone, gain, level, np.sqrt((shares * left_db**2).sum(1)))


def _to_db(power: FloatArray) -> FloatArray:
    return 10 * np.log10(np.maximum(power, _NOTHING))
