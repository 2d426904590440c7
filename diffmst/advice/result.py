"""What is doubtful in a mix that was matched: its tone, its low end, its sides, its loudness."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from diffmst.advice.wording import frequency, listed, lufs

if TYPE_CHECKING:
    from diffmst.mastering import Output
    from diffmst.profile import Profile
    from diffmst.tone_curve import Peak

MONO_LOSS_LU = 4.0  # unrelated sides lose 3; more means that something cancels
HARD_LIMITING_DB = 6.0  # beyond it, limiting is heard
MISSED_TARGET_LU = 0.5
FAR_BAND_DB = 10.0  # one third octave; an instrument that the reference lacks makes as much
FAR_TONE_DB = 5.0  # two finished songs of one genre differ by about 4.5
BROAD_OCTAVES = 2 / 3  # two neighbouring third octaves: a tone control reaches as far, one note does not
TOLD_TO_HZ = 12_000.0  # above, the age of a recording and the encoder of a file decide more than the mix
SUB_HZ = 50.0  # below the lowest notes of most basses: rumble, and what only large speakers play
PAST_SUB_HZ = 100.0  # an octave up, where the skirt of what is too much there has ended
FAR_SUB_DB = 8.0
BASS_HZ = 100.0  # below it, nobody hears where a sound comes from, and vinyl and clubs want it in the middle
WIDER_BASS_DB = 6.0
WIDE_BASS_DB = -12.0  # side against mid
AUDIBLE_PART_DB = -20.0  # of the whole power; a part of the spectrum with less does not matter to anyone


class Against(NamedTuple):
    """What a mix is compared with.

    Attributes:
        tone: the reference that tone is taken from, above all.
        width: the one that width is taken from.
        name: how to speak of that for tone.
        width_name: how to speak of that for width.
        shortened: what the user left out of matching, as `Effort.shortened` puts it.
    """

    tone: Profile
    width: Profile
    name: str = "the reference"
    width_name: str = "the reference"
    shortened: Sequence[str] = ()


def result_advice(after: Profile, against: Against, output: Output) -> Iterator[str]:
    """What is doubtful in the mix itself.

    Args:
        after: the mix.
        against: what it is compared with.
        output: what became of the mix on its way out.
    """
    sub_db = _sub_excess_db(after, against)
    yield from _tone(after, against, sub_db)
    yield from _low_end(after, against, sub_db)
    if after.mono_loss_lu > MONO_LOSS_LU:
        yield (
            f"Played in mono, on a phone or in a club, the mix loses {after.mono_loss_lu:.1f} LU: parts of it cancel. "
            "Look for stems whose sides work against each other."
        )
    yield from output_advice(output)


def _tone(after: Profile, against: Against, sub_db: float) -> Iterator[str]:
    """How far the tone is off, on average or at one place; `sub_db` more below all that is told elsewhere."""
    from diffmst.profile import differences  # when first needed: rendering alone does without scipy
    from diffmst.tone_curve import furthest_off

    tone_db = differences(after, against.tone).tone_db
    if tone_db > FAR_TONE_DB:
        cause = (
            f": {listed(against.shortened)}. A full match comes nearer."
            if against.shortened
            else ". Their instruments may be too different: try a reference nearer to this song."
        )
        yield f"The tone is still {tone_db:.1f} dB from {against.name} on average{cause}"
        return
    peak = furthest_off(after, against.tone, FAR_BAND_DB, highest_hz=TOLD_TO_HZ)
    if peak and peak.difference_db > 0 and peak.freq_hz < SUB_HZ:  # which `_low_end` tells, where it is heard
        peak = furthest_off(after, against.tone, FAR_BAND_DB, lowest_hz=PAST_SUB_HZ, highest_hz=TOLD_TO_HZ)
    if peak:
        yield _peak_sentence(peak, against.name, greatest=abs(peak.difference_db) >= sub_db)


def _peak_sentence(peak: Peak, reference: str, *, greatest: bool) -> str:
    more = "more" if peak.difference_db > 0 else "less"
    remedy = (
        "an equalizer or a fader may do."
        if peak.octaves >= BROAD_OCTAVES
        else "so narrow a difference is mostly one note or one resonance."
    )
    return (
        f"Around {frequency(peak.freq_hz)} the mix has {abs(peak.difference_db):.0f} dB {more} than {reference}. "
        + (f"Listen there first; {remedy}" if greatest else remedy.capitalize())
    )


def _sub_excess_db(after: Profile, against: Against) -> float:
    """How much more there is at the very bottom than in the reference; 0 where that is not worth a word."""
    from diffmst.tone_curve import part_db

    more_db = part_db(after, 0, SUB_HZ) - part_db(against.tone, 0, SUB_HZ)
    return more_db if more_db > FAR_SUB_DB and _audible(after, SUB_HZ) else 0.0


def _low_end(after: Profile, against: Against, sub_db: float) -> Iterator[str]:
    """What small speakers hide: too much at the very bottom, and a bass that is not in the middle."""
    from diffmst.tone_curve import side_db

    if sub_db:
        yield (
            f"Below {SUB_HZ:.0f} Hz the mix has {sub_db:.0f} dB more than {against.name}, which small speakers do not "
            "play. Listen on headphones; a high-pass filter on what is neither bass nor kick takes it away."
        )
    ours_db, theirs_db = (side_db(profile, 0, BASS_HZ) for profile in (after, against.width))
    if ours_db > WIDE_BASS_DB and ours_db - theirs_db > WIDER_BASS_DB and _audible(after, BASS_HZ):
        yield (
            f"The bass is wide: below {BASS_HZ:.0f} Hz the sides are {ours_db - theirs_db:.0f} dB louder against the "
            f"middle than in {against.width_name}. Pan bass and kick to the middle, or make their stems mono."
        )


def _audible(profile: Profile, below_hz: float) -> bool:
    from diffmst.tone_curve import part_db

    return part_db(profile, 0, below_hz) - part_db(profile, 0, math.inf) > AUDIBLE_PART_DB


def output_advice(output: Output) -> Iterator[str]:
    """What is doubtful in how a mix came to its loudness, and how it ends."""
    if not math.isfinite(output.loudness_lufs):
        yield "The mix is silent: every track that sounds is muted or turned down."
    if output.limiting_db > HARD_LIMITING_DB:
        yield (
            f"The limiter takes up to {output.limiting_db:.1f} dB off the peaks, which can be heard. A lower loudness "
            "leaves more of them."
        )
    target_lufs = output.target_lufs
    if target_lufs is not None and math.isfinite(output.loudness_lufs):
        missed_lu = target_lufs - output.loudness_lufs
        if missed_lu > MISSED_TARGET_LU:
            yield (
                f"The mix is {missed_lu:.1f} LU quieter than asked for ({lufs(target_lufs)}): more would have taken "
                "limiting that does harm."
            )
    if output.wanted_tail_s:
        yield f"The reverb is cut off at the end; with a tail of {output.wanted_tail_s:g} s it dies away."
