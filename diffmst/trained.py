"""A trained model for use from Python: stems and a reference in, a mix document out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from diffmst.listening import listen
from diffmst.match import Options, document, find
from diffmst.mix import Mix
from diffmst.models import checkpoint
from diffmst.models.prediction import MixModel
from diffmst.models.shipped import SHIPPED
from diffmst.progress import SILENT, Progress


@dataclass(frozen=True)
class TrainedModel:
    """A model that has learnt to mix.

    Attributes:
        network: predicts settings from what it hears; see `diffmst.models`.
    """

    network: MixModel

    def predict(
        self,
        tracks: Path | str | Sequence[Path | str],
        reference: Path | str,
        *,
        steps: int = 0,
        folder: Path | str = ".",
        progress: Progress = SILENT,
    ) -> Mix:
        """The mix of a song in the way of a reference, not rendered yet: see `diffmst.render.render_document`.

        Args:
            tracks: audio files, and folders of them.
            reference: the song to mix like.
            steps: of refinement around the prediction; 0 is the prediction itself.
            folder: where the document is to lie: its paths are relative to it.
            progress: told how far it is.

        Raises:
            UserError: a file cannot be read, or nothing sounds.
        """
        places = [tracks] if isinstance(tracks, str | Path) else tracks
        heard = listen([Path(place) for place in places], Path(reference), progress)
        options = Options(model=self.network, steps=steps)
        return document(heard, *find(heard, options, progress), Path(folder), options)


def load_model(path: Path | str | None = None, device: torch.device | str = "cpu") -> TrainedModel:
    """The model in a file that training wrote; nothing in the file is run.

    Args:
        path: of a `.safetensors` file; the model that comes with diffmst if not given.
        device: where it predicts.

    Raises:
        UserError: the file cannot be used; see `diffmst.models.checkpoint.load_model`.
    """
    return TrainedModel(checkpoint.load_model(path or SHIPPED, device))
