"""What a file is, asked before it is taken: by its content, never by its name alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from diffmst.audio import probe
from diffmst.errors import UserError

_HEAD_BYTES = 64
_TEXT = bytes({*b"\t\n\r\f\x1b", *range(0x20, 0x7F), *range(0x80, 0x100)})
_TRUNCATED = "holds less than it promises: it may have been cut off"


def described(path: Path) -> dict[str, Any]:
    """What a session knows of an audio file, `problem` included where it cannot be used."""
    try:
        return checked(path)
    except UserError as error:
        return {"problem": str(error)}


def checked(path: Path) -> dict[str, Any]:
    """What a session knows of an audio file.

    Text is refused without a look at what it says: decoders take some texts for lists of further files to open.

    Raises:
        UserError: it is no audio file, or none that is taken.
    """
    if _is_text(path):
        raise UserError(f"{path}: is text, not audio")
    info = probe(path)
    return {
        "bytes": path.stat().st_size,
        "frames": info.frames,
        "sample_rate": info.sample_rate,
        "channels": info.channels,
        "seconds": info.duration_s,
        "problem": _TRUNCATED if info.truncated else None,
    }


def _is_text(path: Path) -> bool:
    """Whether a file begins like a text; what cannot be read does not."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError:
        return False
    return bool(head) and not head.strip(_TEXT)
