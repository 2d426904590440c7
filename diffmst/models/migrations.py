"""Model files of earlier versions, brought to today's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor


class Saved(NamedTuple):
    """What a file holds, as it was read.

    Attributes:
        record: parsed JSON.
        weights: by name; none where only the record is asked for.
    """

    record: dict[str, Any]
    weights: dict[str, Tensor]


_IMAGE_WIDTH = {"name": "image.width", "low": 0.0, "high": 2.0, "scale": "linear"}
_HEADS_OF_MASTER = ("master_head.linear.", "heads.2.linear.")


def with_image_width(saved: Saved) -> Saved:
    """Version 2 has the width of the mix, in front of the last control of the master, the fader.

    The weights have not learnt it, and leave it where it does nothing, which is the middle of its range. Consoles
    without faders on their tracks, those of the paper, have no such control. What is damaged is left to who checks it.
    """
    try:
        controls = saved.record["controls"]
        if not any(control["name"] == "fader.gain_db" for control in controls["track"]):
            return saved
        *others, fader = controls["master"]
    except (KeyError, TypeError, ValueError):
        return saved
    weights = {
        name: _with_row(weight, len(others) + 1) if name.startswith(_HEADS_OF_MASTER) else weight
        for name, weight in saved.weights.items()
    }
    controls = controls | {"master": [*others, _IMAGE_WIDTH, fader]}
    return Saved(saved.record | {"controls": controls}, weights)


def _with_row(weight: Tensor, controls: int) -> Tensor:
    """A weight [n * controls, ...] of a head with a row of zeros in front of the last control of every n.

    One of another shape, which is damaged, is left as it is.
    """
    if weight.ndim == 0 or len(weight) % controls:
        return weight
    parts = weight.unflatten(0, (-1, controls))
    nothing = torch.zeros_like(parts[:, :1])
    return torch.cat([parts[:, :-1], nothing, parts[:, -1:]], dim=1).flatten(0, 1)


MIGRATIONS: dict[int, Callable[[Saved], Saved]] = {1: with_image_width}
"""From a version to the next."""
