"""The mix against its reference, before and after, as the page draws it; `diffmst.report` has the same on paper."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from pydantic import BaseModel, Field

from diffmst.aspects import ASPECTS, Aspect
from diffmst.mix import ComparisonMix
from diffmst.references import shares
from diffmst.web.jobs.sounds import Sound, read_sound
from diffmst.web.session import Session
from diffmst.web.session_info import SessionInfo


class PictureFigure(BaseModel):
    """A figure that is shown of every mix: what it is called, and how."""

    key: str = Field(description="Its name among the sounds.")
    name: str
    unit: str
    decimals: int
    about: str


class PictureTerm(BaseModel):
    """One term of the distance to the reference."""

    key: str
    group: str = Field(description="Terms of one kind belong together; empty for those that stand alone.")
    name: str
    before: float
    after: float


class PictureGauge(BaseModel):
    """How far the mix is from the reference in one respect, dB; above 0 is wider, or more dynamic."""

    name: str
    before_db: float | None
    after_db: float | None


class Pictures(BaseModel):
    """All that explains a mix, as far as it is known by now."""

    sounds: dict[str, Sound] = Field(description="`before`, `after`, and every `reference-<id>`.")
    reference_of: dict[Aspect, str] = Field(description="Which of several references is looked at for what.")
    after_is_current: bool = Field(description="False when the mix has changed since `after` was heard.")
    distances: list[PictureTerm] = Field(description="As matching left them.")
    gauges: list[PictureGauge]
    figures: list[PictureFigure]
    windows_s: list[tuple[float, float]] = Field(description="Start and end of what was listened to in the song.")


FIGURES = [
    PictureFigure(key=key, name=name, unit=unit, decimals=decimals, about=about)
    for key, name, unit, decimals, about in (
        ("loudness_lufs", "Integrated loudness", "LUFS", 1, "of the whole song"),
        ("loudness_range_lu", "Loudness range", "LU", 1, "quiet against loud parts"),
        ("true_peak_dbtp", "True peak", "dBTP", 1, "highest level, between samples too"),
        ("plr_db", "Peak to loudness", "dB", 1, "how far peaks stand above the loudness"),
        ("width_db", "Side against mid", "dB", 1, "width; lower is narrower"),
        ("correlation", "Correlation", "", 2, "1 is mono, 0 is wide, below phasey"),
        ("mono_loss_lu", "Lost in mono", "LU", 1, "3 is what unrelated sides lose"),
        ("bandwidth_hz", "Highest sound", "Hz", 0, "nothing to speak of above"),
    )
]


def pictures_of(session: Session) -> Pictures:
    """What there is.

    Raises:
        UserError: the session is damaged.
    """
    from diffmst.web.jobs.tasks.song import sounding_key

    info, document = session.info(), session.document()
    mix = document.mix if document else None
    names = ["before", "after", *(f"reference-{reference.id}" for reference in info.references)]
    sounds = {name: sound for name in names if (sound := read_sound(session.cache_folder, name))}
    reference_of = _reference_of(info)
    after = sounds.get("after")
    comparison = mix.comparison if mix else None
    return Pictures(
        sounds=sounds,
        reference_of=reference_of,
        after_is_current=bool(mix and after and after.key == sounding_key(mix)),
        distances=list(_terms(comparison)) if comparison else [],
        gauges=list(_gauges(sounds, reference_of)),
        figures=FIGURES,
        windows_s=_windows(comparison) if comparison else [],
    )


def _reference_of(info: SessionInfo) -> dict[Aspect, str]:
    if not info.references:
        return {}
    names = [f"reference-{reference.id}" for reference in info.references]
    return {aspect: names[int(np.argmax(shares(info.references, aspect)))] for aspect in ASPECTS}


def _terms(comparison: ComparisonMix) -> Iterator[PictureTerm]:
    from diffmst.report.words import label  # which takes long to load, and a server has to be there at once

    before, after = comparison.distance_before, comparison.distance_after
    for key in (key for key in after if key in before):
        group, _, name = key.rpartition(".")
        yield PictureTerm(
            key=key, group=label(group) if group else "", name=label(name), before=before[key], after=after[key]
        )


def _windows(comparison: ComparisonMix) -> list[tuple[float, float]]:
    return [(start_s, start_s + comparison.song_window_s) for start_s in comparison.song_windows_at_s]


def _gauges(sounds: dict[str, Sound], reference_of: dict[Aspect, str]) -> Iterator[PictureGauge]:
    measures = {"tone": ("Tone", _tone_db), "width": ("Width", _width_db), "dynamics": ("Peaks", _dynamics_db)}
    for aspect, (name, measure) in measures.items():
        if reference := sounds.get(reference_of.get(aspect, "")):  # type: ignore[call-overload]
            before, after = sounds.get("before"), sounds.get("after")
            yield PictureGauge(
                name=name,
                before_db=measure(before, reference) if before else None,
                after_db=measure(after, reference) if after else None,
            )


def _tone_db(sound: Sound, reference: Sound) -> float:
    """Mean over third octaves from 40 Hz to 16 kHz; see `profile.differences`."""
    from diffmst.profile import TONE_HZ

    shared = min(len(sound.band_hz), len(reference.band_hz))
    freq_hz = np.array(sound.band_hz[:shared])
    difference_db = np.array(sound.band_db[:shared]) - np.array(reference.band_db[:shared])
    heard = (freq_hz > TONE_HZ[0] * 0.9) & (freq_hz < TONE_HZ[1] * 1.1)
    return round(float(np.abs(difference_db[heard]).mean()), 2)


def _width_db(sound: Sound, reference: Sound) -> float:
    from diffmst.profile import AS_GOOD_AS_MONO_DB

    ours, theirs = (max(either.width_db, AS_GOOD_AS_MONO_DB) for either in (sound, reference))
    return round(ours - theirs, 2)


def _dynamics_db(sound: Sound, reference: Sound) -> float | None:
    if sound.plr_db is None or reference.plr_db is None:
        return None
    return round(sound.plr_db - reference.plr_db, 2)
