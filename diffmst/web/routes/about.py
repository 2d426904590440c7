"""What the server is and what it can do: version, limits, formats, roles, and the console's controls."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field
from pydantic.fields import FieldInfo

from diffmst import __version__
from diffmst.audio.discovery import AUDIO_EXTENSIONS
from diffmst.layout import LAYOUTS, Layout, Section
from diffmst.mix_parts import RenderSettings
from diffmst.params import Scale
from diffmst.roles import FAMILIES, ROLES
from diffmst.web.problems import PROBLEMS
from diffmst.web.state import State

router = APIRouter(prefix="/api", tags=["about"], responses=PROBLEMS)


_ROLE_LABELS = {"lead": "Lead vocals", "backing": "Backing vocals", "hats": "Hi-hats and cymbals", "drums": "Drum kit"}
_RENDER_UNITS = {"lufs": "LUFS", "dbtp": "dBTP", "s": "s"}


class LimitsInfo(BaseModel):
    """How much the server takes."""

    max_file_bytes: int
    max_session_bytes: int
    max_files: int
    max_references: int
    extensions: list[str]


class FormatInfo(BaseModel):
    """A format that a mix is exported to."""

    name: str
    title: str
    about: str


FORMATS = (
    FormatInfo(
        name="ardour",
        title="Ardour 7 and later",
        about="Every track, setting and plugin in its place, to go on mixing in Ardour.",
    ),
    FormatInfo(
        name="ardour-ace",
        title="Ardour 7 and later, its own equalizer",
        about="The same with the plugins that come with Ardour: nothing else need be installed.",
    ),
    FormatInfo(
        name="dawproject",
        title="DAWproject (Bitwig Studio, Studio One, Cubase)",
        about="The open exchange format: faders, pans, mutes, sends, equalizers and compressors.",
    ),
    FormatInfo(
        name="reaper",
        title="REAPER 7 and later",
        about="A project with the console as plugins that come with it and sound as they do here.",
    ),
    FormatInfo(
        name="stems",
        title="stems with a settings sheet",
        about="The processed tracks as WAV files, for any program, with a sheet of all settings.",
    ),
)
"""Here too, since the formats themselves take two seconds to load; a test holds the titles to be theirs."""


class RoleInfo(BaseModel):
    """What a stem may be."""

    name: str
    family: str
    label: str


class ModelInfo(BaseModel):
    """What predicts the settings that a match begins with."""

    name: str


class ParamDeclaration(BaseModel):
    """One control; see `Param` of the Python package."""

    name: str = Field(description="Dotted, as in the document: `eq.low_shelf.gain_db`.")
    unit: str
    low: float
    high: float
    default: float
    scale: Scale
    about: str


class About(BaseModel):
    """What the server is and what it can do."""

    version: str
    limits: LimitsInfo
    formats: list[FormatInfo]
    roles: list[RoleInfo]
    delivery: list[ParamDeclaration] = Field(
        description="The numbers of the document's `render`. One that may be null is so at its lowest."
    )
    model: ModelInfo | None


class EffectDeclaration(BaseModel):
    """An effect and its controls, in order."""

    name: str
    params: list[ParamDeclaration]


class Sections(BaseModel):
    """The effects of each section in the order of the signal."""

    track: list[EffectDeclaration]
    fx: list[EffectDeclaration]
    master: list[EffectDeclaration]


class LayoutDeclaration(BaseModel):
    """The controls of a console."""

    name: Literal["default", "paper"]
    sections: Sections


@router.get("/about", summary="Version, limits, export formats, roles and model")
def about(state: State) -> About:
    """What the page asks first."""
    limits = state.limits
    return About(
        version=__version__,
        limits=LimitsInfo(
            max_file_bytes=limits.max_file_bytes,
            max_session_bytes=limits.max_session_bytes,
            max_files=limits.max_files,
            max_references=limits.max_references,
            extensions=list(AUDIO_EXTENSIONS),
        ),
        formats=list(FORMATS),
        roles=_roles(),
        delivery=delivery(),
        model=_model(),
    )


@router.get("/effects", summary="Every control of the console, with unit, range and default")
def effects() -> list[LayoutDeclaration]:
    """The declarations that the page draws its controls from; one entry per layout."""
    return _declarations()


@cache
def _model() -> ModelInfo | None:
    """By the title of its card, since the weights would load torch."""
    from diffmst import models

    card = Path(models.__file__).parent / "weights" / "model.md"
    try:
        with card.open(encoding="utf-8") as file:
            return ModelInfo(name=file.readline().strip("# \n").removeprefix("Model card: "))
    except OSError:
        return None


@cache
def delivery() -> list[ParamDeclaration]:
    """The numbers that say how a mix is written, with the bounds that the document has for them."""
    fields = RenderSettings.model_fields.items()
    return [_render_declaration(name, field) for name, field in fields if name.rpartition("_")[2] in _RENDER_UNITS]


def _render_declaration(name: str, field: FieldInfo) -> ParamDeclaration:
    (low,) = (rule.ge for rule in field.metadata if hasattr(rule, "ge"))
    (high,) = (rule.le for rule in field.metadata if hasattr(rule, "le"))
    return ParamDeclaration(
        name=f"render.{name}",
        unit=_RENDER_UNITS[name.rpartition("_")[2]],
        low=low,
        high=high,
        default=low if field.default is None else field.default,
        scale="linear",
        about=field.description or "",
    )


@cache
def _declarations() -> list[LayoutDeclaration]:
    return [_declaration(layout) for layout in LAYOUTS.values()]


def _declaration(layout: Layout) -> LayoutDeclaration:
    return LayoutDeclaration(
        name=layout.name, sections=Sections(**{name: _section(part) for name, part in layout.sections()})
    )


def _section(section: Section) -> list[EffectDeclaration]:
    return [
        EffectDeclaration(
            name=effect.name,
            params=[
                ParamDeclaration(
                    name=f"{effect.name}.{param.name}",
                    unit=param.unit,
                    low=param.low,
                    high=param.high,
                    default=param.default,
                    scale=param.scale,
                    about=param.about,
                )
                for param in effect.params
            ],
        )
        for effect in section.effects
    ]


def _roles() -> list[RoleInfo]:
    """As a menu has them: those of a family beside each other."""
    roles = [
        RoleInfo(name=role.name, family=FAMILIES.get(role.name, role.name), label=_label(role.name)) for role in ROLES
    ]
    families = list(dict.fromkeys(role.family for role in roles))
    return sorted(roles, key=lambda role: families.index(role.family))


def _label(role: str) -> str:
    return _ROLE_LABELS.get(role, role.capitalize())
