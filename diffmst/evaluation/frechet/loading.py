"""Embeddings by name: what the user writes, and what it stands for."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from pathlib import Path

from diffmst import __version__
from diffmst.data.checksum import file_sha256
from diffmst.errors import UserError
from diffmst.evaluation.frechet.clap import ClapEmbedding
from diffmst.evaluation.frechet.embedding import Embedding
from diffmst.evaluation.frechet.style import StyleEmbedding
from diffmst.evaluation.frechet.trained import ModelEmbedding
from diffmst.evaluation.frechet.vggish import VGGishEmbedding

_FORMS = "style, model:FILE, vggish:FILE, clap:FOLDER or python:MODULE:FACTORY"


@lru_cache(maxsize=1)
def load_embedding(spec: str) -> Embedding:
    """The embedding that a few words stand for; the one that was asked for last is kept.

    Args:
        spec: `style`; `model:FILE`, the mix encoder of a model that training wrote; `vggish:FILE`, its weights;
            `clap:FOLDER`, a model saved by transformers; or `python:MODULE:FACTORY`, a callable of an installed module
            that is called without arguments and returns an `Embedding`.

    Raises:
        UserError: there is no such embedding, or it cannot be loaded.
    """
    kind, place = _parsed(spec)
    return _KINDS[kind](place)


def embedding_identity(spec: str) -> str:
    """What vectors depend on but the mix: those of another identity are not to be used again.

    Files are told by what is in them; what else a plug-in depends on is for its author to put into its name.

    Raises:
        UserError: there is no such embedding, or a file cannot be read.
    """
    kind, place = _parsed(spec)
    path = Path(place)
    try:
        files = [path] if kind in ("model", "vggish") else sorted(path.iterdir()) if kind == "clap" else []
        contents = [file_sha256(file) for file in files if not file.is_dir()]
    except OSError as error:
        raise UserError(f"{error.filename}: cannot be read: {error.strerror or error}") from None
    return " ".join([__version__, spec if kind == "python" else kind, *contents])


def _parsed(spec: str) -> tuple[str, str]:
    kind, _, place = spec.partition(":")
    if kind not in _KINDS or bool(place) == (kind == "style"):
        raise UserError(f"embedding {spec!r}: there is none such; give {_FORMS}")
    return kind, place


def _plugged_in(place: str) -> Embedding:
    module, _, factory = place.partition(":")
    if not module or not factory:
        raise UserError(f"embedding 'python:{place}': names no factory; give python:MODULE:FACTORY")
    try:
        make = getattr(import_module(module), factory)
    except (ImportError, AttributeError) as error:
        raise UserError(f"embedding 'python:{place}': cannot be imported: {error}") from None
    embedding: Embedding = make()
    if missing := [name for name in _ATTRIBUTES if not hasattr(embedding, name)]:
        raise UserError(f"embedding 'python:{place}': what it returns is no Embedding, it has no {missing[0]}")
    return embedding


_KINDS: dict[str, Callable[[str], Embedding]] = {
    "style": lambda _: StyleEmbedding(),
    "model": lambda place: ModelEmbedding(Path(place)),
    "vggish": lambda place: VGGishEmbedding(Path(place)),
    "clap": lambda place: ClapEmbedding(Path(place)),
    "python": _plugged_in,
}
_ATTRIBUTES = ("name", "sample_rate", "window_s", "hop_s", "dims", "loudness_lufs", "__call__")
