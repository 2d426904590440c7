"""From the statistics of windows to embeddings, of each window and of what several windows have in common."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from diffmst.models.window_statistics import STATISTICS


class WindowEncoder(nn.Sequential):
    """Embeddings [..., width] of statistics of windows [..., STATISTICS]."""

    def __init__(self, width: int) -> None:
        hidden = 2 * width
        super().__init__(nn.Linear(STATISTICS, hidden), nn.GELU(), nn.LayerNorm(hidden), nn.Linear(hidden, width))


class AttentionPool(nn.Module):
    """One embedding of several, of which each counts by how much it says; their order does not matter."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.score = nn.Linear(width, 1)

    def forward(self, x: Tensor, present: Tensor) -> Tensor:
        """[..., width] of x [..., windows, width], of which those count that are `present`, bool [..., windows]."""
        present = present | ~present.any(-1, keepdim=True)  # of nothing anything will do, as long as it is finite
        scores = self.score(x).squeeze(-1).masked_fill(~present, -torch.inf)
        return (scores.softmax(-1)[..., None] * x).sum(-2)
