"""Style features: each hears its own kind of change, none hears the level, and gradients are right and finite."""

import numpy as np
import pytest
import torch
from scipy.signal import butter, sosfilt

from diffmst.dsp.loudness import pooled_loudness
from diffmst.style import StyleFeatures, style_features

RATE = 44_100
NAMES = tuple(StyleFeatures.__dataclass_fields__)


def song(windows=2, seconds=2.0, seed=0, sample_rate=RATE):
    """A beat in the middle and a wide bed of pink-like noise, [windows, 2, time] in float32."""
    rng = np.random.default_rng(seed)
    samples = int(seconds * sample_rate)
    noise = sosfilt(butter(1, 300, fs=sample_rate, output="sos"), rng.standard_normal((windows, 3, samples)))
    envelope = np.exp(-8 * (np.arange(samples) / sample_rate % 0.25))
    beat, bed = noise[:, :1] * envelope, 0.3 * noise[:, 1:]
    return torch.tensor(beat + bed, dtype=torch.float32)


def widen(x, side_gain):
    mid, side = x.mean(1, keepdim=True), (x[:, :1] - x[:, 1:]) / 2 * side_gain
    return torch.cat([mid + side, mid - side], dim=1)


def features_of(x, sample_rate=RATE):
    return style_features(x, sample_rate)


def moved(before, after, name):
    return (getattr(after, name) - getattr(before, name)).abs().max().item()


def test_gain_moves_the_loudness_alone():
    before, after = features_of(song()), features_of(0.01 * song())
    assert float(before.loudness_lufs - after.loudness_lufs) == pytest.approx(40.0, abs=1e-3)
    rounding = 2e-3  # float32, and floors against division by zero
    assert all(moved(before, after, name) < rounding for name in NAMES[1:])


def test_loudness_is_near_the_standard():
    x = song(3, 4.0)
    assert float(features_of(x).loudness_lufs) == pytest.approx(float(pooled_loudness(x, RATE)), abs=0.2)


def test_tone_shows_a_band_where_it_is():
    sine = torch.sin(2 * torch.pi * 1_000 / RATE * torch.arange(2 * RATE)).expand(1, 2, -1)
    tone_db = features_of(sine).tone_db
    assert tone_db.argmax() == 8  # 1 kHz is 15.6 ERB; bands are 1.7 ERB wide, the first from 0.8
    assert float(tone_db.max()) == pytest.approx(0.0, abs=1.0)  # K-weighting is 0.7 dB at 1 kHz
    assert float(tone_db[-1]) < -60


def test_tone_hears_a_filter_by_its_gain():
    spectrum = torch.fft.rfft(song())
    spectrum[..., : int(200 * song().shape[-1] / RATE)] *= 2
    before, after = features_of(song()), features_of(torch.fft.irfft(spectrum, n=song().shape[-1]))
    change_db = after.tone_db - before.tone_db
    assert float(change_db[1] - change_db[15]) == pytest.approx(6.02, abs=0.2)
    assert moved(before, after, "width_db") < 0.2


def test_width_follows_the_side_in_db():
    before, after = features_of(song()), features_of(widen(song(), 0.5))
    change_db = after.width_db - before.width_db
    torch.testing.assert_close(change_db, torch.full_like(change_db, -6.02), rtol=0, atol=0.1)
    assert moved(before, after, "tone_db") < 2  # a narrower mix has less of the bed


def test_width_ends_at_mono_and_opposite():
    mono, opposite = features_of(widen(song(), 0.0)), features_of(widen(song(), 1e6))
    torch.testing.assert_close(mono.width_db, torch.full((25,), -30.0), rtol=0, atol=0.05)
    torch.testing.assert_close(opposite.width_db, torch.full((25,), 30.0), rtol=0, atol=0.05)


def test_balance_is_right_over_left_in_db_and_mirrors():
    x = song() * torch.tensor([[1.0], [2.0]])
    balance_db = features_of(x).balance_db
    assert float(balance_db[-1]) == pytest.approx(5.5, abs=0.3)  # 6 dB, less the floor
    torch.testing.assert_close(features_of(x.flip(1)).balance_db, -balance_db, rtol=0, atol=1e-3)
    left_alone = features_of(song() * torch.tensor([[1.0], [0.0]])).balance_db
    torch.testing.assert_close(left_alone, torch.full((25,), -15.36), rtol=0, atol=0.05)  # 1.03 / 0.03


