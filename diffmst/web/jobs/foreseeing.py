"""What the phases of a job are expected to take, so that one can tell how much of it is left."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from diffmst.web.jobs.options import ExportOptions, Kind, MatchOptions, Options, RenderOptions
from diffmst.web.session_info import SessionInfo

Weights = Mapping[str, float]
"""Numbers of phases, by their names, in their order.

What phases take is in about seconds on two slow processors, but only the proportions count.
"""

_STEP = 0.03  # of refinement, for every row; its passages are as long for any song
_STEPS_BEFORE = 2  # what the listening around refinement takes, in steps
_WRITING, _PACKING = 0.04, 0.05  # of a minute of a row
_CHECKING = {"checking": 0.1}

USUAL_STEPS = 45
"""After which most songs have converged."""


class Size(NamedTuple):
    """How much there is to do.

    Attributes:
        rows: channels of all stems.
        song_min: length of the song, in minutes.
        references_min: of all references together.
        mixed: there is a mix already.
    """

    rows: int
    song_min: float
    references_min: float
    mixed: bool


def size_of(info: SessionInfo, *, mixed: bool) -> Size:
    """How much there is in a session, as far as its files tell; never nothing."""
    return Size(
        rows=max(1, sum(stem.channels for stem in info.stems)),
        song_min=max([0.1, *(stem.seconds / 60 for stem in info.stems)]),
        references_min=max(0.1, sum(reference.seconds for reference in info.references) / 60),
        mixed=mixed,
    )


def weights_of(kind: Kind, options: Options, size: Size) -> Weights:
    """What the phases of a job are expected to take."""
    rows_min = size.rows * size.song_min
    rendering = {"rendering": 0.08 * rows_min, "finishing": 0.15 * size.song_min}
    match options:
        case MatchOptions():
            return _matching(options, size) | rendering | {"drawing": 0.5 + 0.1 * size.references_min}
        case RenderOptions(stems=True):
            rendering["rendering"] += _WRITING * rows_min
            return rendering | _CHECKING | {"packing": _PACKING * rows_min}
        case RenderOptions():
            return rendering | _CHECKING
        case ExportOptions():
            return _exporting(options, rows_min)
    if kind == "measure":
        return rendering | {"drawing": 0.1}
    if kind == "balance":
        return {"listening": 0.05 * rows_min, "balancing": 0.05 * size.rows}
    if kind == "prepare":
        before = {"rendering the mix before": 0.07 * rows_min} if size.mixed else {}
        return {"reading the stems": 0.05 * rows_min} | before | {"reading the references": 0.5 * size.references_min}
    return {"making two songs": 1.0}


def _matching(options: MatchOptions, size: Size) -> dict[str, float]:
    step = _STEP * size.rows
    refining = min(step * min(options.most_steps, USUAL_STEPS), math.inf if options.time_s is None else options.time_s)
    return {
        "listening": 0.05 * size.rows * size.song_min + 0.15 * size.references_min,
        "choosing passages": 0.05 * size.rows,
        "predicting": 0.5 + 0.05 * size.rows,
        "matching": _STEPS_BEFORE * step + refining,
    }


def _exporting(options: ExportOptions, rows_min: float) -> dict[str, float]:
    from diffmst.daw.exporting import chosen_formats  # which takes long to load

    writing = {f"writing {kind.title}": _WRITING * rows_min for kind in chosen_formats(options.formats)}
    packing = {"packing": _PACKING * rows_min * len(options.formats)}
    return {"printing audio": 0.1 * rows_min} | _CHECKING | writing | packing


def usual_shares_of(options: Options) -> Weights:
    """The share of its work after which a phase is mostly over, where that is not all of it."""
    if isinstance(options, MatchOptions) and options.most_steps > USUAL_STEPS:
        return {"matching": USUAL_STEPS / options.most_steps}
    return {}


def likely_share(share: float, usual: float) -> float:
    """The share of a phase that is likely to be done.

    A phase that mostly ends early has as much left as is usual; past that, a little more for as long as it goes on.

    Args:
        share: of its work at most that is done.
        usual: the share after which it is mostly over.

    >>> likely_share(0.25, 0.5), likely_share(0.5, 0.5), likely_share(0.25, 1.0), likely_share(1.0, 0.5)
    (0.5, 0.8, 0.25, 1.0)
    """
    left = min(1.0 - share, max(usual - share, usual / 4))
    return share / (share + left)
