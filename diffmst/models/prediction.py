"""What a model predicts: for every control of the console a value, and how sure of it the model is."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple

from torch import Tensor, nn

from diffmst.layout import Layout, Settings
from diffmst.models.scene import Hearing, Scene


class Prediction(NamedTuple):
    """Settings of the console for a batch of scenes, whose tracks are staged as `Hearing` says.

    Songs with fewer tracks than the longest are filled up; what stands there has no meaning.

    Attributes:
        mean: positions in the unit interval.
        width: one standard deviation of each, positions; a control of width 0 is not the model's to set.
        right: probability that each track stands on the right, [batch, tracks]; None where the model does not tell.
    """

    mean: Settings[Tensor]
    width: Settings[Tensor]
    right: Tensor | None = None

    def song(self, index: int, tracks: int) -> "Prediction":
        """Of one scene, a batch of one with its number of tracks."""

        def of(settings: Settings[Tensor]) -> Settings[Tensor]:
            return Settings(*(part[index : index + 1] for part in settings))._replace(
                tracks=settings.tracks[index : index + 1, :tracks]
            )

        right = self.right
        return Prediction(of(self.mean), of(self.width), None if right is None else right[index : index + 1, :tracks])


class MixModel(nn.Module):
    """P = g(f_t(T), f_r(M_r)): hears scenes, predicts settings.

    Attributes:
        config: the frozen dataclass that it is made from, which names the layout and holds the hearing.
        layout: the console's controls.
        hearing: how its scenes are to be staged.
    """

    config: Any
    layout: Layout
    hearing: Hearing

    @abstractmethod
    def forward(self, scenes: Sequence[Scene]) -> Prediction:
        """Settings for a batch of scenes; differentiable, on the device of the scenes."""

    @abstractmethod
    def embed_reference(self, windows: Tensor, sample_rate: int) -> Tensor:
        """What the model hears of finished mixes, window by window.

        Args:
            windows: brought to `hearing.reference_lufs`.
            sample_rate: of the windows, Hz.

        Shape: windows [windows, 2, time]; returns [windows, width].
        """
