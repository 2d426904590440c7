"""What a session knows of itself: the contents of its session.json."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from diffmst.aspects import ASPECTS, Aspect

LONGEST_TITLE = 200


def now() -> datetime:
    """The time, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def _printable(text: str) -> str:
    """One line of text without control characters.

    Raises:
        ValueError: it is none.
    """
    text = text.strip()
    if not text or not text.isprintable():
        raise ValueError("must be one line of text")
    return text


Title = Annotated[str, Field(min_length=1, max_length=LONGEST_TITLE), AfterValidator(_printable)]
FileId = Annotated[str, Field(pattern="^[0-9a-f]{8}$")]
Weight = Annotated[float, Field(gt=0, le=1000)]
Aspects = Annotated[tuple[Aspect, ...], Field(min_length=1, max_length=len(ASPECTS))]


class Stored(BaseModel):
    """What all parts of the file are: never changed, and lenient about keys of a later version."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)


class AudioFile(Stored):
    """An audio file of a session."""

    id: FileId
    name: str = Field(description="As shown; free to change.")
    file: str = Field(description="Relative to the folder of the session; absolute where the session is linked.")
    sha256: str | None = None
    bytes: int = 0
    frames: int = Field(default=0, description="Samples per channel, as far as the file tells.")
    sample_rate: int = Field(default=0, description="Hz.")
    channels: int = 0
    seconds: float = 0.0
    problem: str | None = Field(default=None, description="Why it cannot be used, or what to know of it.")


class Stem(AudioFile):
    """A stem."""

    role: str | None = Field(default=None, description="What you say that it is; null where its name and sound tell.")


class Reference(AudioFile):
    """A song to mix like."""

    weight: Weight = 1.0
    aspects: Aspects = ASPECTS
    main: bool = Field(default=True, description="Whether the mix takes its loudness from it too.")


class Window(Stored):
    """The part of song and reference that is listened to."""

    start_s: float = Field(ge=0)
    reference_start_s: float = Field(ge=0)
    seconds: float = Field(ge=1, le=60)


class SessionInfo(Stored):
    """All of session.json."""

    title: Title
    created_at: datetime = Field(default_factory=now)
    changed_at: datetime = Field(default_factory=now)
    stems: tuple[Stem, ...] = ()
    references: tuple[Reference, ...] = ()
    window: Window | None = Field(default=None, description="Null where diffmst chooses the passages itself.")
    ui: dict[str, Any] = Field(default_factory=dict, description="Whatever the page wants to find again.")
    linked: str | None = Field(default=None, description="The mix document, yours, that the session was opened from.")
    linked_sha256: str | None = Field(default=None, description="Of that document as it was read or saved last.")
