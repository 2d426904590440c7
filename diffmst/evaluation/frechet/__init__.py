"""Fréchet audio distance: how far the mixes of a system are, as a set, from a set of finished songs."""

from diffmst.evaluation.frechet.embedding import Embedding
from diffmst.evaluation.frechet.figures import EmbeddedFile, FrechetFigure, difference, frechet_figures
from diffmst.evaluation.frechet.files import embed_file
from diffmst.evaluation.frechet.loading import embedding_identity, load_embedding

__all__ = [
    "EmbeddedFile",
    "Embedding",
    "FrechetFigure",
    "difference",
    "embed_file",
    "embedding_identity",
    "frechet_figures",
    "load_embedding",
]
