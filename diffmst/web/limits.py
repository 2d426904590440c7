"""How much one server takes."""

from __future__ import annotations

from dataclasses import dataclass

GIB = 1 << 30


@dataclass(frozen=True)
class Limits:
    """How much one server takes.

    Attributes:
        max_file_bytes: of one upload.
        max_session_bytes: of all uploads of a session.
        max_files: stems of a session.
        max_references: of a session.
        max_sessions: in the folder.
        spare_bytes: left free on the disk.
        patience_s: an upload that brings nothing for so long is given up.
    """

    max_file_bytes: int = 4 * GIB
    max_session_bytes: int = 64 * GIB
    max_files: int = 128
    max_references: int = 16
    max_sessions: int = 2_000
    spare_bytes: int = GIB // 4
    patience_s: float = 60.0
