"""The figures of a mix in words and tables: how near it came, what was measured, how it was made."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from diffmst.aspects import ASPECTS, Aspect
from diffmst.mastering import Output
from diffmst.mix import ComparisonMix, Mix, ReferenceMix
from diffmst.profile import differences
from diffmst.report.figures import Heard
from diffmst.report.words import duration, frequency, label, number, shown, significant

_NEARNESS = ("Very near", "Near", "Some way from", "Far from")
_STEPS_DB = (1.5, 3.0, 5.0)
"""Ends of the four grades. Finished songs of one genre differ by about 4.5 dB in tone, two mixes of one song by 1.5."""

_SAMPLE_FORMATS = {"PCM_16": "16 bit", "PCM_24": "24 bit", "FLOAT": "32 bit float"}
_SAME_DB = 0.5
_GAUGE_DB = 8.0  # full scale of the gauges
_TONE_WEIGHT = 2  # the tone is what one notices first


@dataclass(frozen=True)
class Gauge:
    """How far the mix is from the reference in one respect, before and after, in dB."""

    title: str
    before_db: float
    after_db: float

    @property
    def text(self) -> str:
        """In words."""
        return f"{number(abs(self.after_db))} dB"

    @property
    def before_text(self) -> str:
        """In words, before the match."""
        return f"{number(abs(self.before_db))} dB before"

    @property
    def before_position(self) -> float:
        """On the gauge, from 0 (the reference) to 1."""
        return min(abs(self.before_db) / _GAUGE_DB, 1.0)

    @property
    def after_position(self) -> float:
        """On the gauge, from 0 (the reference) to 1."""
        return min(abs(self.after_db) / _GAUGE_DB, 1.0)

    @property
    def grade(self) -> int:
        """From 0, very near, to 3, far."""
        return sum(abs(self.after_db) > step for step in _STEPS_DB)


class Fact(NamedTuple):
    """A figure with its name."""

    name: str
    value: str
    note: str = ""


class Headline(NamedTuple):
    """What one wants to know first."""

    reference: str
    verdict: str
    explanation: str
    gauges: tuple[Gauge, ...]
    facts: tuple[Fact, ...]


def headline(mix: Mix, against: Mapping[Aspect, Heard], output: Output) -> Headline:
    """The verdict and the figures at the top of the page.

    Args:
        mix: what was matched.
        against: the three mixes, by the aspect for which the reference is looked at.
        output: what became of the mix on its way out.
    """
    gauges = nearness(against, output)
    weights = (_TONE_WEIGHT, *[1] * (len(gauges) - 1))
    grade = round(sum(w * gauge.grade for w, gauge in zip(weights, gauges, strict=True)) / sum(weights))
    return Headline(
        reference=" + ".join(map(_file_name, mix.references)) or "the reference",
        verdict=f"{_NEARNESS[grade]} the reference{'s' if len(mix.references) > 1 else ''}",
        explanation=_explanation(gauges),
        gauges=gauges,
        facts=_key_facts(mix, against["level"], output),
    )


def _file_name(reference: ReferenceMix) -> str:
    return shown(reference.path.rpartition("/")[2])


def nearness(against: Mapping[Aspect, Heard], output: Output) -> tuple[Gauge, ...]:
    """Tone, width and peak-to-loudness ratio against the reference of each."""
    tone, width, dynamics = (against[aspect] for aspect in ("tone", "width", "dynamics"))
    dynamics_db = output.true_peak_dbtp - output.loudness_lufs - dynamics.reference.plr_db
    before_db = differences(dynamics.before, dynamics.reference).dynamics_db
    return (
        Gauge("Tone", *(differences(profile, tone.reference).tone_db for profile in tone[1:])),
        Gauge("Width", *(differences(profile, width.reference).width_db for profile in width[1:])),
        Gauge("Peaks", _known(before_db), _known(dynamics_db)),
    )


def _known(difference_db: float) -> float:
    """A difference to silence, which is no number, as none at all."""
    return difference_db if math.isfinite(difference_db) else 0.0


def _explanation(gauges: tuple[Gauge, ...]) -> str:
    tone, width, peaks = gauges
    wide = _compared(width, "as wide", "wider", "narrower")
    high = _compared(peaks, "as far", "further", "less far")
    return (
        f"The tone differs by {tone.text} on average; without the match it would be {number(tone.before_db)} dB. "
        f"The mix is {wide}, and its peaks stand {high} above its loudness."
    )


def _compared(gauge: Gauge, same: str, more: str, less: str) -> str:
    if abs(gauge.after_db) < _SAME_DB:
        return same
    return f"{gauge.text} {more if gauge.after_db > 0 else less}"


def _key_facts(mix: Mix, heard: Heard, output: Output) -> tuple[Fact, ...]:
    muted = sum(mix.muted)
    return (
        Fact("Loudness", f"{number(output.loudness_lufs)} LUFS", _against_target(heard, output)),
        Fact("True peak", f"{number(output.true_peak_dbtp)} dBTP", f"ceiling {number(mix.render.ceiling_dbtp)}"),
        Fact("Limiter", f"{number(output.limiting_db)} dB" if output.limiting_db > 0 else "off", "deepest reduction"),
        Fact("Length", duration(heard.after.duration_s), f"{mix.sample_rate / 1000:g} kHz"),
        Fact("Tracks", str(len(mix.tracks)), f"{muted} muted" if muted else "all sound"),
    )


def _against_target(heard: Heard, output: Output) -> str:
    target = "" if output.target_lufs is None else f"target {number(output.target_lufs)}, "
    return f"{target}reference {number(heard.reference.loudness_lufs)}"


class Row(NamedTuple):
    """One line of the table of figures."""

    name: str
    cells: tuple[str, ...]
    about: str


def figures_table(heard: Heard, output: Output) -> tuple[Row, ...]:
    """What was measured of reference, before and after."""
    peaks = *(profile.meter.true_peak_dbtp for profile in heard[:2]), output.true_peak_dbtp
    loudness = *(profile.loudness_lufs for profile in heard[:2]), output.loudness_lufs
    plr = [peak - level for peak, level in zip(peaks, loudness, strict=True)]
    bandwidth = [frequency(profile.bandwidth_hz) for profile in heard]
    return (
        Row("Integrated loudness", _cells(loudness, "LUFS"), "of the whole song"),
        Row("Loudness range", _cells((p.meter.loudness_range_lu for p in heard), "LU"), "quiet against loud parts"),
        Row("True peak", _cells(peaks, "dBTP"), "highest level, between samples too"),
        Row("Peak to loudness", _cells(plr, "dB"), "how far peaks stand above the loudness"),
        Row("Side against mid", _cells((p.width_db for p in heard), "dB"), "width; lower is narrower"),
        Row("Correlation", _cells((p.correlation for p in heard), decimals=2), "1 is mono, 0 is wide, below phasey"),
        Row("Lost in mono", _cells((p.mono_loss_lu for p in heard), "LU"), "3 is what unrelated sides lose"),
        Row("Highest sound", tuple(bandwidth), "nothing to speak of above"),
    )


def _cells(values: Iterable[float], unit: str = "", decimals: int = 1) -> tuple[str, ...]:
    return tuple(f"{number(value, decimals)} {unit}".rstrip() for value in values)


class Distance(NamedTuple):
    """One term of the distance to the reference, before and after, its bars on the scale of the larger."""

    name: str
    before: str
    after: str
    before_share: float
    after_share: float
    change: str


class DistanceGroup(NamedTuple):
    """Terms of the same kind; those without one have no name."""

    name: str
    terms: tuple[Distance, ...]


def distances(comparison: ComparisonMix | None) -> tuple[DistanceGroup, ...]:
    """Every term of the distance that the match was to reduce."""
    if comparison is None:
        return ()
    before, after = comparison.distance_before, comparison.distance_after
    names = [name for name in after if name in before]
    return tuple(
        DistanceGroup(label(kind) if kind else "", tuple(_distance(name, before[name], after[name]) for name in group))
        for kind, group in groupby(names, key=lambda name: name.rpartition(".")[0])
    )


def _distance(name: str, before: float, after: float) -> Distance:
    largest = max(abs(before), abs(after)) or 1.0
    change = f"{number(100 * (after / before - 1), 0, sign=True)} %" if before > 0 else ""
    return Distance(
        label(name.rpartition(".")[2]),
        significant(before),
        significant(after),
        abs(before) / largest,
        abs(after) / largest,
        change,
    )


def facts(mix: Mix, output: Output) -> tuple[Fact, ...]:
    """How the mix was made."""
    target = mix.render.loudness_lufs
    return (
        Fact("Software", shown(mix.software)),
        Fact("Console", f"layout “{mix.layout}”, {mix.sample_rate / 1000:g} kHz"),
        *(fact for reference in mix.references for fact in _reference_facts(mix, reference)),
        *(_comparison_facts(mix.comparison) if mix.comparison else ()),
        Fact("Target loudness", "as it comes" if target is None else f"{number(target)} LUFS"),
        Fact("Ceiling", f"{number(mix.render.ceiling_dbtp)} dBTP"),
        Fact("Gain after the master", f"{number(output.gain_db, sign=True)} dB"),
        Fact("File", f"mix.wav, {_SAMPLE_FORMATS[mix.render.subtype]}"),
    )


def _reference_facts(mix: Mix, reference: ReferenceMix) -> tuple[Fact, ...]:
    heard = f"{reference.window_s:.3g} s from {_times(reference.windows_at_s)}"
    file = Fact("Reference", shown(reference.path), f"SHA-256 {reference.sha256[:16]}…")
    if len(mix.references) == 1:
        return file, Fact("Heard of the reference", heard)
    taken = "loudness alone" if not reference.aspects else ", ".join(reference.aspects)
    if reference.aspects == ASPECTS:
        taken = "everything"
    return file, Fact("Taken from it", taken, f"weight {reference.weight:g}"), Fact("Heard of it", heard)


def _comparison_facts(comparison: ComparisonMix) -> tuple[Fact, ...]:
    heard = f"{comparison.song_window_s:.3g} s from {_times(comparison.song_windows_at_s)}"
    return (Fact("Heard of the song", heard),)


def _times(seconds: tuple[float, ...]) -> str:
    return ", ".join(f"{at // 60:.0f}:{at % 60:04.1f}" for at in seconds) or "the whole of it"
