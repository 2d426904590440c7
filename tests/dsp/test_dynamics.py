import itertools
import math

import pytest
import torch
from torch.autograd import gradcheck

from diffmst.dsp import dynamics

SAMPLE_RATE = 44_100


def settings(batch=1, dtype=torch.float64, **changes):
    values = {
        "threshold_db": -20.0,
        "ratio": 4.0,
        "attack_ms": 5.0,
        "release_ms": 50.0,
        "knee_db": 6.0,
        "makeup_db": 0.0,
    }
    return {name: torch.full((batch,), value, dtype=dtype) for name, value in (values | changes).items()}


def level_db(x):
    return (20 * x.abs().log10()).tolist()


@pytest.mark.parametrize(
    ("level", "knee_db", "expected_db"),
    [
        (-30, 0, -30),
        (-20, 0, -20),
        (-8, 0, -17),  # 12 dB over, 4:1
        (-20, 10, -20 - 0.75 * 10 / 8),  # the middle of the knee
        (-25, 10, -25),
        (-15, 10, -18.75),
        (0, 10, -15),
    ],
)
def test_static_curve_hits_the_textbook_points(level, knee_db, expected_db):
    values = settings(knee_db=knee_db)
    curve = {name: values[name] for name in ("threshold_db", "ratio", "knee_db", "makeup_db")}
    output_db = dynamics.static_curve_db(torch.tensor([level], dtype=torch.float64), **curve)
    assert output_db.item() == pytest.approx(expected_db, abs=1e-9)


@pytest.mark.parametrize("level", [-50.0, -22.0, -20.0, -18.0, -3.0])
def test_compressor_settles_on_its_static_curve(level):
    values = settings(makeup_db=2.0)
    x = torch.full((1, 1, SAMPLE_RATE), 10 ** (level / 20), dtype=torch.float64)
    y = dynamics.compressor(x, SAMPLE_RATE, **values)
    curve = {name: values[name] for name in ("threshold_db", "ratio", "knee_db", "makeup_db")}
    expected_db = dynamics.static_curve_db(torch.tensor([level], dtype=torch.float64), **curve)
    assert level_db(y[0, 0, -1]) == pytest.approx(expected_db.item(), abs=1e-6)


def test_attack_and_release_take_their_time_constants():
    values = settings(attack_ms=10.0, release_ms=100.0, knee_db=0.0)
    attack, release = 441, 4410
    x = torch.cat([torch.ones(SAMPLE_RATE), torch.full((SAMPLE_RATE,), 0.01)]).double()
    y = dynamics.compressor(x[None, None], SAMPLE_RATE, **values)[0, 0]
    reduction_db = 20 * (y / x).log10()
    settled_db = -15.0
    assert reduction_db[attack - 1].item() == pytest.approx(settled_db * (1 - math.exp(-1)), abs=1e-6)
    assert reduction_db[SAMPLE_RATE + release - 1].item() == pytest.approx(settled_db * math.exp(-1), abs=1e-6)


@pytest.mark.parametrize("attack_ms", [1.0, 50.0, 500.0])  # faster than the release, equal, slower
def test_order_of_attack_and_release_is_free(generator, attack_ms):
    x = torch.randn(1, 1, 2000, generator=generator, dtype=torch.float64)
    values = settings(attack_ms=attack_ms)
    y = dynamics.compressor(x, SAMPLE_RATE, **values)
    _, slope, _, attack, release, _ = dynamics.compressor_dynamics(SAMPLE_RATE, **values)[0].tolist()
    static_db = (
        dynamics.static_curve_db(
            20 * x.abs().clamp_min(1e-7).log10(),
            **{n: values[n] for n in ("threshold_db", "ratio", "knee_db", "makeup_db")},
        )
        - 20 * x.abs().clamp_min(1e-7).log10()
    )
    state, expected = 0.0, []
    for target in static_db.flatten().tolist():
        c = attack if target < state else release
        state = c * state + (1 - c) * target
        expected.append(state)
    gain_db = 20 * (y / x).abs().log10().flatten()
    torch.testing.assert_close(gain_db, torch.tensor(expected, dtype=torch.float64), rtol=0, atol=1e-9)
    assert slope == -0.75


def test_gain_does_not_move_the_stereo_image(generator):
    x = torch.randn(1, 2, 3000, generator=generator, dtype=torch.float64) * torch.tensor([[1.0], [0.1]])
    gain = dynamics.compressor(x, SAMPLE_RATE, **settings()) / x
    torch.testing.assert_close(gain[:, 0], gain[:, 1], rtol=1e-12, atol=0)


def test_ratio_of_one_changes_nothing(generator):
    x = torch.randn(2, 2, 400, generator=generator)
    y = dynamics.compressor(x, SAMPLE_RATE, **settings(batch=2, dtype=torch.float32, ratio=1.0))
    torch.testing.assert_close(y, x, rtol=1e-6, atol=0)


@pytest.mark.parametrize("name", ["threshold_db", "ratio", "attack_ms", "release_ms", "knee_db", "makeup_db"])
def test_every_control_changes_the_sound(generator, name):
    level = torch.where(torch.arange(3000) // 500 % 2 == 0, 0.3, 0.01)
    x = torch.randn(1, 1, 3000, generator=generator) * level
    values = settings(dtype=torch.float32)
    changed = values | {name: values[name] + 1}
    difference = dynamics.compressor(x, SAMPLE_RATE, **values) - dynamics.compressor(x, SAMPLE_RATE, **changed)
    assert difference.abs().max() > 1e-4


@pytest.mark.parametrize("channels", [1, 2])
def test_compressor_passes_gradcheck(generator, channels):
    x = torch.randn(1, channels, 40, generator=generator, dtype=torch.float64)
    values = settings(attack_ms=0.2, release_ms=0.6, threshold_db=-12.0)

    def process(x, *controls):
        return dynamics.compressor(x, SAMPLE_RATE, **dict(zip(values, controls, strict=True)))

    assert gradcheck(process, [tensor.requires_grad_() for tensor in (x, *values.values())], fast_mode=True)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("signal", ["noise", "silence", "centred mono"])
def test_gradients_are_finite_at_both_ends_of_the_ranges(generator, dtype, signal):
    ends = {
        "threshold_db": (-60, 0),
        "ratio": (1, 20),
        "attack_ms": (0.1, 250),
        "release_ms": (5, 3000),
        "knee_db": (0, 24),
        "makeup_db": (0, 24),
    }
    corners = torch.tensor(list(itertools.product(*ends.values())), dtype=torch.float32)
    values = {name: corner.clone().requires_grad_() for name, corner in zip(ends, corners.unbind(1), strict=True)}
    noise = torch.randn(len(corners), 2, 300, generator=generator, dtype=dtype)
    x = {"noise": noise, "silence": 0 * noise, "centred mono": noise[:, :1].repeat(1, 2, 1)}[signal].requires_grad_()
    y = dynamics.compressor(x, SAMPLE_RATE, **values)
    y.square().mean().backward()
    assert torch.isfinite(y).all()
    assert all(torch.isfinite(tensor.grad).all() for tensor in (x, *values.values()))
    if signal == "silence":
        assert not y.any()
    if signal == "centred mono":
        torch.testing.assert_close(x.grad[:, 0], x.grad[:, 1])
