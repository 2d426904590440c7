"""What makes a reference a doubtful one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from diffmst.advice.wording import lufs

if TYPE_CHECKING:
    from diffmst.data.survey import Survey
    from diffmst.profile import Profile

QUIET_REFERENCE_LUFS = -20.0  # released music lies between about -18 and -6; less is unmastered, or classical
LOUD_REFERENCE_LUFS = -7.5  # only the densest masters go further, at the price of punch
STREAMING_LUFS = -14.0  # what most of them bring songs to
LESS_DENSE_LUFS = -10.0  # loud, and with its punch
SHORT_REFERENCE_S = 10.0  # shorter than a few bars: one chord decides the tone
DULL_REFERENCE_HZ = 17_000.0  # MP3 at 128 kbit/s ends at 16 kHz; a full-band master reaches past 18
BRIGHTER = 1.15  # the mix must reach this much further up than such a reference to be worth a word


def reference_advice(survey: Survey, reference: Profile, mix_bandwidth_hz: float) -> Iterator[str]:
    """What makes a reference a doubtful one.

    Args:
        survey: of its file.
        reference: what it sounds like.
        mix_bandwidth_hz: up to where the mix reaches.
    """
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


def loudness_advice(followed_lufs: float, references: int) -> Iterator[str]:
    """What is doubtful in a loudness that the mix took from its references.

    Args:
        followed_lufs: that of the references, together.
        references: how many they are.
    """
    who, are, it = ("The references", "are", "their") if references > 1 else ("The reference", "is", "its")
    if followed_lufs < QUIET_REFERENCE_LUFS:
        yield (
            f"{who} {are} quieter than most released music ({lufs(followed_lufs)}), and the mix took {it} loudness. "
            f"Ask for a loudness of {lufs(STREAMING_LUFS)}, as streaming services play it."
        )
    if followed_lufs > LOUD_REFERENCE_LUFS:
        yield (
            f"{who} {are} louder than most released music ({lufs(followed_lufs)}), and the mix aims at {it} loudness. "
            f"If it sounds squashed, ask for a loudness of {lufs(LESS_DENSE_LUFS)}."
        )
