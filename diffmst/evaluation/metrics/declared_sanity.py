"""The figures that need no reference: what an engineer would refuse to sign, and what a mix costs; see `METRICS`."""

from __future__ import annotations

from typing import Literal

from diffmst.evaluation.metric import Metric

Better = Literal["lower", "higher", "none"]


def _sane(
    key: str,
    label: str,
    unit: str,
    *,
    says: str,
    silent_on: str,
    better: Better = "lower",
    decimals: int = 1,
    headline: bool = False,
) -> Metric:
    return Metric(key, label, unit, "sanity", better, decimals, says, silent_on, headline=headline)


OF_SETTINGS = (
    _sane(
        "low_off_centre_db",
        "low off centre",
        "dB",
        says="Largest level difference between left and right, up to 30 dB, of a track that has more than half of its "
        "power below 200 Hz.",
        silent_on="It cannot tell a pan from a recording that leans to one side itself.",
        headline=True,
    ),
    _sane(
        "low_off_centre_mean_db",
        "low off centre, mean",
        "dB",
        says="The same as the mean over all such tracks.",
        silent_on="It cannot tell one track far off from several a little.",
    ),
    _sane(
        "lead_off_centre_db",
        "lead off centre",
        "dB",
        says="Largest level difference between left and right, up to 30 dB, of a track that its name calls a lead.",
        silent_on="It cannot tell leads by ear, nor a lead that is doubled left and right on purpose.",
        headline=True,
    ),
    _sane(
        "lead_off_centre_mean_db",
        "lead off centre, mean",
        "dB",
        says="The same as the mean over all such tracks.",
        silent_on="It cannot tell one track far off from several a little.",
    ),
    _sane(
        "quietest_lu",
        "quietest track",
        "LU",
        says="Loudness of the quietest track where it sounds, relative to all processed tracks together.",
        silent_on="It cannot tell masking: a track at -20 LU may stand alone in its band, or be covered by another.",
        better="higher",
        headline=True,
    ),
    _sane(
        "buried_share",
        "buried",
        "",
        says="Share of the tracks that lie more than 25 LU under all together.",
        silent_on="It cannot tell whether they are meant to, as the microphone of a room may be.",
        decimals=3,
    ),
    _sane(
        "largest_eq_db",
        "largest EQ",
        "dB",
        says="Strongest boost or cut of any band of a track's equalizer.",
        silent_on="It cannot tell what overlapping bands add up to, nor whether the recording asked for it.",
        headline=True,
    ),
    _sane(
        "largest_fader_db",
        "largest fader",
        "dB",
        says="Distance from 0 dB of the fader that is furthest from it, every track having one loudness before its "
        "own.",
        silent_on="It cannot tell whether that is where it belongs: what a track is accounts for up to 7 dB alone.",
    ),
)

OF_FILE = (
    _sane(
        "mono_loss_lu",
        "mono loss",
        "LU",
        says="Loudness that the finished mix loses when both sides are added: 0 for mono, 3 for unrelated sides.",
        silent_on="It cannot tell what it is that cancels.",
        decimals=2,
        headline=True,
    ),
    _sane(
        "true_peak_dbtp",
        "true peak",
        "dBTP",
        says="Highest level of the finished mix, between its samples too (ITU-R BS.1770-4): above 0 it clips when "
        "played.",
        silent_on="It cannot tell how it got there: behind a limiter that works hard the peak is that of one at rest.",
        better="none",
        decimals=2,
    ),
    _sane(
        "loudness_lufs",
        "loudness",
        "LUFS",
        says="Integrated loudness of the finished mix (ITU-R BS.1770-4).",
        silent_on="It cannot tell whether the mix is a good one, so what depends on it is measured at equal loudness.",
        better="none",
    ),
    _sane(
        "loudness_range_lu",
        "loudness range",
        "LU",
        says="Spread of the short-term loudness of the finished mix (EBU Tech 3342).",
        silent_on="It cannot tell the mix from the arrangement, and says little of less than a minute of music.",
        better="none",
    ),
    _sane(
        "plr_db",
        "peak to loudness",
        "dB",
        says="True peak over integrated loudness of the finished mix: about 8 for a hard master, 14 and more for an "
        "open mix.",
        silent_on="It cannot tell a compressor from an arrangement without drums.",
        better="none",
    ),
)

COST = (
    Metric(
        key="seconds",
        label="time",
        unit="s",
        group="cost",
        better="lower",
        decimals=1,
        says="Wall time from the surveyed files to the finished mix.",
        silent_on="It cannot tell what the machine would do with nothing else to do, nor what another machine would.",
        headline=True,
    ),
)
