"""What a finished mix is like as a file, whatever made it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from diffmst.audio import read
from diffmst.dsp.loudness import LoudnessMeter
from diffmst.errors import UserError
from diffmst.losses import STFT_WINDOWS
from diffmst.sanity import mono_loss_lu

_FEWEST_SAMPLES = max(STFT_WINDOWS)


def read_mix(path: Path, sample_rate: int) -> Tensor:
    """A finished mix; one channel plays on both sides.

    Shape: returns [1, 2, time].

    Raises:
        UserError: it cannot be read, or is too short to be measured.
    """
    audio = read(path, sample_rate=sample_rate)
    if audio.shape[1] <= _FEWEST_SAMPLES:
        raise UserError(
            f"{path}: lasts {audio.shape[1] / sample_rate:.2g} s; nothing is measured under "
            f"{_FEWEST_SAMPLES / sample_rate:.2g} s, give the whole mix"
        )
    return torch.from_numpy(np.broadcast_to(audio, (2, audio.shape[1])).copy())[None]


def file_figures(mix: Tensor, sample_rate: int) -> dict[str, float]:
    """Peak, loudness, their ratio, loudness range, and what is lost in mono; of a mix [1, 2, time]."""
    meter = LoudnessMeter(sample_rate, channels=2)
    meter.add(mix[0].numpy())
    return {
        "true_peak_dbtp": meter.true_peak_dbtp,
        "loudness_lufs": meter.integrated_lufs,
        "loudness_range_lu": meter.loudness_range_lu,
        "plr_db": meter.true_peak_dbtp - meter.integrated_lufs,
        "mono_loss_lu": mono_loss_lu(mix, sample_rate),
    }
