import numpy as np
import pytest
from scipy.signal import butter, lfilter, sosfilt, welch

from diffmst.dsp.loudness import LoudnessMeter
from diffmst.profile import Profile, at_equal_loudness, differences, tone_difference_db

RATE = 44_100
# Sums in another order, in double precision, over at most some hundred frames.
SAME = 1e-9
# A third octave of noise holds a random power: 20 s of it, above 100 Hz, scatter by less than this.
NOISE_DB = 0.5


def noise(seconds=4.0, channels=2, level=0.1, rate=RATE, seed=0):
    return (level * np.random.default_rng(seed).standard_normal((channels, round(seconds * rate)))).astype(np.float32)


def tone(freq_hz, left=1.0, right=1.0, seconds=4.0, rate=RATE):
    x = 0.5 * np.sin(2 * np.pi * freq_hz / rate * np.arange(round(seconds * rate)))
    return np.stack([left * x, right * x]).astype(np.float32)


def profile(x, rate=RATE, block=None):
    heard = Profile(rate)
    for start in range(0, x.shape[1], block or max(1, x.shape[1])):
        heard.add(x[:, start : start + (block or x.shape[1])])
    return heard


@pytest.mark.parametrize("block", [1_000, 4_097, 65_536])
def test_blocks_of_any_size_give_the_same_readings(block):
    x = noise()
    whole, parts = profile(x), profile(x, block=block)
    for name in ("mid", "side", "cross"):
        np.testing.assert_allclose(getattr(parts.bands(), name), getattr(whole.bands(), name), rtol=SAME, atol=SAME)
    np.testing.assert_array_equal(parts.stereo_field(), whole.stereo_field())
    assert parts.loudness_lufs == pytest.approx(whole.loudness_lufs, abs=SAME)
    assert parts.duration_s == whole.duration_s == 4.0


def test_spectrum_agrees_with_welch_of_scipy():
    x = noise(8, seed=1)
    mid = x.astype(np.float64).mean(0)
    freq_hz, density = welch(mid, RATE, "hann", nperseg=16_384, detrend=False)
    bands = profile(x).bands()
    for center_hz, power in zip(bands.freq_hz, bands.mid, strict=True):
        inside = (freq_hz >= center_hz * 2 ** (-1 / 6)) & (freq_hz < center_hz * 2 ** (1 / 6))
        if inside.sum() > 200:  # so many bins that those cut at the edges weigh less than a percent
            assert power == pytest.approx(density[inside].sum() * RATE / 16_384, rel=0.01)


@pytest.mark.parametrize("rate", [22_050, 44_100, 96_000])
def test_band_of_a_tone_holds_its_mean_square(rate):
    bands = profile(tone(1000, rate=rate), rate).bands()
    band = np.argmin(np.abs(bands.freq_hz / 1000 - 1))
    assert bands.mid_db[band] == pytest.approx(10 * np.log10(0.5**2 / 2), abs=0.05)  # Hann: 1 % spills over
    assert bands.freq_hz[-1] <= rate / 2
    assert bands.side_db.max() < -100


def test_tone_on_one_side_is_as_wide_as_high_and_sits_there():
    heard = profile(tone(440, right=0.0))
    assert heard.width_db == pytest.approx(0, abs=1e-6)
    angles = heard.stereo_field().sum(1)
    left = np.flatnonzero(angles)
    assert left.tolist() == [np.floor((90 - 45) / 180 * len(angles))]


@pytest.mark.parametrize(("right", "correlation"), [(1.0, 1.0), (0.5, 1.0), (-1.0, -1.0)])
def test_correlation_of_a_tone_follows_its_polarity_not_its_balance(right, correlation):
    heard = profile(tone(440, right=right))
    assert heard.correlation == pytest.approx(correlation, abs=1e-6)
    band = np.argmin(np.abs(heard.bands().freq_hz - 440))
    assert heard.bands().correlation[band] == pytest.approx(correlation, abs=1e-6)


def test_correlation_agrees_with_numpy():
    a, b = noise(8)
    x = np.stack([a + 0.5 * b, b])
    assert profile(x).correlation == pytest.approx(np.corrcoef(x)[0, 1], abs=0.01)  # frames weigh samples unevenly


