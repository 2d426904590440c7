"""The losses against hand calculation and independent computations, term by term."""

import pytest
import torch

from diffmst.dsp.loudness import integrated_loudness
from diffmst.features import AudioFeatures, audio_features
from diffmst.losses import (
    AUDIO_FEATURE_WEIGHTS,
    STFT_WINDOWS,
    STYLE_WEIGHTS,
    AudioFeatureLoss,
    MultiResolutionSTFTLoss,
    StyleLoss,
)

RATE = 44_100


def noise(batch=1, seconds=1.5, seed=0):
    x = 0.1 * torch.randn(batch, 2, int(seconds * RATE), generator=torch.Generator().manual_seed(seed))
    x[:, 1] = 0.5 * x[:, 1] + 0.5 * x[:, 0]
    return x


def tone(left, right):
    sine = torch.sin(2 * torch.pi * 441 / RATE * torch.arange(RATE, dtype=torch.float64))
    return torch.stack([left * sine, right * sine])[None]


def test_published_weights():
    assert dict(AUDIO_FEATURE_WEIGHTS) == {
        "rms": 0.1,
        "crest_factor_db": 0.001,
        "stereo_width": 1.0,
        "stereo_imbalance": 1.0,
        "bark_spectrum": 0.1,
    }
    assert STFT_WINDOWS == (512, 2_048, 8_192)


def test_audio_feature_loss_of_two_tones_by_hand():
    # Left and right 0.6 and 0.2 against 0.4 and 0.4: sines of one shape, so every feature is a ratio of amplitudes.
    terms = AudioFeatureLoss(RATE)(tone(0.6, 0.2), tone(0.4, 0.4))
    assert float(terms["rms"]) == pytest.approx(0.1 * 0.2**2 / 2, rel=1e-6)  # both channels differ by 0.2 / sqrt(2)
    assert float(terms["crest_factor_db"]) == pytest.approx(0.0, abs=1e-12)
    assert float(terms["stereo_width"]) == pytest.approx((0.4 / 0.8) ** 4, rel=1e-6)
    assert float(terms["stereo_imbalance"]) == pytest.approx(0.8**2, rel=1e-6)
    assert float(terms["bark_spectrum"]) > 1  # the silent side meets the floor of the logarithm


def test_audio_feature_loss_of_a_gain_by_hand():
    gain = 0.5
    terms = AudioFeatureLoss(RATE)(noise() * gain, noise())
    rms = noise().square().mean(-1).sqrt()
    assert float(terms["rms"]) == pytest.approx(0.1 * float((rms * (1 - gain)).square().mean()), rel=1e-4)
    assert float(terms["bark_spectrum"]) == pytest.approx(0.1 * float(torch.tensor(gain).log()) ** 2, rel=1e-4)
    assert float(terms["stereo_width"] + terms["stereo_imbalance"] + terms["crest_factor_db"]) < 1e-9


def test_audio_feature_loss_is_the_weighted_mean_squared_error():
    loss, one, other = AudioFeatureLoss(RATE), audio_features(noise(2), RATE), audio_features(noise(2, seed=1), RATE)
    terms = loss(noise(2), noise(2, seed=1))
    for name, weight in AUDIO_FEATURE_WEIGHTS.items():
        expected = weight * (getattr(one, name) - getattr(other, name)).square().mean()
        torch.testing.assert_close(terms[name], expected)


@pytest.mark.parametrize("loss", [AudioFeatureLoss(RATE), StyleLoss(RATE)], ids=["audio features", "style"])
def test_features_computed_once_give_the_same(loss):
    mix, target = noise(2), noise(1, seed=1)
    from_audio, from_features = loss(mix, target), loss(loss.features(mix), loss.features(target).detach())
    assert from_audio == from_features
    assert not any(term.requires_grad for term in from_features.values())


@pytest.mark.parametrize("loss", [AudioFeatureLoss(RATE), StyleLoss(RATE)], ids=["audio features", "style"])
def test_a_mix_is_at_no_distance_from_itself(loss):
    assert all(float(term) == 0 for term in loss(noise(2), noise(2)).values())


