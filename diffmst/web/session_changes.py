"""What the page may change of a session's own data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from diffmst.errors import UserError
from diffmst.roles import told_role
from diffmst.web.session_info import Aspects, Reference, SessionInfo, Stem, Title, Weight, Window

MOST_UI_BYTES = 64 << 10
_DEEPEST_UI = 16

FileT = TypeVar("FileT", Stem, Reference)


def _modest(ui: dict[str, Any]) -> dict[str, Any]:
    """JSON that is neither large nor deep.

    Raises:
        ValueError: it is.
    """
    if _depth(ui) > _DEEPEST_UI:
        raise ValueError(f"must not be nested more than {_DEEPEST_UI} deep")
    if len(json.dumps(ui, ensure_ascii=False, allow_nan=False).encode()) > MOST_UI_BYTES:
        raise ValueError(f"must not take more than {MOST_UI_BYTES >> 10} kB")
    return ui


def _depth(value: object) -> int:
    """Levels of objects and lists, counted without recursion."""
    deepest, layer = 0, [value]
    while layer := [part for one in layer for part in _parts(one)]:
        deepest += 1
        if deepest > _DEEPEST_UI:
            break
    return deepest


def _parts(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, list) else []


class _Change(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class StemPatch(_Change):
    """What is said of a stem."""

    name: Title | None = None
    role: str | None = Field(default=None, max_length=40, description="Empty to have name and sound tell again.")


class ReferencePatch(_Change):
    """What is said of a reference."""

    name: Title | None = None
    weight: Weight | None = None
    aspects: Aspects | None = None
    main: bool | None = None


class SessionPatch(_Change):
    """What is said of a session; what is left out stays as it is."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Ballad"}]})

    title: Title | None = None
    window: Window | None = Field(default=None, description="Null to have diffmst choose the passages.")
    ui: Annotated[dict[str, Any], AfterValidator(_modest)] | None = Field(
        default=None, description="Whatever the page wants to find again; 64 kB."
    )
    stems: dict[str, StemPatch] = Field(default_factory=dict, description="By id.")
    references: dict[str, ReferencePatch] = Field(default_factory=dict, description="By id.")


def patched(info: SessionInfo, patch: SessionPatch) -> SessionInfo:
    """A session's data with changes.

    Raises:
        UserError: there is no such file or role.
    """
    changes: dict[str, Any] = {
        name: getattr(patch, name) for name in ("title", "ui") if getattr(patch, name) is not None
    }
    if "window" in patch.model_fields_set:
        changes["window"] = patch.window
    changes["stems"] = _files(info.stems, {key: _of_stem(one) for key, one in patch.stems.items()})
    changes["references"] = _files(info.references, {key: _said(one) for key, one in patch.references.items()})
    return info.model_copy(update=changes)


def _files(files: tuple[FileT, ...], changes: Mapping[str, Mapping[str, Any]]) -> tuple[FileT, ...]:
    if unknown := changes.keys() - {file.id for file in files}:
        raise UserError(f"{min(unknown)}: there is no file of this id in the session")
    return tuple(file.model_copy(update=dict(changes.get(file.id, {}))) for file in files)


def _said(patch: _Change) -> dict[str, Any]:
    return {name: value for name in patch.model_fields_set if (value := getattr(patch, name)) is not None}


def _of_stem(patch: StemPatch) -> dict[str, Any]:
    said = _said(patch)
    if "role" in patch.model_fields_set:
        said["role"] = told_role(patch.role).name if patch.role else None
    return said
