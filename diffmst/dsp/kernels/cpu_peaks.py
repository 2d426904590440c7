"""Peaks of audio between its samples, where they can matter at all, compiled by numba.

Interpolation. With p and 1 - p two phases that are mirror images of each other, and a[j] = x[n - j],
b[j] = x[n + 1 + j] the samples before and after,

    y_p = sum over j of even[j] (a[j] + b[j]) + odd[j] (a[j] - b[j]) = E + O,    y_(1-p) = E - O,

so that max(|y_p|, |y_(1-p)|) = |E| + |O|, for the price of one phase.

Where it can be left out. What an interpolator h of sum s reads between x[n] and x[n + 1] is s times the point on the
line between them where the first moment of h lies, plus what it makes of the curvature c[m] = x[m-1] - 2 x[m] + x[m+1].
For the rest of h has neither sum nor first moment, so it is a filter g of finite length, its double cumulative sum,
after the second difference:

    |y| <= |s| max(|x[n]|, |x[n+1]|) + (sum of |g|) max |c|.

Music is smooth: the bound lies 1 dB over the samples, where one by the sum of |h| lies 8 dB over them. It is found for
groups of samples, and only groups in which it exceeds what matters are interpolated.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from diffmst.dsp.kernels.host import WIDTH, kernel, part
from diffmst.dsp.kernels.simd import absolute, fma, load, maximum, pointers, shifted, splat, store
from diffmst.dsp.kernels.simd_audio import highest

GROUP = 32  # samples that are interpolated, or not, together: a multiple of twice any WIDTH
MARGIN = 2 * GROUP  # samples around those of interest that are looked at; an interpolator may read half of it


class Interpolator(NamedTuple):
    """Phases of an interpolator, in banks of two and their mirror images; see `dsp.true_peak.interpolator`.

    Attributes:
        banks: their number.
        halves: samples on either side that a bank reads, int64 [banks].
        taps: even and odd part of both phases, from the middle outwards, float32, flat: a [half, 4] for every bank.
        level: |s| of the bound, the largest of all phases.
        curvature: sum of |g|, likewise.
    """

    banks: int
    halves: np.ndarray
    taps: np.ndarray
    level: float
    curvature: float


class Row(NamedTuple):
    """One channel of audio, and what is known of it; float32.

    Attributes:
        audio: [MARGIN + GROUP * groups + MARGIN].
        groups: of interest.
        levels: highest magnitude of the samples of a group and the one after it, [1 + groups + 1].
        curvatures: highest magnitude of the second difference, likewise. Both begin one group early.
        gaps: highest magnitude between each sample and the next, [GROUP * groups].
    """

    audio: np.ndarray
    groups: int
    levels: np.ndarray
    curvatures: np.ndarray
    gaps: np.ndarray


@kernel
def interpolate(row, interpolator, threshold, rising):
    """Find the levels, curvatures, and all gaps in which a value may exceed the threshold.

    Args:
        row: `Row`; its gaps are raised to what is found.
        interpolator: `Interpolator`.
        threshold: amplitude.
        rising: whether to raise the threshold to what is found.

    Returns:
        The highest value at the samples, and in the gaps that were looked at.
    """
    known, taps = pointers(row), pointers(interpolator)
    found = np.float32(0.0)
    for group in range(known.groups + 2):
        _survey(known, group)
    for group in range(1, known.groups + 1):
        found = max(found, known.levels[group])
    for group in range(known.groups):
        if _bound(known, taps, group) > (max(threshold, found) if rising else threshold):
            for at in range(group * GROUP, (group + 1) * GROUP, 2 * WIDTH):
                first, second = _between(taps, known.audio, MARGIN + at)
                found = max(found, highest(maximum(first, second)))
                store(known.gaps, at, maximum(first, load(known.gaps, at, WIDTH)))
                store(known.gaps, at + WIDTH, maximum(second, load(known.gaps, at + WIDTH, WIDTH)))
    return found


@part
def _survey(row, group):
    """Level and curvature of a group, the first of which begins one before `MARGIN`."""
    level = splat(0.0, load(row.audio, 0, WIDTH))
    curvature = level
    begin = MARGIN + (group - 1) * GROUP
    for at in range(begin, begin + GROUP, WIDTH):
        before, here, after = load(row.audio, at - 1, WIDTH), load(row.audio, at, WIDTH), load(row.audio, at + 1, WIDTH)
        level = maximum(level, maximum(absolute(here), absolute(after)))
        curvature = maximum(curvature, absolute((before - here) + (after - here)))
    row.levels[group] = highest(level)
    row.curvatures[group] = highest(curvature)


@part
def _bound(row, interpolator, group):
    """What no value after the samples of a group exceeds. An interpolator reads no further than the next group."""
    curvature = max(row.curvatures[group], row.curvatures[group + 1], row.curvatures[group + 2])
    return interpolator.level * row.levels[group + 1] + interpolator.curvature * curvature


@part
def _between(interpolator, x, at):
    """Highest magnitudes in the gaps after x[at], x[at + 1], ..., as two vectors."""
    zero = splat(0.0, load(x, at, WIDTH))
    first, second, taps = zero, zero, interpolator.taps
    for bank in range(interpolator.banks):
        half = interpolator.halves[bank]
        a, b = _two_phases(taps, half, x, at)
        first, second = maximum(first, a), maximum(second, b)
        taps = shifted(taps, 4 * half)
    return first, second


@part
def _two_phases(taps, half, x, at):
    """The same of one bank; of two vectors, so that eight sums are under way at any time."""
    zero = splat(0.0, load(x, at, WIDTH))
    even_0, odd_0, even_1, odd_1 = zero, zero, zero, zero  # of two phases, first vector
    even_2, odd_2, even_3, odd_3 = zero, zero, zero, zero  # second vector
    for j in range(half):
        before, after = load(x, at - j, WIDTH), load(x, at + 1 + j, WIDTH)
        sum_0, difference_0 = before + after, before - after
        before, after = load(x, at + WIDTH - j, WIDTH), load(x, at + WIDTH + 1 + j, WIDTH)
        sum_1, difference_1 = before + after, before - after
        even, odd = splat(taps[4 * j], zero), splat(taps[4 * j + 1], zero)
        even_0, odd_0 = fma(even, sum_0, even_0), fma(odd, difference_0, odd_0)
        even_2, odd_2 = fma(even, sum_1, even_2), fma(odd, difference_1, odd_2)
        even, odd = splat(taps[4 * j + 2], zero), splat(taps[4 * j + 3], zero)
        even_1, odd_1 = fma(even, sum_0, even_1), fma(odd, difference_0, odd_1)
        even_3, odd_3 = fma(even, sum_1, even_3), fma(odd, difference_1, odd_3)
    first = maximum(absolute(even_0) + absolute(odd_0), absolute(even_1) + absolute(odd_1))
    second = maximum(absolute(even_2) + absolute(odd_2), absolute(even_3) + absolute(odd_3))
    return first, second
