"""The audio features against hand calculation and an independent computation with numpy and scipy."""

import numpy as np
import pytest
import torch
from scipy.signal import ShortTimeFFT

from diffmst.features import AudioFeatures, audio_features

RATE = 44_100
FLOAT64 = 1e-9


def stereo_noise(batch=1, samples=30_000, seed=0, dtype=torch.float64):
    x = 0.1 * torch.randn(batch, 2, samples, generator=torch.Generator().manual_seed(seed), dtype=dtype)
    x[:, 1] = 0.3 * x[:, 1] + 0.5 * x[:, 0]
    return x


def tone(amplitude_left, amplitude_right, samples=RATE):
    sine = torch.sin(2 * torch.pi * 441 / RATE * torch.arange(samples, dtype=torch.float64))
    return torch.stack([amplitude_left * sine, amplitude_right * sine])[None]


def numpy_bark(x):
    """Mean magnitude in 24 triangular bands, equally spaced on the scale of Traunmüller, natural logarithm."""
    scale = np.arange(0, 22_050, 0.25)
    bark = 26.81 * scale / (1_960 + scale) - 0.53
    bark = np.where(bark < 2, bark + 0.15 * (2 - bark), bark)
    bark = np.where(bark > 20.1, bark + 0.22 * (bark - 20.1), bark)
    low, high = np.interp([20, 20_000], scale, bark)
    edges_hz = np.interp(np.linspace(low, high, 26), bark, scale)
    transform = ShortTimeFFT(np.hanning(32_769)[:-1], 8_192, fs=RATE, phase_shift=None)
    mirrored = np.pad(x, ((0, 0), (16_384, 16_384)), mode="reflect")
    first, last = transform.lower_border_end[1], transform.upper_border_begin(mirrored.shape[-1])[1]
    magnitude = np.abs(transform.stft(mirrored, p0=first, p1=last)).mean(-1)
    bands = [np.interp(transform.f, edges_hz[band : band + 3], [0, 1, 0]) @ magnitude.T for band in range(24)]
    return np.log(np.stack(bands, axis=-1) + 1e-8)


def test_features_agree_with_numpy_and_scipy():
    x = stereo_noise(samples=50_001)
    features, (left, right) = audio_features(x, RATE), x[0].numpy()
    rms = np.sqrt([np.mean(left**2), np.mean(right**2)])
    np.testing.assert_allclose(features.rms[0], rms, atol=FLOAT64)
    peak = np.array([np.abs(left).max(), np.abs(right).max()])
    np.testing.assert_allclose(features.crest_factor_db[0], 20 * np.log10(peak / rms), atol=FLOAT64)
    width = np.mean((left - right) ** 2) / np.mean((left + right) ** 2)
    assert float(features.stereo_width) == pytest.approx(width, abs=FLOAT64)
    imbalance = (rms[1] ** 2 - rms[0] ** 2) / (rms[1] ** 2 + rms[0] ** 2)
    assert float(features.stereo_imbalance) == pytest.approx(imbalance, abs=FLOAT64)
    interpolation = 1e-4  # the edges of the bands are read from a table here
    expected = numpy_bark(np.stack([left + right, left - right]))
    np.testing.assert_allclose(features.bark_spectrum[0], expected, atol=interpolation)


@pytest.mark.parametrize(
    ("left", "right", "width", "imbalance"),
    [(0.5, 0.5, 0.0, 0.0), (0.5, 0.0, 1.0, -1.0), (0.0, 0.5, 1.0, 1.0), (0.6, 0.2, 0.25, -0.8)],
)
def test_features_of_a_tone(left, right, width, imbalance):
    features = audio_features(tone(left, right), RATE)
    assert float(features.stereo_width) == pytest.approx(width, abs=FLOAT64)
    assert float(features.stereo_imbalance) == pytest.approx(imbalance, abs=FLOAT64)
    floor = 1e-4  # RMS of silence
    assert features.rms[0].tolist() == pytest.approx([max(a / 2**0.5, floor) for a in (left, right)], abs=FLOAT64)
    for crest_db, amplitude in zip(features.crest_factor_db[0].tolist(), (left, right), strict=True):
        assert crest_db == pytest.approx(20 * np.log10(2**0.5) if amplitude else 0.0, abs=1e-3)


