"""Renderers of a mix document, ready to run: ours in two ways, pedalboard, and dasp track by track."""

from __future__ import annotations

from pathlib import Path

import soundfile
import torch

from bench.contenders import DASP, composition, effects
from bench.contenders.composition import Effects
from diffmst.audio import StemFile
from diffmst.data.song import Song
from diffmst.layout import DEFAULT
from diffmst.mix import Mix
from diffmst.outputs import OutputFolder
from diffmst.progress import SILENT
from diffmst.render import compile_kernels, render, render_document


class OursRender:
    """The console alone: files, strips, master, meter, file.

    Args:
        document: without reverb and loudness target.
        out: the WAV file.
    """

    def __init__(self, document: Path, out: Path) -> None:
        self._document, self._out = document, out
        compile_kernels(SILENT, gradients=False)

    def run(self) -> None:
        """Renders it."""
        mix = Mix.read(self._document)
        with OutputFolder(self._out.parent, force=True) as outputs:
            outputs.claim([self._out.name])
            stems = [StemFile(self._document.parent / track.path, track.name) for track in mix.tracks]
            render(mix, Song.of_stems(stems, mix.sample_rate), outputs, self._out.name)


class WholeRender(OursRender):
    """All that `diffmst render` does: checksums of the files, reverb, loudness target and limiter besides.

    Args:
        document: with reverb and loudness target.
        out: the WAV file.
    """

    def run(self) -> None:
        """Renders it."""
        render_document(self._document, self._out, force=True)


class PedalboardRender:
    """See `pedalboard_renderer`.

    Args:
        document: without reverb and loudness target.
        out: the WAV file.
        threads: to process tracks on.
    """

    def __init__(self, document: Path, out: Path, threads: int) -> None:
        from bench.contenders import pedalboard_renderer

        self._arguments = (document, out, threads)
        self._render = pedalboard_renderer.render

    def run(self) -> None:
        """Renders it."""
        self._render(*self._arguments)


class DaspRender:
    """dasp, one track after the other, as all at once take more memory than there is.

    Args:
        document: without reverb and loudness target.
        out: the WAV file.
    """

    def __init__(self, document: Path, out: Path) -> None:
        self._document, self._out = document, out
        self._effects: Effects = effects(DASP)

    @torch.no_grad()
    def run(self) -> None:
        """Renders it."""
        mix = Mix.read(self._document)
        bus = self._track(mix, 0)
        for number in range(1, len(mix.tracks)):
            bus += self._track(mix, number)
        master = DEFAULT.master
        mixed = composition.strip(self._effects, bus, mix.sample_rate, master, mix.settings.tensors().master.float())
        soundfile.write(self._out, mixed[0].T.numpy(), mix.sample_rate, subtype="PCM_16")

    def _track(self, mix: Mix, number: int) -> torch.Tensor:
        samples, _ = soundfile.read(self._document.parent / mix.tracks[number].path, dtype="float32")
        values = mix.settings.tensors().tracks[0, number : number + 1].float()
        x = torch.from_numpy(samples)[None, None]
        x = composition.strip(self._effects, x, mix.sample_rate, DEFAULT.track, values)
        return self._effects.panned_sum(x, DEFAULT.track.controls(values, "panner")["pan"])
