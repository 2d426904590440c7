"""Diff-MST as published: two spectrogram encoders and a transformer that tells the controls of every track."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import pad
from torch.nn.utils.rnn import pad_sequence

from diffmst.layout import LAYOUTS, Layout, LayoutName, Section, Settings
from diffmst.models.cnn14 import CHANNELS, CNN14
from diffmst.models.prediction import MixModel, Prediction
from diffmst.models.scene import Hearing, Scene

PUBLISHED_HEARING = Hearing(
    track_lufs=-48.0,
    reference_lufs=-16.0,
    window_s=262_144 / 44_100,
    song_windows=1,
    reference_windows=1,
    sample_rate=44_100,
    split_stereo=True,
)


@dataclass(frozen=True)
class DiffMSTConfig:
    """Configuration of `DiffMST`; its defaults are the published system.

    The text of the paper and its code differ in two things: the text cuts 10 s into halves, the code takes windows of
    262,144 samples (`hearing.window_s`); and the text names mid and side of the reference as a choice beside left and
    right (`reference_sides`).

    Attributes:
        layout: of the console's controls, by its name.
        hearing: how songs and references are heard; `split_stereo` must be set.
        width: of embeddings and tokens.
        encoder_channels: of each block of CNN14.
        layers: of the transformer.
        heads: of attention in each layer; they divide the width.
        feedforward: width inside each layer.
        reference_sides: the two signals that the reference is heard as.
        reverb: whether sends and FX bus are the model's to set. It tells them in any case, but in every published
            configuration they are off: at their defaults, with a width of 0.
        uncertainty: of every control, one standard deviation in the unit interval. The published model tells none.
        recompute: see `CNN14`.

    Raises:
        ValueError: a size does not fit.
    """

    layout: LayoutName = "paper"
    hearing: Hearing = PUBLISHED_HEARING
    width: int = 512
    encoder_channels: tuple[int, ...] = CHANNELS
    layers: int = 12
    heads: int = 8
    feedforward: int = 2_048
    reference_sides: Literal["left-right", "mid-side"] = "left-right"
    reverb: bool = False
    uncertainty: float = 0.05
    recompute: bool = False

    def __post_init__(self) -> None:
        sizes = (self.width, *self.encoder_channels, self.layers, self.heads, self.feedforward)
        if min(sizes) < 1 or not self.encoder_channels:
            raise ValueError("every size of Diff-MST must be at least 1")
        if self.width % self.heads:
            raise ValueError(f"heads must divide the width, got {self.heads} heads for a width of {self.width}")
        if not self.hearing.split_stereo:
            raise ValueError("Diff-MST hears every channel as a track: hearing.split_stereo must be true")
        if self.uncertainty <= 0:
            raise ValueError(f"uncertainty must be above 0, got {self.uncertainty}")


class DiffMST(MixModel):
    """The published model.

    All channels of all tracks are encoded alike, both sides of the reference by an encoder of their own. A transformer
    over [tracks, two sides, FX token, master token] has no positions: tracks may come in any order and number. Linear
    layers and sigmoids tell the controls.

    Several windows, which the published system does not have, are heard as the mean of their embeddings.

    Reference: Vanka et al., "Diff-MST: differentiable mixing style transfer", ISMIR 2024.
    """

    def __init__(self, config: DiffMSTConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or DiffMSTConfig()
        self.layout: Layout = LAYOUTS[config.layout]
        self.hearing = config.hearing
        self.track_encoder, self.reference_encoder = (
            CNN14(config.width, config.encoder_channels, recompute=config.recompute) for _ in range(2)
        )
        self.track_type = nn.Parameter(torch.randn(config.width))
        self.side_types = nn.Parameter(torch.randn(2, config.width))
        self.bus_tokens = nn.Parameter(torch.randn(2, config.width))
        layer = nn.TransformerEncoderLayer(config.width, config.heads, config.feedforward, dropout=0, batch_first=True)
        self.controller = nn.TransformerEncoder(layer, config.layers, enable_nested_tensor=False)
        self.heads = nn.ModuleList(
            _Head(section, [config.reverb or not _is_reverb(name, control) for control in section.params], config)
            for name, section in self.layout.sections()
        )

    def forward(self, scenes: Sequence[Scene]) -> Prediction:
        """Settings for a batch of scenes, whose tracks all have one channel and whose windows have one length.

        Raises:
            ValueError: a stereo track, or windows of several lengths.
        """
        tracks, sides = self._embedded_tracks(scenes), self._embedded_references(scenes)
        absent = _absent([scene.tracks for scene in scenes], tracks)
        tokens = [tracks + self.track_type, sides + self.side_types, self.bus_tokens.expand(len(scenes), -1, -1)]
        heard = self.controller(torch.cat(tokens, dim=1), src_key_padding_mask=absent)
        tokens_of_sections = (heard[:, : tracks.shape[1]], heard[:, -2], heard[:, -1])
        means, widths = zip(*(head(x) for head, x in zip(self.heads, tokens_of_sections, strict=True)), strict=True)
        return Prediction(Settings(*means), Settings(*widths))

    def _embedded_tracks(self, scenes: Sequence[Scene]) -> Tensor:
        """Embeddings [batch, tracks, width], filled up with zeros."""
        windows = []
        for scene in scenes:
            if max(scene.excerpts.channels) > 1:
                raise ValueError("Diff-MST hears tracks of one channel: stage the song with hearing.split_stereo")
            windows.append(scene.excerpts.audio[..., scene.excerpts.lead_frames :])
        return pad_sequence(_embedded(self.track_encoder, windows), batch_first=True)

    def embed_reference(self, windows: Tensor, sample_rate: int) -> Tensor:
        """The mean of the embeddings of both sides of each window; see `MixModel`."""
        return torch.stack(_embedded(self.reference_encoder, self._sides(windows).split(1))).mean(dim=1)

    def _embedded_references(self, scenes: Sequence[Scene]) -> Tensor:
        """Embeddings [batch, 2, width]."""
        return torch.stack(_embedded(self.reference_encoder, [self._sides(scene.reference) for scene in scenes]))

    def _sides(self, x: Tensor) -> Tensor:
        """The two signals that windows [windows, 2, time] are heard as."""
        if self.config.reference_sides == "left-right":
            return x
        return torch.stack([x[:, 0] + x[:, 1], x[:, 0] - x[:, 1]], dim=1)


class _Head(nn.Module):
    """Positions of a section's controls, and their widths; what is not the model's to set stays at its default.

    Args:
        section: of the layout.
        free: for every control whether it is the model's to set.
        config: of the model.
    """

    free: Tensor
    default: Tensor

    def __init__(self, section: Section, free: Sequence[bool], config: DiffMSTConfig) -> None:
        super().__init__()
        self.linear = nn.Linear(config.width, len(section))
        self.uncertainty = config.uncertainty
        self.register_buffer("free", torch.tensor(free), persistent=False)
        self.register_buffer("default", torch.tensor(section.to_unit(section.defaults())).float(), persistent=False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Means and widths [..., controls] of tokens [..., width]."""
        mean = torch.where(self.free, torch.sigmoid(self.linear(x)), self.default)
        return mean, (self.uncertainty * self.free.to(mean)).expand_as(mean)


def _is_reverb(section: str, control: str) -> bool:
    """Whether a control belongs to the sends or the FX bus."""
    return section == "fx" or control.startswith("send.")


def _embedded(encoder: nn.Module, windows: Sequence[Tensor]) -> list[Tensor]:
    """Of every song [windows, rows, time] the mean embedding of each row, [rows, width]; all are encoded together."""
    if len(lengths := {song.shape[-1] for song in windows}) > 1:
        raise ValueError(f"windows of one batch must have one length, got {sorted(lengths)} samples")
    encoded = encoder(torch.cat([song.flatten(0, 1) for song in windows]))
    sizes = [song.shape[0] * song.shape[1] for song in windows]
    return [
        rows.unflatten(0, song.shape[:2]).mean(dim=0) for song, rows in zip(windows, encoded.split(sizes), strict=True)
    ]


def _absent(counts: Sequence[int], tracks: Tensor) -> Tensor:
    """Which tokens of [tracks, two sides, two buses] stand for nothing, bool [batch, tokens]."""
    numbers = torch.arange(tracks.shape[1], device=tracks.device)
    return pad(numbers >= torch.tensor(counts, device=tracks.device)[:, None], (0, 4))