def test_windows_taken_together_may_differ_in_number():
    loss = AudioFeatureLoss(RATE)
    terms = loss(loss.features(noise(3)).mean(), loss.features(noise(2, seed=1)).mean())
    assert float(sum(terms.values())) < 0.01


def test_audio_features_at_equal_loudness_do_not_hear_gain():
    loss = AudioFeatureLoss(RATE, loudness_lufs=-16.0)
    assert float(sum(loss(0.1 * noise(), noise()).values())) < 1e-9
    rms = loss.features(noise()).rms
    at_target = noise() * 10 ** ((-16 - integrated_loudness(noise(), RATE)) / 20)
    torch.testing.assert_close(rms, audio_features(at_target, RATE).rms)


def torch_stft_distance(one, other):
    """Mean over resolutions of the L1 distances of linear and log magnitudes, magnitudes floored at sqrt(1e-8)."""
    linear, log = [], []
    for size in (512, 2_048, 8_192):
        window = torch.hann_window(size)
        magnitudes = [
            torch.stft(x.flatten(0, 1), size, size // 2, window=window, return_complex=True).abs().clamp(min=1e-4)
            for x in (one, other)
        ]
        linear.append((magnitudes[0] - magnitudes[1]).abs().mean())
        log.append((magnitudes[0].log() - magnitudes[1].log()).abs().mean())
    return {"linear": torch.stack(linear).mean(), "log": torch.stack(log).mean()}


def test_mrstft_agrees_with_torch_stft():
    one, other = noise(2, seconds=0.5), noise(2, seconds=0.5, seed=1)
    terms = MultiResolutionSTFTLoss()(one, other)
    torch.testing.assert_close(terms, torch_stft_distance(one, other))


def test_mrstft_of_a_gain_by_hand():
    x = noise(seconds=0.5)
    terms = MultiResolutionSTFTLoss()(x, x / 2)
    assert float(terms["log"]) == pytest.approx(float(torch.tensor(2.0).log()), abs=1e-3)


def test_mrstft_gradient_is_finite_for_silence():
    x = torch.zeros(1, 2, 10_000, requires_grad=True)
    sum(MultiResolutionSTFTLoss()(x, noise(seconds=1)[..., :10_000]).values()).backward()
    assert x.grad.isfinite().all()


def test_mrstft_refuses_other_shapes_and_short_signals():
    with pytest.raises(ValueError, match=r"one shape, got \[1, 2, 5000\] and \[1, 1, 5000\]"):
        MultiResolutionSTFTLoss()(torch.zeros(1, 2, 5_000), torch.zeros(1, 1, 5_000))
    with pytest.raises(ValueError, match="more than 4096 samples, got 4096"):
        MultiResolutionSTFTLoss()(torch.zeros(1, 2, 4_096), torch.zeros(1, 2, 4_096))


def widen(x, side_gain):
    mid, side = x.mean(1, keepdim=True), (x[:, :1] - x[:, 1:]) / 2 * side_gain
    return torch.cat([mid + side, mid - side], dim=1)


def tilt(x, gain_db):
    freq_hz = torch.fft.rfftfreq(x.shape[-1], 1 / RATE).clamp(min=1)
    gain = 10 ** (gain_db / 20 * (freq_hz / 1_000).log10().clamp(-1, 1))
    return torch.fft.irfft(torch.fft.rfft(x) * gain, n=x.shape[-1])


def at_level(x, level):
    return x * (level / x.std())


def beat():
    """A decaying beat, equally loud and independent on both sides but for its middle, [windows, 2, time]."""
    left_right, middle = noise(2)[:, :1], noise(2, seed=1)[:, :1]
    left_right = torch.cat([left_right, left_right.flip(0)], dim=1)
    time_s = torch.arange(middle.shape[-1]) / RATE
    return at_level((middle + left_right) * (0.05 + torch.exp(-10 * (time_s % 0.25))), 0.1)


CHANGES = {
    "level": (lambda x, amount: x * (1 + amount), (0.3, 1.0, 3.0)),
    "tone": (lambda x, amount: at_level(tilt(x, amount), 0.1), (1.5, 3.0, 6.0)),
    "dynamics": (lambda x, amount: at_level(torch.sign(x) * x.abs() ** (1 - amount), 0.1), (0.2, 0.4, 0.6)),
    "width": (lambda x, amount: at_level(widen(x, 1 - amount), 0.1), (0.2, 0.5, 0.9)),
    "balance": (lambda x, amount: at_level(x * torch.tensor([[1.0], [1 + amount]]), 0.1), (0.1, 0.3, 1.0)),
}


@pytest.mark.parametrize("term", STYLE_WEIGHTS)
def test_style_terms_rise_with_their_change_above_all_others(term):
    loss, (change, amounts) = StyleLoss(RATE), CHANGES[term]
    target = loss.features(beat())
    distances = [loss(change(beat(), amount), target) for amount in amounts]
    values = [float(terms[term]) for terms in distances]
    assert 0 < values[0] < values[1] < values[2]
    assert max(distances[-1], key=lambda name: float(distances[-1][name])) == term


def test_style_loss_grows_in_proportion_to_a_large_error():
    loss, x = StyleLoss(RATE), noise()
    near, far = (float(loss(x * 10 ** (gain_db / 20), x)["level"]) for gain_db in (10.0, 20.0))
    assert far / near == pytest.approx(19.5 / 9.5, rel=1e-3)  # Huber with a tolerance of 1 LU


def test_bands_unheard_in_the_reference_hardly_count():
    loss, x = StyleLoss(RATE), noise(2)
    dark = torch.fft.rfft(x)
    dark[..., dark.shape[-1] // 4 :] *= 1e-4  # nothing above 5.5 kHz, as after a poor encoder
    dark = torch.fft.irfft(dark, n=x.shape[-1])
    narrow_above = dark + (widen(x, 0.0) - widen(dark, 0.0)) * 1e-3
    assert float(loss(narrow_above, dark)["width"]) < 0.1


def test_style_gradient_descends():
    loss, x, target = StyleLoss(RATE), noise(), widen(tilt(noise(seed=1), 3.0), 0.5)
    target = loss.features(target)
    gain = torch.zeros(2, requires_grad=True)
    before = sum(loss(widen(tilt(x, gain[0]), 1 + gain[1]), target).values())
    before.backward()
    step = gain.detach() - 0.05 * gain.grad.sign()
    after = sum(loss(widen(tilt(x, step[0]), 1 + step[1]), target).values())
    assert after.item() < before.item()
    assert gain.grad.tolist()[0] < 0 < gain.grad.tolist()[1]  # brighter, narrower


@pytest.mark.parametrize("loss", [AudioFeatureLoss(RATE), StyleLoss(RATE)], ids=["audio features", "style"])
@pytest.mark.parametrize("x", [torch.zeros(1, 2, RATE), noise()[:, :1].repeat(1, 2, 1), torch.full((1, 2, RATE), 0.3)])
def test_gradients_are_finite_for_odd_mixes(loss, x):
    x = x.clone().requires_grad_()
    total = sum(loss(x, noise()).values())
    total.backward()
    assert total.isfinite()
    assert x.grad.isfinite().all()


@pytest.mark.parametrize("loss", [AudioFeatureLoss, StyleLoss])
def test_a_term_left_out_of_the_weights_is_left_out(loss):
    name = "rms" if loss is AudioFeatureLoss else "tone"
    one = loss(RATE)(noise(), noise(seed=1))[name]
    assert loss(RATE, weights={name: 2 * loss(RATE).weights[name]})(noise(), noise(seed=1)) == {name: 2 * one}


@pytest.mark.parametrize("loss", [AudioFeatureLoss, StyleLoss])
def test_unknown_weights_are_refused(loss):
    with pytest.raises(ValueError, match=r"weights must be among .*, got loudness"):
        loss(RATE, weights={"loudness": 1.0})


def test_audio_features_of_one_target_broadcast_over_the_batch():
    terms = AudioFeatureLoss(RATE)(noise(2), noise(1))
    assert isinstance(AudioFeatureLoss(RATE).features(noise()), AudioFeatures)
    assert all(term.ndim == 0 for term in terms.values())
