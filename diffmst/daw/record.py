"""What a session was when it was written, kept beside it: so that import can tell what was changed in it since."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError

from diffmst.daw.formats import Format, SessionValues
from diffmst.errors import UserError
from diffmst.mix import relative_path
from diffmst.mix_parts import Part, Values
from diffmst.outputs import write_text_atomically

RECORD_NAME = "diffmst-session.json"
"""In the folder of the session."""

DOCUMENT_NAME = "mix.json"
"""A copy of the document, beside it."""


class Record(Part):
    """What a session said when it was written, as its own format reads it: whatever it cannot say is no change.

    Its values lie within the ranges of their controls.
    """

    format: Literal["diffmst.session"] = "diffmst.session"
    version: Literal[1] = 1
    session: str = Field(description="The format of the session.")
    document: str = Field(description="The mix document that it was made from, relative to this file.")
    files: tuple[str, ...] = Field(description="All others that were written with it, relative to this one.")
    sha256: str = Field(default="", description="Of the file that a program opens; empty where there is none.")
    tracks: dict[str, Values]
    master: Values
    fx: Values = Field(default_factory=dict, description="What the reverb was, also where the session cannot say it.")
    return_gain_db: float
    muted: dict[str, bool]
    names: dict[str, str]

    @classmethod
    def of(
        cls, values: SessionValues, kind: Format, document: Path, folder: Path, files: Sequence[str], sha256: str
    ) -> Self:
        """The record of a session.

        Args:
            values: read from it, within the ranges of their controls.
            kind: its format.
            document: that it was made from.
            folder: that it will lie in.
            files: of the session, relative to the folder.
            sha256: of the one that a program opens; empty where there is none.
        """
        return cls(
            session=kind.name,
            document=relative_path(document, folder),
            files=tuple(files),
            sha256=sha256,
            tracks={key: dict(controls) for key, controls in values.tracks.items()},
            master=dict(values.master),
            fx=dict(values.fx),
            return_gain_db=values.return_gain_db,
            muted=dict(values.muted),
            names=dict(values.names),
        )

    def values(self) -> SessionValues:
        """What the session said."""
        return SessionValues(self.tracks, self.master, self.return_gain_db, self.muted, self.names, fx=self.fx)

    def write(self, path: Path) -> None:
        """Writes the record; raises UserError when it cannot be written."""
        write_text_atomically(path, self.model_dump_json(indent=1) + "\n")

    def own_files(self) -> set[str]:
        """The files that were written, relative to the folder: those of them that lie in it."""
        return {name for name in self.files if not (".." in Path(name).parts or Path(name).is_absolute())}


def read_record(folder: Path) -> Record | None:
    """The record in a folder; none where there is none.

    Raises:
        UserError: it cannot be understood.
    """
    path = folder / RECORD_NAME
    try:
        return Record.model_validate_json(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, ValidationError):
        raise UserError(f"{path}: is not what `diffmst export` wrote; remove it and export the mix again") from None
