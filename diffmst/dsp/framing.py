"""How long the frames are that spectra are taken of; light to import."""

from math import log2


def frame_size(sample_rate: int, seconds: float) -> int:
    """The power of two whose duration is nearest, in ratio, to that asked for, in samples."""
    return 2 ** round(log2(sample_rate * seconds))