def test_panning_tells_sounds_apart_from_a_common_balance():
    turns = (torch.arange(2 * RATE) // (RATE // 4) % 2).float()  # left and right by turns
    noise = torch.randn(1, 1, 2 * RATE, generator=torch.Generator().manual_seed(0))
    by_turns = features_of(noise * torch.stack([turns, 1 - turns])).panning
    together = features_of(noise * torch.tensor([[1.0], [0.1]])).panning
    assert (by_turns > 0.85).all()
    assert (together < 0.01).all()


def test_dynamics_hear_compression_and_little_else():
    x = song()
    squeezed = torch.sign(x) * x.abs().sqrt()
    before, after = features_of(x), features_of(squeezed)
    assert float(after.crest_db[0] - before.crest_db[0]) < -3
    spread = [float(features.levels_db[-1, -1] - features.levels_db[-1, 0]) for features in (before, after)]
    assert spread[1] < 0.8 * spread[0]
    assert (after.transients_db[-1].abs() < before.transients_db[-1].abs()).all()


def test_windows_in_any_order_and_split_give_one_style():
    x = song(2, 6.0)
    features, swapped = features_of(x), features_of(x.flip(0))
    in_one = features_of(x.transpose(0, 1).flatten(1)[None])
    for name in NAMES:
        torch.testing.assert_close(getattr(swapped, name), getattr(features, name), rtol=1e-4, atol=1e-4)
        seam = 0.5  # dB: frames of the second window fall elsewhere on the beat, which the transients feel
        torch.testing.assert_close(getattr(in_one, name), getattr(features, name), rtol=0, atol=seam)


def test_silent_windows_do_not_count():
    x = song(2)
    padded = torch.cat([x, torch.zeros_like(x[:1])])
    for name in NAMES:
        torch.testing.assert_close(getattr(features_of(padded), name), getattr(features_of(x), name))


@pytest.mark.parametrize("sample_rate", [22_050, 48_000, 96_000])
def test_every_rate_has_the_same_shapes(sample_rate):
    features = features_of(song(1, 1.0, sample_rate=sample_rate), sample_rate)
    shapes = {name: tuple(getattr(features, name).shape) for name in NAMES}
    assert shapes == {
        "loudness_lufs": (),
        "tone_db": (24,),
        "width_db": (25,),
        "panning": (25,),
        "balance_db": (25,),
        "levels_db": (7, 6),
        "transients_db": (7, 2),
        "crest_db": (2,),
    }


def test_features_at_a_gain_are_those_of_the_louder_mix():
    x = song(2).double()
    for gain in (5.0, 1e-4):
        at_gain, louder = style_features(x, RATE, gain), style_features(gain * x, RATE)
        for name in NAMES:
            torch.testing.assert_close(getattr(at_gain, name), getattr(louder, name), rtol=1e-9, atol=1e-9)


def all_of(x, sample_rate):
    features = features_of(x, sample_rate)
    return [getattr(features, name) for name in NAMES]


def test_gradients_are_right():
    x = song(2, 0.5, sample_rate=8_000).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: all_of(x, 8_000), x, fast_mode=True)


SPECIAL = {
    "silence": torch.zeros(2, 2, 8_000),
    "one window silent": song(2, 1.0, sample_rate=8_000) * torch.tensor([1.0, 0.0])[:, None, None],
    "mono": widen(song(1, 1.0, sample_rate=8_000), 0.0),
    "opposite": song(1, 1.0, sample_rate=8_000)[:, :1] * torch.tensor([[1.0], [-1.0]]),
    "direct current": torch.full((1, 2, 8_000), 0.5),
    "one side": song(1, 1.0, sample_rate=8_000) * torch.tensor([[0.0], [1.0]]),
    "shorter than a frame": song(1, 0.01, sample_rate=8_000),
    "denormal": torch.full((1, 2, 8_000), 1e-40),
    "very loud": 1e4 * song(1, 1.0, sample_rate=8_000),
}


@pytest.mark.parametrize("name", SPECIAL)
def test_features_and_gradients_are_finite_for(name):
    x = SPECIAL[name].clone().requires_grad_()
    features = all_of(x, 8_000)
    assert all(feature.isfinite().all() for feature in features)
    sum(feature.sum() for feature in features).backward()
    assert x.grad.isfinite().all()


@pytest.mark.parametrize("shape", [(2, 100), (1, 1, 100), (1, 2, 0), (0, 2, 100)])
def test_other_than_stereo_windows_are_refused(shape):
    with pytest.raises(ValueError, match=r"need stereo windows, \[windows, 2, time\], got"):
        style_features(torch.zeros(shape), RATE)
