import math

import pytest
import torch
from torch.autograd import gradcheck

from diffmst.dsp import stereo

POSITIONS = torch.linspace(-1, 1, 41, dtype=torch.float64)


def test_pan_keeps_power():
    power = stereo.pan_gains(POSITIONS).square().sum(-1)
    torch.testing.assert_close(power, torch.ones_like(power), rtol=0, atol=1e-12)


def test_pan_is_minus_3_db_in_the_middle_and_one_side_alone_at_the_ends():
    gains = stereo.pan_gains(torch.tensor([-1.0, 0, 1], dtype=torch.float64))
    expected = torch.tensor([[1, 0], [math.sqrt(0.5), math.sqrt(0.5)], [0, 1]], dtype=torch.float64)
    torch.testing.assert_close(gains, expected, rtol=0, atol=1e-12)


def test_balance_only_attenuates_one_side():
    gains = stereo.balance_gains(POSITIONS)
    assert gains.max() == 1
    assert gains.min() >= -1e-12
    turned_left = POSITIONS < 0
    assert (gains[turned_left, 0] == 1).all()
    assert (gains[~turned_left, 1] == 1).all()


def test_balance_in_the_middle_is_exactly_one():
    for dtype in (torch.float32, torch.float64):
        assert stereo.balance_gains(torch.zeros((), dtype=dtype)).tolist() == [1, 1]


def test_balance_falls_as_pan_does_from_the_middle():
    falling = stereo.balance_gains(POSITIONS).amin(-1)
    panned = stereo.pan_gains(POSITIONS).amin(-1) / stereo.pan_gains(torch.zeros(())).double()[0]
    torch.testing.assert_close(falling, panned, rtol=0, atol=1e-7)


@pytest.mark.parametrize("gains", [stereo.pan_gains, stereo.balance_gains])
def test_gradients_of_position_are_right_and_finite_at_the_corners(gains):
    inner = torch.tensor([-0.9, -0.3, 0.4, 0.8], dtype=torch.float64, requires_grad=True)
    assert gradcheck(gains, inner)
    corners = torch.tensor([-1.0, 0.0, 1.0], requires_grad=True)
    gains(corners)[:, 0].sum().backward()
    assert torch.isfinite(corners.grad).all()
    assert corners.grad[1] < 0  # even in the middle turning right takes from the left


def test_balance_leaves_the_middle_by_the_mean_of_its_slopes():
    middle = torch.zeros((), dtype=torch.float64, requires_grad=True)
    left, right = stereo.balance_gains(middle)
    for side, slope in ((left, -math.pi / 8), (right, math.pi / 8)):
        (gradient,) = torch.autograd.grad(side, middle, retain_graph=True)
        assert gradient.item() == pytest.approx(slope)


def test_panner_pans_mono_and_balances_stereo(generator):
    pan = torch.tensor([-0.5, 0.0, 1.0])
    mono, pair = torch.randn(3, 1, 16, generator=generator), torch.randn(3, 2, 16, generator=generator)
    torch.testing.assert_close(stereo.panner(mono, 44_100, pan=pan), mono * stereo.pan_gains(pan)[..., None])
    torch.testing.assert_close(stereo.panner(pair, 44_100, pan=pan), pair * stereo.balance_gains(pan)[..., None])
    assert stereo.panner(pair, 44_100, pan=pan)[1].equal(pair[1])


def test_panner_refuses_more_than_two_channels():
    with pytest.raises(ValueError, match="1 or 2 channels, got 3"):
        stereo.panner(torch.zeros(1, 3, 4), 44_100, pan=torch.zeros(1))


def test_gains_add_in_decibels(generator):
    x = torch.randn(2, 1, 16, generator=generator, dtype=torch.float64)
    first, second = torch.tensor([3.0, -40], dtype=torch.float64), torch.tensor([-9.0, 2], dtype=torch.float64)
    twice = stereo.gain(stereo.gain(x, 44_100, gain_db=first), 44_100, gain_db=second)
    torch.testing.assert_close(twice, stereo.gain(x, 44_100, gain_db=first + second))
    assert stereo.gain(x, 44_100, gain_db=torch.zeros(2)).equal(x)


def test_send_is_a_gain_that_ends_in_nothing():
    x = torch.ones(3, 2, 4)
    y = stereo.send(x, 44_100, gain_db=torch.tensor([stereo.SEND_OFF_DB, -20.0, stereo.SEND_OFF_DB - 1]))
    assert not y[0].any()
    assert not y[2].any()
    torch.testing.assert_close(y[1], torch.full((2, 4), 0.1))


def test_send_has_finite_gradients_also_when_off():
    gain_db = torch.tensor([stereo.SEND_OFF_DB, -40.0, 12.0], dtype=torch.float64, requires_grad=True)
    stereo.send_amplitude(gain_db).sum().backward()
    assert torch.isfinite(gain_db.grad).all()
    assert gradcheck(stereo.send_amplitude, gain_db.detach()[1:].requires_grad_())


@pytest.mark.parametrize("width", [0.0, 0.3, 1.0, 2.0])
def test_the_width_scales_the_side_and_leaves_the_middle(generator, width):
    x = torch.randn(2, 2, 64, generator=generator, dtype=torch.float64)
    y = stereo.image(x, 44_100, width=torch.full((2,), width, dtype=torch.float64))
    (left, right), (new_left, new_right) = x.unbind(1), y.unbind(1)
    torch.testing.assert_close(new_left + new_right, left + right, rtol=0, atol=1e-12)
    torch.testing.assert_close(new_left - new_right, width * (left - right), rtol=0, atol=1e-12)


def test_a_width_of_one_is_exactly_nothing(generator):
    x = torch.randn(1, 2, 64, generator=generator)
    assert stereo.image(x, 44_100, width=torch.ones(1)).equal(x)


def test_gradients_of_the_width_are_right_at_its_ends_too():
    widths = torch.tensor([0.0, 0.7, 1.0, 2.0], dtype=torch.float64, requires_grad=True)
    assert gradcheck(stereo.width_gains, widths)


def test_only_stereo_has_a_width():
    with pytest.raises(ValueError, match="2 channels, got 1"):
        stereo.image(torch.zeros(1, 1, 4), 44_100, width=torch.ones(1))
