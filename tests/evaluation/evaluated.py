"""Rows of an evaluation that nobody ran: the figures follow from the names, so that what is said of them is known."""

import numpy as np

from diffmst.evaluation.metric import Metric
from diffmst.evaluation.row import Row

BASELINE = "equal-loudness"
ERRORS = {BASELINE: 2.0, "refine": 1.0, "guess": 2.6}
"""Mean error of each system."""


def metric(key, group="recovery", better="lower", decimals=2, **more):
    return Metric(key, key.partition("_")[0], "LU", group, better, decimals, f"What {key} says.", "Not all.", **more)


LEVEL = metric("level_error_lu", compared_with_baseline=True, headline=True)
SDR = metric("sdr_db", "paired", "higher", 1, headline=True)
AF = metric("af", "style", decimals=3, headline=True)
AF_RMS = metric("af_rms", "style", decimals=5)
PEAK = metric("peak_dbtp", "sanity", "none", 1, headline=True)
SECONDS = metric("seconds", "cost", headline=True)
METRICS = (LEVEL, SDR, AF, AF_RMS, PEAK, SECONDS)
SCALES = {"af_rms": 1e-3, "af": 1.0}


def row(pair, system, wrong=False, task="same-song", song=None, **more):
    return Row(pair, song or pair.partition("-")[0], "like.wav", task, system, wrong, **more)


def figures_of(error, rng):
    noise = rng.normal(0, 0.05)
    return {
        "level_error_lu": error + noise,
        "sdr_db": 10 - 4 * error - noise,
        "af": 0.1 * error,
        "af_rms": 1e-3 * error,
        "peak_dbtp": -1.0 - 0.1 * noise,
        "seconds": 3.0 / error,
    }


def make_rows(songs=8, takes=2, listening=("refine",), systems=tuple(ERRORS), task="same-song", seed=0):
    """Every system on every take of every song; a wrong reference costs a listener 0.6 LU, and others are not tried."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(songs):
        hard = rng.uniform(0.7, 1.3)
        for take in range(takes):
            for system in systems:
                for wrong in (False, True) if system in listening else (False,):
                    error = hard * ERRORS.get(system, 1.5) + 0.6 * wrong
                    pair = f"song{number}-{take}"
                    rows.append(row(pair, system, wrong, task, figures=figures_of(error, rng)))
    return rows
