"""What the files of the stems have that the user should know of: damage, doubles, bounces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from diffmst.advice.wording import listed, number, quoted

if TYPE_CHECKING:
    from torch import Tensor

    from diffmst.data.song import Track
    from diffmst.data.survey import Survey

FloatArray = NDArray[np.float64]

DC_OFFSET = 0.005  # -46 dBFS: takes headroom, and a compressor hears it
OUT_OF_PHASE = -0.5  # correlation of left and right; wide synthesizers reach about -0.2
LENGTH_RATIO = 2.0  # stems of one export are equally long; half as long is another export, or a short effect
CANCELLING = -0.9  # correlation of two stems; recordings of one source from two sides stay above about -0.7
DOUBLED = 0.99  # nothing but a copy is that alike
BOUNCE = 0.75  # correlation of a stem with the sum of all others; overheads of drums reach about 0.6
BOUNCE_LEAST_STEMS = 3
_SMALLEST_POWER = 1e-20  # of a silent stem, where a quotient needs one


def stem_advice(tracks: Sequence[Track]) -> Iterator[str]:
    """Damage in the files, and what was done about it."""
    surveyed = [(track.name, track.survey) for track in tracks if track.survey]
    yield from _clipped(surveyed)
    yield from _not_numbers(surveyed)
    yield from _cut_short(surveyed)
    yield from _out_of_phase(surveyed)
    yield from _offset(surveyed)
    yield from _lengths(surveyed)
    yield from _silent(surveyed)
    yield from _dual_mono(surveyed)


Surveyed = Sequence[tuple[str, "Survey"]]


def _clipped(stems: Surveyed) -> Iterator[str]:
    if clipped := [f"“{name}” ({survey.clip_runs}×)" for name, survey in stems if survey.clip_runs]:
        yield f"Clipped: {listed(clipped)}. What is cut off cannot be brought back; export again with less level."


def _not_numbers(stems: Surveyed) -> Iterator[str]:
    if broken := [f"“{name}” ({survey.bad_samples})" for name, survey in stems if survey.bad_samples]:
        yield f"Samples that are no numbers were replaced by silence: {listed(broken)}. Export them again."


def _cut_short(stems: Surveyed) -> Iterator[str]:
    if short := quoted(name for name, survey in stems if survey.truncated):
        yield f"The file ends before it should: {listed(short)}. The end may be missing; copy or export again."


def _out_of_phase(stems: Surveyed) -> Iterator[str]:
    found = [
        f"“{name}” (correlation {number(survey.correlation)})"
        for name, survey in stems
        if survey.correlation < OUT_OF_PHASE
    ]
    if found:
        yield (
            f"Left and right work against each other: {listed(found)}. In mono they lose most of their "
            "level. If that is not meant, invert the polarity of one side and mix again."
        )


def _offset(stems: Surveyed) -> Iterator[str]:
    found = [
        f"“{name}” ({100 * abs(survey.dc_offset):.1f} %)" for name, survey in stems if abs(survey.dc_offset) > DC_OFFSET
    ]
    if found:
        yield f"Off centre (DC offset): {listed(found)}. It costs headroom; a high-pass filter at 20 Hz removes it."


def _lengths(stems: Surveyed) -> Iterator[str]:
    sounding = sorted((survey.duration_s, name) for name, survey in stems if not survey.silent)
    if len(sounding) < 2 or sounding[-1][0] < LENGTH_RATIO * sounding[0][0]:
        return
    (shortest_s, short), (longest_s, long) = sounding[0], sounding[-1]
    yield (
        f"Stems differ in length, from {shortest_s:.0f} s (“{short}”) to {longest_s:.0f} s (“{long}”). All were taken "
        "to start together; if one comes in late, export it again from the beginning of the song."
    )


def _silent(stems: Surveyed) -> Iterator[str]:
    if silent := quoted(name for name, survey in stems if survey.silent):
        yield f"Silent, and muted: {listed(silent)}. Nothing to do, unless you expected to hear it."


def _dual_mono(stems: Surveyed) -> Iterator[str]:
    if equal := quoted(name for name, survey in stems if survey.dual_mono and not survey.silent):
        yield f"Stereo files with the same on both sides, mixed as mono: {listed(equal)}."


def pair_advice(names: Sequence[str], products: FloatArray) -> Iterator[str]:
    """Stems that cancel, double or contain each other.

    Args:
        names: of the tracks.
        products: from `track_products`.
    """
    power = np.maximum(np.diag(products), _SMALLEST_POWER)
    correlation = products / np.sqrt(np.outer(power, power))
    pairs = [(f"“{names[i]}” and “{names[j]}”", correlation[i, j]) for i, j in combinations(range(len(names)), 2)]
    if opposite := [pair for pair, value in pairs if value < CANCELLING]:
        yield f"Cancel each other: {listed(opposite)}. Invert the polarity of one and mix again."
    if same := [pair for pair, value in pairs if value > DOUBLED]:
        yield f"The same recording twice: {listed(same)}. Leave one out, unless the doubling is meant."
    yield from _bounce(names, products, correlation)


def _bounce(names: Sequence[str], products: FloatArray, correlation: FloatArray) -> Iterator[str]:
    """The stem that is most like the sum of the others, and more like it than like any one of them."""
    if len(names) < BOUNCE_LEAST_STEMS:
        return
    # Stem i against r, the sum of the others: <i r> = sum_j P_ij - P_ii, <r r> = sum_jk P_jk - 2 sum_j P_ij + P_ii.
    own, row = np.diag(products), products.sum(1)
    rest = products.sum() - 2 * row + own
    like_rest = (row - own) / np.sqrt(np.maximum(own * rest, _SMALLEST_POWER**2))
    likeliest = int(np.argmax(like_rest))
    like_one = np.delete(correlation[likeliest], likeliest).max()
    if like_rest[likeliest] > max(BOUNCE, like_one):
        yield (
            f"“{names[likeliest]}” sounds like all other stems together. If it is a bounce of the song, leave it out: "
            "everything would be there twice."
        )


def track_products(audio: Tensor, channels: Sequence[int]) -> FloatArray:
    """Mean products of all pairs of tracks, each summed to mono: what shows copies, opposites and bounces.

    Shape: audio [windows, rows, time], rows being the channels of all tracks in order; returns [tracks, tracks].

    >>> import torch
    >>> track_products(torch.tensor([[[1.0, 1.0], [1.0, 1.0], [-1.0, -1.0]]]), (2, 1))
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    mono = np.stack([track.double().mean(1).numpy() for track in audio.split(list(channels), 1)])
    flat = mono.reshape(len(mono), -1)
    products: FloatArray = flat @ flat.T / flat.shape[1]
    return products
