"""FLAC in memory, for pages that carry their sound with them."""

from __future__ import annotations

import io

import numpy as np
import soundfile
from numpy.typing import NDArray


def flac_bytes(samples: NDArray[np.int16], sample_rate: int) -> bytes:
    """A FLAC file of 16-bit samples, lossless.

    Shape: samples [channels, time].
    """
    file = io.BytesIO()
    soundfile.write(file, np.ascontiguousarray(samples.T), sample_rate, format="FLAC", subtype="PCM_16")
    return file.getvalue()
