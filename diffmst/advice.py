"""What the user should know before trusting a mix: findings about files and result, in plain words.

Every rule is a small function from measurements to sentences: what was noticed, and what to do.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

    from diffmst.data.song import Track
    from diffmst.data.survey import Survey
    from diffmst.mastering import Output
    from diffmst.profile import Differences, Profile

FloatArray = NDArray[np.float64]

QUIET_REFERENCE_LUFS = -20.0  # released music lies between about -18 and -6; less is unmastered, or classical
LOUD_REFERENCE_LUFS = -7.5  # only the densest masters go further, at the price of punch
SHORT_REFERENCE_S = 10.0  # shorter than a few bars: one chord decides the tone
DULL_REFERENCE_HZ = 17_000.0  # MP3 at 128 kbit/s ends at 16 kHz; a full-band master reaches past 18
BRIGHTER = 1.15  # the mix must reach this much further up than such a reference to be worth a word
DC_OFFSET = 0.005  # -46 dBFS: takes headroom, and a compressor hears it
OUT_OF_PHASE = -0.5  # correlation of left and right; wide synthesizers reach about -0.2
LENGTH_RATIO = 2.0  # stems of one export are equally long; half as long is another export, or a short effect
CANCELLING = -0.9  # correlation of two stems; recordings of one source from two sides stay above about -0.7
DOUBLED = 0.99  # nothing but a copy is that alike
BOUNCE = 0.75  # correlation of a stem with the sum of all others; overheads of drums reach about 0.6
BOUNCE_LEAST_STEMS = 3
MONO_LOSS_LU = 4.0  # unrelated sides lose 3; more means that something cancels
HARD_LIMITING_DB = 6.0  # beyond it, limiting is heard
MISSED_TARGET_LU = 0.5
FAR_BAND_DB = 10.0  # one third octave; an instrument that the reference lacks makes as much
FAR_TONE_DB = 5.0  # two finished songs of one genre differ by about 4.5
MOST_NAMES = 4  # in one sentence
_SMALLEST_POWER = 1e-20  # of a silent stem, where a quotient needs one


class Findings(NamedTuple):
    """What the rules look at.

    Attributes:
        tracks: of the song, surveyed.
        references: what each of them sounds like, with the survey of its file.
        tone: of the one that tone is taken from, above all.
        after: the mix.
        output: what became of it on its way out.
        products: of all pairs of tracks, [tracks, tracks], from `track_products`.
    """

    tracks: Sequence[Track]
    references: Sequence[tuple[Survey, Profile]]
    tone: Profile
    after: Profile
    output: Output
    products: FloatArray


def advise(findings: Findings) -> list[str]:
    """All that is worth a word, the gravest first: the files, the reference, the result."""
    from diffmst.profile import differences  # when first needed: rendering alone does without scipy

    return [
        *stem_advice(findings.tracks),
        *pair_advice([track.name for track in findings.tracks], findings.products),
        *_references_advice(findings),
        *result_advice(findings.after, differences(findings.after, findings.tone), findings.output),
    ]


def _references_advice(findings: Findings) -> Iterator[str]:
    """What makes a reference a doubtful one; of several, which."""
    for survey, reference in findings.references:
        of = f"“{survey.info.path.name}”: " if len(findings.references) > 1 else ""
        for sentence in reference_advice(survey, reference, findings.after.bandwidth_hz):
            yield of + sentence


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
        yield f"Clipped: {_listed(clipped)}. What is cut off cannot be brought back; export again with less level."


def _not_numbers(stems: Surveyed) -> Iterator[str]:
    if broken := [f"“{name}” ({survey.bad_samples})" for name, survey in stems if survey.bad_samples]:
        yield f"Samples that are no numbers were replaced by silence: {_listed(broken)}. Export them again."


def _cut_short(stems: Surveyed) -> Iterator[str]:
    if short := _quoted(name for name, survey in stems if survey.truncated):
        yield f"The file ends before it should: {_listed(short)}. The end may be missing; copy or export again."


def _out_of_phase(stems: Surveyed) -> Iterator[str]:
    found = [
        f"“{name}” (correlation {_number(survey.correlation)})"
        for name, survey in stems
        if survey.correlation < OUT_OF_PHASE
    ]
    if found:
        yield (
            f"Left and right work against each other: {_listed(found)}. In mono they lose most of their "
            "level. If that is not meant, invert the polarity of one side and mix again."
        )


def _offset(stems: Surveyed) -> Iterator[str]:
    found = [
        f"“{name}” ({100 * abs(survey.dc_offset):.1f} %)" for name, survey in stems if abs(survey.dc_offset) > DC_OFFSET
    ]
    if found:
        yield f"Off centre (DC offset): {_listed(found)}. It costs headroom; a high-pass filter at 20 Hz removes it."


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
    if silent := _quoted(name for name, survey in stems if survey.silent):
        yield f"Silent, and muted: {_listed(silent)}. Nothing to do, unless you expected to hear it."


def _dual_mono(stems: Surveyed) -> Iterator[str]:
    if equal := _quoted(name for name, survey in stems if survey.dual_mono and not survey.silent):
        yield f"Stereo files with the same on both sides, mixed as mono: {_listed(equal)}."


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
        yield f"Cancel each other: {_listed(opposite)}. Invert the polarity of one and mix again."
    if same := [pair for pair, value in pairs if value > DOUBLED]:
        yield f"The same recording twice: {_listed(same)}. Leave one out, unless the doubling is meant."
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


def reference_advice(survey: Survey, reference: Profile, mix_bandwidth_hz: float) -> Iterator[str]:
    """What makes a reference a doubtful one.

    Args:
        survey: of its file.
        reference: what it sounds like.
        mix_bandwidth_hz: up to where the mix reaches.
    """
    yield from _reference_loudness(reference.loudness_lufs)
    if reference.duration_s < SHORT_REFERENCE_S:
        yield (
            f"The reference lasts only {reference.duration_s:.1f} s: its tone and loudness are those of a moment. Give "
            "the whole song."
        )
    if reference.mono:
        yield "The reference is mono: it says nothing about width, so width was not matched. A stereo one would."
    if survey.truncated:
        yield "The file of the reference ends before it should. What was there was used; copy it again if you can."
    if survey.bad_samples:
        yield f"The reference held {survey.bad_samples} samples that are no numbers; they were replaced by silence."
    top_hz = reference.bandwidth_hz
    if top_hz < DULL_REFERENCE_HZ and mix_bandwidth_hz > BRIGHTER * top_hz:
        yield (
            f"The reference has nothing above {top_hz / 1000:.0f} kHz, as a lossy file of low bitrate leaves it, and "
            "the stems do: the top of the mix had no model. Take a lossless file of the reference."
        )


def _reference_loudness(loudness_lufs: float) -> Iterator[str]:
    if loudness_lufs < QUIET_REFERENCE_LUFS:
        yield (
            f"The reference is quieter than most released music ({_lufs(loudness_lufs)}), and so is the mix. Use "
            "--loudness -14 for the level of streaming services."
        )
    if loudness_lufs > LOUD_REFERENCE_LUFS:
        yield (
            f"The reference is louder than most released music ({_lufs(loudness_lufs)}). If the mix sounds squashed, "
            "use --loudness -10."
        )


def result_advice(after: Profile, difference: Differences, output: Output) -> Iterator[str]:
    """What is doubtful in the mix itself.

    Args:
        after: the mix.
        difference: from the reference.
        output: what became of the mix on its way out.
    """
    if difference.tone_db > FAR_TONE_DB:
        yield (
            f"The tone is still {difference.tone_db:.1f} dB from the reference on average. Their instruments may be "
            "too different: try a reference nearer to this song."
        )
    elif abs(difference.worst_tone_db) > FAR_BAND_DB:
        more = "more" if difference.worst_tone_db > 0 else "less"
        yield (
            f"Around {difference.worst_tone_hz:.0f} Hz the mix has {abs(difference.worst_tone_db):.0f} dB {more} than "
            "the reference. Listen there first; an equalizer or a fader may do."
        )
    if after.mono_loss_lu > MONO_LOSS_LU:
        yield (
            f"Played in mono, on a phone or in a club, the mix loses {after.mono_loss_lu:.1f} LU: parts of it cancel. "
            "Look for stems whose sides work against each other."
        )
    yield from output_advice(output)


def output_advice(output: Output) -> Iterator[str]:
    """What is doubtful in how a mix came to its loudness."""
    if not math.isfinite(output.loudness_lufs):
        yield "The mix is silent: every track that sounds is muted or turned down."
    if output.limiting_db > HARD_LIMITING_DB:
        yield (
            f"The limiter takes up to {output.limiting_db:.1f} dB off the peaks, which can be heard. A lower "
            "--loudness leaves more of them."
        )
    target_lufs = output.target_lufs
    if target_lufs is not None and math.isfinite(output.loudness_lufs):
        missed_lu = target_lufs - output.loudness_lufs
        if missed_lu > MISSED_TARGET_LU:
            yield (
                f"The mix is {missed_lu:.1f} LU quieter than asked for ({_lufs(target_lufs)}): more would have taken "
                "limiting that does harm."
            )


def _lufs(loudness_lufs: float) -> str:
    return f"{_number(loudness_lufs)} LUFS"


def _number(value: float) -> str:
    return f"{value:.1f}".replace("-", "−")


def _quoted(names: Iterable[str]) -> list[str]:
    return [f"“{name}”" for name in names]


def _listed(parts: Sequence[str]) -> str:
    """A list as one says it, not too long.

    >>> _listed(["a"]), _listed(["a", "b", "c"]), _listed(list("abcdef"))
    ('a', 'a, b and c', 'a, b, c, d and 2 more')
    """
    shown, more = list(parts[:MOST_NAMES]), len(parts) - MOST_NAMES
    if more > 0:
        shown.append(f"{more} more")
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))
