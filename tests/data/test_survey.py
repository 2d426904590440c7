import hashlib

import numpy as np
import pyloudnorm
import pytest
import soundfile

from diffmst.data.survey import survey_files
from diffmst.dsp.bark_energies import BANDS, BARK_EDGES_HZ
from diffmst.errors import UserError

# Two evaluations of one definition, the samples of one of them rounded to float32.
LOUDNESS_LU = 1e-3


def noise(frames, channels=2, level=0.1):
    return level * np.random.default_rng(0).standard_normal((channels, frames)).astype(np.float32)


def survey(path, x, rate=48_000, subtype="FLOAT"):
    soundfile.write(path, np.asarray(x).T, rate, subtype=subtype)
    return survey_files([path])[0]


@pytest.fixture
def wav(tmp_path):
    return tmp_path / "a.wav"


@pytest.mark.parametrize("rate", [22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_loudness_agrees_with_pyloudnorm(wav, rate, channels):
    # pyloudnorm rounds the number of blocks, which should be rounded down: so less than half a hop is left over.
    frames = 5 * rate + rate // 25
    x = noise(frames, channels) * np.repeat([0.01, 1, 0.3, 0.001, 0.5, 0.2], rate)[:frames]
    expected = pyloudnorm.Meter(rate, filter_class="DeMan").integrated_loudness(x.T)
    assert survey(wav, x, rate).loudness_lufs == pytest.approx(expected, abs=LOUDNESS_LU)


def test_energy_is_that_of_each_hop(wav):
    t = np.arange(48_000) / 48_000
    x = np.stack([np.sin(2 * np.pi * 997 * t), np.zeros(48_000)]) * np.where(t < 0.5, 0.1, 0.0)
    energy = survey(wav, x).energy
    assert energy.shape == (2, 10)
    # K-weighting has 0.691 dB of gain at 997 Hz, by definition of LUFS.
    np.testing.assert_allclose(energy[0, 1:5], 0.005 * 10**0.0691, rtol=0.01)
    assert energy[0, 6:].max() < 1e-6
    assert not energy[1].any()


@pytest.mark.parametrize("rate", [11_025, 22_050, 44_100, 48_000, 96_000])
def test_bands_hold_all_energy_in_the_right_band(wav, rate):
    t = np.arange(3 * rate) / rate
    x = np.stack([0.3 * np.sin(2 * np.pi * 1175 * t), 0.1 * np.sin(2 * np.pi * 1175 * t)])
    bands = survey(wav, x, rate).bands
    assert bands.shape == (2, BANDS, 31 if rate == 11_025 else 30)  # hops are whole samples: 1102 there
    band = next(index for index, edge in enumerate(BARK_EDGES_HZ[1:]) if edge > 1175)
    # Mid has 0.2 and side 0.1 of amplitude; a sine window spreads 1 % at most beyond the band.
    np.testing.assert_allclose(bands[:, band, 2:28], [[0.02] * 26, [0.005] * 26], rtol=0.01)
    assert np.delete(bands, band, axis=1)[..., 2:28].max() < 1e-3 * 0.02


def test_bands_sum_to_the_power_of_the_signal_wherever_an_onset_lies(tmp_path):
    for start in (0, 2399, 4799, 4800, 30_000, 95_990, 96_001):
        x = np.zeros((1, 100_000), np.float32)
        x[0, start : start + 50] = noise(50, 1) - noise(50, 1).mean()
        bands = survey(tmp_path / f"{start}.wav", x).bands
        if start:  # nothing overlaps the very beginning from before
            assert bands.sum() * 4800 == pytest.approx(np.square(x).sum(), rel=0.02)  # 2 %: below 20 Hz


def test_peak_dc_and_correlation(wav):
    x = noise(48_000, 1)
    found = survey(wav, np.concatenate([x, -0.5 * x - 0.02]))
    assert found.peak == pytest.approx(np.abs(x).max(), rel=1e-6)
    assert found.dc_offset == pytest.approx(-0.02, abs=1e-3)
    assert found.correlation < -0.9


@pytest.mark.parametrize(
    ("right", "correlation", "dual_mono"), [(1.0, 1.0, True), (0.5, 1.0, False), (-1.0, -1.0, False), (0.0, 0.0, False)]
)
def test_equal_channels_are_recognised(wav, right, correlation, dual_mono):
    x = noise(200_000, 1)
    found = survey(wav, np.concatenate([x, right * x]))
    assert found.correlation == pytest.approx(correlation, abs=1e-6)
    assert found.dual_mono == dual_mono


def test_one_different_sample_makes_it_stereo(wav):
    x = noise(200_000, 1).repeat(2, 0)
    x[1, 150_000] += 1e-6
    assert not survey(wav, x).dual_mono


@pytest.mark.parametrize("start", [0, 1000, 95_998, 95_999, 96_000, 99_995])  # a block ends at 96 000
@pytest.mark.parametrize(("length", "runs"), [(2, 0), (3, 1), (5, 1)])
def test_clipping_is_counted_by_runs(wav, start, length, runs):
    x = noise(100_000, 2)
    x[1, start : start + length] = -1.0
    assert survey(wav, x, subtype="PCM_16").clip_runs == runs


def test_runs_in_both_channels_count_and_loud_intact_peaks_do_not(wav):
    x = np.zeros((2, 1000))
    x[0, 10:20], x[1, 10:15], x[1, 17:20] = 1.0, 1.0, -1.0
    assert survey(wav, x).clip_runs == 3
    t = np.arange(48_000) / 48_000
    assert survey(wav, [1.5 * np.sin(2 * np.pi * 100 * t)]).clip_runs == 0


def test_bad_samples_are_counted_and_harm_nothing(wav):
    x = noise(48_000)
    x[0, 100:110] = np.nan
    found = survey(wav, x)
    assert found.bad_samples == 10
    assert np.isfinite(found.loudness_lufs)
    assert np.isfinite(found.energy).all()


@pytest.mark.parametrize(("level", "silent"), [(0.0, True), (1e-5, True), (1e-2, False)])
def test_silence_is_recognised(wav, level, silent):
    found = survey(wav, noise(96_000, level=level))
    assert found.silent == silent
    assert not np.isnan(found.loudness_lufs)
    assert not found.bands.any() or level


def test_a_constant_is_silent_and_sound_on_an_offset_is_not(tmp_path):
    constant = np.full((2, 96_000), [[0.3], [-1.0]], np.float32)
    found = survey(tmp_path / "constant.wav", constant)
    assert found.silent and found.dc_offset == pytest.approx(-1, abs=1e-3)
    assert not survey(tmp_path / "sound.wav", constant / 2 + noise(96_000, 2, level=0.01)).silent


@pytest.mark.parametrize("frames", [1, 100, 4800, 5000, 19_199])
def test_what_is_shorter_than_a_gating_block_has_a_loudness(wav, frames):
    found = survey(wav, noise(frames, 1, level=0.5) + 0.5)
    assert np.isfinite(found.loudness_lufs)
    assert (found.info.frames, found.duration_s) == (frames, frames / 48_000)


def test_the_hash_is_that_of_the_file(wav):
    assert survey(wav, noise(10)).sha256 == hashlib.sha256(wav.read_bytes()).hexdigest()


def test_truncation_and_true_length_are_reported(tmp_path):
    path = tmp_path / "a.flac"
    soundfile.write(path, noise(44_100).T, 44_100)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    (found,) = survey_files([path])
    assert found.truncated
    assert 10_000 < found.info.frames < 30_000
    assert found.energy.shape[1] == -(-found.info.frames // 4410)


def test_progress_reaches_the_end_and_results_keep_their_order(tmp_path):
    paths = [tmp_path / f"{index}.wav" for index in range(5)]
    for index, path in enumerate(paths):
        soundfile.write(path, noise(300_000 - 50_000 * index, 1).T, 48_000)
    calls = []
    found = survey_files(paths, lambda done, total: calls.append((done, total)))
    assert [item.info.path for item in found] == paths
    assert calls == sorted(calls)
    assert calls[-1] == (1_000_000, 1_000_000)


def test_an_interrupt_ends_the_survey_early(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(480_000, 1).T, 8000)
    calls = []

    def interrupt(done, _total):
        calls.append(done)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        survey_files([path], interrupt)
    assert len(calls) == 1


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "b.wav").write_text("words")
    with pytest.raises(UserError, match=r"b\.wav: not an audio file"):
        survey_files([tmp_path / "b.wav"])


def test_a_header_without_readable_samples_is_refused(tmp_path):
    path = tmp_path / "a.flac"
    soundfile.write(path, noise(44_100).T, 44_100)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(UserError, match="no samples"):
        survey_files([path])
