"""pedalboard as a renderer, in the fastest of the ways tried: in chunks, tracks on threads, the master beside them.

It differs in that its compressor has no knee and does not link the channels of the master. Per track and on the master:
gain, low shelf, four peaks, high shelf, compressor, gain; tracks are panned and added by one matrix product.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from pedalboard import Compressor, Gain, HighShelfFilter, LowShelfFilter, PeakFilter, Pedalboard
from pedalboard.io import AudioFile

from diffmst.dsp.stereo import pan_gains
from diffmst.mix import Mix

Audio = NDArray[np.float32]

CHUNK_FRAMES = 1 << 17

_BANDS = ("low_shelf", "peak_1", "peak_2", "peak_3", "peak_4", "high_shelf")
_FILTERS = (LowShelfFilter, *[PeakFilter] * 4, HighShelfFilter)


def render(document: Path, out: Path, threads: int) -> None:
    """Renders a mix document without its reverb and loudness into a PCM16 WAV file."""
    mix = Mix.read(document)
    boards = [_board(track.settings) for track in mix.tracks]
    master = _board(mix.master)
    pans = torch.tensor([track.settings["panner.pan"] for track in mix.tracks])
    mixing = pan_gains(pans).T.contiguous().numpy()
    with ExitStack() as stack:
        files = [stack.enter_context(AudioFile(str(document.parent / track.path))) for track in mix.tracks]
        writer = stack.enter_context(AudioFile(str(out), "w", mix.sample_rate, 2, bit_depth=16))
        pool = stack.enter_context(ThreadPoolExecutor(threads))

        def processed(track: int) -> Audio:
            chunk = files[track].read(CHUNK_FRAMES)
            return boards[track].process(chunk, mix.sample_rate, chunk.shape[1], reset=False)[0]

        def ahead() -> list[Future[Audio]]:
            return [pool.submit(processed, track) for track in range(len(files))]

        pending, left = ahead(), files[0].frames
        while left > 0:
            chunks = np.stack([future.result() for future in pending])
            left -= chunks.shape[1]
            pending = ahead() if left > 0 else []
            writer.write(master.process(mixing @ chunks, mix.sample_rate, chunks.shape[1], reset=False))


def _board(settings: dict[str, float]) -> Pedalboard:
    """The chain of a strip, its fader in the gain behind the compressor."""
    filters = [
        kind(settings[f"eq.{band}.freq_hz"], settings[f"eq.{band}.gain_db"], settings[f"eq.{band}.q"])
        for kind, band in zip(_FILTERS, _BANDS, strict=True)
    ]
    compressor = Compressor(*(settings[f"compressor.{name}"] for name in _COMPRESSOR))
    behind_db = settings["compressor.makeup_db"] + settings["fader.gain_db"]
    return Pedalboard([Gain(settings["input.gain_db"]), *filters, compressor, Gain(behind_db)])


_COMPRESSOR = ("threshold_db", "ratio", "attack_ms", "release_ms")
