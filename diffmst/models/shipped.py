"""The model that comes with the package."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from diffmst.models.checkpoint import load_model
from diffmst.models.prediction import MixModel

SHIPPED = Path(__file__).parent / "weights" / "model.safetensors"
"""What mixes are predicted by where the user names no other model; beside it lies its card, model.md."""


@cache
def shipped_model() -> MixModel:
    """The model that comes with the package, ready to predict; loaded once."""
    return load_model(SHIPPED)
