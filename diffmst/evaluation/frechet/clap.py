"""LAION-CLAP as an embedding, where the user has `transformers` and a folder with a model; nothing is downloaded.

Reference: Wu et al., "Large-scale contrastive language-audio pretraining with feature fusion and keyword-to-caption
augmentation", ICASSP 2023.
"""

from pathlib import Path

import torch

from diffmst.errors import UserError
from diffmst.evaluation.frechet.embedding import LOUDNESS_LUFS, Vectors, Windows


class ClapEmbedding:
    """An `Embedding`: the projection of the audio encoder, of windows as long as the model wants, both sides together.

    Args:
        folder: of a CLAP model as transformers saves it, with its feature extractor.

    Raises:
        UserError: transformers is not installed, or the folder holds no such model.
    """

    name, loudness_lufs = "CLAP", LOUDNESS_LUFS

    def __init__(self, folder: Path) -> None:
        try:
            from transformers import ClapFeatureExtractor, ClapModel, logging
        except ImportError:
            raise UserError("CLAP needs transformers, which is not installed: pip install 'diffmst[clap]'") from None
        if not folder.is_dir():
            raise UserError(f"{folder}: no such folder; give one that holds a CLAP model, saved by transformers")
        logging.disable_progress_bar()
        try:
            self._extractor = ClapFeatureExtractor.from_pretrained(folder, local_files_only=True)
            self._model = ClapModel.from_pretrained(folder, local_files_only=True).eval()
        except (OSError, ValueError, RuntimeError, KeyError) as error:
            problem = str(error).partition(". ")[0].splitlines()[0]
            raise UserError(f"{folder}: holds no CLAP model: {problem}") from None
        self.sample_rate: int = self._extractor.sampling_rate
        self.window_s = self.hop_s = self._extractor.nb_max_samples / self.sample_rate
        self.dims: int = self._model.config.projection_dim

    def __call__(self, windows: Windows) -> Vectors:
        """See `Embedding`."""
        heard = list(windows.mean(1))
        inputs = self._extractor(heard, sampling_rate=self.sample_rate, return_tensors="pt")
        # Where all are of the right length, the extractor of a fused model calls one of them longer, by chance.
        inputs["is_longer"] = torch.zeros_like(inputs["is_longer"])
        with torch.inference_mode():
            projected = self._model.get_audio_features(**inputs)
        # The vectors themselves up to version 4, a record of them from 5 on.
        vectors: Vectors = getattr(projected, "pooler_output", projected).numpy()
        return vectors
