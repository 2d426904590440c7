from itertools import product

import numpy as np
import pytest
from scipy import stats

from diffmst.statistics import clustered_means, holm, percentile_interval, t_interval, wilcoxon_p

TRIALS = 400
"""Simulations: a share of 95 % is known to 1.1 points (one standard deviation)."""


@pytest.fixture
def rng():
    return np.random.default_rng(20150601)


def brute_force_p(differences):
    """By every way that signs can fall."""
    given = np.asarray([d for d in differences if d != 0])
    ranks = stats.rankdata(np.abs(given))
    sums = np.array([np.dot(ranks, signs) for signs in product((0, 1), repeat=len(given))])
    observed = ranks[given > 0].sum()
    return min(1.0, 2 * min((sums <= observed).mean(), (sums >= observed).mean()))


@pytest.mark.parametrize("n", [1, 2, 5, 9, 20, 40, 100])
def test_signed_ranks_are_those_of_scipy(rng, n):
    differences = rng.normal(0.4, 1, n)
    assert wilcoxon_p(differences) == pytest.approx(stats.wilcoxon(differences, method="exact").pvalue)


def test_many_differences_are_approximated_closely(rng):
    differences = rng.normal(0.15, 1, 140)
    exact = stats.wilcoxon(differences, method="exact").pvalue
    assert wilcoxon_p(differences) != exact
    assert wilcoxon_p(differences) == pytest.approx(exact, rel=0.01)


@pytest.mark.parametrize("differences", [[1, 1, -1, 2, 2, 2], [0, 0, 3, -1, 1, 1, 4], [5, -5], [0, 2], [1] * 8])
def test_ties_and_nothings_are_exact_too(differences):
    assert wilcoxon_p(differences) == pytest.approx(brute_force_p(differences))


def test_no_differences_prove_nothing():
    assert wilcoxon_p([0.0, 0.0]) == 1.0
    assert wilcoxon_p([]) == 1.0


def test_rounding_does_not_break_ties():
    thirds = np.array([0.1 + 0.2, 0.3, -0.3, 0.6 - 0.3, 1.0])
    assert wilcoxon_p(thirds) == pytest.approx(brute_force_p([0.3, 0.3, -0.3, 0.3, 1.0]))


def test_holm_is_between_nothing_and_bonferroni(rng):
    p = rng.uniform(0, 0.2, 7)
    corrected = np.array(holm(p))
    assert (corrected >= p).all() and (corrected <= np.minimum(1, 7 * p) + 1e-12).all()
    assert (np.diff(corrected[np.argsort(p)]) >= 0).all()
    assert corrected[p.argmin()] == pytest.approx(7 * p.min())
    assert holm([]) == []


def test_t_interval_is_that_of_scipy(rng):
    values = rng.normal(50, 10, 12)
    expected = stats.t.interval(0.95, 11, loc=values.mean(), scale=stats.sem(values))
    interval = t_interval(values)
    assert (interval.low, interval.high) == pytest.approx(expected)
    assert np.isnan(t_interval(values[:1]).low)


def test_clustered_means_agree_with_drawing_clusters_by_hand(rng):
    values, clusters = rng.normal(0, 1, (9, 2)), list("aabbbcdde")
    by_hand = []
    for names in rng.choice(list("abcde"), (20_000, 5)):
        drawn = np.concatenate([values[np.array(clusters) == name] for name in names])
        by_hand.append(drawn.mean(0))
    means = clustered_means(values, clusters, draws=20_000)
    assert means.shape == (20_000, 2)
    # 20,000 draws know a mean to 0.7 % of its spread, and the spread itself to 0.5 %
    np.testing.assert_allclose(means.mean(0), np.mean(by_hand, 0), atol=0.04 * np.std(by_hand))
    np.testing.assert_allclose(means.std(0), np.std(by_hand, 0), rtol=0.03)


def test_columns_are_drawn_alike_and_seeds_are_kept(rng):
    values, clusters = rng.normal(0, 1, (6, 1)), range(6)
    twice = clustered_means(np.hstack([values, values + 3]), clusters, seed=4, draws=50)
    np.testing.assert_allclose(twice[:, 1] - twice[:, 0], 3)
    again = clustered_means(np.hstack([values, values + 3]), clusters, seed=4, draws=50)
    np.testing.assert_array_equal(twice, again)
    assert (twice[:, :1] != clustered_means(values, clusters, seed=5, draws=50)).any()


def test_values_of_one_cluster_repeated_do_not_shrink_the_interval(rng):
    songs = rng.normal(0, 1, 8)
    once = percentile_interval(clustered_means(songs[:, None], range(8))[:, 0], 8)
    repeated = percentile_interval(clustered_means(np.repeat(songs, 10)[:, None], np.repeat(range(8), 10))[:, 0], 8)
    assert (repeated.low, repeated.high) == pytest.approx((once.low, once.high))
    naive = percentile_interval(clustered_means(np.repeat(songs, 10)[:, None], range(80))[:, 0], 80)
    assert naive.high - naive.low < 0.4 * (once.high - once.low)  # sqrt(10) times narrower, and t of 7 degrees wider


def test_one_cluster_has_no_interval():
    assert np.isnan(percentile_interval(clustered_means(np.ones((3, 1)), ["a"] * 3)[:, 0], 1).low)
    with pytest.raises(ValueError, match="every value needs its cluster"):
        clustered_means(np.ones((3, 1)), ["a"])


@pytest.mark.parametrize(("songs", "least"), [(6, 0.91), (12, 0.91), (25, 0.92)])
def test_intervals_hold_the_truth_about_as_often_as_they_say(rng, songs, least):
    """Two mixes per song, that share what is the song's: 95 %, less three standard deviations."""
    held = 0
    for _ in range(TRIALS):
        values = np.repeat(rng.normal(3, 1, songs), 2) + rng.normal(0, 0.7, 2 * songs)
        drawn = clustered_means(values[:, None], np.repeat(range(songs), 2), draws=2000)[:, 0]
        interval = percentile_interval(drawn, songs)
        held += interval.low <= 3 <= interval.high
    assert least <= held / TRIALS <= 0.985


def test_plain_percentiles_would_be_too_narrow_for_few_songs(rng):
    held = 0
    for _ in range(TRIALS):
        drawn = clustered_means(rng.normal(3, 1, (6, 1)), range(6), draws=2000)[:, 0]
        interval = percentile_interval(drawn)
        held += interval.low <= 3 <= interval.high
    assert held / TRIALS < 0.9
