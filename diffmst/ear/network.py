"""The network of the ear: figures of windows to an embedding of each stem, and from all stems of a song to roles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from diffmst.ear.figures import FIGURES, window_figures
from diffmst.ear.sound import SIDES, Levels
from diffmst.models.encoder import AttentionPool
from diffmst.models.scene import ROLE_NAMES

ROLES = len(ROLE_NAMES) - 1
"""Roles that are told apart: all but unknown."""

_HEARD = 0.03  # share of a window in which a stem must sound for the window to count


class EarConfig(BaseModel):
    """Sizes of a `RoleEar`.

    Attributes:
        members: networks that learn side by side, and of which the mean counts.
        width: of embeddings.
        hidden: of the layer that takes the figures in.
        heads: of the attention between stems, which divide the width.
        dropout: in training.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    members: int = Field(default=4, ge=1)
    width: int = Field(default=128, ge=1)
    hidden: int = Field(default=192, ge=1)
    heads: int = Field(default=4, ge=1)
    dropout: float = Field(default=0.2, ge=0, lt=1)


class RoleLogits(NamedTuple):
    """What the ear thinks of the stems of some songs, all stems one after the other.

    Attributes:
        alone: of each stem by its sound alone, [members, stems, roles].
        among: of each among the others of its song, [members, stems, roles].
    """

    alone: Tensor
    among: Tensor


class RoleEar(nn.Module):
    """Tells the roles of the stems of a song by their sound.

    Each window is told in figures, the windows of a stem are pooled by how much they say, and attention between the
    stems lets each be judged beside the others; they may come in any order and number. Several networks do so, each
    from other first weights: what they agree on is right more often, and the figures, which cost most, are shared.

    Args:
        config: sizes.
    """

    temperature: Tensor

    def __init__(self, config: EarConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or EarConfig()
        self.scale = nn.BatchNorm1d(FIGURES)
        self.members = nn.ModuleList(_Member(config) for _ in range(config.members))
        self.register_buffer("temperature", torch.ones(()))

    def forward(self, songs: Sequence[Levels]) -> RoleLogits:
        """What it thinks of all stems of some songs, which may have any number of stems and windows."""
        figures = self.scale(torch.cat([window_figures(song.levels.flatten(0, 1)) for song in songs]))
        of_songs = figures.split([song.active.numel() for song in songs])
        told = [member(songs, of_songs) for member in self.members]
        return RoleLogits(*map(torch.stack, zip(*told, strict=True)))

    def probabilities(self, song: Levels) -> Tensor:
        """Calibrated probabilities of the roles of a song's stems; those that are never heard have all the same.

        Shape: returns [tracks, roles].
        """
        told = (self([song]).among.mean(0) / self.temperature).softmax(-1)
        heard = (song.active > 0).any(-1, keepdim=True)
        return torch.where(heard, told, 1 / ROLES)


class _Member(nn.Module):
    """One network of an ear."""

    def __init__(self, config: EarConfig) -> None:
        super().__init__()
        width, hidden, dropout = config.width, config.hidden, config.dropout
        self.figures = nn.Sequential(
            nn.Dropout(dropout / 2),
            nn.Linear(FIGURES, hidden),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, width),
        )
        self.window = _layer(width + SIDES, width, dropout)
        self.pool = AttentionPool(width)
        self.stem = _layer(2 * width + 2, width, dropout)
        self.alone = nn.Linear(width, ROLES)
        self.others = nn.TransformerEncoderLayer(
            width, config.heads, 2 * width, dropout, "gelu", batch_first=True, norm_first=True
        )
        self.among = nn.Linear(width, ROLES)
        nn.init.zeros_(self.among.weight)

    def forward(self, songs: Sequence[Levels], figures: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Logits of all stems, alone and among the others; figures [windows of all tracks, FIGURES] of each song."""
        stems = torch.cat([self._embedded(song, of_song) for song, of_song in zip(songs, figures, strict=True)])
        alone = self.alone(stems)
        others = self._beside_others(stems, [len(song.levels) for song in songs])
        return alone, alone + self.among(others)

    def _embedded(self, song: Levels, figures: Tensor) -> Tensor:
        """Stems by their own sound, [tracks, width]."""
        windows = self.figures(figures).unflatten(0, song.active.shape)
        windows = self.window(torch.cat([windows, song.sides], -1))
        counts = song.active > _HEARD
        counts = counts | ~counts.any(-1, keepdim=True)
        most = windows.masked_fill(~counts[..., None], -torch.inf).amax(-2)
        activity = torch.stack([song.active.mean(1), song.active.std(1, correction=0)], -1)
        return self.stem(torch.cat([self.pool(windows, counts), most, activity], -1))

    def _beside_others(self, stems: Tensor, counts: Sequence[int]) -> Tensor:
        """Stems, each seen beside the others of its song, [stems, width]."""
        songs = pad_sequence(list(stems.split(list(counts))), batch_first=True)
        places = torch.arange(songs.shape[1], device=stems.device)
        missing = places >= torch.tensor(counts, device=stems.device)[:, None]
        return self.others(songs, src_key_padding_mask=missing)[~missing]


def _layer(inputs: int, outputs: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(nn.LayerNorm(inputs), nn.Dropout(dropout), nn.Linear(inputs, outputs), nn.GELU())
