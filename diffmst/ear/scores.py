"""How well the ear hears: roles that are right, families that are right, and whether it knows when it is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from diffmst.models.scene import ROLE_NAMES
from diffmst.random_mix.habits import families

_BINS = 10


@dataclass(frozen=True)
class Scores:
    """Figures over stems.

    Attributes:
        stems: how many.
        exact: share of which the most probable role is the right one.
        family: share of which the most probable role is of the right family, see `random_mix.habits`.
        surprise: mean negative logarithm of the probability of the right role, nats.
        calibration_error: expected, between confidence and share of right ones, in ten bins of confidence.
        confusions: number of stems by right role and heard role, most frequent first, those that are right left out.
    """

    stems: int
    exact: float
    family: float
    surprise: float
    calibration_error: float
    confusions: tuple[tuple[str, str, int], ...]


def scores(probabilities: Tensor, roles: Tensor) -> Scores:
    """Figures of probabilities.

    Args:
        probabilities: of the roles, in the order of `ROLE_NAMES`.
        roles: the right ones, by their place in `ROLE_NAMES`.

    Shape: probabilities [stems, roles]; roles [stems], at least one.
    """
    confidence, heard = probabilities.max(-1)
    right, family = heard == roles, torch.from_numpy(families())
    of_right_role = probabilities.gather(-1, roles[:, None]).clamp_min(torch.finfo(probabilities.dtype).tiny)
    pairs = zip(roles[~right].tolist(), heard[~right].tolist(), strict=True)
    confused = Counter((ROLE_NAMES[role], ROLE_NAMES[other]) for role, other in pairs)
    return Scores(
        stems=len(roles),
        exact=float(right.double().mean()),
        family=float((family[heard] == family[roles]).double().mean()),
        surprise=-float(of_right_role.log().mean()),
        calibration_error=calibration_error(confidence, right),
        confusions=tuple((role, other, count) for (role, other), count in confused.most_common()),
    )


def calibration_error(confidence: Tensor, right: Tensor) -> float:
    """Expected calibration error over ten bins of equal width.

    Reference: Guo, Pleiss, Sun, Weinberger, "On calibration of modern neural networks", ICML 2017.

    Shape: confidence [items], 0 to 1; right, bool [items].

    >>> round(calibration_error(torch.tensor([0.95, 0.95]), torch.tensor([True, False])), 2)
    0.45
    """
    place = (confidence * _BINS).long().clamp_max(_BINS - 1)
    gap = torch.zeros(_BINS, dtype=torch.float64).index_add_(0, place, right.double() - confidence.double())
    return float(gap.abs().sum() / len(confidence))


def confusion_rows(probabilities: Tensor, roles: Tensor, names: Sequence[str] = ROLE_NAMES) -> list[list[str]]:
    """The table of right roles (rows) and heard ones (columns), of those that occur, with headings; empty for none."""
    heard = probabilities.argmax(-1)
    counts = torch.zeros(len(names), len(names), dtype=torch.long)
    counts.index_put_((roles, heard), torch.ones_like(roles), accumulate=True)
    occur = [index for index in range(len(names)) if counts[index].any() or counts[:, index].any()]
    rows = [["", *(names[column] for column in occur)]]
    for row in occur:
        rows.append([names[row], *(str(int(counts[row, column])) if counts[row, column] else "" for column in occur)])
    return rows
