"""What ratings say of systems: means with intervals, and which differences are more than chance.

Ratings of one listener belong together, and so do those of one song: the unit of the tests is the listener, and the
bootstrap draws listeners and songs. A t interval over listeners holds for other listeners and the same songs; the
bootstrap interval, mostly wider, for other listeners and other songs.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.stats import friedmanchisquare

from diffmst.statistics import DRAWS, FloatArray, Interval, holm, percentile_interval, t_interval, wilcoxon_p


@dataclass(frozen=True)
class Spread:
    """How one condition was rated.

    Attributes:
        mean: over listeners and songs.
        median: of all ratings.
        quartiles: of all ratings, the lower and the upper.
        listeners: interval of the mean over other listeners, of t.
        both: interval of the mean over other listeners and songs, by bootstrap.
    """

    mean: float
    median: float
    quartiles: tuple[float, float]
    listeners: Interval
    both: Interval


@dataclass(frozen=True)
class Comparison:
    """One system against another.

    Attributes:
        better: the index with the higher mean.
        worse: the other.
        difference: of their means.
        both: interval of the difference over other listeners and songs, by bootstrap.
        preferred: share of ratings, page by page, in which `better` is above `worse`; ties count half.
        p: of the Wilcoxon signed rank test over listeners.
        p_holm: the same, corrected for the number of comparisons.
    """

    better: int
    worse: int
    difference: float
    both: Interval
    preferred: float
    p: float
    p_holm: float


def spreads(scores: FloatArray, seed: int = 0) -> list[Spread]:
    """How each condition was rated.

    Args:
        scores: complete.
        seed: of the bootstrap.

    Shape: scores [listeners, trials, conditions].
    """
    drawn = bootstrap_means(scores, seed)
    return [
        Spread(
            mean=float(one.mean()),
            median=float(np.median(one)),
            quartiles=(float(np.percentile(one, 25)), float(np.percentile(one, 75))),
            listeners=t_interval(one.mean(1)),
            both=percentile_interval(drawn[:, index]),
        )
        for index, one in enumerate(np.moveaxis(scores, -1, 0))
    ]


def compare(scores: FloatArray, seed: int = 0) -> list[Comparison]:
    """Every pair of conditions, the largest difference first.

    Args:
        scores: complete, of the conditions to compare.
        seed: of the bootstrap.

    Shape: scores [listeners, trials, conditions].
    """
    drawn, means = bootstrap_means(scores, seed), scores.mean((0, 1))
    order = np.argsort(-means, kind="stable")
    pairs = [(int(a), int(b)) for a, b in combinations(order, 2)]
    p = [wilcoxon_p(scores[:, :, a].mean(1) - scores[:, :, b].mean(1)) for a, b in pairs]
    compared = [
        Comparison(
            better=a,
            worse=b,
            difference=float(means[a] - means[b]),
            both=percentile_interval(drawn[:, a] - drawn[:, b]),
            preferred=float((np.sign(scores[:, :, a] - scores[:, :, b]).mean() + 1) / 2),
            p=own,
            p_holm=corrected,
        )
        for (a, b), own, corrected in zip(pairs, p, holm(p), strict=True)
    ]
    return sorted(compared, key=lambda comparison: -comparison.difference)


def bootstrap_means(scores: FloatArray, seed: int = 0, draws: int = DRAWS) -> FloatArray:
    """Means of conditions in worlds where other listeners and songs of the same kind were drawn.

    Shape: scores [listeners, trials, conditions]; returns [draws, conditions].

    Reference: Owen, "The pigeonhole bootstrap", Annals of Applied Statistics 1(2), 2007.
    """
    generator = np.random.default_rng(seed)
    listeners, trials, _ = scores.shape
    who = generator.multinomial(listeners, np.full(listeners, 1 / listeners), draws) / listeners
    what = generator.multinomial(trials, np.full(trials, 1 / trials), draws) / trials
    by_trial = np.tensordot(who, scores, axes=1)  # [draws, trials, conditions]
    means: FloatArray = np.einsum("dt,dtc->dc", what, by_trial)
    return means


def friedman_p(scores: FloatArray) -> float:
    """The p value of no difference between any conditions, over listeners; NaN for fewer than three of either.

    Shape: scores [listeners, trials, conditions].

    Reference: Friedman, "The use of ranks to avoid the assumption of normality", JASA 32(200), 1937.
    """
    means = scores.mean(1)
    if min(means.shape) < 3 or np.ptp(means, axis=1).max() == 0:
        return np.nan
    return float(friedmanchisquare(*means.T).pvalue)
