"""The pictures that set the mix against its reference: tone, loudness, stereo field, width."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates

from diffmst.dsp.loudness import HOP_S
from diffmst.mix import ComparisonMix
from diffmst.profile import Profile, at_equal_loudness
from diffmst.report.svg import FREQUENCY_AXIS, Axis, Frame, Plot, Tick, db_axis, png, time_axis
from diffmst.report.words import duration, number
from diffmst.stereo_field import LOWEST_DB
from diffmst.tone_curve import smooth_bands, total_curve

_TELLING_HZ = (63, 250, 1000, 4000, 12_000)  # where curves are put into words
_DIFFERENCE_STEP_DB = 5
_LEAST_DIFFERENCE_DB, _MOST_DIFFERENCE_DB = 15, 30  # drawn; what a lossy file lacks would flatten all else
_CURVE_POINTS = 500  # of a loudness curve
_SHORT_TERM_S = 3.0

_FIELD_RADIUS_PX = 110
_FIELD_SPAN_DB = 42.0  # from the centre of the stereo field to its rim
_FIELD_TOP_LU = 12.0  # level of the rim over the integrated loudness
_FIELD_BLUR = (1.2, 1.2)  # angles, levels


class Heard(NamedTuple):
    """The three mixes that the pictures compare."""

    reference: Profile
    before: Profile
    after: Profile


@dataclass(frozen=True)
class Field:
    """A stereo field: the picture of where the sound sits, as a mask that the page fills with a colour."""

    title: str
    css: str
    mask: str
    note: str
    summary: str


def spectra(heard: Heard) -> tuple[Plot, Plot]:
    """Long-time spectra of mid and side, each mix at equal loudness."""
    top_db = max(float(np.max(at_equal_loudness(smooth_bands(p).mid_db, p))) for p in heard)
    top_db = 6 * math.ceil((top_db + 1) / 6)
    mid, side = (_spectrum(heard, part, Axis(top_db - 54, top_db, _db_ticks(top_db))) for part in ("mid", "side"))
    return mid, side


def _db_ticks(top_db: float) -> tuple[Tick, ...]:
    return db_axis(top_db - 54, top_db, 12).ticks


def _spectrum(heard: Heard, part: str, level: Axis) -> Plot:
    frame = Frame(FREQUENCY_AXIS, level)
    curves = []
    for profile in heard:
        bands = smooth_bands(profile)
        curves.append((bands.freq_hz, at_equal_loudness(getattr(bands, f"{part}_db"), profile)))
    reference, _, after = curves
    summary = f"{part.capitalize()} spectrum against the reference, in dB: {_spoken(after, reference)}."
    note = "what is in the middle" if part == "mid" else "what is wide"
    return Plot(part.capitalize(), summary, frame, _layers(frame, *curves), note)


Curve = tuple[NDArray[np.float64], NDArray[np.float64]]


def _layers(frame: Frame, reference: Curve, before: Curve, after: Curve) -> tuple[Markup, ...]:
    """Three curves, the reference as a surface behind the others."""
    return (
        frame.area(*reference, "ref fill"),
        frame.line(*before, "before"),
        frame.line(*reference, "ref"),
        frame.line(*after, "after"),
    )


def _spoken(curve: Curve, reference: Curve) -> str:
    """The difference of two curves at a few frequencies."""
    parts = []
    for hz in _TELLING_HZ:
        ours, theirs = (float(np.interp(hz, *either)) for either in (curve, reference))
        parts.append(f"{number(ours - theirs, sign=True)} at {hz} Hz")
    return ", ".join(parts)


def tone_difference(heard: Heard) -> Plot:
    """Mid plus side against the reference, before and after."""
    reference, before, after = (total_curve(profile) for profile in heard)
    shared = min(len(reference[0]), len(before[0]), len(after[0]))
    freq_hz = reference[0][:shared]
    before_db, after_db = before[1][:shared] - reference[1][:shared], after[1][:shared] - reference[1][:shared]
    reach_db = _DIFFERENCE_STEP_DB * math.ceil(np.abs([before_db, after_db]).max() / _DIFFERENCE_STEP_DB)
    end_db = min(max(reach_db, _LEAST_DIFFERENCE_DB), _MOST_DIFFERENCE_DB)
    frame = Frame(FREQUENCY_AXIS, db_axis(-end_db, end_db, _DIFFERENCE_STEP_DB))
    layers = (
        frame.band(-3, 3, "near"),
        frame.level(0, "ref"),
        frame.line(freq_hz, before_db, "before"),
        frame.area(freq_hz, after_db, "after fill", base=0),
        frame.line(freq_hz, after_db, "after"),
    )
    summary = f"Tone against the reference, in dB: {_spoken(after, reference)}."
    note = f"shaded: within 3 dB{f'; cut off beyond {end_db} dB' if reach_db > end_db else ''}"
    return Plot("Difference to the reference", summary, frame, layers, note)


def loudness_over_time(heard: Heard, comparison: ComparisonMix | None, loudness_lufs: float) -> Plot:
    """Short-term loudness through the song, where the reference stays, and which windows were compared.

    Args:
        heard: the three mixes; those of the song are drawn at the loudness of the result.
        comparison: tells the windows.
        loudness_lufs: of the result.
    """
    before, after = (_loudness_curve(profile, loudness_lufs) for profile in (heard.before, heard.after))
    reference = _loudness_curve(heard.reference, heard.reference.loudness_lufs)
    usual = _usual_range(heard.reference, reference[1])
    frame = Frame(time_axis(max(heard.after.duration_s, 1.0)), _loudness_axis(after[1], before[1], np.array(usual)))
    layers = [frame.band(*usual, "ref fill"), frame.level(_finite(heard.reference.loudness_lufs), "ref")]
    if comparison:
        layers.insert(0, frame.spans(comparison.song_windows_at_s, comparison.song_window_s, "window"))
    layers += [frame.line(*before, "before"), frame.line(*after, "after")]
    summary = (
        f"Short-term loudness over {duration(heard.after.duration_s)}: integrated "
        f"{number(loudness_lufs)} LUFS, range {number(heard.after.meter.loudness_range_lu)} LU; the "
        f"reference stays between {number(usual[0])} and {number(usual[1])} LUFS most of the time."
    )
    return Plot("Loudness over time", summary, frame, tuple(layers), "short-term, LUFS")


def _loudness_axis(*curves: NDArray[np.float64]) -> Axis:
    """From the loudest down to where the curves spend their time, or 36 LU; pauses may fall below."""
    sounding = [curve[np.isfinite(curve)] for curve in curves]
    top = max(float(np.max(curve)) for curve in sounding if len(curve)) + 1
    usual = min(float(np.percentile(curve, 5)) for curve in sounding if len(curve)) - 4
    return db_axis(max(3 * math.floor(usual / 3), 3 * math.ceil(top / 3) - 36), 3 * math.ceil(top / 3), 3)


def _loudness_curve(profile: Profile, loudness_lufs: float) -> Curve:
    """Times and short-term loudness at another integrated loudness, thinned out; a very short song is one level."""
    lufs = profile.meter.short_term_lufs
    if len(lufs) == 0:
        return np.array([0.0, profile.duration_s]), np.full(2, _finite(loudness_lufs))
    middle_s = np.arange(len(lufs), dtype=np.float64) * HOP_S + _SHORT_TERM_S / 2
    step = math.ceil(len(lufs) / _CURVE_POINTS)
    shift_lu = _finite(loudness_lufs) - _finite(profile.loudness_lufs)
    return middle_s[::step], lufs[::step] + shift_lu


def _usual_range(profile: Profile, lufs: NDArray[np.float64]) -> tuple[float, float]:
    """The short-term loudness between which a mix stays for nine tenths of its sounding time."""
    integrated = _finite(profile.loudness_lufs)
    sounding = lufs[lufs > integrated - 20]
    if len(sounding) == 0:
        return integrated, integrated
    low, high = np.percentile(sounding, (5, 95))
    return float(low), float(high)


def _finite(lufs: float) -> float:
    return lufs if math.isfinite(lufs) else -70.0


def width(heard: Heard) -> Plot:
    """Side against mid in every band."""
    frame = Frame(FREQUENCY_AXIS, db_axis(-36, 12, 6))
    curves = []
    for profile in heard:
        bands = smooth_bands(profile)
        curves.append((bands.freq_hz, bands.width_db))
    reference, _, after = curves
    summary = f"Width by frequency against the reference, in dB: {_spoken(after, reference)}."
    return Plot("Width by frequency", summary, frame, _layers(frame, *curves), "side against mid, dB")


def stereo_fields(heard: Heard) -> tuple[Field, ...]:
    """The goniometers of reference, before and after, at equal loudness."""
    titles = ("Reference", "Before", "After")
    return tuple(
        Field(title, css, png(_field_picture(profile)), *_field_words(title, profile))
        for title, css, profile in zip(titles, ("ref", "before", "after"), heard, strict=True)
    )


def _field_words(title: str, profile: Profile) -> tuple[str, str]:
    """The figures under a field, and the same as a sentence."""
    width, correlation = number(profile.width_db), number(profile.correlation, 2)
    if profile.mono:
        return "mono", f"{title}: mono, both sides are the same."
    return (
        f"width {width} dB, correlation {correlation}",
        f"{title}: side {width} dB against mid, correlation {correlation}.",
    )


def _field_picture(profile: Profile) -> NDArray[np.uint8]:
    """Density over a half disc, centre at the middle of the lower edge, straight up the middle of the stage."""
    density = gaussian_filter(profile.stereo_field(), _FIELD_BLUR, mode="nearest")
    x, y = np.meshgrid(np.arange(-_FIELD_RADIUS_PX, _FIELD_RADIUS_PX) + 0.5, np.arange(_FIELD_RADIUS_PX, 0, -1) - 0.5)
    radius = np.hypot(x, y) / _FIELD_RADIUS_PX
    level_db = _finite(profile.loudness_lufs) + _FIELD_TOP_LU - _FIELD_SPAN_DB * (1 - radius)
    column = (np.degrees(np.arctan2(x, y)) + 90) / 180 * len(density) - 0.5
    picture = map_coordinates(density, [column, level_db - LOWEST_DB - 0.5], order=1, mode="nearest")
    picture = picture / np.maximum(radius, 0.08)  # a ring holds more pixels the wider it is
    brightest = np.percentile(picture[radius < 1], 99.5)
    shade = np.clip(picture / max(brightest, 1e-12), 0, 1) ** 0.6 * (radius < 1)
    return np.rint(255 * shade).astype(np.uint8)
