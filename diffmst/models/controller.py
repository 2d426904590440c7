"""The controller: what the tracks, the reference and the buses of a song have to say to each other."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import pad, scaled_dot_product_attention


class Controller(nn.Module):
    """A transformer over the tracks, the windows of the reference, the FX bus and the master bus.

    Tokens have a kind and no position: permuted tracks give permuted settings.

    Args:
        width: of the tokens.
        layers: of the transformer.
        heads: of its attention.
    """

    def __init__(self, width: int, layers: int, heads: int) -> None:
        super().__init__()
        self.kinds = nn.Parameter(0.1 * torch.randn(4, width))
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)

    def forward(self, tokens: Tokens, has_track: Tensor, has_reference: Tensor) -> Tokens:
        """The tokens after they have heard each other.

        Args:
            tokens: of a batch of songs.
            has_track: which tracks are no filling, bool [batch, tracks].
            has_reference: which windows are none, bool [batch, windows].
        """
        sizes = [tokens.tracks.shape[1], tokens.reference.shape[1], 1, 1]
        kinds = self.kinds.repeat_interleave(torch.tensor(sizes, device=self.kinds.device), 0, output_size=sum(sizes))
        x = torch.cat([tokens.tracks, tokens.reference, tokens.fx[:, None], tokens.master[:, None]], 1) + kinds
        present = pad(torch.cat([has_track, has_reference], 1), (0, 2), value=True)
        for block in self.blocks:
            x = block(x, present)
        tracks, reference, fx, master = self.norm(x).split(sizes, 1)
        return Tokens(tracks, reference, fx[:, 0], master[:, 0])


class Tokens(NamedTuple):
    """What stands for the parts of a batch of songs.

    Attributes:
        tracks: [batch, tracks, width].
        reference: its windows, [batch, windows, width].
        fx: the FX bus, [batch, width].
        master: the master bus, [batch, width].
    """

    tracks: Tensor
    reference: Tensor
    fx: Tensor
    master: Tensor


class Block(nn.Module):
    """One layer of a transformer: every token attends to all, then each is changed on its own."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before_attention, self.before_change = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.attended = nn.Linear(width, width)
        self.change = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: Tensor, present: Tensor) -> Tensor:
        """[batch, tokens, width] of x of that shape; tokens not `present`, bool [batch, tokens], are not heard."""
        split = self.query_key_value(self.before_attention(x)).unflatten(-1, (3, self.heads, -1))
        query, key, value = split.permute(2, 0, 3, 1, 4)
        heard = scaled_dot_product_attention(query, key, value, attn_mask=present[:, None, None, :])
        x = x + self.attended(heard.transpose(1, 2).flatten(-2))
        changed: Tensor = x + self.change(self.before_change(x))
        return changed
