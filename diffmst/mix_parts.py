"""The parts of the mix document: tracks, references, and how it is rendered."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt
from pydantic_core import PydanticCustomError

from diffmst.aspects import ASPECTS, Aspect
from diffmst.errors import UserError
from diffmst.roles import Source, told_role

Values = dict[str, StrictFloat]
"""Settings by dotted name, physical units."""

MOST_TAIL_S = 30.0

Subtype = Literal["PCM_16", "PCM_24", "FLOAT"]
_GUESS_BELOW = 0.5  # confidence of a role
_SHA256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


def _role_name(text: str) -> str:
    try:
        return told_role(text).name
    except UserError as error:
        raise PydanticCustomError("unknown_role", "{said}", {"said": str(error)}) from None


class Part(BaseModel):
    """What all parts of the document are: complete, strict about their keys, and never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Ends(Part):
    """What amounts go between. By dotted name; what is left out is at its default."""

    neutral: Values = Field(description="Settings of the balanced neutral mix: amount 0.")
    matched: Values = Field(description="Settings of the mix that was matched to the reference: amount 100.")


Locks = Annotated[
    tuple[str, ...],
    Field(description="Controls that nothing but you may change, such as fader, eq.*, compressor.ratio or * for all."),
]


class TrackMix(Part):
    """One track: the file it comes from and its settings."""

    name: str = Field(description="As shown; free to change.")
    path: str = Field(description="The audio file, relative to the folder of this document.")
    sha256: _SHA256 = Field(description="Of the file's bytes when the mix was made.")
    channels: StrictInt = Field(
        ge=1, le=2, description="Channels mixed; a stereo file whose sides are equal counts as mono."
    )
    role: Annotated[str, AfterValidator(_role_name)] = Field(
        default="", description="What the stem is; empty when nothing tells it."
    )
    role_from: Source = Field(
        default="",
        description="What tells the role: the name of the file, its sound (ear), you (user; then it stays when the mix "
        "is matched again), or the song.json beside it (sidecar).",
    )
    role_confidence: StrictFloat = Field(default=0.0, ge=0, le=1, description="How likely the role is right.")
    group: str = Field(default="", description="What tracks of one source have in common, such as the mics of a snare.")
    mute: StrictBool = False
    note: str | None = Field(default=None, description="Why it is muted, or what was noticed about the file.")
    settings: Values = Field(default_factory=dict, description="By dotted name; what is left out is at its default.")
    locks: Locks = ()
    ends: Ends | None = Field(default=None, description="Null for settings that were not matched.")

    @property
    def role_origin(self) -> str:
        """What tells the role and how sure it is, for people; empty where nothing does."""
        match self.role_from:
            case "":
                return ""
            case "user":
                return "you"
            case "sidecar":
                return "song.json"
        return f"{self.role_from}, {self.role_confidence * 100:.0f} %{'?' if self.role_is_guess else ''}"

    @property
    def role_is_guess(self) -> bool:
        """Whether something tells the role, and is more likely wrong than right."""
        return self.role_from in ("name", "ear") and self.role_confidence < _GUESS_BELOW


class ReferenceMix(Part):
    """A song that was matched, in some aspects or all."""

    path: str = Field(description="The audio file, relative to the folder of this document.")
    sha256: _SHA256
    loudness_lufs: StrictFloat
    weight: StrictFloat = Field(
        default=1.0, gt=0, description="How much it counts against the other references that list the same aspect."
    )
    aspects: tuple[Aspect, ...] = Field(default=ASPECTS, description="What of the mix is to be like it.")
    main: StrictBool = Field(
        default=True, description="Whether the mix takes its loudness from it too, together with other main ones."
    )
    window_s: StrictFloat = Field(gt=0, description="Length of the windows of the reference that were compared.")
    windows_at_s: tuple[StrictFloat, ...] = Field(description="Where they start.")


class ComparisonMix(Part):
    """What was compared with the references, and how near the mix came."""

    song_window_s: StrictFloat = Field(gt=0, description="Length of the windows of the song.")
    song_windows_at_s: tuple[StrictFloat, ...] = Field(description="Where they start.")
    distance_before: Values = Field(
        description="Distances to the references of the balanced mix with neutral settings."
    )
    distance_after: Values


class RenderSettings(Part):
    """How the mix is written."""

    loudness_lufs: StrictFloat | None = Field(
        default=None, ge=-70, le=0, description="Integrated loudness; null leaves it as it is."
    )
    ceiling_dbtp: StrictFloat = Field(default=-1.0, ge=-20, le=0, description="The true peak never exceeds it.")
    subtype: Subtype = Field(default="PCM_24", description="Sample format of the WAV file.")
    tail_s: StrictFloat = Field(
        default=0.0,
        ge=0,
        le=MOST_TAIL_S,
        description="How long the mix goes on after its stems, for the reverb to die away.",
    )
