"""What was done to stems is told from their sound, whoever did it."""

from itertools import pairwise

import numpy as np
import pyloudnorm
import pytest
import scipy.signal
from stem_signals import (
    BASS,
    KEYS,
    LEAD,
    RATE,
    SNARE,
    hear,
    neutral,
    processed,
    stems,
    turned,
    write_stems,
)

from diffmst.dsp.bark_energies import BARK_EDGES_HZ
from diffmst.dsp.loudness import k_weighting_sos
from diffmst.evaluation.metrics.processed_stems import console_stems, levels_lu, measure_stem, silent_stem
from diffmst.evaluation.metrics.recovery import LEAST_LU, recovery_figures
from diffmst.layout import DEFAULT

ALL = [True] * 4
UNMUTED = [False] * 4
METERS_LU = 0.05
"""Two loudness meters, and stems of noise that are not quite unrelated."""


@pytest.fixture(scope="module")
def heard(tmp_path_factory):
    return hear(write_stems(tmp_path_factory.mktemp("recovery") / "song", stems()))


def of(heard, settings, muted=UNMUTED):
    return console_stems(heard.song, settings, DEFAULT, muted)


def errors(heard, settings, wanted):
    return recovery_figures(of(heard, settings), of(heard, wanted), ALL)


def loudness_lufs(audio):
    return pyloudnorm.Meter(RATE, filter_class="DeMan").integrated_loudness(audio.T.astype(np.float64))


def test_the_settings_that_are_wanted_have_no_error(heard):
    settings = turned(neutral(), LEAD, fader_gain_db=-4.0, panner_pan=0.3, eq_peak_2_gain_db=5.0, compressor_ratio=4.0)
    assert set(errors(heard, settings, settings).values()) == {0.0}


def test_levels_are_those_of_a_loudness_meter(heard):
    settings = turned(turned(neutral(), BASS, fader_gain_db=-6.0), KEYS, panner_pan=0.5)
    audio = processed(stems(), settings)
    alone = np.array([loudness_lufs(x) for x in audio.values()])
    together = loudness_lufs(sum(audio.values()))  # of stems that have nothing in common
    expected = alone - together
    np.testing.assert_allclose(levels_lu(of(heard, settings)), expected, atol=METERS_LU)


def test_a_fader_is_found_relative_to_all_together(heard):
    loud = turned(neutral(), LEAD, fader_gain_db=3.0)
    power = np.array([10 ** (loudness_lufs(x) / 10) for x in processed(stems(), neutral()).values()])
    gain = np.where(np.arange(len(power)) == LEAD, 10**0.3, 1.0)
    rise_lu = 10 * np.log10((gain * power).sum() / power.sum())  # of all together
    expected = np.abs(10 * np.log10(gain) - rise_lu)
    found = errors(heard, loud, neutral())
    assert found["level_error_lu"] == pytest.approx(expected.mean(), abs=METERS_LU)
    assert found["worst_level_error_lu"] == pytest.approx(expected.max(), abs=METERS_LU)
    for other in ("pan_error_db", "width_error_db", "eq_error_db", "gain_reduction_error_db"):
        assert found[other] == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize(("pan", "sides_db"), [(0.8, 16.01), (-0.5, 7.66), (1.0, 30.0)])
def test_a_pan_is_found(heard, pan, sides_db):
    """Constant power: right over left is the tangent of (1 + pan) / 4 pi; hard right counts as 30 dB."""
    found = errors(heard, turned(neutral(), LEAD, panner_pan=pan), neutral())
    assert found["pan_error_db"] == pytest.approx(sides_db / 4, abs=0.01)
    assert found["width_error_db"] == pytest.approx(sides_db / 4, abs=0.01)
    for other in ("level_error_lu", "eq_error_db", "gain_reduction_error_db"):
        assert found[other] == pytest.approx(0, abs=0.01)


def test_the_wrong_side_is_an_error_of_pan_and_none_of_width(heard):
    left, right = (turned(neutral(), LEAD, panner_pan=pan) for pan in (-0.5, 0.5))
    found = errors(heard, left, right)
    assert found["pan_error_db"] == pytest.approx(2 * 7.66 / 4, abs=0.01)
    assert found["width_error_db"] == pytest.approx(0, abs=0.01)


def tone_by_welch_db(raw, wet):
    """What was done to the Bark bands by scipy's spectra, at equal K-weighted power; NaN where nothing is."""
    freq_hz, before = scipy.signal.welch(raw, RATE, nperseg=8192)
    after = scipy.signal.welch(wet, RATE, nperseg=8192)[1]
    k = np.square(np.abs(scipy.signal.freqz_sos(k_weighting_sos(RATE), freq_hz, fs=RATE)[1]))
    edges = list(pairwise(BARK_EDGES_HZ))
    power = np.array([[x[(freq_hz >= low) & (freq_hz < high)].sum() for low, high in edges] for x in (before, after)])
    tone_db = 10 * np.log10(power[1] / power[0] * (k @ before) / (k @ after))
    return np.where(power[0] > 1e-5 * power[0].max(), tone_db, np.nan)