def test_center_of_the_stage_is_the_middle_of_the_field():
    angles = profile(tone(440)).stereo_field().sum(1)
    assert np.flatnonzero(angles).tolist() == [len(angles) // 2]


def test_one_channel_is_the_same_on_both_sides():
    x = noise(channels=1)
    mono, doubled = profile(x), profile(np.repeat(x, 2, axis=0))
    assert mono.loudness_lufs == doubled.loudness_lufs
    assert mono.mono and doubled.mono
    assert not profile(noise()).mono
    assert mono.width_db < -100


def test_mono_loses_what_the_side_holds():
    x = noise(8)
    heard = profile(x)
    meter, summed = LoudnessMeter(RATE, 2), LoudnessMeter(RATE, 2)
    meter.add(x)
    summed.add(np.repeat(x.mean(0, keepdims=True), 2, axis=0))
    assert heard.mono_loss_lu == pytest.approx(meter.integrated_lufs - summed.integrated_lufs, abs=0.05)
    assert profile(tone(440)).mono_loss_lu == pytest.approx(0, abs=1e-6)


def test_bandwidth_is_where_a_low_pass_ends():
    x = noise(8)
    dull = sosfilt(butter(24, 9_000, fs=RATE, output="sos"), x).astype(np.float32)
    assert profile(x).bandwidth_hz > 20_000
    assert profile(dull).bandwidth_hz == pytest.approx(11_000, rel=0.15)  # the slope reaches -88 dB there


def test_differences_do_not_depend_on_level():
    x = noise(20)
    found = differences(profile(0.1 * x), profile(x))
    assert found == pytest.approx((0, 0, 0), abs=1e-3)


def test_brighter_mix_is_brighter_by_what_was_added():
    x = noise(20)
    # A first-order shelf of 6 dB far below and above its middle: y = x + (what is above 1 kHz).
    high = lfilter(*butter(1, 1000, "high", fs=RATE), x)
    ours, theirs = profile((x + high).astype(np.float32)), profile(x)
    shape = tone_difference_db(ours, theirs)
    assert shape[-1] - shape[3] == pytest.approx(20 * np.log10(2), abs=NOISE_DB)
    assert differences(ours, theirs).tone_db > 1


def test_narrower_mix_has_a_negative_difference_in_width():
    x = noise(8)
    mid, side = x.mean(0), (x[0] - x[1]) / 2
    narrow = np.stack([mid + side / 2, mid - side / 2])
    assert differences(profile(narrow), profile(x)).width_db == pytest.approx(-20 * np.log10(2), abs=0.01)


def test_profiles_of_different_rates_compare():
    x = noise(8, rate=96_000)
    slow = profile(x[:, ::2], 48_000)  # white noise stays white
    assert differences(slow, profile(x, 96_000)).width_db == pytest.approx(0, abs=0.2)
    assert np.isfinite(tone_difference_db(profile(noise(rate=22_050), 22_050), slow)).all()


@pytest.mark.parametrize("frames", [0, 1, 100, 16_383])
def test_any_length_has_finite_bands(frames):
    heard = profile(noise()[:, :frames])
    bands = heard.bands(12)
    assert all(np.isfinite(getattr(bands, name)).all() for name in ("mid_db", "side_db", "width_db", "correlation"))
    assert heard.stereo_field().sum() in (0, pytest.approx(1))


def test_signal_shorter_than_a_frame_keeps_its_level():
    short = profile(tone(1000, seconds=0.2)).bands()
    assert 10 * np.log10(short.mid.sum()) == pytest.approx(10 * np.log10(0.125), abs=0.1)


def test_silence_has_no_width_and_no_loss():
    heard = profile(np.zeros((2, RATE), np.float32))
    assert heard.loudness_lufs == -np.inf
    assert (heard.width_db, heard.mono_loss_lu, heard.bandwidth_hz, heard.correlation) == (0, 0, 0, 1)
    assert np.isfinite(at_equal_loudness(heard.bands().mid_db, heard)).all()
    assert heard.stereo_field().sum() == 0


@pytest.mark.parametrize("shape", [(3, 100), (100,)])
def test_other_numbers_of_channels_are_refused(shape):
    with pytest.raises(ValueError, match="block must be"):
        Profile(RATE).add(np.zeros(shape, np.float32))


def test_power_between_two_frequencies_is_that_of_the_tones_there():
    low, high = tone(60), tone(1000, right=-1.0)  # in the middle, and all side
    mid, side = profile(low + high).powers_between(0, 100)
    assert 10 * np.log10(mid) == pytest.approx(10 * np.log10(0.5**2 / 2), abs=0.05)  # Hann: 1 % spills over
    assert side < 1e-6
    mid, side = profile(low + high).powers_between(500, np.inf)
    assert mid < 1e-6 and side == pytest.approx(0.5**2 / 2, rel=0.01)
