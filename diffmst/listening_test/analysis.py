"""The outcome of a listening test: whose ratings count, how each system was rated, which differences are real."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diffmst.errors import UserError
from diffmst.listening_test.key import Key
from diffmst.listening_test.results import Participant
from diffmst.listening_test.screening import reasons_to_leave_out
from diffmst.listening_test.statistics import Comparison, Spread, compare, friedman_p, spreads
from diffmst.statistics import FEWEST

FEWEST_SONGS = 5
"""That a test should have, whatever the number of systems; ITU-R BS.1534-3, section 7.1."""


@dataclass(frozen=True)
class Listener:
    """A participant as the report sees them.

    Attributes:
        participant: with all ratings.
        left_out: why the ratings do not count; empty where they do.
    """

    participant: Participant
    left_out: str


@dataclass(frozen=True)
class Report:
    """The outcome of a test.

    Attributes:
        key: the test.
        listeners: everybody, in the order of their results.
        scores: [listeners that count, trials, conditions].
        conditions: names of what was rated, systems first.
        systems: how many of these are systems, which are compared.
        spreads: of each condition.
        comparisons: of systems; their indices are those of `conditions`.
        any_difference_p: of the hypothesis that all systems are alike.
        notes: what to know, a sentence each.
    """

    key: Key
    listeners: tuple[Listener, ...]
    scores: NDArray[np.float64]
    conditions: tuple[str, ...]
    systems: int
    spreads: tuple[Spread, ...]
    comparisons: tuple[Comparison, ...]
    any_difference_p: float
    notes: tuple[str, ...]

    @property
    def counted(self) -> list[Participant]:
        """Those whose ratings count."""
        return [listener.participant for listener in self.listeners if not listener.left_out]

    @property
    def ranking(self) -> list[int]:
        """Indices of the conditions, the highest mean first."""
        return sorted(range(len(self.conditions)), key=lambda index: -self.spreads[index].mean)


def analyse(participants: Sequence[Participant], key: Key, *, keep_all: bool = False, seed: int = 0) -> Report:
    """The report of some participants.

    Raises:
        UserError: nobody's ratings count.
    """
    reasons = reasons_to_leave_out(participants, key)
    if keep_all:
        whole = [not np.isnan(participant.table(key)).any() for participant in participants]
        reasons = ["" if complete else reason for reason, complete in zip(reasons, whole, strict=True)]
    listeners = tuple(map(Listener, participants, reasons))
    counted = [listener.participant for listener in listeners if not listener.left_out]
    if not counted:
        raise UserError(f"nobody is left: {reasons[0]}; give more results, or keep all with --keep-all")
    scores = np.array([participant.table(key) for participant in counted])
    systems = sum(role == "system" for role in key.conditions.values())
    return Report(
        key=key,
        listeners=listeners,
        scores=scores,
        conditions=tuple(key.conditions),
        systems=systems,
        spreads=tuple(spreads(scores, seed)),
        comparisons=tuple(compare(scores[:, :, :systems], seed)),
        any_difference_p=friedman_p(scores[:, :, :systems]),
        notes=tuple(_notes(scores, counted, key)),
    )


def _notes(scores: NDArray[np.float64], counted: Sequence[Participant], key: Key) -> Iterator[str]:
    listeners, trials, _ = scores.shape
    if listeners < FEWEST:
        yield f"listeners: {listeners}; with fewer than {FEWEST} no difference can be significant"
    if trials < FEWEST_SONGS:
        yield f"songs: {trials}; they say little of others, and ITU-R BS.1534 asks for {FEWEST_SONGS} at least"
    devices = sorted({participant.about.get("device", "") for participant in counted} - {""})
    if len(devices) > 1:
        yield f"listeners used {', '.join(devices)}; ITU-R BS.1534 asks for one kind within a test"
    if key.kind == "preference" and key.repeats == 0:
        yield "no page came twice, so nobody's consistency is known"
