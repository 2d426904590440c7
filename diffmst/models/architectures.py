"""The architectures by the names that files call them by, and their configurations as plain values."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from diffmst.errors import UserError
from diffmst.models.diff_mst import DiffMST, DiffMSTConfig
from diffmst.models.pair_features import FEATURE_NAMES
from diffmst.models.prediction import MixModel
from diffmst.models.scene import ROLE_NAMES
from diffmst.models.style_transfer import StyleTransfer, StyleTransferConfig
from diffmst.validation import first_problem


class Architecture(NamedTuple):
    """A model and the frozen dataclass that it is made from.

    Attributes:
        about: what it is, in a sentence.
        citation: what to cite.
        inputs: what stands in the columns of its inputs, where that is not audio: weights are of no use for others.
        config: class of the configuration, which holds the `layout` and the `hearing` too.
        model: made by `model(config)`, which keeps it as its `config`.
    """

    about: str
    citation: str
    inputs: dict[str, tuple[str, ...]]
    config: type
    model: type[MixModel]


_DIFF_MST = (
    "Vanka, Steinmetz, Rolland, Reiss, Fazekas: Diff-MST: Differentiable Mixing Style Transfer. ISMIR 2024, "
    "arXiv:2407.08889."
)
ARCHITECTURES = {
    "diff-mst": Architecture(
        "The published Diff-MST: two CNN14 encoders of spectrograms and a transformer over the tracks of the song.",
        _DIFF_MST,
        {},
        DiffMSTConfig,
        DiffMST,
    ),
    "style-transfer": Architecture(
        "A small model beyond Diff-MST: it hears levels in bands, compares every stem with the reference, and tells "
        "every control with its doubt.",
        _DIFF_MST,
        {"roles": ROLE_NAMES, "pair features": FEATURE_NAMES},
        StyleTransferConfig,
        StyleTransfer,
    ),
}
"""By the names that model files and configurations call them by."""


def build_model(architecture: str, config: Mapping[str, Any], source: str) -> MixModel:
    """A new model.

    Args:
        architecture: its name.
        config: its configuration as plain values, as JSON or YAML hold them; what is left out is at its default.
        source: what errors call it.

    Raises:
        UserError: there is no such architecture, or its configuration does not fit.
    """
    if architecture not in ARCHITECTURES:
        known = ", ".join(ARCHITECTURES)
        raise UserError(f"{source}: there is no architecture {architecture!r} here, only {known}; update diffmst")
    config_class, model = ARCHITECTURES[architecture].config, ARCHITECTURES[architecture].model
    if unknown := config.keys() - {field.name for field in fields(config_class)}:
        raise UserError(f"{source}: {architecture} has no setting {min(unknown)!r}; update diffmst")
    try:
        return model(TypeAdapter(config_class).validate_python(config))
    except ValidationError as error:
        raise UserError(f"{source}: {architecture}: {first_problem(error)}") from None
    except (ValueError, RuntimeError) as error:  # sizes that do not fit together, or into the memory
        raise UserError(f"{source}: {architecture} cannot be made: {str(error).splitlines()[0]}") from error


def architecture_of(model: MixModel) -> str:
    """The name of a model's architecture.

    Raises:
        ValueError: it has none.
    """
    for name, architecture in ARCHITECTURES.items():
        if type(model) is architecture.model:
            return name
    raise ValueError(f"model must be one of {', '.join(ARCHITECTURES)}, got {type(model).__name__}")


def plain_config(model: MixModel) -> dict[str, Any]:
    """A model's configuration as plain values, from which `build_model` makes its like."""
    return {field.name: _plain(getattr(model.config, field.name)) for field in fields(model.config)}


def _plain(value: object) -> object:
    """As JSON holds it: a named tuple as an object, any other as an array."""
    if isinstance(value, tuple):
        return value._asdict() if hasattr(value, "_asdict") else list(value)
    return value
