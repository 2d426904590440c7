"""Uploads: streamed to the disk within limits, looked at, and only then part of the session."""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from diffmst.audio.discovery import AUDIO_EXTENSIONS, folded, natural_key
from diffmst.errors import UserError
from diffmst.outputs import file_name, write_errors
from diffmst.web.limits import Limits
from diffmst.web.probing import checked
from diffmst.web.session import Session
from diffmst.web.session_info import Reference, SessionInfo, Stem

_PIECE_BYTES = 1 << 20  # written at a time
_CLOSE = {"connection": "close"}  # what was not read of a body that is refused is never read


class Received(NamedTuple):
    """A file that has arrived.

    Attributes:
        file: what the session knows of it.
        new: it was not there before.
    """

    file: Stem | Reference
    new: bool


class Upload:
    """One file on its way into a session.

    Args:
        session: that takes it.
        kind: Stem or Reference.
        name: as the user's machine has it; anything.
        limits: of the server.

    Raises:
        HTTPException: it is refused for its name, or the session is full.
    """

    def __init__(self, session: Session, kind: type[Stem] | type[Reference], name: str, limits: Limits) -> None:
        self._session, self._kind, self._limits = session, kind, limits
        self._name = safe_name(name)
        self._check_count(session.info())

    async def receive(self, body: AsyncIterator[bytes], length: int | None) -> Received:
        """Takes the bytes; returns what the session knows of the file.

        Args:
            body: in pieces of any size.
            length: that the client states, if it does.

        Raises:
            HTTPException: too large, too slow, or no audio.
            UserError: it cannot be written.
        """
        left_bytes = await run_in_threadpool(self._room)
        if length is not None and length > left_bytes:
            raise _too_large(left_bytes)
        incoming = self._session.incoming_folder / f"{secrets.token_hex(8)}{Path(self._name).suffix}"
        try:
            with write_errors(incoming.parent):
                incoming.parent.mkdir(parents=True, exist_ok=True)
            checksum = await self._store(body, incoming, left_bytes)
            return await run_in_threadpool(self._take, incoming, checksum)
        finally:
            incoming.unlink(missing_ok=True)

    async def _store(self, body: AsyncIterator[bytes], path: Path, left_bytes: int) -> str:
        """Writes the body; returns its checksum."""
        checksum, total = hashlib.sha256(), 0
        with write_errors(path), path.open("xb") as file:

            def put(piece: bytes) -> None:
                self._free_bytes()  # others fill the disk meanwhile
                checksum.update(piece)
                file.write(piece)

            async for piece in _pieces(body, self._limits.patience_s):
                total += len(piece)
                if total > left_bytes:
                    raise _too_large(left_bytes)
                await run_in_threadpool(put, piece)
            await run_in_threadpool(_sync, file)
        return checksum.hexdigest()

    def _take(self, incoming: Path, checksum: str) -> Received:
        """Looks at a file that has arrived whole, and makes it part of the session."""
        try:
            about = checked(incoming)
        except UserError as error:
            raise HTTPException(415, f"{self._name}: {str(error).removeprefix(f'{incoming}: ')}") from None
        with self._session.lock:
            info = self._session.info()
            if known := self._same(info, checksum):
                return Received(known, new=False)
            self._check_count(info)
            if about["bytes"] > self._left_bytes(info):  # others have arrived meanwhile
                raise _too_large(self._left_bytes(info))
            path = self._free_path(info)
            with write_errors(path):
                path.parent.mkdir(exist_ok=True)
                incoming.rename(path)
            name, relative = path.stem, path.relative_to(self._session.folder).as_posix()
            file = self._kind(id=secrets.token_hex(4), name=name, file=relative, sha256=checksum, **about)
            self._session.change(lambda info: info.model_copy(update=self._with(info, file)))
            return Received(file, new=True)

    @property
    def _field(self) -> str:
        return "stems" if self._kind is Stem else "references"

    def _files(self, info: SessionInfo) -> tuple[Any, ...]:
        files: tuple[Any, ...] = getattr(info, self._field)
        return files

    def _with(self, info: SessionInfo, file: Stem | Reference) -> dict[str, Any]:
        files = (*self._files(info), file)
        return {
            self._field: tuple(sorted(files, key=lambda one: natural_key(one.name))) if self._kind is Stem else files
        }

    def _same(self, info: SessionInfo, checksum: str) -> Stem | Reference | None:
        """The same file under the same name, as when a folder is dropped twice."""
        name = folded(Path(self._name).stem)
        return next(
            (file for file in self._files(info) if file.sha256 == checksum and folded(Path(file.file).stem) == name),
            None,
        )

    def _check_count(self, info: SessionInfo) -> None:
        most = self._limits.max_files if self._kind is Stem else self._limits.max_references
        if len(self._files(info)) >= most:
            raise HTTPException(
                409, f"{self._name}: the session has {most} {self._field} already, the most it takes", _CLOSE
            )

    def _room(self) -> int:
        """Bytes that the file may have."""
        return min(self._limits.max_file_bytes, self._left_bytes(self._session.info()), self._free_bytes())

    def _left_bytes(self, info: SessionInfo) -> int:
        """That the session may have beside what it has."""
        used = sum(file.bytes for file in (*info.stems, *info.references))
        return max(0, self._limits.max_session_bytes - used)

    def _free_bytes(self) -> int:
        """That the disk has beside those that stay free.

        Raises:
            HTTPException: there are none.
        """
        free = shutil.disk_usage(self._session.folder).free - self._limits.spare_bytes
        if free <= 0:
            raise HTTPException(507, f"{self._name}: the disk is full; free some space", _CLOSE)
        return free

    def _free_path(self, info: SessionInfo) -> Path:
        """A name that is not taken, whatever the case of its letters."""
        folder = self._session.folder / self._field
        taken = {folded(Path(file.file).stem) for file in self._files(info)}
        first = Path(self._name)
        name, number = first, 2
        while folded(name.stem) in taken or (folder / name).exists() or (folder / name).is_symlink():
            name, number = first.with_name(f"{first.stem}-{number}{first.suffix}"), number + 1
        return folder / name


def safe_name(name: str) -> str:
    r"""The name of an audio file as it is stored, from whatever was sent.

    >>> safe_name("../../etc/Kick\\1 IN.WAV")
    '1 IN.wav'

    Raises:
        HTTPException: nothing is left of it, or it is not called like an audio file.
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    stem, dot, extension = last.rpartition(".")
    suffix = f".{extension.lower()}"
    if not dot or suffix not in AUDIO_EXTENSIONS:
        shown = last.encode(errors="replace").decode()[:80]
        raise HTTPException(415, f"{shown}: is not called like an audio file ({', '.join(AUDIO_EXTENSIONS)})", _CLOSE)
    printable = "".join(c if c.isprintable() else "_" for c in stem)
    return f"{file_name(printable).lstrip('.- ') or 'audio'}{suffix}"


async def _pieces(body: AsyncIterator[bytes], patience_s: float) -> AsyncIterator[bytes]:
    """The body in larger pieces.

    Raises:
        HTTPException: nothing more comes.
    """
    gathered = bytearray()
    while True:
        try:
            async with asyncio.timeout(patience_s):
                chunk = await anext(body, None)
        except TimeoutError:
            raise HTTPException(408, f"nothing came for {patience_s:g} s", _CLOSE) from None
        if chunk is None:
            break
        gathered += chunk
        if len(gathered) >= _PIECE_BYTES:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _too_large(left_bytes: int) -> HTTPException:
    return HTTPException(413, f"the file is larger than the {left_bytes / 1e6:.0f} MB that are left for it", _CLOSE)
