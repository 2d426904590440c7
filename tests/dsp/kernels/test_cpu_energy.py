"""Energies of filtered rows, and their gradient, against scipy and against plain torch in float64."""

import numpy as np
import pytest
import torch
from scipy.signal import sosfilt

from diffmst.dsp.kernels import cpu_energy, scan_energy
from diffmst.dsp.loudness import k_weighting_sos

SOS = k_weighting_sos(48_000)
ROUNDING = 1e-6  # of the greatest value: filters and sums are float64, audio is float32


def random(generator, *shape):
    return torch.randn(*shape, generator=generator)


@pytest.mark.parametrize(("batch", "rows"), [(1, 1), (1, 2), (4, 2), (1, 7), (1, 33), (3, 5)])
def test_energies_are_those_of_scipy(generator, batch, rows):
    x = random(generator, batch, rows, 2900)
    energies, filtered = cpu_energy.hop_energies(x, SOS, 961)
    expected = sosfilt(SOS, x.double().numpy())[..., : 3 * 961]
    np.testing.assert_allclose(filtered, expected, atol=ROUNDING * np.abs(expected).max())
    power = np.square(expected).reshape(batch, rows, 3, 961).mean(-1)
    np.testing.assert_allclose(energies, power, rtol=ROUNDING)


@pytest.mark.parametrize(("time", "hop"), [(1, 1), (127, 127), (129, 64), (1021, 1000), (4000, 480)])
def test_gradient_is_that_of_plain_torch_and_added(generator, time, hop):
    x = random(generator, 2, 5, time)
    energies, filtered = cpu_energy.hop_energies(x, SOS, hop)
    wide, wide_filtered = scan_energy.hop_energies(x.double(), SOS, hop)
    torch.testing.assert_close(energies.double(), wide, rtol=ROUNDING, atol=0)
    gradient, dx = random(generator, *energies.shape), random(generator, 2, 5, time)
    expected = dx.double()
    cpu_energy.add_hop_gradient(filtered, SOS, gradient, dx)
    scan_energy.add_hop_gradient(wide_filtered, SOS, gradient.double(), expected)
    assert float((dx - expected).abs().max()) <= ROUNDING * float(expected.abs().max())


def test_a_row_does_not_depend_on_its_company_nor_on_the_threads(generator):
    x, before = random(generator, 3, 7, 1000), torch.get_num_threads()
    together, _ = cpu_energy.hop_energies(x, SOS, 100)
    alone, _ = cpu_energy.hop_energies(x[1:2, 3:4], SOS, 100)
    assert torch.equal(together[1:2, 3:4], alone)
    try:
        torch.set_num_threads(2)
        assert torch.equal(cpu_energy.hop_energies(x, SOS, 100)[0], together)
    finally:
        torch.set_num_threads(before)


def test_rows_may_lie_anywhere(generator):
    x = random(generator, 1, 1, 2000)
    expected, _ = cpu_energy.hop_energies(x[..., ::2].contiguous().repeat(1, 2, 1), SOS, 250)
    assert torch.equal(cpu_energy.hop_energies(x[..., ::2].expand(-1, 2, -1), SOS, 250)[0], expected)


def test_what_dies_out_never_becomes_denormal(generator):
    """Numbers too small to be normal would take a hundred times as long."""
    x = torch.cat([random(generator, 1, 1, 500), torch.zeros(1, 1, 99_500)], -1)
    _, filtered = cpu_energy.hop_energies(x, SOS, 500)
    magnitude = filtered[..., 500:].abs()
    assert float(magnitude[..., -500:].max()) < 1e-28
    assert not ((magnitude > 0) & (magnitude < torch.finfo(torch.float32).tiny)).any()
