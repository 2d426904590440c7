"""What the listeners must not know: which sound is which. `key.json`, as versioned JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from diffmst import __version__
from diffmst.errors import UserError
from diffmst.listening_test.sources import Role
from diffmst.validation import first_problem

KEY_NAME: Final = "key.json"
VERSION: Final = 1

Kind = Literal["mushra", "preference"]
"""`mushra`: how similar is each to the reference, which is hidden among them. `preference`: which is better."""

Question = Literal["similarity", "quality", "style"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class KeyStimulus(_Part):
    """One sound to rate."""

    id: str = Field(description="The name by which pages and results know it.")
    system: str
    role: Role
    path: str = Field(description="The file it was cut from.")
    gain_db: float = Field(description="That brought it to the loudness of the trial.")


class KeyTrial(_Part):
    """One page."""

    id: str
    song: str
    seconds: float = Field(description="Length of the excerpt.")
    start_s: float = Field(description="Where it begins in the files.")
    reference_start_s: float | None = Field(default=None, description="In the file of the reference; null for none.")
    loudness_lufs: float = Field(description="Integrated, of each of its sounds.")
    stimuli: tuple[KeyStimulus, ...] = Field(min_length=2)


class Key(_Part):
    """A whole test, with the systems by their names."""

    format: Literal["diffmst.listening-test"] = "diffmst.listening-test"
    version: Literal[1] = VERSION
    software: str = f"diffmst {__version__}"
    test: str = Field(description="Identifies it; stands in every result.")
    title: str
    kind: Kind
    question: Question
    sample_rate: int
    seed: int
    repeats: int = Field(ge=0, description="Pages that every listener gets a second time.")
    must_hear: float = Field(ge=0, le=1, description="Share of each sound to be heard before a page may be left.")
    trials: tuple[KeyTrial, ...] = Field(min_length=1)

    @property
    def conditions(self) -> dict[str, Role]:
        """What was rated, by name, in the order of the first trial: systems, reference, anchors."""
        order = {"system": 0, "reference": 1, "anchor": 2}
        stimuli = sorted(self.trials[0].stimuli, key=lambda stimulus: order[stimulus.role])
        return {stimulus.system: stimulus.role for stimulus in stimuli}

    def to_json(self) -> str:
        """The document, for people too."""
        return json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"


def read_key(place: Path) -> Key:
    """The key of a test, from the file or the folder that holds it.

    Raises:
        UserError: there is none, or it is broken.
    """
    path = place / KEY_NAME if place.is_dir() else place
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; give the folder that `diffmst listen make` wrote") from None
    except (OSError, UnicodeDecodeError):
        raise UserError(f"{path}: cannot be read; give the {KEY_NAME} that `diffmst listen make` wrote") from None
    try:
        return Key.model_validate_json(text)
    except ValidationError as error:
        raise UserError(f"{path}: is no key of a listening test ({first_problem(error)})") from None
