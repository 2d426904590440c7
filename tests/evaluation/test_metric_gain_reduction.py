"""The gain reduction that is told from sound against what the compressor itself did."""

import numpy as np
import pytest
import scipy.signal
import torch
from stem_signals import RATE, colored, neutral, turned

from diffmst.dsp.bark_energies import BARK_EDGES_HZ
from diffmst.evaluation.metrics.processed_stems import measure_stem
from diffmst.layout import DEFAULT
from diffmst.strips import track_strips

SECONDS = 6.0
TOLERANCE_DB = 0.05
"""Frames last 46 ms, over which a gain that moves is a mean; an equalizer rings where its compressor has let go."""

COMPRESSION = {
    "compressor_threshold_db": -26.0,
    "compressor_ratio": 4.0,
    "compressor_attack_ms": 5.0,
    "compressor_release_ms": 80.0,
}
EQUALIZER = {"eq_low_shelf_gain_db": 6.0, "eq_peak_3_gain_db": -8.0, "eq_peak_3_q": 2.0, "eq_high_shelf_gain_db": 7.0}


def phrases(low_hz=100, high_hz=12_000, seed=8):
    """Noise that is loud for a second and quiet for another, with hits in it."""
    time_s = np.arange(round(SECONDS * RATE)) / RATE
    envelope = np.where(time_s % 2 < 1, 1.0, 0.03) * (0.3 + np.exp(-8 * (time_s % 0.25)))
    return (colored(seed, low_hz, high_hz, SECONDS) * envelope).astype(np.float32)[None]


def through(raw, **controls):
    """What a strip makes of a stem, [2, time]."""
    settings = turned(neutral(1), 0, **controls)
    strips = track_strips(DEFAULT.track, settings.tracks, (len(raw),), RATE)
    return strips.to_buses(torch.from_numpy(raw)[None])[0][0, :2].numpy()


def own_reduction_db(raw, controls):
    """Of the compressor: mean over its input's power of the gain that it had, sample by sample."""
    before = through(raw, **{**controls, "compressor_ratio": 1.0}).sum(0)
    gain = through(raw, **controls).sum(0)[before != 0] / before[before != 0]
    return -np.average(20 * np.log10(gain), weights=before[before != 0] ** 2)


def measured_db(raw, wet):
    return measure_stem([(raw, wet)], RATE).gain_reduction_db


@pytest.mark.parametrize("ratio", [1.5, 4.0, 12.0])
@pytest.mark.parametrize("equalizer", [{}, EQUALIZER], ids=["flat", "equalized"])
def test_it_is_that_of_a_compressor_that_lets_go(ratio, equalizer):
    controls = {**COMPRESSION, **equalizer, "compressor_ratio": ratio}
    expected = own_reduction_db(phrases(), controls)
    assert expected > 1
    assert measured_db(phrases(), through(phrases(), **controls)) == pytest.approx(expected, abs=TOLERANCE_DB)


@pytest.mark.parametrize("controls", [{"compressor_makeup_db": 9.0}, {"panner_pan": 0.9}, {"fader_gain_db": -20.0}])
def test_level_and_place_are_no_gain_reduction(controls):
    plain, moved = (through(phrases(), **COMPRESSION, **more) for more in ({}, controls))
    assert measured_db(phrases(), moved) == pytest.approx(measured_db(phrases(), plain), abs=1e-3)


def test_a_compressor_at_rest_reduces_nothing():
    assert measured_db(phrases(), through(phrases(), **EQUALIZER)) == pytest.approx(0, abs=0.1)


def test_an_independent_gain_is_found():
    """Half of the power at 0 dB, half at -6: no compressor of ours is needed."""
    time_s = np.arange(round(SECONDS * RATE)) / RATE
    raw = colored(9, 100, 10_000, SECONDS)[None]
    gain = np.where(time_s % 2 < 1, 1.0, 10 ** (-6 / 20)).astype(np.float32)
    assert measured_db(raw, np.repeat(raw * gain, 2, axis=0)) == pytest.approx(3.0, abs=0.1)


def test_printed_reverb_is_not_taken_for_gain():
    """In its tail there is power where the raw stem has hardly any."""
    wet = through(phrases(), **COMPRESSION)
    time_s = np.arange(RATE) / RATE
    tail = np.random.default_rng(3).standard_normal((2, RATE)) * 10 ** (-3 * time_s)
    tail = scipy.signal.sosfilt(scipy.signal.butter(2, 3000, fs=RATE, output="sos"), tail)
    returned = scipy.signal.fftconvolve(wet, tail / np.linalg.norm(tail, axis=1, keepdims=True), axes=1)
    with_reverb = (wet + 0.2 * returned[:, : wet.shape[1]]).astype(np.float32)
    expected = measured_db(phrases(), wet)
    # Without a look at how well the fit explains a frame this would be wrong by 5 dB and more.
    assert measured_db(phrases(), with_reverb) == pytest.approx(expected, abs=0.5)


def test_nothing_is_told_where_no_frame_is_explained():
    unrelated = np.stack([colored(20, 50, 15_000, SECONDS), colored(21, 50, 15_000, SECONDS)])
    crackle = np.random.default_rng(5).standard_normal(unrelated.shape) > 3
    assert np.isnan(measured_db(phrases(300, 500), (unrelated * crackle).astype(np.float32)))


def test_compression_is_not_taken_for_tone():
    """Loud where it is dark and quiet where it is bright: turned down, it would look like a cut of the lows."""
    low, high = colored(11, 60, 500, SECONDS), colored(12, 2000, 9000, SECONDS)
    dark = np.arange(low.size) / RATE % 1 < 0.5
    raw = np.where(dark, low + 0.1 * high, 0.01 * low + 0.1 * high)[None].astype(np.float32)
    wet = through(raw, **COMPRESSION)
    powers = [(x[:, part] ** 2).sum() for part in (dark, ~dark) for x in (wet, raw)]
    assert 10 * np.log10(powers[0] / powers[1] / (powers[2] / powers[3])) < -4  # as long-time spectra would have it
    edges_hz = np.array(BARK_EDGES_HZ)
    has_sound = (edges_hz[1:] <= 510) | (edges_hz[:-1] >= 2000) & (edges_hz[1:] <= 9500)
    assert np.abs(measure_stem([(raw, wet)], RATE).tone_db[has_sound]).max() < 0.25
