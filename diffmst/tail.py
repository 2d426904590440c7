"""How long the reverb of a mix goes on after its end, where that is cut off."""

import math

import numpy as np

from diffmst.dsp.loudness import HOP_S, LoudnessMeter, energy_to_lufs

DIED_AWAY_LU = -60.0
"""Against the loudness of the mix: reverb that is quieter may end without being missed."""

_STEP_S = 0.5  # tails are rounded up to a multiple


def dying_s(fading: LoudnessMeter, loudness_lufs: float) -> float:
    """How long reverb takes to die away: until no 100 ms of it are within 60 LU of the mix; rounded up to 0.5 s.

    Args:
        fading: has heard all of the reverb after the end of the mix; see `ConsoleStream.fading`.
        loudness_lufs: of the mix; reverb of one that is silent is not missed.
    """
    levels_lufs = energy_to_lufs(fading.hop_energies.sum(axis=0))
    (heard,) = np.nonzero(levels_lufs > loudness_lufs + DIED_AWAY_LU)
    if not (len(heard) and math.isfinite(loudness_lufs)):
        return 0.0
    return math.ceil((heard[-1] + 1) * HOP_S / _STEP_S) * _STEP_S
