import math

import pytest
import torch

from diffmst.dsp.band_powers import BANDS, HOP_S
from diffmst.ear import figures
from diffmst.ear.figures import FIGURES, LEAST_FRAMES, window_figures

FRAMES = 256


@pytest.mark.parametrize("frames", [LEAST_FRAMES, 129, 256, 400])
def test_windows_of_any_length_have_as_many_figures(frames, generator):
    told = window_figures(torch.randn(2, frames, BANDS, generator=generator))
    assert told.shape == (2, FIGURES)
    assert told.isfinite().all()


def test_silence_has_finite_figures_and_gradients():
    levels = torch.full((1, FRAMES, BANDS), -2.0, requires_grad=True)
    told = window_figures(levels)
    assert told.isfinite().all()
    told.sum().backward()
    assert levels.grad is not None


@pytest.mark.parametrize("rate_hz", [1.3, 4.8, 12.0])
def test_flutter_stands_in_the_band_of_its_rate(rate_hz):
    time_s = HOP_S * torch.arange(FRAMES)
    series = torch.sin(2 * math.pi * rate_hz * time_s)[None, :, None]
    edges_hz = torch.tensor(figures._MODULATION_EDGES) / (figures._MODULATION_FRAMES * HOP_S)
    place = int(torch.searchsorted(edges_hz, rate_hz)) - 1
    assert int(figures._modulation(series)[0].argmax()) == place


def test_the_rate_of_flutter_is_the_same_in_longer_windows():
    time_s = HOP_S * torch.arange(2 * FRAMES)
    series = torch.sin(2 * math.pi * 4.8 * time_s)[None, :, None]
    short, long = figures._modulation(series[:, :FRAMES]), figures._modulation(series)
    assert int(short.argmax()) == int(long.argmax())
    # As a level per frame it does not grow with the window; what leaks past the edges of a band does change.
    torch.testing.assert_close(short.amax(), long.amax(), atol=0.05, rtol=0)


def test_what_comes_again_is_like_itself_after_that_time():
    levels = torch.full((1, FRAMES, BANDS), -1.5)
    levels[:, ::10] = 1.0
    told = figures._repetition(levels)[0]
    assert int(told.argmax()) + figures._REPETITION_FRAMES[0] in (10, 20, 30)
    assert told[10 - figures._REPETITION_FRAMES[0]] > 0.9
    assert told[5 - figures._REPETITION_FRAMES[0]] < 0.1


def test_bands_that_rise_together_are_correlated_and_others_against(generator):
    course = torch.randn(1, FRAMES, generator=generator)
    together, against = torch.stack([course, course], -1), torch.stack([course, -course], -1)
    # The least spread, a tenth, is added to that of each: 1 / 1.1 squared.
    assert figures._correlations(together, least=0.1).item() == pytest.approx(1 / 1.21, abs=0.03)
    assert figures._correlations(against, least=0.1).item() == pytest.approx(-1 / 1.21, abs=0.03)


def test_the_profile_of_onsets_is_that_of_one_when_all_are_alike():
    decay = -0.1 * torch.arange(40.0)
    whole = decay.repeat(8)[None, :FRAMES]
    profile, strength, *_ = figures._onsets(whole, whole[..., None])
    peak = int(profile[0].argmax())
    # Every second frame from four before to sixteen after the rise, so six of them fall by 0.2 each after the peak.
    torch.testing.assert_close(profile[0, peak : peak + 5].diff() / strength.sum() * (strength.sum() + 0.05),
                               torch.full((4,), -0.2), atol=0.01, rtol=0)  # fmt: skip


def test_a_line_stands_out_and_lasts_and_noise_does_not(generator):
    line = torch.full((1, FRAMES, BANDS), -2.0)
    line[:, :, 30] = 1.0
    peaks, lasting = figures._lines(line)
    assert peaks[0, 29] == lasting[0, 14] * 2 == 3.0
    noise = torch.randn(1, FRAMES, BANDS, generator=generator)
    peaks, lasting = figures._lines(noise)
    assert lasting.mean() < peaks.mean() / 2
