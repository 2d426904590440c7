from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import kstest, truncnorm

from diffmst.random_mix.dice import Dice

COUNT = 20_000
LEAST_P = 1e-4  # a right distribution fails so seldom, and the seeds are fixed


def test_numbers_never_change():
    """Golden: every mix that was ever recorded is drawn from these."""
    dice = Dice(20240708, 3)
    np.testing.assert_allclose(dice.uniform(0, 1, (2,)), [0.6361663726599265, 0.7407275598579273], rtol=0, atol=1e-15)
    assert dice.seed() == 1989844097991731922


def test_the_ends_are_never_drawn(monkeypatch):
    for bits in (0, 2**64 - 1):
        dice = Dice(1)
        monkeypatch.setattr(dice, "_bits", SimpleNamespace(random_raw=lambda count, bits=bits: [bits] * count))
        assert 0 < dice.uniform(0, 1, ()) < 1
        assert 4 <= dice.integer(4, 6) <= 6


def test_uniform_numbers_are_uniform():
    assert kstest(Dice(1).uniform(-1, 3, (COUNT,)), "uniform", (-1, 4)).pvalue > LEAST_P


def test_normal_numbers_are_normal_and_cut_off():
    drawn = Dice(2).normal(5, 2, (COUNT,))
    assert kstest(drawn, truncnorm(-2.5, 2.5, 5, 2).cdf).pvalue > LEAST_P
    assert np.abs(drawn - 5).max() <= 5


def test_two_of_three_lie_within_the_factor_of_their_median():
    drawn = Dice(3).log_normal(10, 2, (COUNT,))
    assert np.median(drawn) == pytest.approx(10, rel=0.03)
    assert np.mean((drawn > 5) & (drawn < 20)) == pytest.approx(0.69, abs=0.02)  # 0.683, and 2.5 deviations cut off


def test_whole_numbers_include_both_ends():
    dice = Dice(4)
    assert {dice.integer(4, 6) for _ in range(100)} == {4, 5, 6}


def test_signs_and_chances_come_as_often_as_asked():
    dice = Dice(5)
    assert dice.sign((COUNT,)).mean() == pytest.approx(0, abs=0.03)
    assert dice.chance(0.2, (COUNT,)).mean() == pytest.approx(0.2, abs=0.015)


@pytest.mark.parametrize("other", [(1,), (1, 0, 0), (0, 1), (1, 1)])
def test_other_seeds_give_other_numbers(other):
    assert Dice(1, 0).seed() != Dice(*other).seed()
