"""The figures that compare a mix with what is wanted, or with a reference; see `METRICS`."""

from __future__ import annotations

from diffmst.evaluation.metric import Metric


def _recovery(key: str, label: str, unit: str, *, says: str, silent_on: str, headline: bool = True) -> Metric:
    return Metric(
        key, label, unit, "recovery", "lower", 2, says, silent_on, compared_with_baseline=True, headline=headline
    )


RECOVERY = (
    _recovery(
        "level_error_lu",
        "level",
        "LU",
        says="How far the loudness of a stem, relative to all processed stems together, is from what is wanted: the "
        "mean over the stems, of which one that is muted or more than 40 LU down counts as 40 LU down.",
        silent_on="It cannot tell whether the difference matters where it is: 3 LU on a singer and on a shaker count "
        "alike.",
    ),
    _recovery(
        "worst_level_error_lu",
        "worst level",
        "LU",
        says="The same of the stem that is furthest off, the one that a listener would point at.",
        silent_on="It cannot tell which stem that is, nor whether it is much heard in the song.",
        headline=False,
    ),
    _recovery(
        "pan_error_db",
        "pan",
        "dB",
        says="How far the level difference between left and right of a stem, K-weighted and within 30 dB either way, "
        "is from what is wanted, in a mix as wide as its master makes it: the mean over the stems.",
        silent_on="It cannot be expected of a system that hears another song: nothing in it says on which of two "
        "sides a stem belongs.",
    ),
    _recovery(
        "width_error_db",
        "pan width",
        "dB",
        says="The same without regard to the side: how far off centre a stem stands against how far it should.",
        silent_on="It cannot tell whether the side is right, nor how wide a stereo stem is within itself.",
    ),
    _recovery(
        "eq_error_db",
        "EQ",
        "dB",
        says="What was done to the tone of a stem, apart from level, pan and compression, against what is wanted: "
        "root mean square over those of 24 Bark bands that lie within 50 dB of the strongest of the raw stem, then "
        "the mean over the stems.",
        silent_on="It cannot tell what happens within a band, as with a notch, and takes printed reverb and "
        "distortion for tone.",
    ),
    _recovery(
        "gain_reduction_error_db",
        "gain reduction",
        "dB",
        says="By how much a stem is turned down where it is loud, against where its gain is highest, told from the "
        "gains over time that explain the processed stem together with one curve over frequency: its difference from "
        "what is wanted, as the mean over the stems.",
        silent_on="It cannot tell a compressor that never lets go from a lower fader, nor a fast one from a slow one, "
        "and leaves out stems that are hidden under printed reverb.",
    ),
)

PAIRED = (
    Metric(
        key="mrstft",
        label="MRSTFT",
        unit="",
        group="paired",
        better="lower",
        decimals=3,
        says="Distance to the mix that is wanted, both at -16 LUFS: L1 of linear and of log magnitudes, meaned over "
        "windows of 512, 2048 and 8192 samples.",
        silent_on="It cannot tell which stem is off, and counts what is masked to the ear as much as what is heard.",
        headline=True,
    ),
    Metric(
        key="si_sdr_db",
        label="SI-SDR",
        unit="dB",
        group="paired",
        better="higher",
        decimals=1,
        says="Power of the mix that is wanted over that of all else in the mix, at the best single gain, left and "
        "right as one vector.",
        silent_on="It cannot forgive a delay or a turn of phase: with one sample of latency, or another reverb, a mix "
        "that sounds the same scores like a bad one.",
    ),
)


def _style(key: str, label: str, decimals: int, *, says: str, silent_on: str, headline: bool = False) -> Metric:
    return Metric(key, label, "", "style", "lower", decimals, says, silent_on, headline=headline)


STYLE = (
    _style(
        "af",
        "AF",
        3,
        says="The audio-feature distance of Diff-MST to the reference: the sum of its five weighted terms, over whole "
        "songs at -16 LUFS.",
        silent_on="It cannot tell whether the mix is a good one: a hard-panned bass or a buried singer is a fair "
        "price to it for a few long-time means that agree.",
        headline=True,
    ),
    _style(
        "af_rms",
        "AF RMS",
        5,
        says="The AF term for the root mean squares of left and right in linear amplitude, weighted by 0.1.",
        silent_on="It cannot tell much, as both songs are brought to one loudness before.",
    ),
    _style(
        "af_crest_factor",
        "AF CF",
        4,
        says="The AF term for the crest factors of left and right in dB, weighted by 0.001.",
        silent_on="It cannot tell dynamics from one click: the highest sample of the song decides.",
    ),
    _style(
        "af_stereo_width",
        "AF SW",
        4,
        says="The AF term for the energy of L - R over that of L + R.",
        silent_on="It cannot tell where in the spectrum the width is, nor width from sides that cancel.",
    ),
    _style(
        "af_stereo_imbalance",
        "AF SI",
        4,
        says="The AF term for the energy of right against left.",
        silent_on="It cannot tell what stands where: two stems on wrong sides make up for each other.",
    ),
    _style(
        "af_bark_spectrum",
        "AF BS",
        3,
        says="The AF term for the log magnitudes in 24 Bark bands of L + R and L - R, weighted by 0.1.",
        silent_on="It cannot tell mono from an outrage: a silent side meets the floor of the logarithm, 1e-8, and "
        "makes about 30 of it alone, a hundred times what parts one song from another.",
    ),
    _style(
        "style_tone",
        "tone",
        2,
        says="How far the spectrum is from that of the reference, about 1 between different songs and 0.2 to 0.3 "
        "between halves of one: a term of the distance that refinement descends on.",
        silent_on="It cannot tell the mix from the music, and refinement was made to lower it.",
        headline=True,
    ),
    _style(
        "style_dynamics",
        "dynamics",
        2,
        says="The same for levels over time in six groups of bands, for transients and for crest.",
        silent_on="It cannot tell what a compressor does from what the arrangement does.",
    ),
    _style(
        "style_width",
        "width",
        2,
        says="The same for the side, and for how far sounds are spread, per band.",
        silent_on="It cannot tell which stem makes the width.",
    ),
    _style(
        "style_balance",
        "balance",
        2,
        says="The same for left against right, per band.",
        silent_on="It cannot tell whether a lean to one side is meant.",
    ),
)
