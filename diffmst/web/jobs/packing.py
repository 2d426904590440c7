"""Folders as archives, to be downloaded in one piece."""

from __future__ import annotations

import zipfile
from pathlib import Path

from diffmst.outputs import AtomicFile
from diffmst.progress import Advance

_COPY_BYTES = 1 << 20
_STORED = frozenset({".wav", ".flac", ".zip", ".dawproject", ".png"})
"""Endings of files that become no smaller, or not by much for the time that it takes."""


def pack(folder: Path, archive: Path, name: str, advance: Advance) -> None:
    """Writes all files of a folder into a ZIP archive; memory does not grow with their size.

    The archive holds no times: the same files give the same archive.

    Args:
        folder: to be packed; links in it are left out.
        archive: to be written, whole or not at all.
        name: of the folder in the archive.
        advance: told of bytes that were read.

    Raises:
        UserError: it cannot be written.
    """
    with AtomicFile(archive) as target, zipfile.ZipFile(target, "w") as packed:
        for path in _files(folder):
            entry = zipfile.ZipInfo(f"{name}/{path.relative_to(folder).as_posix()}")
            entry.compress_type = zipfile.ZIP_STORED if path.suffix.lower() in _STORED else zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            with path.open("rb") as source, packed.open(entry, "w", force_zip64=True) as sink:
                while piece := source.read(_COPY_BYTES):
                    sink.write(piece)
                    advance(len(piece))


def bytes_of(folder: Path) -> int:
    """What `pack` will read of a folder."""
    return sum(path.stat().st_size for path in _files(folder))


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
