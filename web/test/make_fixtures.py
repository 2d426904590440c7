"""Writes what the tests of the page hold against the package: declarations, maps, locks, responses, and a document.

Run from the repository: `python web/test/make_fixtures.py`; tests/web/test_page_fixtures.py holds the files up to date.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from diffmst.adjust import with_ends
from diffmst.dsp.filters import equalizer_coefficients, frequency_response_db
from diffmst.layout import DEFAULT, LAYOUTS, Layout, Section, Settings
from diffmst.locks import matching_controls, patterns_of
from diffmst.mix import Mix
from diffmst.mix_parts import TrackMix
from diffmst.roles import FAMILIES, ROLES
from diffmst.web.routes.about import delivery, effects

FOLDER = Path(__file__).parent / "fixtures"

_PLACES = (0.0, 0.125, 1 / 3, 0.5, 0.8, 1.0)
_PATTERNS = ("*", "eq", "eq.*", "eq.*.q", "eq.low_shelf", "fader", "pan", "threshold", "SEND.gain_db", "mix", "q")
_PATTERNS += ("reverb.*.rt60_s", "eq.peak_[12].gain_db", "eq.peak_?.q", "eq.peak_[!1-3].q")
_FREQS_HZ = (25.0, 80.0, 250.0, 1000.0, 3500.0, 12_000.0, 19_000.0)
_SAMPLE_RATE = 44_100

_TRACKS = (
    ("01 Kick", "kick", 1, "drum kit", 2.9, 0.0),
    ("02 Snare", "snare", 1, "drum kit", 0.4, -0.04),
    ("03 Overheads", "hats", 2, "drum kit", -7.2, 0.0),
    ("04 Bass DI", "bass", 1, "", -1.8, 0.0),
    ("05 Guitar L", "guitar", 1, "Guitar", -6.3, -0.72),
    ("06 Guitar R", "guitar", 1, "Guitar", -6.6, 0.7),
    ("07 Piano", "keys", 2, "", -9.1, 0.12),
    ("08 Lead Vocal", "lead", 1, "", 1.3, 0.0),
)


def fixtures() -> dict[str, Any]:
    """Every file by its name, without `.json`."""
    mix = _mix()
    return {
        "layouts": [declaration.model_dump() for declaration in effects()],
        "delivery": [declaration.model_dump() for declaration in delivery()],
        "roles": [
            {"name": role.name, "family": FAMILIES.get(role.name, role.name), "label": role.name.capitalize()}
            for role in ROLES
        ],
        "scales": {name: _scales(layout) for name, layout in LAYOUTS.items()},
        "locks": {name: _locks(layout) for name, layout in LAYOUTS.items()},
        "responses": [_response(mix, track) for track in range(len(mix.tracks))],
        "mix": json.loads(mix.to_json()),
    }


def _scales(layout: Layout) -> dict[str, list[float]]:
    """The values of every control at some places."""
    return {
        f"{name}: {control}": param.from_unit(np.array(_PLACES)).tolist()
        for name, section in layout.sections()
        for control, param in section.params.items()
    }


def _locks(layout: Layout) -> dict[str, dict[str, Any]]:
    """What patterns name, and the shortest patterns for that."""
    return {
        f"{name}: {pattern}": {"controls": found, "patterns": list(patterns_of(section, found))}
        for name, section in layout.sections()
        for pattern in _PATTERNS
        if (found := _matching(section, pattern)) is not None
    }


def _matching(section: Section, pattern: str) -> list[str] | None:
    try:
        return matching_controls(section, pattern)
    except ValueError:
        return []


def _response(mix: Mix, track: int) -> dict[str, list[float]]:
    controls = DEFAULT.track.controls(mix.settings.tracks[0, track], "eq")
    coefficients = equalizer_coefficients(_SAMPLE_RATE, **controls)
    gains = frequency_response_db(coefficients, _SAMPLE_RATE, np.array(_FREQS_HZ))
    return {"freqs_hz": list(_FREQS_HZ), "gains_db": gains.tolist()}


def _mix() -> Mix:
    """Eight tracks with plausible settings, between a neutral and a matched end."""
    tracks = tuple(_track(*row) for row in _TRACKS)
    bare = Mix(sample_rate=_SAMPLE_RATE, tracks=tracks)
    dice = np.random.Generator(np.random.PCG64(8))
    matched = Settings(*(_scattered(section, values, dice) for section, values in _sections(bare)))
    mix = with_ends(bare, bare.settings, matched)
    return mix.model_copy(update={"render": mix.render.model_copy(update={"loudness_lufs": -11.0})})


def _track(name: str, role: str, channels: int, group: str, fader_db: float, pan: float) -> TrackMix:
    return TrackMix(
        name=name,
        path=f"stems/{name}.wav",
        sha256="0" * 64,
        channels=channels,
        role=role,
        role_from="name",
        role_confidence=0.97,
        group=group,
        settings={"fader.gain_db": fader_db, "panner.pan": pan},
    )


def _sections(mix: Mix) -> list[tuple[Section, np.ndarray]]:
    layout, settings = mix.console_layout, mix.settings
    return [(layout.track, settings.tracks), (layout.fx, settings.fx), (layout.master, settings.master)]


def _scattered(section: Section, values: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    """Settings as a match would leave them: some way from the defaults, in every control."""
    unit = section.to_unit(values)
    moved = section.from_unit(np.clip(unit + dice.normal(0, 0.09, unit.shape), 0, 1))
    for control in ("fader.gain_db", "panner.pan", "input.gain_db"):
        if control in section.params:
            column = section.column(control)
            moved[..., column] = values[..., column]
    for control, low, high in (("compressor.ratio", 1, 4), ("send.gain_db", -30, -10)):
        if control in section.params:
            moved[..., section.column(control)] = dice.uniform(low, high, unit.shape[:-1])
    return moved


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, content in fixtures().items():
        (FOLDER / f"{name}.json").write_text(json.dumps(content) + "\n")
