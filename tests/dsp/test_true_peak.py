"""Peaks between samples: against plain convolution, and that nothing that matters is left out."""

import numpy as np
import pytest
from scipy.signal import butter, sosfilt

from diffmst.dsp import limiter, true_peak
from diffmst.dsp.true_peak import Lookout, TruePeakMeter

FLOAT32 = 2e-6  # sums of 64 products of float32
INTERPOLATORS = {
    "meter": true_peak._meter_interpolator(4),
    "meter above 96 kHz": true_peak._meter_interpolator(2),
    "limiter": limiter._interpolator(),
}


def phases_of(interpolator):
    """All phases, mirror images too, as filters [taps] that weigh x[n - half + 1], ..., x[n + half]."""
    taps = np.split(interpolator.taps.astype(float), np.cumsum(4 * interpolator.halves)[:-1])
    for bank in taps:
        for even, odd in bank.reshape(-1, 2, 2).transpose(1, 2, 0):
            phase = np.concatenate([(even + odd)[::-1], even - odd])
            yield phase
            yield phase[::-1]


def reference_gaps(x, interpolator):
    """Highest magnitude in the gap after each sample, [time]; x [channels, time], silence around it."""
    highest = np.zeros(x.shape[1])
    for row in x.astype(float):
        for phase in phases_of(interpolator):
            half = len(phase) // 2
            highest = np.maximum(highest, np.abs(np.correlate(np.pad(row, (half - 1, half)), phase, "valid")))
    return highest


def sounds():
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((2, 4000))
    n = np.arange(4000)
    return {
        "white noise": noise,
        "dull noise": 3 * sosfilt(butter(2, 0.05, output="sos"), noise),
        "noise with beats": noise * np.exp(-(n % 1000) / 100),
        "impulses": (rng.random((2, 4000)) < 0.003) * 1.0,
        "square": np.sign(np.sin(0.05 * n)) * np.array([[1], [0.5]]),
        "a quarter of the rate": np.cos(np.pi / 2 * n + np.pi / 4)[None],
        "offset": np.ones((1, 4000)),
    }


def searched(x, interpolator, threshold, *, rising=False):
    """Gaps after the samples of a signal, and the highest value found."""
    lookout, silence = Lookout(len(x), interpolator), np.zeros((len(x), 160))
    groups = lookout.take(np.concatenate([x, silence], axis=1))
    found = lookout.search(groups, threshold, rising=rising)
    before = 64 + 1  # groups of silence, and the gap before them
    return lookout.gaps[before : before + x.shape[1]], found


@pytest.mark.parametrize("interpolator", INTERPOLATORS.values(), ids=INTERPOLATORS)
@pytest.mark.parametrize("sound", sounds())
def test_gaps_are_those_of_plain_convolution(sound, interpolator):
    x = sounds()[sound]
    gaps, _ = searched(x, interpolator, 0.0)
    expected = reference_gaps(x, interpolator)
    np.testing.assert_allclose(gaps, expected, atol=FLOAT32 * max(1, np.abs(x).max()))


@pytest.mark.parametrize("interpolator", INTERPOLATORS.values(), ids=INTERPOLATORS)
@pytest.mark.parametrize("sound", sounds())
def test_no_gap_over_the_threshold_is_left_out(sound, interpolator):
    x = sounds()[sound]
    whole, highest = searched(x, interpolator, 0.0)
    threshold = 0.7 * highest
    gaps, found = searched(x, interpolator, threshold)
    np.testing.assert_array_equal(gaps[whole > threshold], whole[whole > threshold])
    assert found == highest == searched(x, interpolator, 0.0, rising=True)[1]


def test_of_smooth_sound_little_is_looked_at():
    x = sounds()["dull noise"]
    threshold = 0.9 * np.abs(x).max()
    gaps, _ = searched(x, INTERPOLATORS["limiter"], threshold)
    assert 0 < np.count_nonzero(gaps) < 0.1 * gaps.size


@pytest.mark.parametrize("interpolator", INTERPOLATORS.values(), ids=INTERPOLATORS)
def test_the_bound_holds_for_the_worst_signal_of_every_phase(interpolator):
    """A phase reads most of what has the signs of its taps."""
    for phase in phases_of(interpolator):
        worst = np.zeros((1, 320))
        worst[0, 128 : 128 + len(phase)] = np.sign(phase)
        at = 128 + len(phase) // 2 - 1
        gaps, _ = searched(worst, interpolator, 0.999 * np.abs(phase).sum())
        assert gaps[at] >= np.abs(phase).sum() * (1 - FLOAT32)


@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("time", [0, 1, 63, 64, 5000])
@pytest.mark.parametrize("frame_groups", [1, 4])
def test_frames_cover_the_signal_and_are_near_its_peaks(time, channels, frame_groups):
    x = sosfilt(butter(2, 0.2, output="sos"), np.random.default_rng(2).standard_normal((channels, 5000)))[:, :time]
    meter = TruePeakMeter(44_100, channels, frame_groups)
    frames = np.concatenate([*(meter.add(block) for block in np.array_split(x, 7, axis=1)), meter.ended()[1]])
    samples, whole = 32 * frame_groups, time // (32 * frame_groups)
    assert len(frames) >= whole
    if whole:
        gaps = reference_gaps(x, INTERPOLATORS["meter"])
        highest = np.maximum(np.abs(x).max(axis=0), gaps)[: whole * samples].reshape(whole, samples).max(axis=1)
        error_db = 20 * np.log10(frames[:whole] / highest)
        assert np.abs(error_db).max() < 3 and abs(np.median(error_db)) < 0.3


def test_a_meter_goes_on_after_it_was_read():
    x = np.random.default_rng(3).standard_normal((2, 3000))
    read, unread = TruePeakMeter(44_100, 2), TruePeakMeter(44_100, 2)
    for block in np.array_split(x, 11, axis=1):
        read.add(block)
        unread.add(block)
        assert read.true_peak_dbtp >= read.sample_peak_db
    assert read.true_peak_dbtp == unread.true_peak_dbtp
