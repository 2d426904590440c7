"""A session on disk: a song, its references, the mix and everything made of them, in one folder."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from diffmst.errors import UserError
from diffmst.mix import Mix
from diffmst.outputs import HIDDEN, write_text_atomically
from diffmst.validation import first_problem
from diffmst.web.documents import PAGE, Document, Documents
from diffmst.web.session_info import AudioFile, SessionInfo, now

INFO_NAME, DOCUMENT_NAME = "session.json", "mix.json"


class Session:
    """One session. Its methods may be called from any thread; other processes are given paths.

    Everything is read from the disk when asked for, and written whole or not at all: what was there before a server
    was killed is there after.

    Attributes:
        id: of the session.
        folder: its own; below it lie `stems/`, `references/`, `mix/` (the document, and what is made for the user),
            `history/` and `cache/` (may be deleted at any time).
        documents: the mix document, its revisions and history.
        lock: held while files or documents are changed.
    """

    def __init__(self, folder: Path) -> None:
        self.id, self.folder = folder.name, folder
        self.lock = threading.RLock()
        self.documents = Documents(self.mix_folder / DOCUMENT_NAME, self.history_folder, self.lock)

    @property
    def stems_folder(self) -> Path:
        """For stems that were uploaded."""
        return self.folder / "stems"

    @property
    def references_folder(self) -> Path:
        """For references that were uploaded."""
        return self.folder / "references"

    @property
    def mix_folder(self) -> Path:
        """For the document and all that is made for the user: what `GET /files` shows."""
        return self.folder / "mix"

    @property
    def cache_folder(self) -> Path:
        """For decoded audio and whatever else can be made again."""
        return self.folder / "cache"

    @property
    def history_folder(self) -> Path:
        """For what the document was before."""
        return self.folder / "history"

    @property
    def incoming_folder(self) -> Path:
        """For uploads that have not arrived whole."""
        return self.folder / "incoming"

    def unfinished(self) -> list[Path]:
        """Files that are being written, or were when a server was killed."""
        documents = [self.folder, self.mix_folder, self.history_folder]
        half = [path for folder in documents for path in folder.glob(f"{HIDDEN}*") if path.is_file()]
        return [*self.incoming_folder.glob("*"), *half]

    @property
    def readable(self) -> bool:
        """Whether it exists and is not damaged."""
        try:
            self.info()
        except UserError:
            return False
        return True

    def info(self) -> SessionInfo:
        """What session.json says.

        Raises:
            UserError: it is damaged.
        """
        path = self.folder / INFO_NAME
        try:
            return SessionInfo.model_validate_json(path.read_bytes())
        except ValidationError as error:
            raise UserError(f"{path}: is damaged ({first_problem(error)}); the audio beside it is whole") from None
        except OSError as error:
            raise UserError(f"{path}: cannot be read ({error.strerror or error})") from None

    def change(self, update: Callable[[SessionInfo], SessionInfo]) -> SessionInfo:
        """Replaces what session.json says by what `update` makes of it; returns that.

        Raises:
            UserError: it is damaged, or cannot be written.
        """
        with self.lock:
            changed = update(self.info()).model_copy(update={"changed_at": now()})
            self.write_info(changed)
            return changed

    def write_info(self, info: SessionInfo) -> None:
        """Replaces session.json."""
        text = json.dumps(info.model_dump(mode="json"), indent=2, ensure_ascii=False, allow_nan=False)
        write_text_atomically(self.folder / INFO_NAME, text + "\n")

    def path(self, file: AudioFile) -> Path:
        """Where a stem or reference lies."""
        return self.folder / file.file

    def document(self) -> Document | None:
        """The mix document and its revision; None before the first match.

        Raises:
            UserError: it is damaged.
        """
        return self.documents.read()

    def put_document(self, mix: Mix, origin: str = PAGE, revision: int | None = None) -> int:
        """Replaces the mix document, see `Documents.write`; returns the new revision.

        Raises:
            UserError: it names a file that is not of this session, or cannot be written.
            OutdatedError: it has another revision than the one given.
        """
        with self.lock:  # none of its files goes between the look and the writing
            self.check_files(mix)
            return self.documents.write(mix, origin, revision)

    def restore(self, name: str) -> Document:
        """Makes a document of the history the current one.

        Raises:
            FileNotFoundError: there is none of this name.
            UserError: it is damaged, names a file that was removed since, or cannot be written.
        """
        mix = self.documents.past(name)
        return Document(self.put_document(mix, "restore"), mix)

    def check_files(self, mix: Mix) -> None:
        """Makes sure that a document, which may come from anywhere, leads to files of this session only.

        Raises:
            UserError: it does not.
        """
        info = self.info()
        own = {self.path(file).resolve() for file in (*info.stems, *info.references)}
        for path in [track.path for track in mix.tracks] + [reference.path for reference in mix.references]:
            if "\0" in path or (self.mix_folder / path).resolve() not in own:
                raise UserError(f"{path}: is not one of the files of this session; add it first")
