"""Instruments and singers of one line."""

from functools import partial

import numpy as np

from diffmst.data.instruments import solo, synthesizers, voices
from diffmst.data.instruments.playing import Play
from diffmst.data.song_maker.draws.chance import Chance, log_between


def draw_synth_lead(rng: Chance) -> Play:
    """A line of a synthesiser, that glides or does not."""
    if rng.random() < 0.5:
        model = solo.Solo(
            corner_hz=log_between(rng, 700, 6000),
            order=rng.uniform(0.9, 1.6),
            swell=rng.uniform(0, 0.6),
            body_hz=(),
            attack_s=log_between(rng, 0.005, 0.06),
            release_s=log_between(rng, 0.03, 0.2),
            vibrato_cents=rng.uniform(0, 40),
            breath=0.0,
            glide_s=log_between(rng, 0.005, 0.15),
            odd=float(rng.random() < 0.3),
        )
        return partial(solo.solo, model=model)
    detune = log_between(rng, 3, 20)
    lead = synthesizers.Synth(
        cents=(-detune, 0.5, detune),
        width=float(rng.choice([0.0, 0.5])),
        life_s=log_between(rng, 1.0, 6.0),
        closing=log_between(rng, 0.02, 0.2),
        attack_s=log_between(rng, 0.002, 0.03),
        release_s=log_between(rng, 0.04, 0.2),
        octave=rng.uniform(0, 0.4),
        octave_ratio=2.0,
        drive=log_between(rng, 0.5, 4.0),
        cutoff_hz=log_between(rng, 2000, 15_000),
    )
    return partial(synthesizers.synth, model=lead)


def draw_bowed(rng: Chance) -> Play:
    """Violin, viola or cello, alone."""
    model = solo.Solo(
        corner_hz=log_between(rng, 900, 2600),
        order=rng.uniform(1.0, 1.5),
        swell=rng.uniform(0.2, 0.5),
        body_hz=tuple(float(f) for f in np.array([280, 460, 1100, 2500]) * log_between(rng, 0.6, 1.15)),
        body_db=rng.uniform(3, 9),
        attack_s=log_between(rng, 0.04, 0.15),
        release_s=log_between(rng, 0.08, 0.25),
        vibrato_cents=rng.uniform(5, 35),
        vibrato_hz=rng.uniform(4.8, 6.5),
        breath=log_between(rng, 0.02, 0.2),
        glide_s=log_between(rng, 0.02, 0.08),
    )
    return partial(solo.solo, model=model)


def _brass(rng: Chance) -> solo.Solo:
    return solo.Solo(
        corner_hz=log_between(rng, 900, 3000),
        order=rng.uniform(1.4, 2.2),
        swell=rng.uniform(0.5, 0.85),
        body_hz=(log_between(rng, 450, 1300),),
        body_db=rng.uniform(2, 7),
        attack_s=log_between(rng, 0.02, 0.06),
        release_s=log_between(rng, 0.04, 0.12),
        vibrato_cents=rng.uniform(0, 15),
        breath=log_between(rng, 0.01, 0.06),
        glide_s=log_between(rng, 0.01, 0.05),
    )


def draw_brass_section(rng: Chance) -> Play:
    """Two to four players."""
    return partial(solo.section, model=_brass(rng), width=rng.uniform(0.1, 0.8))


def draw_brass(rng: Chance) -> Play:
    """Trumpet or trombone."""
    return partial(solo.solo, model=_brass(rng))


def draw_reed(rng: Chance) -> Play:
    """Saxophone or clarinet."""
    model = solo.Solo(
        corner_hz=log_between(rng, 700, 2400),
        order=rng.uniform(1.1, 1.7),
        swell=rng.uniform(0.3, 0.6),
        body_hz=(log_between(rng, 600, 1000), log_between(rng, 1300, 2100)),
        body_db=rng.uniform(2, 8),
        attack_s=log_between(rng, 0.02, 0.07),
        release_s=log_between(rng, 0.05, 0.12),
        vibrato_cents=rng.uniform(0, 30),
        breath=log_between(rng, 0.05, 0.35),
        glide_s=log_between(rng, 0.01, 0.07),
        odd=float(rng.random() < 0.25),
    )
    return partial(solo.solo, model=model)


def draw_flute(rng: Chance) -> Play:
    """Flute or whistle: few harmonics, much breath."""
    model = solo.Solo(
        corner_hz=log_between(rng, 350, 900),
        order=rng.uniform(2.0, 3.0),
        swell=0.3,
        body_hz=(),
        attack_s=0.05,
        release_s=0.1,
        vibrato_cents=rng.uniform(5, 25),
        breath=log_between(rng, 0.2, 1.0),
        glide_s=0.02,
    )
    return partial(solo.solo, model=model)


def draw_singer(rng: Chance, *, low: bool, spoken: bool = False) -> voices.Singer:
    """A voice: long or short tract, pressed or breathy, with or without vibrato."""
    return voices.Singer(
        tract=log_between(rng, 0.8, 0.92) if low else log_between(rng, 0.93, 1.13),
        vibrato_cents=rng.uniform(0, 55),
        vibrato_hz=rng.uniform(4.6, 6.4),
        breath=log_between(rng, 0.01, 0.25),
        scoop_cents=rng.uniform(10, 130),
        glide_s=log_between(rng, 0.03, 0.12),
        press=log_between(rng, 0.4, 2.0),
        tilt=rng.uniform(1.1, 2.0),
        ring_db=rng.uniform(0, 8),
        sibilance=log_between(rng, 0.4, 2.2),
        spoken=rng.uniform(0.6, 1.2) if spoken else 0.0,
        air=log_between(rng, 0.05, 0.6),
    )
