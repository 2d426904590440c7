"""The noise that the reverb's script shapes, as a file beside it."""

from __future__ import annotations

from pathlib import Path

from diffmst.audio import AudioWriter
from diffmst.daw.console_mix import ConsoleMix
from diffmst.dsp import reverb

_FRAMES = 1 << 14  # of the response, written at once


def noise_taps(mix: ConsoleMix) -> int:
    """Samples of the longest response that a session can play.

    Where the mix has a reverb, that is of the longest decay that the sliders reach: 28 MB of noise at 48 kHz. Where
    nothing is sent to it yet, its decays as they are set will do for a first try: 7 MB, with those of a new mix.
    """
    decays = {name: param for name, param in mix.layout.fx.params.items() if param.keyword == "rt60_s"}
    longest_s = max(param.high if mix.has_sends() else mix.fx[name] for name, param in decays.items())
    return reverb.response_taps(mix.sample_rate, longest_s)


def write_noise(path: Path, sample_rate: int, taps: int) -> None:
    """Writes the noise of every band: for every sample of the response left and right of band after band.

    The file is stereo, as any reader takes it: it has as many frames per sample of the response as there are bands.

    Args:
        path: of the WAV file.
        sample_rate: of the session, Hz.
        taps: samples of the longest response.

    Raises:
        UserError: it cannot be written.
    """
    noise, _, _ = reverb.noise_bands(sample_rate, taps)
    with AudioWriter(path, sample_rate, 2, "FLOAT") as writer:
        for start in range(0, taps, _FRAMES):
            block = noise[:, :, start : start + _FRAMES]
            writer.write(block.transpose(1, 2, 0).reshape(2, -1))
