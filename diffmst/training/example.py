"""A training example: what the model hears, and what is known of the mix that it should make."""

from typing import Literal, NamedTuple

from torch import Tensor

from diffmst.layout import Settings
from diffmst.models.scene import Scene

Method = Literal["same-song", "real-reference", "shared-style"]
"""Method 1: tracks and reference are two parts of one randomly mixed song. Method 2: the reference is a real finished
mix of another song, so there is no truth. Method 3: the reference is another song mixed in the same style."""


class Example(NamedTuple):
    """One example; a batch is a list of them.

    Attributes:
        scene: staged as the model's `Hearing` says.
        method: that made it.
        seed: that it is made from, together with the configuration and `progress`.
        settings: the truth for the staged tracks of the scene, physical, batch of one, float64; None for method 2.
        target: the true mix of the excerpts, without their lead, [windows, 2, time]; None for method 2.
        progress: share of the training at which it was made, which drives the curriculum.
        redrawn: why something was drawn again before this could be made, once for every time.
    """

    scene: Scene
    method: Method
    seed: int
    settings: Settings[Tensor] | None
    target: Tensor | None
    progress: float = 1.0
    redrawn: tuple[str, ...] = ()
