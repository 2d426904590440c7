"""Levels and pans from stems and their mix."""

import numpy as np
import torch

from diffmst.dsp.stereo import balance_gains, pan_gains
from diffmst.excerpts import Excerpts
from diffmst.recall.linear import LEAST_DB, levels_and_pans, linear_gains

RATE = 8_000
CHANNELS = (1, 2, 1)
LEVELS_DB = np.array([-3.0, 1.5, -12.0])
PANS = np.array([-0.4, 0.3, 0.9])
EXACT_DB = 0.01  # of float32 audio
BESIDE_NOISE_DB = 0.3  # as loud as the quietest stem


def gains_of(levels_db, pans):
    sides = [pan_gains(pans[0])[None], np.diag(balance_gains(pans[1])), pan_gains(pans[2])[None]]
    return np.concatenate([10 ** (level / 20) * side for level, side in zip(levels_db, sides, strict=True)])


def song(windows=3, seed=0):
    audio = 0.1 * np.random.default_rng(seed).standard_normal((windows, 4, RATE)).astype(np.float32)
    return Excerpts(torch.from_numpy(audio), CHANNELS, 0, RATE)


def mixed(excerpts, gains):
    return torch.einsum("wrt,rs->wst", excerpts.audio, torch.from_numpy(gains).float())


def test_gains_become_the_levels_and_pans_that_made_them():
    levels_db, pans = levels_and_pans(gains_of(LEVELS_DB, PANS), CHANNELS)
    np.testing.assert_allclose(levels_db, LEVELS_DB, atol=1e-9)
    np.testing.assert_allclose(pans, PANS, atol=1e-9)


def test_a_mix_of_levels_and_pans_is_found_exactly():
    excerpts = song()
    found_db, pans = levels_and_pans(linear_gains(excerpts, mixed(excerpts, gains_of(LEVELS_DB, PANS))), CHANNELS)
    np.testing.assert_allclose(found_db, LEVELS_DB, atol=EXACT_DB)
    np.testing.assert_allclose(pans, PANS, atol=0.001)


def test_a_stem_that_is_not_in_the_mix_is_told_and_none_is_inverted():
    excerpts = song()
    gains = gains_of(LEVELS_DB, PANS)
    gains[0] = 0
    found = linear_gains(excerpts, mixed(excerpts, gains) - 0.3 * excerpts.audio[:, :1])
    assert (found >= 0).all() and levels_and_pans(found, CHANNELS)[0][0] == LEAST_DB


def test_a_sound_that_is_in_no_stem_moves_levels_little():
    excerpts, other = song(), song(seed=9)
    noise = 10 ** (LEVELS_DB.min() / 20) * other.audio[:, :2]
    found_db, _ = levels_and_pans(linear_gains(excerpts, mixed(excerpts, gains_of(LEVELS_DB, PANS)) + noise), CHANNELS)
    assert np.abs(found_db - LEVELS_DB).max() < BESIDE_NOISE_DB


def test_a_window_where_a_fader_was_moved_is_outvoted():
    excerpts, gains = song(), gains_of(LEVELS_DB, PANS)
    target = mixed(excerpts, gains)
    target[1] = mixed(excerpts, 4 * gains)[1]
    found_db, _ = levels_and_pans(linear_gains(excerpts, target), CHANNELS)
    np.testing.assert_allclose(found_db, LEVELS_DB, atol=BESIDE_NOISE_DB)
