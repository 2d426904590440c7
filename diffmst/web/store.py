"""All sessions of one folder."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from diffmst.outputs import write_errors
from diffmst.web.session import INFO_NAME, Session
from diffmst.web.session_info import SessionInfo

_ID = re.compile(r"[0-9a-f]{16}")
_DELETED = ".deleted-"
_ABANDONED_S = 3_600  # since the last piece of an upload or a document


def data_folder() -> Path:
    """The user's folder for sessions, by the habits of the platform; it may not exist yet."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "diffmst" / "sessions"


class Store:
    """The sessions in a folder, each in a folder of its own that is called by its id.

    Args:
        root: the folder; made if need be.

    Raises:
        UserError: it cannot be written.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}
        with write_errors(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            self._sweep()

    def sessions(self) -> list[Session]:
        """All of them, damaged ones too."""
        entries = [entry.name for entry in self.root.iterdir()]
        return [session for name in entries if (session := self.get(name))]

    def get(self, session_id: str) -> Session | None:
        """A session by its id; None where there is none. One id, one object."""
        if not _ID.fullmatch(session_id):
            return None
        with self._lock:
            folder = self.root / session_id
            if folder.is_symlink() or not (folder / INFO_NAME).is_file():
                self._sessions.pop(session_id, None)
                return None
            return self._sessions.setdefault(session_id, Session(folder))

    def create(self, info: SessionInfo) -> Session:
        """A new session.

        Raises:
            UserError: it cannot be written.
        """
        folder = self.root / secrets.token_hex(8)
        session = Session(folder)
        with write_errors(folder):
            folder.mkdir()
        session.write_info(info)
        with self._lock:
            return self._sessions.setdefault(session.id, session)

    def delete(self, session: Session) -> None:
        """Removes a session with all that lies in its folder; at once, as far as anyone can see.

        Raises:
            UserError: it cannot be removed.
        """
        gone = self.root / f"{_DELETED}{session.id}"
        with self._lock, session.lock, write_errors(session.folder):
            session.folder.rename(gone)
            self._sessions.pop(session.id, None)
        shutil.rmtree(gone, ignore_errors=True)

    def _sweep(self) -> None:
        """Removes what a server that was killed has left half deleted or half written; another one may be running."""
        for folder in self.root.glob(f"{_DELETED}*"):
            shutil.rmtree(folder, ignore_errors=True)
        for session in self.sessions():
            for path in session.unfinished():
                with suppress(OSError):  # it is being finished
                    if time.time() - path.stat().st_mtime > _ABANDONED_S:
                        path.unlink()