@pytest.mark.parametrize("gain_db", [6.0, -9.0])
def test_an_equalizer_is_found(heard, gain_db):
    settings = turned(neutral(), LEAD, eq_peak_3_gain_db=gain_db, eq_peak_3_freq_hz=1500.0, eq_peak_3_q=1.0)
    tone_db = tone_by_welch_db(stems()["lead vox"][0], processed(stems(), settings)["lead vox"][0])
    expected = np.sqrt(np.nanmean(np.square(tone_db)))
    found = errors(heard, settings, neutral())
    assert expected > 1
    # Bands of different edges: where the curve is steep a band holds a little of the next.
    assert found["eq_error_db"] == pytest.approx(expected / 4, rel=0.03)
    assert found["gain_reduction_error_db"] < 0.05


def test_only_bands_that_the_stem_has_are_asked_for(heard):
    """The bass ends at 250 Hz: a boost of the top does nothing to it."""
    settings = turned(neutral(), BASS, eq_high_shelf_gain_db=12.0, eq_high_shelf_freq_hz=9000.0)
    assert errors(heard, settings, neutral())["eq_error_db"] < 0.02


def test_the_pan_of_a_wide_stem_is_not_taken_for_tone(heard, tmp_path):
    """Its sides sound different, so that what is left of it does too when one side is turned down."""
    audio = stems() | {"keys": np.stack([stems()["bass"][0], stems()["lead vox"][0]])}
    unlike = hear(write_stems(tmp_path / "song", audio))
    for pan in (0.5, -1.0):
        found = errors(unlike, turned(neutral(), KEYS, panner_pan=pan), neutral())
        assert found["eq_error_db"] < 0.02
        assert found["pan_error_db"] > 1


def test_a_muted_stem_is_as_far_down_as_counts(heard):
    wanted = of(heard, neutral(), muted=[track == LEAD for track in range(4)])
    found = recovery_figures(of(heard, neutral()), wanted, ALL)
    lead_lu = levels_lu(of(heard, neutral()))[LEAD]
    assert found["worst_level_error_lu"] == pytest.approx(lead_lu - LEAST_LU)
    assert found["pan_error_db"] == 0 and found["eq_error_db"] == 0  # of the three that sound in both


def test_stems_that_are_silent_when_raw_do_not_count(heard):
    found, wanted = of(heard, turned(neutral(), LEAD, fader_gain_db=-9.0)), of(heard, neutral())
    without = recovery_figures([*found, silent_stem()], [*wanted, silent_stem()], [*ALL, False])
    assert without == recovery_figures(found, wanted, ALL)


def test_nothing_is_told_of_no_stem(heard):
    found = recovery_figures([silent_stem()] * 4, of(heard, neutral()), ALL)
    assert set(found) == {"level_error_lu", "worst_level_error_lu"}


@pytest.mark.parametrize("gain_db", [-60.0, 20.0])
def test_a_gain_of_all_stems_changes_nothing(heard, gain_db):
    settings = turned(neutral(), SNARE, fader_gain_db=-7.0)
    quiet = neutral()
    for track in range(4):
        quiet = turned(quiet, track, fader_gain_db=0.0, input_gain_db=gain_db)
    shifted = turned(quiet, SNARE, fader_gain_db=-7.0)
    for name, value in errors(heard, shifted, neutral()).items():
        assert value == pytest.approx(errors(heard, settings, neutral())[name], abs=0.01)


@pytest.mark.parametrize("rate", [48_000, 96_000])
def test_errors_hardly_depend_on_the_sample_rate(heard, tmp_path, rate):
    settings = turned(neutral(), LEAD, fader_gain_db=4.0, panner_pan=0.4, eq_low_shelf_gain_db=6.0)
    settings = turned(settings, SNARE, compressor_ratio=6.0, compressor_threshold_db=-30.0)
    other = hear(write_stems(tmp_path / "song", stems(), rate))
    assert other.song.sample_rate == rate
    expected, found = errors(heard, settings, neutral()), errors(other, settings, neutral())
    for name, value in found.items():
        # Filters near the Nyquist frequency are not alike, and frames lie elsewhere.
        assert value == pytest.approx(expected[name], abs=0.05)


def test_blocks_of_any_size_give_the_same(heard):
    raw, wet = stems()["snare"], processed(stems(), turned(neutral(), SNARE, compressor_ratio=4.0))["snare"]
    whole = measure_stem([(raw, wet)], RATE)
    parts = measure_stem([(raw[:, i : i + 1000], wet[:, i : i + 1000]) for i in range(0, raw.shape[1], 1000)], RATE)
    np.testing.assert_allclose(parts.energies, whole.energies, rtol=1e-5)
    assert parts.gain_reduction_db == pytest.approx(whole.gain_reduction_db, abs=1e-4)


def test_a_stem_shorter_than_a_frame_has_a_level():
    blip = 0.1 * np.ones((2, 500), np.float32) * np.sin(np.arange(500)).astype(np.float32)
    short = measure_stem([(blip, blip)], RATE)
    assert short.sounds and short.sides_db == 0 and np.isnan(short.gain_reduction_db)


def test_what_is_not_heard_is_not_asked_where_it_stands(heard):
    """As with the noise that an engine leaves of a muted stem."""
    faint = turned(neutral(), LEAD, fader_gain_db=-58.0, panner_pan=1.0)
    found = errors(heard, faint, neutral())
    assert found["pan_error_db"] == 0
    assert found["worst_level_error_lu"] == pytest.approx(levels_lu(of(heard, neutral()))[LEAD] - LEAST_LU)
