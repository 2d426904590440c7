"""How near the treatment of every stem comes to the one that is wanted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from diffmst.evaluation.metrics.processed_stems import ProcessedStem, levels_lu

LEAST_LU = -40.0
"""A stem this far under all together is not heard; further down, or muted, counts as this far."""


def recovery_figures(
    found: Sequence[ProcessedStem], wanted: Sequence[ProcessedStem], sounding: Sequence[bool]
) -> dict[str, float]:
    """Errors meaned over the stems, by name; what can be told of no stem is not there.

    Level counts for every raw stem that sounds. Where a stem stands and how it sounds is asked only of those that are
    heard in both mixes.

    Args:
        found: the stems as a system processed them.
        wanted: as they are wanted, in the same order.
        sounding: which raw stems are not silent.
    """
    raw = np.asarray(sounding)
    levels = [np.maximum(levels_lu(stems), LEAST_LU) for stems in (found, wanted)]
    both = raw & (levels[0] > LEAST_LU) & (levels[1] > LEAST_LU)
    heard = [(one, other) for one, other, sounds in zip(found, wanted, both, strict=True) if sounds]
    sides_db = np.array([[stem.sides_db for stem in pair] for pair in heard]).reshape(-1, 2).T
    errors = {
        "level_error_lu": np.abs(levels[0] - levels[1])[raw],
        "pan_error_db": np.abs(sides_db[0] - sides_db[1]),
        "width_error_db": np.abs(np.abs(sides_db[0]) - np.abs(sides_db[1])),
        "eq_error_db": np.array([_tone_error_db(*pair) for pair in heard]),
        "gain_reduction_error_db": np.array(
            [abs(one.gain_reduction_db - other.gain_reduction_db) for one, other in heard]
        ),
    }
    known = {name: error[~np.isnan(error)] for name, error in errors.items()}
    figures = {name: float(error.mean()) for name, error in known.items() if len(error)}
    if len(known["level_error_lu"]):
        figures["worst_level_error_lu"] = float(known["level_error_lu"].max())
    return figures


def _tone_error_db(found: ProcessedStem, wanted: ProcessedStem) -> float:
    """Root mean square difference over the bands in which there is something; NaN if there are none."""
    difference: NDArray[np.float64] = found.tone_db - wanted.tone_db
    known = difference[~np.isnan(difference)]
    return float(np.sqrt(np.square(known).mean())) if len(known) else float("nan")
