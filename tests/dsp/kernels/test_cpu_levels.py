import numpy as np
import pytest

from diffmst.dsp.kernels.cpu_levels import levels_of

# The order in which float64 numbers are added.
SUM = 1e-12


@pytest.mark.parametrize("time", [1, 15, 16, 17, 1021, 4410])
def test_levels_agree_with_numpy(time):
    left, right = np.random.default_rng(time).standard_normal((2, time)).astype(np.float32)
    found, (x, y) = levels_of(left, right), (left.astype(np.float64), right.astype(np.float64))
    assert found.peaks == (np.abs(left).max(), np.abs(right).max())
    assert found.apart == np.abs(left - right).max()
    np.testing.assert_allclose(found.sums, (x.sum(), y.sum()), rtol=0, atol=SUM * time)
    np.testing.assert_allclose((*found.squares, found.product), (x @ x, y @ y, x @ y), rtol=0, atol=SUM * time)


def test_one_sample_tells_channels_apart():
    x = np.random.default_rng(0).standard_normal(1021).astype(np.float32)
    assert levels_of(x, x).apart == 0
    for place in (0, 500, 1020):
        other = x.copy()
        other[place] = np.nextafter(other[place], np.float32(1))
        assert levels_of(x, other).apart > 0
