"""Mixes as they will be heard: as loud as is wanted under the ceiling, whatever the limiter has to do for that.

A finished record has been through a limiter, and so will the mix. What that does to peaks need not be done by
compressors, and what it cannot do has to be.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from diffmst.descent import Distance
from diffmst.dsp.limiter import Limiter
from diffmst.dsp.loudness import pooled_loudness
from diffmst.dsp.units import amplitude_to_db
from diffmst.mastering import HARDEST_LIMITING_DB, LOUDNESS_TOLERANCE_LU
from diffmst.mix_parts import RenderSettings

LOUDNESS_COST = 0.002
"""Of a square LU by which a mix stays under its loudness, as the limiter takes no more than `HARDEST_LIMITING_DB`."""

_TRIALS = 3  # of the gain in front of the limiter
_FLATTEST = 0.2  # LU per dB: more gain than its inverse asks for is never tried at once
_AT_CEILING = 0.97  # of its amplitude: samples around a peak that is held, between the samples too
_LEAST_POWER = 1e-20


class Outgoing(NamedTuple):
    """A mix at its loudness under the ceiling.

    Attributes:
        audio: [windows, 2, time].
        missing_lu: what it stays under that loudness, 0 or more.
    """

    audio: Tensor
    missing_lu: Tensor


class OutgoingDistance:
    """The distance to a reference of mixes as they will be heard, with the loudness that they miss as a term.

    Args:
        distance: to the reference.
        sample_rate: Hz.
        output: loudness and ceiling; without a loudness, mixes are heard as they come out of the console.
    """

    def __init__(self, distance: Distance, sample_rate: int, output: RenderSettings) -> None:
        self._distance, self._sample_rate, self._output = distance, sample_rate, output

    def __call__(self, mix: Tensor) -> dict[str, Tensor]:
        """The terms of windows of a mix, [windows, 2, time]."""
        if self._output.loudness_lufs is None:
            return dict(self._distance(mix))
        audio, missing_lu = outgoing(mix, self._sample_rate, self._output.loudness_lufs, self._output.ceiling_dbtp)
        return {"loudness": LOUDNESS_COST * missing_lu.square()} | dict(self._distance(audio))


def outgoing(mix: Tensor, sample_rate: int, loudness_lufs: float, ceiling_dbtp: float) -> Outgoing:
    """Brings windows of a mix to their loudness under the ceiling, as `mastering` does with a whole one.

    Gradients take what the limiter does as given: a peak that it holds stays at the ceiling, and all else is multiplied
    by its gain. Where it does all that it may, it is the highest peak that decides how loud the mix becomes.

    Args:
        mix: of any loudness.
        sample_rate: Hz.
        loudness_lufs: wanted, of all windows together.
        ceiling_dbtp: of the limiter.

    Shape: mix [windows, 2, time].
    """
    here, peak, nothing = mix.detach(), mix.abs().max(), mix.new_zeros(())
    gain_db = loudness_lufs - float(pooled_loudness(here, sample_rate))
    if not math.isfinite(gain_db):
        return Outgoing(mix, nothing)
    headroom_db = ceiling_dbtp - float(amplitude_to_db(peak.detach()))
    if gain_db <= headroom_db:
        return Outgoing(mix * 10 ** (gain_db / 20), nothing)
    limited, most = _limited(here, sample_rate, loudness_lufs, ceiling_dbtp, headroom_db)
    audio = mix * _gain_of(limited, here)
    if most:
        audio = audio * (peak.detach() / peak)
    else:
        held = limited.abs() >= _AT_CEILING * 10 ** (ceiling_dbtp / 20)
        audio = torch.where(held, limited, audio)
    return Outgoing(audio, (loudness_lufs - pooled_loudness(audio, sample_rate)).clamp_min(0))


def _limited(
    mix: Tensor, sample_rate: int, loudness_lufs: float, ceiling_dbtp: float, headroom_db: float
) -> tuple[Tensor, bool]:
    """A mix behind the limiter at the loudness wanted, as far as may be, and whether the limiter does all it may.

    By secants from where the limiter begins, as in `mastering`.
    """
    gain_db, most_db, slope = headroom_db, headroom_db + HARDEST_LIMITING_DB, 1.0
    limited, reached_lufs = mix * 10 ** (gain_db / 20), gain_db + float(pooled_loudness(mix, sample_rate))
    for _ in range(_TRIALS):
        missing_lu = loudness_lufs - reached_lufs
        if missing_lu < LOUDNESS_TOLERANCE_LU or gain_db >= most_db:
            break
        last_db, last_lufs = gain_db, reached_lufs
        gain_db = min(gain_db + missing_lu / slope, most_db)
        limited = _behind_limiter(mix, sample_rate, gain_db, ceiling_dbtp)
        reached_lufs = float(pooled_loudness(limited, sample_rate))
        slope = min(max((reached_lufs - last_lufs) / (gain_db - last_db), _FLATTEST), 1.0)
    return limited, gain_db >= most_db


def _behind_limiter(mix: Tensor, sample_rate: int, gain_db: float, ceiling_dbtp: float) -> Tensor:
    windows = []
    for window in mix.cpu().numpy().astype(np.float32):
        limiter = Limiter(sample_rate, ceiling_db=ceiling_dbtp, gain_db=gain_db)
        windows.append(np.concatenate([limiter.process(window), limiter.flush()], axis=1))
    return torch.from_numpy(np.stack(windows)).to(mix)


def _gain_of(after: Tensor, before: Tensor) -> Tensor:
    """What both sides were multiplied by, [windows, 1, time]; where nothing sounds it tells nothing."""
    return (after * before).sum(1, keepdim=True) / before.square().sum(1, keepdim=True).clamp_min(_LEAST_POWER)
