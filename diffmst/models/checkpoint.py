"""Models in files: one safetensors file with the weights, and all that is known of them in its header."""

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from diffmst import __version__
from diffmst.errors import UserError
from diffmst.models.architectures import ARCHITECTURES, architecture_of, build_model, plain_config
from diffmst.models.migrations import MIGRATIONS, Saved
from diffmst.models.prediction import MixModel
from diffmst.models.record import VERSION, ModelRecord, TrainingRecord, controls_of
from diffmst.outputs import AtomicFile
from diffmst.validation import first_problem

_KEY = "diffmst.model"
"""Where the record stands in the header."""

_PICKLED = (".ckpt", ".pt", ".pth")

_STORED = (torch.float32, torch.float16)


_OLDEST = 1


def save_model(
    path: Path, model: MixModel, *, training: TrainingRecord, dtype: torch.dtype = torch.float32
) -> ModelRecord:
    """Writes a model, whole or not at all, replacing what was there; returns what the file says of it.

    Args:
        path: of the file, `.safetensors`.
        model: any of `ARCHITECTURES`.
        training: how the weights came about.
        dtype: float32, or float16 for half the size: matrices and kernels are rounded to 11 bits then, while vectors
            and statistics, which may be very small, stay as they are.

    Raises:
        UserError: the file cannot be written.
        ValueError: a weight is not finite in that format, or it is no such format.
    """
    if dtype not in _STORED:
        raise ValueError(f"dtype must be one of {', '.join(map(str, _STORED))}, got {dtype}")
    weights = {name: _stored(value, dtype) for name, value in model.state_dict().items()}
    if broken := _not_finite(weights):
        raise ValueError(f"weights must be finite, got others in {broken}")
    record = record_of(model, training)
    with AtomicFile(path) as file:
        file.write(save(weights, {_KEY: record.model_dump_json()}))
    return record


def record_of(model: MixModel, training: TrainingRecord) -> ModelRecord:
    """What a file says of a model."""
    architecture = architecture_of(model)
    return ModelRecord(
        architecture=architecture,
        config=plain_config(model),
        inputs=ARCHITECTURES[architecture].inputs,
        controls=controls_of(model.layout),
        weights=sum(parameter.numel() for parameter in model.parameters()),
        training=training,
    )


def load_model(path: Path | str, device: torch.device | str = "cpu") -> MixModel:
    """A model in float32, ready to predict. Nothing in the file is run.

    Args:
        path: of a file that `save_model` wrote.
        device: where the model is to be.

    Raises:
        UserError: there is no such file, it is no model, it is damaged, of a newer diffmst or learnt on other controls
            or inputs than today's; or there is no such device.
    """
    path = Path(path)
    record, weights = _read(path, weights=True)
    with torch.random.fork_rng(devices=[]):  # what the weights start from is not drawn from the caller's numbers
        model = build_model(record.architecture, record.config, str(path))
    record.check(ARCHITECTURES[record.architecture].inputs, model.layout, str(path))
    _check_weights(weights, model.state_dict(), path)
    model.load_state_dict(weights)
    try:
        return model.to(device).eval()
    except (RuntimeError, AssertionError) as error:  # the latter where torch is built without it
        raise UserError(f"device {device}: cannot be used: {str(error).splitlines()[0]}") from None


def read_record(path: Path) -> ModelRecord:
    """What a model file says of itself, without reading its weights.

    Raises:
        UserError: there is no such file, it is no model, or it is of a newer diffmst.
    """
    return _read(path, weights=False)[0]


def _read(path: Path, *, weights: bool) -> tuple[ModelRecord, dict[str, Tensor]]:
    saved = _migrated(_opened(path, weights), path)
    try:
        return ModelRecord.model_validate(saved.record), saved.weights
    except ValidationError as error:
        raise UserError(f"{path}: {first_problem(error)}") from None


def _opened(path: Path, weights: bool) -> Saved:
    _check_kind(path)
    try:
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get(_KEY, "")
            tensors = {name: file.get_tensor(name) for name in file.keys()} if weights else {}  # noqa: SIM118
    except SafetensorError as error:
        raise UserError(
            f"{path}: is no whole safetensors file, get it again ({' '.join(str(error).split())})"
        ) from None
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict) or data.get("format") != "diffmst.model":
        raise UserError(f"{path}: holds weights, but no model of diffmst; give a file that its training wrote")
    return Saved(data, tensors)


def _check_kind(path: Path) -> None:
    """Refuses what is no safetensors file by its first bytes, with what to do about it."""
    try:
        with path.open("rb") as file:
            start = file.read(9)
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; give a model.safetensors") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror or error}; give a model.safetensors") from None
    if path.suffix in _PICKLED or (start[8:] != b"{" and start.startswith((b"PK\x03\x04", b"\x80"))):
        raise UserError(
            f"{path}: is a checkpoint of torch, which could run anything when it is read; give the model.safetensors "
            "that training writes beside it"
        )
    if start[8:] != b"{":  # after the length of the header in 8 bytes
        raise UserError(f"{path}: is no model; give a model.safetensors")


def _migrated(saved: Saved, path: Path) -> Saved:
    version = saved.record.get("version")
    if not isinstance(version, int) or version < _OLDEST:
        raise UserError(f"{path}: version must be a whole number from {_OLDEST}, got {version!r}")
    if version > VERSION:
        raise UserError(
            f"{path}: saved in version {version} of the format, this diffmst ({__version__}) reads up to {VERSION}; "
            "update diffmst"
        )
    for step in range(version, VERSION):
        saved = MIGRATIONS[step](saved)
        saved.record["version"] = step + 1
    return saved


def _check_weights(found: Mapping[str, Tensor], expected: Mapping[str, Tensor], path: Path) -> None:
    """Raises UserError unless these are exactly the model's weights, and numbers all of them."""
    if missing := expected.keys() - found.keys():
        raise UserError(f"{path}: {len(missing)} of the weights are missing, such as {min(missing)}")
    if unknown := found.keys() - expected.keys():
        raise UserError(f"{path}: {len(unknown)} weights are not the model's, such as {min(unknown)}")
    for name, value in expected.items():
        if found[name].shape != value.shape:
            raise UserError(f"{path}: {name} must be {list(value.shape)}, got {list(found[name].shape)}")
    if broken := _not_finite(found):
        raise UserError(f"{path}: the weights are damaged: {broken} is not finite")


def _stored(value: Tensor, dtype: torch.dtype) -> Tensor:
    """A weight as it is written: on the CPU, floating point in the given format or in float32."""
    value = value.detach().cpu().contiguous()
    if not value.is_floating_point():
        return value
    return value.to(dtype if value.ndim > 1 else torch.float32)


def _not_finite(weights: Mapping[str, Tensor]) -> str | None:
    """The name of the first weight that holds infinities or NaN."""
    return next((name for name, value in weights.items() if not value.isfinite().all()), None)
