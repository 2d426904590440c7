"""The mix document of a session: its revisions, and what it was before."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from pathlib import Path
from typing import NamedTuple

from diffmst.errors import UserError
from diffmst.mix import Mix
from diffmst.outputs import write_text_atomically

MOST_KEPT = 50
"""Documents of the history; the oldest go."""

AUTOSAVES_KEPT_EVERY_S = 180
"""While the page saves again and again, the history keeps a document this often; before and after all else, always."""

PAGE = "page"
"""The origin of what was changed by hand."""

_NAME = re.compile(r"\d{6,}-[a-z]+\.json")


class OutdatedError(Exception):
    """Somebody else has changed the document meanwhile.

    Attributes:
        revision: of the document now.
    """

    def __init__(self, revision: int) -> None:
        super().__init__(f"the mix was changed meanwhile, and is at revision {revision} now; load it again")
        self.revision = revision


class Document(NamedTuple):
    """A mix document and its number, which grows with every change."""

    revision: int
    mix: Mix


class Past(NamedTuple):
    """A document of the history.

    Attributes:
        name: of its file.
        revision: that it had.
        origin: what came after it: page, balance, match, rematch, restore, removal, link.
        saved_at_s: when it was replaced, in seconds since 1970.
    """

    name: str
    revision: int
    origin: str
    saved_at_s: float


class Documents:
    """The document of one session on disk. Its methods may be called from any thread of one process.

    The revision stands beside the document with the checksum of it. A document that does not fit the checksum has
    been changed from outside, or the server was killed between writing the two: it counts as one revision more.

    Args:
        path: of the document.
        history: folder for what it was before.
        lock: held while anything is changed.
    """

    def __init__(self, path: Path, history: Path, lock: threading.RLock) -> None:
        self.path, self._history, self._lock = path, history, lock
        self._counter = path.parent / ".revision.json"

    def exists(self) -> bool:
        """Whether there is a mix already."""
        return self.path.is_file()

    def read(self) -> Document | None:
        """The document; None before the first match.

        Raises:
            UserError: the file is damaged.
        """
        with self._lock:
            if not self.exists():
                return None
            text = self._text()
            return Document(self._revision_of(text), Mix.from_json(text, str(self.path)))

    def revision(self) -> int:
        """Of the document; 0 before the first match."""
        with self._lock:
            return self._revision_of(self._text()) if self.exists() else 0

    def write(self, mix: Mix, origin: str, revision: int | None = None) -> int:
        """Replaces the document; what it was goes into the history. Returns the new revision.

        Args:
            mix: with paths relative to the folder of the document.
            origin: a word for who changed it; see `Past`.
            revision: that the change was made on; not asked where None.

        Raises:
            OutdatedError: the document has another revision by now.
            UserError: it cannot be written.
        """
        text = mix.to_json()
        with self._lock:
            current = self.revision()
            if revision is not None and revision != current:
                raise OutdatedError(current)
            if current and text == self._text():
                return current
            if current:
                self._keep(current, origin)
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_text_atomically(self.path, text)
            self._record(current + 1, text)
            return current + 1

    def history(self) -> list[Past]:
        """What the document was before, newest first."""
        with self._lock:  # the oldest go while others are added
            found = [path for path in self._history.glob("*.json") if _NAME.fullmatch(path.name) and path.is_file()]
            past = [Past(path.name, *_parts(path.name), path.stat().st_mtime) for path in found]
        return sorted(past, key=lambda one: one.revision, reverse=True)

    def past(self, name: str) -> Mix:
        """A document of the history.

        Raises:
            FileNotFoundError: there is none of this name.
            UserError: it is damaged.
        """
        path = self._history / name
        if not _NAME.fullmatch(name) or not path.is_file():
            raise FileNotFoundError(name)
        return Mix.read(path)

    def _text(self) -> str:
        try:
            return self.path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise UserError(f"{self.path}: is no mix document (not UTF-8); restore one of its history") from None
        except OSError as error:
            raise UserError(f"{self.path}: cannot be read ({error.strerror or error})") from None

    def _revision_of(self, text: str) -> int:
        recorded, checksum = self._recorded()
        if checksum == _checksum(text):
            return recorded
        self._record(recorded + 1, text)
        return recorded + 1

    def _recorded(self) -> tuple[int, str]:
        try:
            data = json.loads(self._counter.read_text(encoding="utf-8"))
            return int(data["revision"]), str(data["sha256"])
        except (OSError, ValueError, KeyError, TypeError):
            return max((past.revision for past in self.history()), default=0), ""

    def _record(self, revision: int, text: str) -> None:
        write_text_atomically(self._counter, json.dumps({"revision": revision, "sha256": _checksum(text)}) + "\n")

    def _keep(self, revision: int, origin: str) -> None:
        last = next(iter(self.history()), None)
        if last and origin == last.origin == PAGE and time.time() - last.saved_at_s < AUTOSAVES_KEPT_EVERY_S:
            return
        self._history.mkdir(parents=True, exist_ok=True)
        write_text_atomically(self._history / f"{revision:06d}-{origin}.json", self._text())
        for old in self.history()[MOST_KEPT:]:
            (self._history / old.name).unlink(missing_ok=True)


def _parts(name: str) -> tuple[int, str]:
    revision, _, origin = name.removesuffix(".json").partition("-")
    return int(revision), origin


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
