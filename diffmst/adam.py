"""Adam that starts at once: `torch.optim.Adam` loads the compiler first, a second of work, its function does not."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.optim.adam import adam

_BETA1, _BETA2 = 0.9, 0.97
_EPSILON = 1e-8


class Adam:
    """Moves tensors down a gradient, at a rate that falls along half a cosine.

    Args:
        parts: that are moved, in place; the objective hangs on all of them.
        learning_rate: of the first step.
        final_share: of the learning rate is left at the last.
    """

    def __init__(self, parts: Sequence[Tensor], learning_rate: float, final_share: float) -> None:
        self._parts = list(parts)
        self._learning_rate, self._final_share = learning_rate, final_share
        self._means = [torch.zeros_like(part) for part in parts]
        self._squares = [torch.zeros_like(part) for part in parts]
        self._steps = [torch.zeros(()) for _ in parts]

    def step(self, objective: Tensor, progress: float) -> None:
        """One step down.

        Args:
            objective: scalar.
            progress: of the whole descent, from 0 to 1.
        """
        gradients = torch.autograd.grad(objective, self._parts)
        falling = self._final_share + (1 - self._final_share) * (1 + math.cos(math.pi * progress)) / 2
        with torch.no_grad():
            adam(
                self._parts,
                list(gradients),
                self._means,
                self._squares,
                [],
                self._steps,
                amsgrad=False,
                beta1=_BETA1,
                beta2=_BETA2,
                lr=self._learning_rate * falling,
                weight_decay=0.0,
                eps=_EPSILON,
                maximize=False,
            )
