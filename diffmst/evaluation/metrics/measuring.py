"""All figures of one mix."""

from __future__ import annotations

import math
from dataclasses import asdict

import torch
from torch import Tensor

from diffmst.errors import UserError
from diffmst.evaluation.metrics.finished_file import file_figures, read_mix
from diffmst.evaluation.metrics.paired import paired_figures
from diffmst.evaluation.metrics.processed_stems import console_stems, levels_lu
from diffmst.evaluation.metrics.recovery import recovery_figures
from diffmst.evaluation.metrics.style_distance import style_figures
from diffmst.evaluation.metrics.truth import Truth
from diffmst.evaluation.system import Finished
from diffmst.layout import Layout, Settings
from diffmst.listening import Heard
from diffmst.sanity import sanity_of


def measure(heard: Heard, finished: Finished, reference: Tensor, truth: Truth | None = None) -> dict[str, float]:
    """Every figure that applies, by the key of its metric; whole songs are compared.

    Args:
        heard: the song; whatever reference was heard with it, `reference` is what counts.
        finished: what a system made of it.
        reference: that the mix ought to be like, in stereo, at the rate of the song.
        truth: what is known of the mix that is wanted.

    Shape: reference [1, 2, time].

    Raises:
        UserError: the mix cannot be read, is silent or too short.
    """
    sample_rate = heard.song.sample_rate
    mix = read_mix(finished.path, sample_rate)
    figures = file_figures(mix, sample_rate)
    if not math.isfinite(figures["loudness_lufs"]):
        raise UserError(
            f"{finished.path.name}: the mix is silent (under -70 LUFS throughout); there is nothing to measure"
        )
    figures |= style_figures(mix, reference, sample_rate)
    if truth and truth.mix is not None:
        figures |= paired_figures(mix, truth.mix, sample_rate)
    if finished.settings is not None and finished.layout is not None:
        figures |= _figures_of_stems(heard, finished.settings, finished.layout, figures["mono_loss_lu"], truth)
    figures["seconds"] = finished.seconds
    return {name: value for name, value in figures.items() if not math.isnan(value)}


def _figures_of_stems(
    heard: Heard, settings: Settings, layout: Layout, mono_loss_lu: float, truth: Truth | None
) -> dict[str, float]:
    """Sanity of settings, and recovery where the truth is known by its stems."""
    silent = [survey.silent for survey in heard.surveys]
    found = console_stems(heard.song, settings, layout, silent)
    figures = asdict(
        sanity_of(
            heard.stems,
            settings.tensors(),
            layout,
            levels_lu=torch.from_numpy(levels_lu(found)),
            sides_db=torch.tensor([stem.sides_db for stem in found]),
            mono_loss_lu=mono_loss_lu,
        )
    )
    if truth and truth.stems:
        figures |= recovery_figures(found, truth.stems, [not one for one in silent])
    return figures
