import numpy as np
import pytest
from scipy import stats

from diffmst.listening_test.statistics import bootstrap_means, compare, friedman_p, spreads
from diffmst.statistics import holm, wilcoxon_p

TRIALS = 400
"""Of simulated tests: the share of intervals that hold the truth is known to 1.1 points (one standard deviation)."""


@pytest.fixture
def rng():
    return np.random.default_rng(20150601)


def test_friedman_is_that_of_scipy_over_listeners(rng):
    scores = rng.normal(50, 10, (8, 3, 4)) + np.arange(4)
    assert friedman_p(scores) == pytest.approx(stats.friedmanchisquare(*scores.mean(1).T).pvalue)
    assert np.isnan(friedman_p(scores[:, :, :2]))
    assert np.isnan(friedman_p(np.full((5, 2, 3), 50.0)))


def test_bootstrap_interval_over_listeners_agrees_with_theory(rng):
    """With songs all alike, it is the interval over listeners, sqrt((n - 1) / n) as wide as known variance says."""
    by_listener = rng.normal(60, 12, 40)
    scores = np.repeat(by_listener[:, None, None], 5, axis=1)
    drawn = bootstrap_means(scores)[:, 0]
    assert drawn.mean() == pytest.approx(by_listener.mean(), abs=0.1)
    assert drawn.std() == pytest.approx(by_listener.std() / np.sqrt(40), rel=0.03)


def test_bootstrap_interval_knows_that_songs_differ(rng):
    """Many listeners who agree on few songs: certain of these songs, uncertain of others."""
    scores = np.repeat(rng.normal(60, 12, 8)[None, :, None], 50, axis=0) + rng.normal(0, 1, (50, 8, 1))
    (spread,) = spreads(scores)
    assert spread.listeners.high - spread.listeners.low < 1
    assert spread.both.high - spread.both.low > 8


def test_intervals_hold_the_truth_about_as_often_as_they_say(rng):
    """Listeners and songs drawn anew each time: the bootstrap is a little wide, and covers at least 92 %."""
    held = 0
    for _ in range(TRIALS):
        listener, song = rng.normal(0, 6, (15, 1, 1)), rng.normal(0, 4, (1, 10, 1))
        scores = 55 + listener + song + rng.normal(0, 10, (15, 10, 1))
        (low, high) = np.percentile(bootstrap_means(scores, draws=500)[:, 0], (2.5, 97.5))
        held += low <= 55 <= high
    assert 0.92 <= held / TRIALS <= 0.995


def test_spread_describes_all_ratings(rng):
    scores = rng.integers(0, 101, (6, 4, 2)).astype(float)
    for index, spread in enumerate(spreads(scores)):
        ratings = scores[:, :, index].ravel()
        assert spread.mean == pytest.approx(ratings.mean())
        assert spread.median == np.median(ratings)
        assert spread.quartiles == (np.percentile(ratings, 25), np.percentile(ratings, 75))
        assert spread.both.low <= spread.mean <= spread.both.high


def test_comparisons_are_of_every_pair_once_with_the_better_first(rng):
    scores = rng.normal(50, 5, (10, 6, 4)) + 10 * np.array([2, 0, 3, 1])
    compared = compare(scores)
    assert {frozenset((c.better, c.worse)) for c in compared} == {frozenset((a, b)) for a in range(4) for b in range(a)}
    assert all(c.difference >= 0 and 0.5 <= c.preferred <= 1 and c.p <= c.p_holm for c in compared)
    assert [c.difference for c in compared] == sorted((c.difference for c in compared), reverse=True)
    assert (compared[0].better, compared[0].worse) == (2, 1)


def test_one_system_is_compared_with_none():
    assert compare(np.full((5, 2, 1), 50.0)) == []


def test_chance_alone_is_rarely_called_a_difference(rng):
    """Five systems that are all alike: one false alarm or more in at most about 5 % of tests."""
    alarms = 0
    for _ in range(TRIALS):
        by_listener = rng.normal(50, 10, (12, 5))
        p = [wilcoxon_p(by_listener[:, a] - by_listener[:, b]) for a in range(5) for b in range(a)]
        alarms += min(holm(p)) < 0.05
    assert alarms / TRIALS < 0.08
