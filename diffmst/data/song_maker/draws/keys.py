"""Keyboards, mallets, pads and synthesisers."""

from functools import partial

import numpy as np

from diffmst.data.instruments import keyboards, synthesizers
from diffmst.data.instruments.playing import Play
from diffmst.data.song_maker.draws.chance import Chance, among, log_between


def draw_synth_bass(rng: Chance) -> Play:
    """From a bare sine to a torn saw."""
    detune = rng.uniform(0, 12)
    model = synthesizers.Synth(
        cents=(-detune, detune) if rng.random() < 0.6 else (0.0,),
        life_s=log_between(rng, 0.2, 4.0),
        closing=log_between(rng, 0.02, 0.6),
        slope=rng.uniform(0.8, 1.6),
        odd=float(rng.random() < 0.35),
        octave=log_between(rng, 0.3, 8.0),
        octave_ratio=among(rng, (1.0, 1.0, 0.5)),
        drive=log_between(rng, 0.5, 6.0),
        cutoff_hz=log_between(rng, 400, 9000),
        fm_index=float(rng.random() < 0.25) * rng.uniform(0.5, 2),
        release_s=log_between(rng, 0.02, 0.15),
    )
    return partial(synthesizers.synth, model=model)


def draw_sub_bass(rng: Chance) -> Play:
    """A long sine with little above it, as of the 808."""
    model = synthesizers.Synth(
        cents=(0.0,),
        life_s=log_between(rng, 0.6, 3.0),
        closing=1.0,
        slope=2.5,
        octave=4.0,
        drive=log_between(rng, 0.4, 5.0),
        cutoff_hz=log_between(rng, 150, 1500),
        release_s=0.08,
    )
    return partial(synthesizers.synth, model=model)


def draw_electric_piano(rng: Chance) -> Play:
    """Tines and reeds."""
    model = keyboards.ElectricPiano(
        bell=log_between(rng, 0.05, 0.6),
        bark=log_between(rng, 0.3, 4.0),
        life_s=log_between(rng, 0.7, 2.5),
        sway=float(rng.random() < 0.5) * rng.uniform(0.1, 0.6),
        sway_hz=log_between(rng, 2, 7),
    )
    return partial(keyboards.electric_piano, model=model)


def draw_organ(rng: Chance) -> Play:
    """Drawbars pulled anywhere."""
    model = keyboards.Organ(
        drawn=tuple(float(drawn) for drawn in rng.uniform(0, 1, 7) ** 1.5),
        drive=log_between(rng, 0.4, 4.0),
        turn_hz=float(rng.choice([0.0, 0.8, 6.3])),
        turn=rng.uniform(0.1, 0.5),
    )
    return partial(keyboards.organ, model=model)


def draw_mallets(rng: Chance) -> Play:
    """Marimba, vibraphone, glockenspiel, bell or something between."""
    ratio = {
        0: (1.0, 4.0, 10.2, 18.6),
        1: (1.0, 4.0, 10.0),
        2: (1.0, 2.76, 5.4, 8.93),
        3: (0.5, 1.0, 1.2, 1.5, 2.0, 2.6, 3.0),
    }[int(rng.integers(4))]
    weight = tuple(float(w) for w in np.exp(-rng.uniform(0.6, 2.0) * np.arange(len(ratio))))
    model = keyboards.Mallets(
        ratio=ratio,
        weight=weight,
        life_s=log_between(rng, 0.12, 1.6),
        damping=rng.uniform(0.3, 1.2),
        knock=log_between(rng, 0.03, 0.5),
        width=rng.uniform(0, 1),
    )
    return partial(keyboards.mallets, model=model)


def draw_synth(rng: Chance) -> Play:
    """Chords of a synthesiser."""
    oscillators = int(rng.integers(1, 6))
    detune = log_between(rng, 3, 22)
    model = synthesizers.Synth(
        cents=tuple(float(c) for c in np.linspace(-detune, detune, oscillators) + rng.normal(0, 1, oscillators)),
        width=float(oscillators > 1) * float(rng.choice([0.0, 0.5, 0.9])),
        life_s=log_between(rng, 0.3, 5.0),
        closing=log_between(rng, 0.02, 0.5),
        slope=rng.uniform(0.8, 1.8),
        odd=float(rng.random() < 0.3),
        attack_s=log_between(rng, 0.001, 0.04),
        release_s=log_between(rng, 0.05, 0.4),
        drive=log_between(rng, 0.4, 3.0),
        cutoff_hz=log_between(rng, 900, 16_000),
        fm_index=float(rng.random() < 0.3) * rng.uniform(0.4, 2.5),
        fm_ratio=among(rng, (1.0, 2.0, 3.0, 3.5, 7.0)),
    )
    return partial(synthesizers.synth, model=model)


def draw_pluck(rng: Chance) -> Play:
    """Short notes of a synthesiser."""
    detune = log_between(rng, 1, 14)
    model = synthesizers.Synth(
        cents=(-detune, detune) if rng.random() < 0.7 else (0.0,),
        width=float(rng.choice([0.0, 0.4, 0.8])),
        life_s=log_between(rng, 0.08, 0.5),
        closing=log_between(rng, 0.05, 0.5),
        slope=rng.uniform(0.8, 2.0),
        odd=float(rng.random() < 0.4),
        release_s=log_between(rng, 0.05, 0.3),
        cutoff_hz=log_between(rng, 1500, 16_000),
        fm_index=float(rng.random() < 0.4) * rng.uniform(0.4, 3),
        fm_ratio=among(rng, (1.0, 2.0, 3.5, 5.0, 7.1)),
    )
    return partial(synthesizers.synth, model=model)


def draw_pad(rng: Chance) -> Play:
    """A pad of many oscillators."""
    model = keyboards.Ensemble(
        brightness_hz=log_between(rng, 350, 5000),
        attack_s=log_between(rng, 0.05, 0.8),
        release_s=log_between(rng, 0.2, 1.2),
        players=int(rng.integers(2, 7)),
        spread_cents=log_between(rng, 2, 12),
        width=rng.uniform(0.2, 1.0),
        odd=float(rng.random() < 0.3),
    )
    return partial(keyboards.ensemble, model=model)


def draw_string_ensemble(rng: Chance) -> Play:
    """A section of bowed strings."""
    model = keyboards.Ensemble(
        brightness_hz=log_between(rng, 1200, 4500),
        attack_s=log_between(rng, 0.04, 0.3),
        release_s=log_between(rng, 0.12, 0.5),
        players=int(rng.integers(4, 8)),
        spread_cents=log_between(rng, 4, 11),
        width=rng.uniform(0.4, 1.0),
    )
    return partial(keyboards.ensemble, model=model)
