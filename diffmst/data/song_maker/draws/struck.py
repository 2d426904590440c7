"""Drums, percussion and effects."""

from functools import partial

import numpy as np

from diffmst.data.instruments import drums, effects, metals, percussion
from diffmst.data.instruments.playing import Play
from diffmst.data.song_maker.draws.chance import Chance, log_between


def draw_drums(rng: Chance) -> tuple[drums.Kit, metals.Metal]:
    """Drums of wood and cymbals of bronze."""
    kit = drums.Kit(
        kick_hz=log_between(rng, 44, 72),
        kick_sweep_hz=log_between(rng, 25, 110),
        kick_decay_s=log_between(rng, 0.06, 0.22),
        kick_click=rng.uniform(0.2, 1.4),
        snare_hz=log_between(rng, 150, 260),
        snare_decay_s=log_between(rng, 0.06, 0.2),
        bite=rng.uniform(0.7, 1.6),
        wires=log_between(rng, 0.1, 0.45),
        wires_hz=log_between(rng, 2400, 7000),
        rattle=log_between(rng, 0.6, 3.0),
        thud=log_between(rng, 1.0, 7.0),
        tom_decay_s=log_between(rng, 0.12, 0.4),
        tom_hz=log_between(rng, 120, 220),
    )
    metal = metals.Metal(
        clang=rng.uniform(0.0, 0.25),
        hiss=rng.uniform(0.3, 1.2),
        size=log_between(rng, 0.7, 1.25),
        life=log_between(rng, 0.6, 1.7),
        dark_hz=log_between(rng, 10_000, 30_000),
        bright=rng.uniform(0.9, 3.0),
        width=rng.uniform(0.5, 1.0),
        body=log_between(rng, 0.1, 1.0),
    )
    return kit, metal


def draw_drum_machine(rng: Chance) -> tuple[drums.Kit, metals.Metal]:
    """Drums of a machine."""
    kit = drums.Kit(
        kick_hz=log_between(rng, 38, 62),
        kick_sweep_hz=log_between(rng, 40, 320),
        kick_decay_s=log_between(rng, 0.08, 0.6),
        kick_click=rng.uniform(0.0, 1.0),
        snare_hz=log_between(rng, 160, 290),
        snare_decay_s=log_between(rng, 0.05, 0.3),
        clap=float(np.clip(rng.uniform(-0.5, 1.2), 0, 1)),
        bite=log_between(rng, 0.8, 4.0),
        wires=log_between(rng, 0.1, 0.7),
        wires_hz=log_between(rng, 2500, 9000),
        rattle=log_between(rng, 0.4, 3.0),
        thud=log_between(rng, 0.5, 6.0),
        tom_decay_s=log_between(rng, 0.1, 0.5),
        tom_hz=log_between(rng, 100, 260),
    )
    metal = metals.Metal(
        clang=rng.uniform(0.2, 1.3),
        hiss=rng.uniform(0.2, 1.5),
        size=log_between(rng, 0.8, 1.5),
        life=log_between(rng, 0.4, 1.8),
        dark_hz=log_between(rng, 12_000, 30_000),
        bright=rng.uniform(0.9, 3.5),
        width=rng.uniform(0.0, 1.0),
        body=log_between(rng, 0.05, 1.0),
    )
    return kit, metal


def draw_percussion(rng: Chance) -> Play:
    """A table of five instruments."""
    sounds = zip("stihl", rng.choice([*percussion.MAKERS], 5, replace=False), strict=True)
    return partial(
        percussion.percussion,
        model=percussion.Percussion(
            tune=log_between(rng, 0.8, 1.3),
            life=log_between(rng, 0.6, 1.8),
            width=float(rng.choice([0.0, 0.6, 1.0])),
            sounds=tuple((symbol, str(name)) for symbol, name in sounds),
        ),
    )


def draw_effects(rng: Chance) -> Play:
    """Risers and impacts, or a texture: crackle, drones, grains."""
    if rng.random() < 0.4:
        return effects.effects
    model = effects.Texture(
        grains_hz=log_between(rng, 0.5, 14),
        low_hz=log_between(rng, 80, 500),
        high_hz=log_between(rng, 600, 6000),
        grain_s=log_between(rng, 0.02, 0.8),
        noisy=rng.uniform(0, 1),
        drone_db=rng.uniform(-30, 0),
        width=rng.uniform(0, 1),
    )
    return partial(effects.texture, model=model)
