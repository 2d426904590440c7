"""Post-screening: whose ratings count.

In a MUSHRA test by ITU-R BS.1534-3, section 4.1.2; in a preference test, which has no right answer, by whether somebody
rates alike what they are given twice, which is a rule of ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from diffmst.listening_test.anchors import NAMES
from diffmst.listening_test.key import Key
from diffmst.listening_test.results import Participant
from diffmst.listening_test.sources import REFERENCE

LEAST_REFERENCE_SCORE = 90.0
MOST_ANCHOR_SCORE = 90.0
MOST_FAILURES = 0.15
"""Share of the pages on which somebody may miss the hidden reference, or take the mid anchor for it."""

FAINT_ANCHOR = 0.25
"""Where more of all participants than this rate the mid anchor so high, the page says nothing of anybody."""

LEAST_GAP = 10.0
"""Points between two sounds, in both presentations, for their order to mean anything."""

LEAST_PAIRS = 3
LEAST_AGREEMENT = 2 / 3


def reasons_to_leave_out(participants: Sequence[Participant], key: Key) -> list[str]:
    """Why the ratings of each participant do not count; empty where they do."""
    tables = np.array([participant.table(key) for participant in participants])
    reasons = [_incomplete(table) for table in tables]
    if key.kind == "preference":
        return [
            reason or _inconsistent(table, participant.table(key, repeat=1))
            for reason, table, participant in zip(reasons, tables, participants, strict=True)
        ]
    judged = _judged_by_mid_anchor(tables, key)
    return [reason or _insensitive(table, judged, key) for reason, table in zip(reasons, tables, strict=True)]


def _incomplete(table: NDArray[np.float64]) -> str:
    missing = int(np.isnan(table).sum())
    return f"{missing} of {table.size} ratings are missing" if missing else ""


def _judged_by_mid_anchor(tables: NDArray[np.float64], key: Key) -> NDArray[np.bool_]:
    """The trials whose mid anchor is plainly worse, [trials]; none without such an anchor."""
    conditions = list(key.conditions)
    if NAMES["mid"] not in conditions:
        return np.zeros(len(key.trials), bool)
    return (tables[:, :, conditions.index(NAMES["mid"])] > MOST_ANCHOR_SCORE).mean(0) <= FAINT_ANCHOR


def _insensitive(table: NDArray[np.float64], judged: NDArray[np.bool_], key: Key) -> str:
    """Who does not find the hidden reference, or takes the mid anchor for it."""
    conditions = list(key.conditions)
    missed = table[:, conditions.index(REFERENCE)] < LEAST_REFERENCE_SCORE
    if missed.mean() > MOST_FAILURES:
        return f"the hidden reference under {LEAST_REFERENCE_SCORE:g} on {missed.sum()} of {len(missed)} pages"
    if NAMES["mid"] in conditions:
        mistaken = judged & (table[:, conditions.index(NAMES["mid"])] > MOST_ANCHOR_SCORE)
        if mistaken.mean() > MOST_FAILURES:
            return f"the {NAMES['mid']} over {MOST_ANCHOR_SCORE:g} on {mistaken.sum()} of {len(mistaken)} pages"
    return ""


def _inconsistent(first: NDArray[np.float64], second: NDArray[np.float64]) -> str:
    """Who puts sounds in another order when they come again."""
    alike, pairs = agreement(first, second)
    if pairs < LEAST_PAIRS or alike / pairs >= LEAST_AGREEMENT:
        return ""
    return f"{alike} of {pairs} pairs of sounds in the same order when a page came again"


def agreement(first: NDArray[np.float64], second: NDArray[np.float64]) -> tuple[int, int]:
    """How many pairs of sounds were put in the same order twice, of how many that were told apart both times.

    Shape: first, second [trials, conditions], NaN where there is no rating.
    """
    gaps = [(first[:, a] - first[:, b], second[:, a] - second[:, b]) for a, b in combinations(range(first.shape[1]), 2)]
    before, after = (np.concatenate(side) for side in zip(*gaps, strict=True))
    apart = (np.abs(before) >= LEAST_GAP) & (np.abs(after) >= LEAST_GAP)
    return int((np.sign(before) == np.sign(after))[apart].sum()), int(apart.sum())
