"""Measures of audio: their values in order, and their gradients in one."""

import pytest
import torch

from diffmst.dsp.measure import Measured, measure, peak_index


class Powers:
    """Two values, and one that is kept."""

    def measured(self, x):
        return Measured((x.square().sum(-1), x.pow(3).sum(-1)), x.square())

    def add_gradient(self, x, kept, gradients, dx):
        dx += 2 * gradients[0][..., None] * x + 3 * gradients[1][..., None] * kept


class Sum:
    """One value."""

    def measured(self, x):
        return Measured((x.sum(-1),))

    def add_gradient(self, x, kept, gradients, dx):
        assert kept is None
        dx += gradients[0][..., None]


def test_values_come_by_measure_and_gradients_add_up(generator):
    x = torch.randn(2, 2, 5, generator=generator, dtype=torch.float64).requires_grad_()
    (square, cube), (total,) = measure(x, Powers(), Sum())
    torch.testing.assert_close(square, x.square().sum(-1))
    torch.testing.assert_close(cube, x.pow(3).sum(-1))
    torch.testing.assert_close(total, x.sum(-1))
    assert torch.autograd.gradcheck(lambda x: [value for values in measure(x, Powers(), Sum()) for value in values], x)


def test_values_without_a_part_in_the_loss_do_no_harm(generator):
    x = torch.randn(1, 2, 5, generator=generator).requires_grad_()
    (_, _), (total,) = measure(x, Powers(), Sum())
    total.sum().backward()
    assert torch.equal(x.grad, torch.ones_like(x))


@pytest.mark.parametrize("time", [1, 2, 1023, 1024, 1025, 2048, 5000])
def test_the_peak_is_found_wherever_it_is(generator, time):
    x = torch.rand(3, time, generator=generator)
    assert torch.equal(peak_index(x), x.argmax(-1, keepdim=True))
    for at in {0, time // 2, time - 1}:
        peak = torch.zeros(1, time)
        peak[0, at] = 1.0
        assert peak_index(peak).item() == at
