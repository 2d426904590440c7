"""The mix encoder of a model of ours as an embedding: what its controller is told of a reference."""

from pathlib import Path

import torch

from diffmst.evaluation.frechet.embedding import Vectors, Windows
from diffmst.models.checkpoint import load_model

_SAMPLE_RATE = 44_100  # of a model that hears any


class ModelEmbedding:
    """An `Embedding`: windows as long, as loud and at the rate as the model hears references.

    A system that is trained or refined with this encoder is not to be measured by it.

    Args:
        path: of a model that training wrote.

    Raises:
        UserError: see `load_model`.
    """

    def __init__(self, path: Path) -> None:
        self._model = load_model(path)
        hearing = self._model.hearing
        self.name = f"encoder of {path.parent.name}/{path.name}" if path.parent.name else f"encoder of {path.name}"
        self.sample_rate = hearing.sample_rate or _SAMPLE_RATE
        self.window_s = self.hop_s = hearing.window_s
        self.loudness_lufs = hearing.reference_lufs
        self.dims = self._model.config.width

    def __call__(self, windows: Windows) -> Vectors:
        """See `Embedding`."""
        with torch.no_grad():
            vectors: Vectors = self._model.embed_reference(torch.from_numpy(windows), self.sample_rate).numpy()
        return vectors
