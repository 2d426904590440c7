import math

import numpy as np
import pytest
from scipy.signal import sosfilt

from diffmst.dsp.kernels import reference

ROUNDING = 1e-12  # float64, a few operations per sample


def biquads(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Random stable biquads [*shape, 5]."""
    radius, angle = rng.uniform(0.2, 0.95, shape), rng.uniform(0.1, 3, shape)
    poles = np.stack([-2 * radius * np.cos(angle), radius**2], -1)
    return np.concatenate([rng.normal(size=(*shape, 3)), poles], -1)


def compressor(threshold_db=-20.0, ratio=4.0, knee_db=0.0, attack=0.9, release=0.99, makeup_db=0.0) -> np.ndarray:
    return np.array([threshold_db, 1 / ratio - 1, knee_db, attack, release, makeup_db])


def test_cascade_equals_scipy():
    rng = np.random.default_rng(1)
    x, coefficients = rng.normal(size=(2, 3, 257)), biquads(rng, 2, 3, 4)
    y, _ = reference.equalize(x, coefficients)
    for index in np.ndindex(2, 3):
        sections = coefficients[index]
        sos = np.concatenate([sections[:, :3], np.ones((4, 1)), sections[:, 3:]], -1)
        np.testing.assert_allclose(y[index], sosfilt(sos, x[index]), rtol=ROUNDING, atol=ROUNDING * np.abs(y).max())


def test_state_makes_two_pieces_one():
    rng = np.random.default_rng(2)
    x, coefficients, dynamics = rng.normal(size=(1, 3, 100)), biquads(rng, 1, 3, 2), np.tile(compressor(), (1, 3, 1))
    mixing = rng.normal(size=(1, 3, 4))
    whole, last = reference.strip(x, coefficients, dynamics, mixing, (2, 1))
    first, state = reference.strip(x[..., :37], coefficients, dynamics, mixing, (2, 1))
    second, state = reference.strip(x[..., 37:], coefficients, dynamics, mixing, (2, 1), state)
    np.testing.assert_array_equal(np.concatenate([first, second], -1), whole)
    np.testing.assert_array_equal(state.filters, last.filters)
    np.testing.assert_array_equal(state.gain_db, last.gain_db)


@pytest.mark.parametrize(
    ("level_db", "knee_db", "reduction_db"),
    [
        (-40, 0, 0),
        (-20, 0, 0),
        (0, 0, -15),  # 20 dB over at 4:1 come out as 5
        (-20, 8, -0.75),  # at the threshold a knee of W has taken W / 8 of the slope
        (-24, 8, 0),
        (-16, 8, -3),
    ],
)
def test_steady_level_settles_on_the_static_curve(level_db, knee_db, reduction_db):
    x = np.full((1, 1, 3000), 10 ** (level_db / 20))
    _, gain_db = reference.compress(x, compressor(knee_db=knee_db)[None, None], (1,))
    assert gain_db.item() == pytest.approx(reduction_db, abs=1e-9)


def test_attack_and_release_reach_63_percent_in_their_time_constants():
    attack_samples, release_samples = 50, 200
    dynamics = compressor(attack=math.exp(-1 / attack_samples), release=math.exp(-1 / release_samples))[None, None]
    loud, silent = np.ones((1, 1, attack_samples)), np.zeros((1, 1, release_samples))
    _, fallen_db = reference.compress(loud, dynamics, (1,))
    assert fallen_db.item() == pytest.approx(-15 * (1 - math.exp(-1)), abs=1e-9)
    _, settled_db = reference.compress(np.ones((1, 1, 5000)), dynamics, (1,))
    _, recovered_db = reference.compress(silent, dynamics, (1,), settled_db)
    assert recovered_db.item() == pytest.approx(-15 * math.exp(-1), abs=1e-9)


def test_louder_channel_sets_the_gain_of_both():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(1, 2, 400)) * np.array([[1.0], [0.01]])
    y, gain_db = reference.compress(x, np.tile(compressor(), (1, 2, 1)), (2,))
    np.testing.assert_allclose(y[0, 0] / x[0, 0], y[0, 1] / x[0, 1], rtol=1e-12)
    assert gain_db[0, 0] == gain_db[0, 1]


def test_mixing_adds_rows_to_outputs():
    x = np.ones((1, 2, 1))
    through, off = np.tile([1.0, 0, 0, 0, 0], (1, 2, 1, 1)), np.tile(compressor(ratio=1.0), (1, 2, 1))
    buses, _ = reference.strip(x, through, off, np.array([[[1.0, 2, 0], [10, 0, 3]]]), (1, 1))
    np.testing.assert_allclose(buses[0, :, 0], [11, 2, 3], rtol=1e-12)
