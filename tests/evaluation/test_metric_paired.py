"""Distances to the mix that is wanted."""

import math

import numpy as np
import pyloudnorm
import pytest
import scipy.signal
import torch
from songs import RATE, noise, tone

from diffmst.evaluation.metrics.paired import BEST_SI_SDR_DB, paired_figures, si_sdr_db

SECONDS = 2.0


def mix(seed=0):
    """A stereo mix [1, 2, time]."""
    sides = [tone(200, SECONDS) + noise(SECONDS, seed + side) for side in (0, 1)]
    return torch.from_numpy(np.stack(sides))[None]


@pytest.mark.parametrize("noise_db", [-30.0, 0.0, 15.0])
def test_si_sdr_is_the_level_of_the_wanted_over_that_of_unrelated_noise(noise_db):
    wanted = mix()
    added = torch.randn(wanted.shape, generator=torch.Generator().manual_seed(1))
    added -= (added * wanted).sum() / wanted.square().sum() * wanted  # nothing in common, to the last digit
    added *= 10 ** (noise_db / 20) * wanted.norm() / added.norm()
    assert si_sdr_db(wanted + added, wanted) == pytest.approx(-noise_db, abs=1e-3)


@pytest.mark.parametrize("gain", [0.01, -3.0])
def test_si_sdr_knows_no_gain(gain):
    wanted, found = mix(), mix() + 0.1 * mix(5)
    assert si_sdr_db(gain * found, wanted) == pytest.approx(si_sdr_db(found, wanted), abs=1e-4)


def test_one_gain_has_to_do_for_both_sides():
    """Left at half: the best gain is 3 / 4 for equally loud sides, and leaves 1 / 10 of the power."""
    wanted = torch.from_numpy(np.stack([noise(SECONDS, 1), noise(SECONDS, 2)]))[None]
    wanted /= wanted.norm(dim=-1, keepdim=True)
    found = wanted * torch.tensor([0.5, 1.0])[:, None]
    assert si_sdr_db(found, wanted) == pytest.approx(10 * math.log10(9 / 1), abs=1e-3)


def test_si_sdr_has_ends():
    silence = torch.zeros(1, 2, 100)
    one, other = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    assert si_sdr_db(mix(), mix()) == BEST_SI_SDR_DB
    assert si_sdr_db(one, other) == -BEST_SI_SDR_DB
    assert math.isfinite(si_sdr_db(silence, mix()[..., :100]))


def test_a_mix_is_at_no_distance_from_itself_at_any_level():
    figures = paired_figures(0.2 * mix(), mix(), RATE)
    assert figures["mrstft"] == pytest.approx(0, abs=1e-3)
    assert figures["si_sdr_db"] > 90


def test_the_longer_is_cut():
    longer = torch.cat([mix(), mix(3)], -1)
    assert paired_figures(longer, mix(), RATE) == paired_figures(mix(), mix(), RATE)
    assert paired_figures(mix(), longer, RATE) == paired_figures(mix(), mix(), RATE)


def test_mrstft_is_the_mean_over_its_windows_by_scipy():
    found, wanted = (10 ** ((-16 - loudness_lufs(x)) / 20) * x[0].numpy() for x in (mix(7), mix()))
    expected = []
    for size in (512, 2048, 8192):
        one, other = (np.maximum(magnitudes(x, size), 1e-4) for x in (found, wanted))
        expected.append(np.abs(one - other).mean() + np.abs(np.log(one) - np.log(other)).mean())
    assert paired_figures(mix(7), mix(), RATE)["mrstft"] == pytest.approx(np.mean(expected), rel=1e-3)


def loudness_lufs(x):
    return pyloudnorm.Meter(RATE, filter_class="DeMan").integrated_loudness(x[0].numpy().T.astype(np.float64))


def magnitudes(x, size):
    padded = np.pad(x, ((0, 0), (size // 2, size // 2)), mode="reflect")
    window = scipy.signal.get_window("hann", size)
    frames = np.lib.stride_tricks.sliding_window_view(padded, size, axis=-1)[:, :: size // 2]
    return np.abs(np.fft.rfft(frames * window))
