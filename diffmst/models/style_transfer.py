"""Our model: hears levels in bands, compares every stem with the reference, and tells all controls with their doubt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from diffmst.dsp.band_powers import band_powers
from diffmst.layout import LAYOUTS, Layout, LayoutName, Settings
from diffmst.models.comparison import SONG_COMPARISONS, TRACK_COMPARISONS, compare
from diffmst.models.controller import Controller, Tokens
from diffmst.models.encoder import AttentionPool, WindowEncoder
from diffmst.models.heads import Head, TrackHead, sane_beliefs
from diffmst.models.hearing_bands import BandBatch, band_batch, scene_bands
from diffmst.models.impression import Impression, impression
from diffmst.models.pair_features import FEATURE_NAMES
from diffmst.models.prediction import MixModel, Prediction
from diffmst.models.scene import ROLE_NAMES, Hearing, Scene
from diffmst.models.window_statistics import SUMMARY, window_statistics
from diffmst.prior import NOMINAL_LUFS

DEFAULT_HEARING = Hearing(
    track_lufs=NOMINAL_LUFS, reference_lufs=-16.0, window_s=6.0, song_windows=4, reference_windows=8
)


@dataclass(frozen=True)
class StyleTransferConfig:
    """Configuration of `StyleTransfer`.

    Attributes:
        layout: of the console's controls, by its name.
        hearing: how songs and references are heard.
        width: of embeddings and tokens.
        layers: of the transformer.
        heads: of attention in each layer; they divide the width.

    Raises:
        ValueError: a size does not fit, or a share is none.
    """

    layout: LayoutName = "default"
    hearing: Hearing = DEFAULT_HEARING
    width: int = 128
    layers: int = 3
    heads: int = 8

    def __post_init__(self) -> None:
        if min(self.width, self.layers, self.heads) < 1:
            raise ValueError(f"sizes must be at least 1, got {(self.width, self.layers, self.heads)}")
        if self.width % self.heads:
            raise ValueError(f"heads must divide the width, got {self.heads} heads for a width of {self.width}")
        if self.hearing.split_stereo:
            raise ValueError("a stereo track is one token here: hearing.split_stereo must be false")


class StyleTransfer(MixModel):
    """Our model, small enough to predict and to train on a laptop.

    A front end without weights hears scenes as powers in bands and compares every stem with the reference. Heads start
    from what is sane and from that comparison. A transformer without positions relates tracks, windows of the reference
    and buses, so tracks may come in any order and number.

    Of a track, the controller is told its role, as names and `diffmst.ear` tell it, a coarse summary of its sound, and
    the comparison. With more, songs that were trained on are known by heart and others are mixed worse.

    Args:
        config: sizes, layout and hearing.
    """

    def __init__(self, config: StyleTransferConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or StyleTransferConfig()
        self.layout: Layout = LAYOUTS[config.layout]
        self.hearing = config.hearing
        width = config.width
        self.reference_encoder, self.reference_pool = WindowEncoder(width), AttentionPool(width)
        # The summary, the features of the pair, the role, whether the track has one channel, and is one side of a pair.
        self.track_token = nn.Linear(SUMMARY + len(FEATURE_NAMES) + len(ROLE_NAMES) + 2, width)
        self.track_comparison_token = nn.Linear(TRACK_COMPARISONS, width)
        self.song_comparison_token = nn.Linear(SONG_COMPARISONS, width)
        self.controller = Controller(width, config.layers, config.heads)
        sane = sane_beliefs(self.layout, self.hearing)
        self.track_head = TrackHead(width, self.layout.track, sane.tracks)
        self.fx_head, self.master_head = Head(width, sane.fx), Head(width, sane.master)

    def forward(self, scenes: Sequence[Scene]) -> Prediction:
        """Settings for a batch of scenes."""
        with torch.no_grad():
            batch = band_batch([scene_bands(scene) for scene in scenes])
        return self.predict_bands(batch)

    def embed_reference(self, windows: Tensor, sample_rate: int) -> Tensor:
        """The tokens of windows of a reference, as the controller gets them; see `MixModel`."""
        powers = band_powers(windows, sample_rate)
        return self.reference_encoder(window_statistics(powers, torch.ones_like(powers[:, 0, :, 0], dtype=torch.bool)))

    def predict_bands(self, batch: BandBatch) -> Prediction:
        """Settings for scenes that are given as band powers."""
        return self.predict_heard(impression(batch))

    def predict_heard(self, heard: Impression) -> Prediction:
        """Settings for scenes of which is given what is heard of them; differentiable in the weights.

        A first guess knows of every track its role and how it seems to stand in the reference. The mix that it would
        make is compared with the reference before the controller decides.
        """
        reference = self.reference_encoder(heard.reference)
        bus = self.reference_pool(reference, heard.has_reference_window)
        tracks = self.track_token(_described(heard))
        silence = torch.zeros_like(bus)
        guess = self._told(Tokens(torch.zeros_like(tracks), reference, silence, silence), heard)
        comparison = compare(heard, self.layout.from_unit(guess.mean), self.layout)
        tracks = tracks + self.track_comparison_token(comparison.tracks)
        tokens = Tokens(tracks, reference, fx=bus, master=bus + self.song_comparison_token(comparison.song))
        states = self.controller(tokens, heard.has_track, heard.has_reference_window)
        return self._told(states, heard)

    def _told(self, states: Tokens, heard: Impression) -> Prediction:
        """Settings of the states of tracks and buses."""
        track, right = self.track_head(states.tracks, heard)
        fx, master = self.fx_head(states.fx), self.master_head(states.master)
        mean = Settings(track.mean, fx.mean, master.mean)
        return Prediction(mean, Settings(track.width, fx.width, master.width), right=right)


def _described(heard: Impression) -> Tensor:
    """What the controller is told of every track, [batch, tracks, figures]."""
    files = torch.stack([heard.mono.to(heard.roles), heard.sides.abs()], -1)
    return torch.cat([heard.tracks, heard.pair.features, heard.roles, files], -1)
