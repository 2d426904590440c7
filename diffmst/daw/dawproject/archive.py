"""The archive that a DAWproject is: a zip of two documents and the audio, the same bytes for the same mix."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np

from diffmst.audio import AudioReader
from diffmst.audio.writing import wav_header
from diffmst.daw.console_mix import Audio
from diffmst.daw.decibels import to_amplitude
from diffmst.dsp.pcm import encode
from diffmst.errors import UserError
from diffmst.outputs import write_errors

PROJECT, METADATA = "project.xml", "metadata.xml"

_BLOCK_FRAMES = 65_536
_CHANNELS, _SAMPLE_BYTES = 2, 4
_NO_DATE = (1980, 1, 1, 0, 0, 0)  # the first that a zip can hold
_UNIX, _READABLE = 3, 0o644 << 16
_LARGEST_DOCUMENT_BYTES = 1 << 26  # a hundred tracks of automation take less
_UNREADABLE = (
    OSError,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    ValueError,  # a name that is no text
    RuntimeError,  # a password, or a way of packing that Python does not know
)


class ArchiveWriter:
    """A DAWproject in the making; a context.

    Audio passes through block by block, and is not compressed, which floats hardly are. Files beyond 4 GiB get the
    long headers of Zip64; the others do without, since not every reader knows them.

    Args:
        path: of the archive.

    Raises:
        UserError: it cannot be written; so do the methods.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with write_errors(path):
            self._zip = zipfile.ZipFile(path, "x")

    def add_document(self, name: str, content: bytes) -> None:
        """A document, compressed."""
        with write_errors(self._path):
            self._zip.writestr(_entry(name, zipfile.ZIP_DEFLATED), content)

    def add_audio(self, name: str, audio: Audio, gain_db: float, advance: Callable[[int], None]) -> None:
        """A file of the mix with two channels, of which those of a mono one are equal.

        Args:
            name: in the archive.
            audio: of the mix.
            gain_db: applied to it.
            advance: told the frames that were written.
        """
        entry, factor = _entry(name, zipfile.ZIP_STORED), np.float32(to_amplitude(gain_db))
        with AudioReader(audio.path) as reader, write_errors(self._path):
            header = wav_header(reader.sample_rate, _CHANNELS, audio.frames, "FLOAT")
            # Told beforehand, it decides whether the entry gets a long head.
            entry.file_size = len(header) + audio.frames * _CHANNELS * _SAMPLE_BYTES
            with self._zip.open(entry, "w") as target:
                target.write(header)
                for block in reader.blocks(_BLOCK_FRAMES):
                    both = np.broadcast_to(block * factor, (_CHANNELS, block.shape[1]))
                    target.write(encode(both, _SAMPLE_BYTES).data)
                    advance(block.shape[1])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with write_errors(self._path):
                self._zip.close()
        except UserError:
            if kind is None:  # else there is something to say already
                raise


class Documents(NamedTuple):
    """What `project.xml` and `metadata.xml` hold; the latter is empty where there is none."""

    project: bytes
    metadata: bytes


def read_documents(path: Path) -> Documents:
    """The documents of a DAWproject.

    Raises:
        UserError: there is no such file, or it is no DAWproject.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = {info.filename: info for info in archive.infolist()}
            if PROJECT not in names:
                raise UserError(f"{path}: is no DAWproject: it has no {PROJECT}; save it again from your program")
            metadata = _content(archive, names[METADATA], path) if METADATA in names else b""
            return Documents(_content(archive, names[PROJECT], path), metadata)
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; give the .dawproject that your program has written") from None
    except _UNREADABLE as error:
        raise UserError(
            f"{path}: is no DAWproject that can be read ({error}); save it again from your program"
        ) from None


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> bytes:
    if info.file_size > _LARGEST_DOCUMENT_BYTES:
        raise UserError(f"{path}: {info.filename} in it is larger than any project; save it again from your program")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise zipfile.BadZipFile(f"{info.filename} is packed in a way that the format does not have")
    return archive.read(info)


def _entry(name: str, compression: int) -> zipfile.ZipInfo:
    """The head of a file, free of the date and of the system it is written on."""
    entry = zipfile.ZipInfo(name, _NO_DATE)
    entry.compress_type, entry.create_system, entry.external_attr = compression, _UNIX, _READABLE
    return entry
