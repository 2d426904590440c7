"""`python -m bench.style_scales`: what the numbers of the style embedding differ by in good mixes.

Songs are composed and played, and mixed as engineers do, at random but sanely. The table that is printed stands in
`diffmst.evaluation.frechet.style`.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import soundfile
import torch
from torch import Tensor

from diffmst.data.composition.styles import STYLES
from diffmst.data.demo_song import make_song
from diffmst.evaluation.frechet.style import StyleEmbedding, style_parts
from diffmst.evaluation.random_mixes import mix_of
from diffmst.excerpts import Excerpts
from diffmst.layout import DEFAULT
from diffmst.listening import Heard, listen
from diffmst.progress import SILENT
from diffmst.random_mix.draw import MixDraw
from diffmst.style import style_features

_SONGS = 30  # each mixed once, in a style of its own
_WINDOWS = 5  # of each
_LEAST_DB = 1.0
_RATE = StyleEmbedding.sample_rate
_WINDOW_S = StyleEmbedding.window_s


def main() -> None:
    """Prints the table."""
    torch.set_grad_enabled(False)
    windows = [window for seed in range(_SONGS) for window in _mixed(seed)]
    heard = [style_parts(style_features(window[None], _RATE)) for window in windows]
    for name in heard[0]:
        scales = torch.stack([parts[name] for parts in heard]).std(0)
        if name != "panning":  # which is in no decibels
            scales = scales.clamp(min=_LEAST_DB)
        print(f'    "{name}": ({" ".join(f"{scale:.2g}," for scale in scales)}),', flush=True)  # noqa: T201


def _mixed(seed: int) -> Tensor:
    """The windows of a mix, [windows, 2, time]."""
    with tempfile.TemporaryDirectory() as folder:
        heard = _written(seed, Path(folder))
        whole = Excerpts(torch.from_numpy(_audio(heard)), heard.song.channels, 0, _RATE)
    mixed = mix_of(whole, heard.stems, MixDraw("sane", seed, seed), DEFAULT).audio
    return mixed[0].unflatten(-1, (_WINDOWS, -1)).transpose(0, 1).contiguous()


def _written(seed: int, folder: Path) -> Heard:
    """A song on disk; its own first stem stands for a reference that is not asked for."""
    made = make_song(seed, style=[*STYLES][seed % len(STYLES)], seconds=_WINDOWS * _WINDOW_S, sample_rate=_RATE)
    for stem in made.stems:
        soundfile.write(folder / f"{stem.name}.wav", stem.audio.T, _RATE, subtype="FLOAT")
    reference = folder.with_suffix(".wav")
    soundfile.write(reference, made.stems[0].audio.T, _RATE, subtype="FLOAT")
    try:
        return listen([folder], reference, SILENT)
    finally:
        reference.unlink()


def _audio(heard: Heard) -> np.ndarray:
    return heard.song.read_windows([0.0], _WINDOWS * _WINDOW_S)


if __name__ == "__main__":
    main()
