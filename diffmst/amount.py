"""Amounts: a mix between the balanced neutral one and the matched one, and beyond, overall and aspect by aspect."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictFloat

from diffmst.arrays import Array, library
from diffmst.aspects import Aspect, aspect_of
from diffmst.dsp.stereo import SEND_OFF_DB, send_amplitude
from diffmst.dsp.units import amplitude_to_db
from diffmst.layout import Layout, Section, Settings
from diffmst.params import Param

MOST_PERCENT = 150.0
"""Further than this from the neutral mix, what was meant for the reference becomes a caricature of it."""

Percent = Annotated[StrictFloat, Field(ge=0, le=MOST_PERCENT)]


class Amounts(BaseModel):
    """How much of what was matched is done, in percent: 0 is the balanced neutral mix, 100 the matched one.

    More goes further the way that the match went: where it narrowed the mix, more width is narrower. Each aspect is
    scaled by the overall amount; together they go no further than `MOST_PERCENT`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    overall: Percent = Field(default=100.0, description="Of everything: the other amounts are multiplied by it.")
    level: Percent = Field(default=100.0, description="Of the levels of the tracks against each other.")
    tone: Percent = Field(default=100.0, description="Of the equalizers.")
    dynamics: Percent = Field(default=100.0, description="Of the compressors.")
    width: Percent = Field(default=100.0, description="Of the panning, and of the width of the mix, wider or narrower.")
    space: Percent = Field(default=100.0, description="Of the reverb.")

    def share(self, aspect: Aspect) -> float:
        """How far the controls of an aspect go from neutral (0) to matched (1).

        >>> Amounts(overall=50, tone=80).share("tone")
        0.4
        """
        percent: float = getattr(self, aspect)
        return min(self.overall * percent / 1e4, MOST_PERCENT / 100)


def blend(neutral: Settings[Array], matched: Settings[Array], amounts: Amounts, layout: Layout) -> Settings[Array]:
    """Settings between two mixes, or beyond the second: at 0 % exactly the one, at 100 % exactly the other.

    Controls move evenly in what is heard of them: decibels as they are, frequencies, times and ratios by factors,
    pans from side to side, sends in amplitude (a closed one counts as nothing). All stay in their ranges.

    Where an equalizer band has no gain, a compressor the ratio 1, or no track sends into the reverb, their other
    controls have no meaning; they are taken from the other mix, so that only what is heard moves.

    Args:
        neutral: at 0 %, physical.
        matched: at 100 %, physical.
        amounts: how far to go.
        layout: the console's controls.

    Shape: [..., controls] in each section, those of both mixes alike; returns the same.
    """
    dry = [_dry(layout, settings) for settings in (neutral, matched)]
    parts = []
    for (name, section), one, other in zip(layout.sections(), neutral, matched, strict=True):
        idle = [dry[0], dry[1]] if name == "fx" else [_idle(section, one), _idle(section, other)]
        parts.append(_blended(section, one, other, idle, amounts))
    return Settings(*parts)


def _blended(section: Section, neutral: Array, matched: Array, idle: list[Array], amounts: Amounts) -> Array:
    """One section; `idle` says of both where their values have no meaning, as [..., controls] or for all of it."""
    xp = library(neutral)
    start = xp.where(idle[0], matched, neutral)
    end = xp.where(idle[1], start, matched)
    columns = []
    for column, (name, control) in enumerate(section.params.items()):
        share = amounts.share(aspect_of(name))
        if share in (0, 1):
            columns.append((neutral, matched)[int(share)][..., column])
            continue
        value = _between(name, control, start[..., column], end[..., column], share)
        columns.append(xp.clip(value, control.low, control.high))
    return xp.stack(columns, -1)


def _between(name: str, control: Param, neutral: Array, matched: Array, share: float) -> Array:
    """Values of one control, in its own way; they may leave its range."""
    if name == "send.gain_db":
        closed, opened = send_amplitude(neutral), send_amplitude(matched)
        return amplitude_to_db(library(neutral).clip(closed + share * (opened - closed), 0.0, None))
    if control.unit != "dB" and control.low > 0:
        return neutral * (matched / neutral) ** share
    return neutral + share * (matched - neutral)


def _idle(section: Section, values: Array) -> Array:
    """Which controls of equalizers and compressors have no meaning, as nothing is boosted, cut or compressed."""
    names = list(section.params)
    never = library(values).zeros_like(values[..., 0], dtype=bool)
    idle = []
    for name in names:
        effect, _, control = name.partition(".")
        if effect == "eq" and not control.endswith("gain_db"):
            idle.append(values[..., names.index(f"{name.rpartition('.')[0]}.gain_db")] == 0)
        elif effect == "compressor" and control not in ("ratio", "makeup_db"):
            idle.append(values[..., names.index("compressor.ratio")] == 1)
        else:
            idle.append(never)
    return library(values).stack(idle, -1)


def _dry(layout: Layout, settings: Settings[Array]) -> Array:
    """Whether no track sends anything into the reverb, [..., 1]."""
    sends = layout.track.controls(settings.tracks, "send")["gain_db"]
    return library(sends).amax(sends, -1)[..., None] <= SEND_OFF_DB
