"""The noise that the reverb's script shapes, as a file beside it."""

from __future__ import annotations

from pathlib import Path

from diffmst.audio import AudioWriter
from diffmst.daw.reaper.jsfx import longest_rt60_s
from diffmst.daw.reaper.sliders import reverb_sliders
from diffmst.dsp import reverb
from diffmst.layout import Section

_FRAMES = 1 << 14  # of the response, written at once


def write_noise(path: Path, section: Section, sample_rate: int) -> None:
    """Writes the noise of every band: for every sample of the response left and right of band after band.

    The file is stereo, as any reader takes it: it has as many frames per sample of the response as there are bands.

    Args:
        path: of the WAV file.
        section: of the FX bus, which declares the longest decay.
        sample_rate: of the session, Hz.

    Raises:
        UserError: it cannot be written.
    """
    taps = reverb.response_taps(sample_rate, longest_rt60_s(reverb_sliders(section)))
    noise, _, _ = reverb.noise_bands(sample_rate, taps)
    with AudioWriter(path, sample_rate, 2, "FLOAT") as writer:
        for start in range(0, taps, _FRAMES):
            block = noise[:, :, start : start + _FRAMES]
            writer.write(block.transpose(1, 2, 0).reshape(2, -1))
