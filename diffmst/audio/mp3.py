"""MP3 in memory, for pages that carry much sound with them: every browser plays it, at an eighth of the bytes."""

from __future__ import annotations

import io

import numpy as np
import soundfile
from numpy.typing import NDArray

RATES_HZ = (44_100, 48_000)
_QUALITY = 0.2  # of 0 (best) to 1: LAME's V2, about 150 to 190 kbit/s


def mp3_bytes(audio: NDArray[np.float32], sample_rate: int) -> bytes:
    """An MP3 file of variable rate.

    Files of one length have one delay, so sounds that run in step go on doing so.

    Args:
        audio: full scale 1; what exceeds it is clipped where it is decoded.
        sample_rate: one of `RATES_HZ`.

    Shape: audio [channels, time].
    """
    if sample_rate not in RATES_HZ:
        raise ValueError(f"sample_rate must be one of {RATES_HZ}, got {sample_rate}")
    file = io.BytesIO()
    soundfile.write(
        file,
        np.ascontiguousarray(audio.T),
        sample_rate,
        format="MP3",
        subtype="MPEG_LAYER_III",
        compression_level=_QUALITY,
        bitrate_mode="VARIABLE",
    )
    return file.getvalue()
