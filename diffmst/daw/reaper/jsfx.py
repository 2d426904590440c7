"""Our strip and reverb as JSFX, written from what the console declares and the constants of its DSP."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import NamedTuple

from jinja2 import Environment, StrictUndefined, Template

from diffmst.daw.reaper.chunks import decimal
from diffmst.daw.reaper.sliders import reverb_sliders, strip_sliders
from diffmst.dsp import filters, reverb
from diffmst.dsp.kernels.reference import LEVEL_FLOOR
from diffmst.layout import Section

BLOCK = 4096
"""Samples of a block of the reverb's convolution: its delay, and a balance of that against its work."""

NOISE_NAME = "reverb-noise.wav"
"""Beside the script of the reverb."""

_PEAK, _LOW_SHELF, _HIGH_SHELF = 0, 1, -1


class _Band(NamedTuple):
    name: str
    kind: int


class _ReverbBand(NamedTuple):
    gain_slider: int
    rt60_slider: int


def strip_script(section: Section, name: str) -> str:
    """The JSFX of a channel strip.

    Args:
        section: of a track or the master; has `input`, `eq` and `compressor`.
        name: what it is called by.
    """
    sliders = strip_sliders(section)
    return _template("strip").render(
        name=name,
        sliders=sliders,
        bands=_bands(section),
        level_floor=LEVEL_FLOOR,
        widens="image.width" in section.params,
        highest_frequency=filters.HIGHEST_FREQUENCY,
    )


def reverb_script(section: Section, sample_rate: int, taps: int) -> str:
    """The JSFX of the reverb.

    Args:
        section: of the FX bus; has `reverb`.
        sample_rate: of the session, Hz.
        taps: samples of the longest response that the noise beside it is for.
    """
    sliders = reverb_sliders(section)
    number = {slider.control: slider.number for slider in sliders}
    return _template("reverb").render(
        sliders=sliders,
        bands=[
            _ReverbBand(number[f"reverb.{band}.gain_db"], number[f"reverb.{band}.rt60_s"]) for band in reverb.BAND_NAMES
        ],
        mix_slider=number["reverb.mix"],
        noise_name=NOISE_NAME,
        sample_rate=sample_rate,
        block=BLOCK,
        taps=taps,
        filter_energy=reverb.noise_bands(sample_rate, 1)[1].tolist(),
        fade_s=reverb.FADE_S,
        longest_s=reverb.LONGEST_S,
        length_step_s=reverb.LENGTH_STEP_S,
        silent_energy=reverb.SILENT_ENERGY,
    )


def _bands(section: Section) -> list[_Band]:
    """The bands of the equalizer in order: a low shelf, peaks, a high shelf, as `filters.equalizer` takes them."""
    names = [name.split(".")[1] for name in section.params if name.startswith("eq.") and name.endswith(".gain_db")]
    kinds = [_LOW_SHELF, *[_PEAK] * (filters.BANDS - 2), _HIGH_SHELF]
    return [_Band(name, kind) for name, kind in zip(names, kinds, strict=True)]


@cache
def _environment() -> Environment:
    environment = Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.globals["decimal"] = decimal
    return environment


@cache
def _template(name: str) -> Template:
    text = files("diffmst.daw.reaper").joinpath("templates", f"{name}.jsfx").read_text(encoding="utf-8")
    return _environment().from_string(text)