def test_bark_spectrum_shows_the_tone_in_mid_and_nothing_in_side():
    spectrum = audio_features(tone(0.5, 0.5), RATE).bark_spectrum[0]
    assert spectrum[0].argmax() == 3  # 441 Hz is 4.4 Bark; the centres are 0.99 Bark apart, the first at 1.1
    assert spectrum[0].max() > 5
    np.testing.assert_allclose(spectrum[1], np.log(1e-8))


def test_gain_adds_to_level_alone():
    x = stereo_noise()
    quiet, loud = audio_features(x, RATE), audio_features(2 * x, RATE)
    torch.testing.assert_close(loud.rms, 2 * quiet.rms)
    torch.testing.assert_close(loud.bark_spectrum - quiet.bark_spectrum, torch.full((1, 2, 24), 2.0).log().double())
    for name in ("crest_factor_db", "stereo_width", "stereo_imbalance"):
        torch.testing.assert_close(getattr(loud, name), getattr(quiet, name))


def test_features_at_a_gain_are_those_of_the_louder_signal():
    x, gain = stereo_noise(2), torch.tensor([3.0, 1e-5], dtype=torch.float64)
    at_gain, louder = audio_features(x, RATE, gain), audio_features(gain[:, None, None] * x, RATE)
    for name in AudioFeatures.__dataclass_fields__:
        torch.testing.assert_close(getattr(at_gain, name), getattr(louder, name), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_items_do_not_mix(dtype):
    x = stereo_noise(3, dtype=dtype)
    together, alone = audio_features(x, RATE), audio_features(x[1:2], RATE)
    for name in AudioFeatures.__dataclass_fields__:
        assert torch.equal(getattr(together, name)[1:2], getattr(alone, name))
        assert getattr(together, name).dtype == dtype


@pytest.mark.parametrize("sample_rate", [22_050, 48_000, 96_000, 192_000])
def test_every_rate_gives_24_bands(sample_rate):
    spectrum = audio_features(stereo_noise(samples=8_000), sample_rate).bark_spectrum
    assert spectrum.shape == (1, 2, 24)
    audible = 18 if sample_rate == 22_050 else 24  # 11 kHz is 20.3 of 24 Bark
    assert (spectrum[..., :audible] > 0).all()


def test_mean_takes_windows_together_and_detach_cuts():
    x = stereo_noise(3).requires_grad_()
    features = audio_features(x, RATE)
    pooled = features.mean().detach()
    torch.testing.assert_close(pooled.bark_spectrum, features.bark_spectrum.mean(0, keepdim=True))
    assert pooled.rms.shape == (1, 2)
    assert not pooled.rms.requires_grad


def total(x, sample_rate):
    features = audio_features(x, sample_rate)
    return [getattr(features, name) for name in AudioFeatures.__dataclass_fields__]


def test_gradients_are_right():
    x = stereo_noise(samples=3_000).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: total(x, 8_000), x, fast_mode=True)
    gain = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda gain: list(vars(audio_features(x.detach(), 8_000, gain)).values()), gain)


SPECIAL = {
    "silence": torch.zeros(1, 2, 4_000),
    "mono": stereo_noise(samples=4_000, dtype=torch.float32)[:, :1].repeat(1, 2, 1),
    "opposite": stereo_noise(samples=4_000, dtype=torch.float32)[:, :1] * torch.tensor([[1.0], [-1.0]]),
    "direct current": torch.full((1, 2, 4_000), 0.5),
    "one side": stereo_noise(samples=4_000, dtype=torch.float32) * torch.tensor([[1.0], [0.0]]),
    "one sample": torch.ones(1, 2, 1),
    "denormal": torch.full((1, 2, 4_000), 1e-40),
}


@pytest.mark.parametrize("name", SPECIAL)
def test_gradients_are_finite_for(name):
    x = SPECIAL[name].clone().requires_grad_()
    features = total(x, 8_000)
    assert all(feature.isfinite().all() for feature in features)
    sum(feature.sum() for feature in features).backward()
    assert x.grad.isfinite().all()


@pytest.mark.parametrize("shape", [(2, 100), (1, 1, 100), (1, 2, 0)])
def test_other_than_stereo_is_refused(shape):
    with pytest.raises(ValueError, match=r"need stereo, \[batch, 2, time\], got"):
        audio_features(torch.zeros(shape), RATE)
