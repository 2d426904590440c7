"""`python -m bench.dawproject MIX.json ...`: what the knees of its compressors, which DAWprojects lack, do to a mix.

In a program that computes all else as the format says it; before delivery.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from bench.ardour import made
from diffmst.mix import Mix

_KNEE = "compressor.knee_db"


def without_knees(mix: Mix) -> Mix:
    """The mix as a DAWproject says it."""
    layout, settings = mix.console_layout, mix.settings
    for section, values in ((layout.track, settings.tracks), (layout.master, settings.master)):
        values[..., section.column(_KNEE)] = 0.0
    return mix.with_settings(settings)


def _rms(audio: np.ndarray) -> float:
    return float(np.sqrt(np.mean(audio**2)))


def _row(document: Path) -> str:
    mix = Mix.read(document)
    with_knees, without = (made(one, document.parent) for one in (mix, without_knees(mix)))
    below_db = 20 * np.log10(_rms(without - with_knees) / _rms(with_knees))
    louder_db = 20 * np.log10(_rms(without) / _rms(with_knees))
    column = mix.console_layout.track.column("compressor.ratio")
    highest = max(mix.settings.tracks[..., column].max(), mix.master["compressor.ratio"])
    return f"| {document} | {highest:.1f}:1 | {below_db:.0f} dB | {louder_db:+.2f} dB |\n"


def main(documents: list[str]) -> None:
    """Prints a table in Markdown."""
    sys.stdout.write("| mix | highest ratio | without knees, rms of the difference | its level moves by |\n")
    sys.stdout.write("|---|---|---|---|\n")
    for document in documents:
        sys.stdout.write(_row(Path(document)))


if __name__ == "__main__":
    main(sys.argv[1:])
