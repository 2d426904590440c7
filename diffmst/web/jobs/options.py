"""What jobs can do, and what may be said of how."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from diffmst.amount import Amounts
from diffmst.mix_parts import MOST_TAIL_S, Subtype
from diffmst.web.session_info import Window

Kind = Literal["prepare", "balance", "match", "rematch", "measure", "render", "export", "demo"]

Loudness = Annotated[float, Field(ge=-70, le=0)]
Ceiling = Annotated[float, Field(ge=-20, le=0)]
Tail = Annotated[float, Field(ge=0, le=MOST_TAIL_S)]


class Options(BaseModel):
    """Of a job; what is not known is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class NoOptions(Options):
    """There is nothing to choose."""


class MatchOptions(Options):
    """Of `match`: mix the stems of the session like its references."""

    steps: int = Field(default=80, ge=0, le=2_000, description="Of refinement, at most; 0 leaves what is predicted.")
    time_s: float | None = Field(default=None, ge=0, le=86_400, description="Of refinement, at most; null: no limit.")
    refine: bool = Field(default=True, description="False leaves what is predicted, as `steps: 0`.")
    model: bool = Field(default=True, description="Predict where to begin; false begins with balanced stems.")
    amounts: Amounts | None = Field(default=None, description="Of what is matched; null: all, or as in the document.")
    window: Window | None = Field(default=None, description="What is listened to; null: as the session says.")
    loudness: Literal["reference", "keep"] | Loudness | None = Field(
        default=None, description="Of the result, LUFS or a word; null: as the reference, or as in the document."
    )
    ceiling_dbtp: Ceiling | None = Field(default=None, description="Null: -1, or as in the document.")
    tail_s: Tail | None = Field(default=None, description="Null: none, or as in the document.")

    @property
    def most_steps(self) -> int:
        """Of refinement."""
        return self.steps if self.refine else 0


class RematchOptions(MatchOptions):
    """Of `rematch`: match the document again; what is locked stays as it is."""

    keep_changes: bool = Field(default=False, description="Lock what was changed by hand since the match.")


class RenderOptions(Options):
    """Of `render`: the mix as a WAV file."""

    subtype: Subtype | None = Field(default=None, description="Null: as in the document.")
    loudness: Literal["document", "keep"] | Loudness = Field(
        default="document", description="LUFS; `document`: as it says; `keep`: as it comes from the console."
    )
    ceiling_dbtp: Ceiling | None = Field(default=None, description="Null: as in the document.")
    tail_s: Tail | None = Field(default=None, description="Null: as in the document.")
    stems: bool = Field(default=False, description="Also every processed stem and the reverb return, as one archive.")


class ExportOptions(Options):
    """Of `export`: sessions for other programs, an archive each."""

    formats: tuple[str, ...] = Field(
        min_length=1, max_length=16, description="As `GET /api/about` lists them.", examples=[["reaper", "stems"]]
    )


class DemoOptions(Options):
    """Of `demo`: stems and a reference that are made up, in an empty session."""

    seed: int = Field(default=1, ge=0, le=2**31, description="Another seed, another song.")


OPTIONS: dict[Kind, type[Options]] = {
    "prepare": NoOptions,
    "balance": NoOptions,
    "match": MatchOptions,
    "rematch": RematchOptions,
    "measure": NoOptions,
    "render": RenderOptions,
    "export": ExportOptions,
    "demo": DemoOptions,
}
