"""Basses, guitars and pianos."""

from functools import partial

import numpy as np

from diffmst.data.instruments import strings
from diffmst.data.instruments.playing import Play
from diffmst.data.song_maker.draws.chance import Chance, log_between


def draw_electric_bass(rng: Chance) -> Play:
    """Pick or thumb, new strings or old, muted or ringing."""
    model = strings.Bass(
        thumb=rng.uniform(0, 1),
        life_s=log_between(rng, 0.7, 3.0),
        muted=float(np.clip(rng.uniform(-0.8, 0.7), 0, 1)),
        growl_hz=log_between(rng, 400, 1600),
        growl_db=rng.uniform(-3, 7),
        drive=log_between(rng, 0.6, 5.0),
        finger=log_between(rng, 0.03, 0.4),
    )
    return partial(strings.bass, model=model)


def draw_upright_bass(rng: Chance) -> Play:
    """Plucked with the finger."""
    model = strings.Bass(
        thumb=rng.uniform(0.6, 1),
        life_s=log_between(rng, 0.4, 0.9),
        growl_hz=log_between(rng, 130, 320),
        growl_db=rng.uniform(2, 8),
        drive=0.4,
        finger=log_between(rng, 0.1, 0.5),
    )
    return partial(strings.bass, model=model)


def draw_guitar(rng: Chance, drive: tuple[float, float] = (2.6, 24.0)) -> Play:
    """Electric guitar, driven, through some box."""
    model = strings.Guitar(
        drive=log_between(rng, *drive),
        detune_cents=rng.normal(0, 3),
        pluck=rng.uniform(0.07, 0.26),
        life_s=log_between(rng, 1.2, 3.5),
        bright=rng.uniform(0.9, 1.5),
        box_hz=log_between(rng, 90, 170),
        bark_hz=log_between(rng, 1700, 3800),
        bark_db=rng.uniform(2, 10),
        cut_hz=log_between(rng, 3600, 7000),
        pick=log_between(rng, 0.05, 0.3),
    )
    return partial(strings.guitar, model=model)


def draw_clean_guitar(rng: Chance) -> Play:
    """Electric guitar, hardly driven."""
    return draw_guitar(rng, (0.4, 2.2))


def draw_direct_guitar(rng: Chance) -> Play:
    """Electric guitar by wire, before any amplifier."""
    model = strings.Guitar(
        pluck=rng.uniform(0.07, 0.26), bright=rng.uniform(0.9, 1.6), pick=log_between(rng, 0.05, 0.3), amplified=False
    )
    return partial(strings.guitar, model=model)


def draw_acoustic(rng: Chance) -> Play:
    """Guitar of steel or nylon."""
    model = strings.Acoustic(
        pluck=rng.uniform(0.1, 0.35),
        life_s=log_between(rng, 0.7, 2.0),
        bright=rng.uniform(0.85, 1.8),
        body_hz=log_between(rng, 85, 135),
        body_db=rng.uniform(2, 10),
        pick=log_between(rng, 0.06, 0.5),
    )
    return partial(strings.acoustic, model=model)


def draw_small_strings(rng: Chance) -> Play:
    """Ukulele, mandolin or banjo."""
    model = strings.Acoustic(
        pluck=rng.uniform(0.1, 0.3),
        life_s=log_between(rng, 0.2, 0.7),
        bright=rng.uniform(0.8, 1.4),
        body_hz=log_between(rng, 190, 420),
        body_db=rng.uniform(3, 11),
        pick=log_between(rng, 0.1, 0.5),
    )
    return partial(strings.acoustic, model=model)


def draw_piano(rng: Chance) -> Play:
    """Grand or upright, new or worn."""
    model = strings.Piano(
        bright=rng.uniform(0.45, 1.3),
        life_s=log_between(rng, 1.0, 3.5),
        unison_cents=log_between(rng, 0.4, 5.0),
        hammer=log_between(rng, 0.05, 0.5),
        width=rng.uniform(0.0, 1.0),
    )
    return partial(strings.piano, model=model)
