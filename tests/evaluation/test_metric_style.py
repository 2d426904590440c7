"""Distances to the reference, as the paper has them."""

import numpy as np
import pytest
import torch
from songs import RATE, noise, tone

from diffmst.evaluation.metrics import PUBLISHED_SCALES
from diffmst.evaluation.metrics.style_distance import style_figures
from diffmst.losses import AUDIO_FEATURE_WEIGHTS

SECONDS = 3.0


def song(seed=0, width=1.0):
    """A stereo mix [1, 2, time] whose sides are unrelated but for the tone; of width 0 it is mono."""
    middle = tone(150, SECONDS) + noise(SECONDS, seed)
    side = width * noise(SECONDS, seed + 1, level=0.05)
    return torch.from_numpy(np.stack([middle + side, middle - side]))[None].float()


def test_the_terms_add_up():
    figures = style_figures(song(), song(4, width=0.3), RATE)
    terms = {key for key in figures if key.startswith("af_")}
    assert len(terms) == len(AUDIO_FEATURE_WEIGHTS)
    assert figures["af"] == pytest.approx(sum(figures[key] for key in terms))


def test_level_does_not_count():
    loud, quiet = style_figures(song(), song(4), RATE), style_figures(0.05 * song(), song(4), RATE)
    assert quiet == pytest.approx(loud, rel=1e-3, abs=1e-6)


def test_a_song_is_like_itself():
    assert max(style_figures(song(), song(), RATE).values()) == 0


def test_a_mono_mix_pays_the_price_that_the_paper_shows():
    """Equal loudness has 33.3 in the Bark spectrum there, all others at most 0.19: its side is silent.

    A side band of natural log magnitude m meets ln(1e-8) = -18.4: half of the entries are of the side, the weight is
    0.1, so that (m + 18.4)^2 / 20 is about 33 for m of about 7, as music has it at frames of 32,768 samples.
    """
    figures = style_figures(song(width=0.0), song(4), RATE)
    assert 20 < figures["af_bark_spectrum"] < 45
    assert figures["af_bark_spectrum"] > 0.99 * figures["af"]
    narrow = style_figures(song(width=0.3), song(4), RATE)
    assert narrow["af_bark_spectrum"] < 0.5


def test_scales_are_those_of_the_published_table():
    """Its row of equal loudness: what it shows, times the scales, is the sum that it states."""
    shown = {"rms": 3.11, "crest_factor": 0.51, "stereo_width": 3.16, "stereo_imbalance": 0.21, "bark_spectrum": 33.3}
    total = sum(value * PUBLISHED_SCALES[f"af_{name}"] for name, value in shown.items())
    assert total == pytest.approx(33.389, abs=2e-3)
