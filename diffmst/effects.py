"""The effects of the console: each one name, one DSP function and its controls, declared here and nowhere else."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from diffmst.dsp import dynamics, filters, reverb, stereo
from diffmst.params import Param, Scale

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Effect:
    """A DSP function and its controls, in order.

    Attributes:
        name: as it stands in the mix document.
        process: `process(x, sample_rate, *, <one keyword per control>)`; a control with bands takes [batch, bands].
        params: the controls. `low_shelf.freq_hz` is one band of the keyword `freq_hz`.

    Raises:
        ValueError: the controls are not the keywords of `process`.
    """

    name: str
    process: Callable[..., Tensor]
    params: tuple[Param, ...]

    def __post_init__(self) -> None:
        declared = {param.keyword for param in self.params}
        signature = inspect.signature(self.process).parameters.values()
        expected = {parameter.name for parameter in signature if parameter.kind is parameter.KEYWORD_ONLY}
        if declared != expected:
            raise ValueError(f"{self.name} declares {sorted(declared)}, its function takes {sorted(expected)}")


def _equalizer(
    bands: dict[str, tuple[float, float, float]], q_range: tuple[float, float], scale: Scale, default_q: float = 0.7
) -> Effect:
    """Six-band equalizer; `bands` holds the lowest, highest and default frequency of each, in Hz."""
    return Effect(
        "eq",
        filters.equalizer,
        tuple(
            param
            for band, (low_hz, high_hz, default_hz) in bands.items()
            for param in (
                Param(f"{band}.gain_db", -12, 12, 0, "dB", about="boost or cut of the band"),
                Param(f"{band}.freq_hz", low_hz, high_hz, default_hz, "Hz", scale, "where the band sits"),
                Param(f"{band}.q", *q_range, default_q, "", scale, "narrowness of the band"),
            )
        ),
    )


def _reverb(gain_db: tuple[float, float], gain_scale: Scale, rt60_s: tuple[float, float], rt60_scale: Scale) -> Effect:
    bands = tuple(
        param
        for band, default_rt60_s in zip(reverb.BAND_NAMES, _DEFAULT_RT60_S, strict=True)
        for param in (
            Param(
                f"{band}.gain_db", *gain_db, _default_return_db(band, *gain_db), "dB", gain_scale, "level of the band"
            ),
            Param(f"{band}.rt60_s", *rt60_s, default_rt60_s, "s", rt60_scale, "time in which it decays by 60 dB"),
        )
    )
    return Effect("reverb", reverb.reverb, (*bands, Param("mix", 0, 1, 1, about="reverb against the dry sends")))


def _default_return_db(band: str, lowest: float, highest: float) -> float:
    """A room returns little below 100 Hz and loses the top: full level from 125 Hz to 4 kHz, less outside."""
    fallen_db = {"sub": 30, "31hz": 24, "63hz": 12, "8khz": 6, "16khz": 12, "air": 24}
    return max(lowest, min(0, highest) - fallen_db.get(band, 0))


# A medium hall: longest in the low mids, damped by air and walls towards the top.
_DEFAULT_RT60_S = (1.0, 1.2, 1.5, 1.8, 1.8, 1.7, 1.6, 1.5, 1.3, 1.1, 1.0, 0.95)


def _gain(name: str, low_db: float, high_db: float, about: str) -> Effect:
    return Effect(name, stereo.gain, (Param("gain_db", low_db, high_db, 0, "dB", about=about),))


_SEND = Effect(
    "send",
    stereo.send,
    (Param("gain_db", stereo.SEND_OFF_DB, 12, stereo.SEND_OFF_DB, "dB", about="level into the reverb; lowest is off"),),
)
_PANNER = Effect("panner", stereo.panner, (Param("pan", -1, 1, 0, about="-1 left, 0 middle, 1 right"),))
_IMAGE = Effect("image", stereo.image, (Param("width", 0, 2, 1, about="0 mono, 1 as it is, 2 the side doubled"),))


# --- default: log scales where the ear hears ratios, bands that overlap, neutral when untouched -----------------------

# Every frequency of interest is reached by two or three bands, so the order of the bands is never a constraint.
DEFAULT_EQUALIZER = _equalizer(
    {
        "low_shelf": (20, 500, 100),
        "peak_1": (40, 800, 180),
        "peak_2": (120, 2500, 550),
        "peak_3": (400, 7000, 1700),
        "peak_4": (1200, 16000, 4500),
        "high_shelf": (1500, 18000, 8000),
    },
    q_range=(0.2, 6),
    scale="log",
)
DEFAULT_COMPRESSOR = Effect(
    "compressor",
    dynamics.compressor,
    (
        Param("threshold_db", -60, 0, -24, "dB", about="level above which it works"),
        Param("ratio", 1, 20, 1, "", "log", "dB in per dB out above the threshold; 1 is off"),
        Param("attack_ms", 0.1, 250, 10, "ms", "log", "time constant when the gain falls"),
        Param("release_ms", 5, 3000, 150, "ms", "log", "time constant when the gain recovers"),
        Param("knee_db", 0, 24, 6, "dB", about="width of the bend around the threshold"),
        Param("makeup_db", 0, 24, 0, "dB", about="gain after compression"),
    ),
)
DEFAULT_REVERB = _reverb((-40, 12), "linear", (0.1, 6), "log")

DEFAULT_TRACK = (
    _gain("input", -48, 48, "level before the equalizer"),
    DEFAULT_EQUALIZER,
    DEFAULT_COMPRESSOR,
    _PANNER,
    _gain("fader", -60, 12, "level in the mix"),
    _SEND,
)
DEFAULT_FX = (DEFAULT_REVERB,)
DEFAULT_MASTER = (
    _gain("input", -48, 48, "level before the equalizer"),
    DEFAULT_EQUALIZER,
    DEFAULT_COMPRESSOR,
    _IMAGE,
    _gain("fader", -48, 48, "level of the mix"),
)


# --- paper: the 27 / 25 / 26 controls of Diff-MST in its linear ranges ------------------------------------------------

_PAPER_SAMPLE_RATE = 44_100
_PAPER_TOP_HZ = _PAPER_SAMPLE_RATE / 2 - 1000
_PAPER_EQUALIZER = _equalizer(
    {
        "low_shelf": (20, 2000, 100),
        "peak_1": (80, 2000, 400),
        "peak_2": (2000, 8000, 4000),
        "peak_3": (8000, 12000, 10000),
        "peak_4": (12000, _PAPER_TOP_HZ, 14000),
        "high_shelf": (6000, _PAPER_TOP_HZ, 10000),
    },
    q_range=(0.1, 5),
    scale="linear",
)
_PAPER_COMPRESSOR = Effect(
    "compressor",
    dynamics.compressor,
    (
        Param("threshold_db", -60, 0, -24, "dB", about="level above which it works"),
        Param("ratio", 1, 10, 1, about="dB in per dB out above the threshold; 1 is off"),
        Param("attack_ms", 5, 250, 10, "ms", about="time constant when the gain falls"),
        Param("release_ms", 10, 250, 150, "ms", about="time constant when the gain recovers"),
        Param("knee_db", 3, 12, 6, "dB", about="width of the bend around the threshold"),
        Param("makeup_db", 0, 6, 0, "dB", about="gain after compression"),
    ),
)
# The published reverb has per band a gain in 0 .. 1 and a decay d in 0 .. 1: an envelope exp(-(1 + 10 d) t / T) over
# T = 65,536 samples. In our units, the gain is dB that moves evenly in amplitude (its 0 is -80 dB here) and the decay
# the time to fall by 60 dB, ln(1000) T / (1 + 10 d), which moves evenly in its rate, as d does.
_PAPER_SLOWEST_RT60_S = math.log(1000) * 65_536 / _PAPER_SAMPLE_RATE
_PAPER_REVERB = _reverb((-80, 0), "amplitude", (_PAPER_SLOWEST_RT60_S / 11, _PAPER_SLOWEST_RT60_S), "rate")

PAPER_TRACK = (
    _gain("input", -48, 48, "level before the equalizer"),
    _PAPER_EQUALIZER,
    _PAPER_COMPRESSOR,
    _SEND,
    _PANNER,
)
PAPER_FX = (_PAPER_REVERB,)
PAPER_MASTER = (
    _gain("input", -48, 48, "level before the equalizer"),
    _PAPER_EQUALIZER,
    _PAPER_COMPRESSOR,
    _gain("fader", -48, 48, "level of the mix"),
)
