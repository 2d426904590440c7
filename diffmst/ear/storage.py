"""Ears in files: one safetensors file with the weights, and in its header how they came about."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from diffmst.ear.network import EarConfig, RoleEar
from diffmst.errors import UserError
from diffmst.models.record import TrainingRecord
from diffmst.models.scene import ROLE_NAMES
from diffmst.outputs import AtomicFile
from diffmst.validation import first_problem

SHIPPED = Path(__file__).parent / "weights" / "ear.safetensors"
"""The weights that come with the package."""

_KEY = "diffmst.ear"
VERSION: Final = 1


class EarRecord(BaseModel):
    """What a file says of an ear."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["diffmst.ear"] = "diffmst.ear"
    version: Literal[1] = VERSION
    config: EarConfig
    roles: tuple[str, ...] = Field(description="That it tells, in this order.")
    training: TrainingRecord


def save_ear(path: Path, ear: RoleEar, training: TrainingRecord) -> None:
    """Writes an ear, whole or not at all, replacing what was there; matrices and kernels are rounded to 16 bits.

    Args:
        path: of the file, `.safetensors`.
        ear: to be kept.
        training: how its weights came about.

    Raises:
        UserError: the file cannot be written.
    """
    record = EarRecord(config=ear.config, roles=ROLE_NAMES[:-1], training=training)
    weights = {name: _stored(value) for name, value in ear.state_dict().items()}
    with AtomicFile(path) as file:
        file.write(save(weights, {_KEY: record.model_dump_json()}))


def load_ear(path: Path = SHIPPED) -> RoleEar:
    """An ear, ready to hear. Nothing in the file is run.

    Args:
        path: of a file that `save_ear` wrote; the ear of the package if not given.

    Raises:
        UserError: there is no such file, it is no ear, it is damaged, or of another diffmst.
    """
    record, weights = _read(path)
    with torch.random.fork_rng(devices=[]):  # what the weights start from is not drawn from the caller's numbers
        ear = RoleEar(record.config)
    expected = ear.state_dict()
    if {name: value.shape for name, value in weights.items()} != {name: v.shape for name, v in expected.items()}:
        raise UserError(f"{path}: its weights are not those of this diffmst's ear; train it again or get another")
    if any(not value.isfinite().all() for value in weights.values()):
        raise UserError(f"{path}: the weights are damaged: some are not finite; get the file again")
    ear.load_state_dict({name: value.to(expected[name].dtype) for name, value in weights.items()})
    return ear.eval()


@cache
def shipped_ear() -> RoleEar:
    """The ear of the package; loaded once, not to be changed.

    Raises:
        UserError: its file is missing or damaged.
    """
    return load_ear().requires_grad_(False)


def read_ear_record(path: Path = SHIPPED) -> EarRecord:
    """What a file says of an ear.

    Raises:
        UserError: as `load_ear`.
    """
    return _read(path)[0]


def _read(path: Path) -> tuple[EarRecord, dict[str, Tensor]]:
    try:
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get(_KEY, "")
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; give an ear.safetensors that `diffmst train-ear` wrote") from None
    except (SafetensorError, OSError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path}: is no whole safetensors file, get it again ({reason})") from None
    return _parsed(text, path), weights


def _parsed(text: str, path: Path) -> EarRecord:
    try:
        data: Any = json.loads(text)
    except ValueError:
        data = None
    if not isinstance(data, dict) or data.get("format") != "diffmst.ear":
        raise UserError(f"{path}: holds weights, but no ear; give a file that `diffmst train-ear` wrote")
    try:
        record = EarRecord.model_validate(data)
    except ValidationError as error:
        raise UserError(f"{path}: {first_problem(error)}") from None
    if record.roles != ROLE_NAMES[:-1]:
        raise UserError(f"{path}: tells other roles than this diffmst knows; train it again or get another")
    return record


def _stored(value: Tensor) -> Tensor:
    value = value.detach().cpu().contiguous()
    return value.half() if value.is_floating_point() and value.ndim > 1 else value
