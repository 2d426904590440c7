"""What the mixes of a system depend on, in a string: results of another one are not used again."""

from __future__ import annotations

import json
from dataclasses import fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from diffmst import __version__
from diffmst.data.checksum import file_sha256
from diffmst.errors import UserError


def identity_of(system: Any, **facts: object) -> str:  # noqa: ANN401 any dataclass with a kind
    """Kind, settings and version of a system: files by what is in them; what it is called makes no difference.

    Args:
        system: a dataclass with a `kind`.
        facts: what else counts, or stands for a setting.
    """
    settings = {field.name: getattr(system, field.name) for field in fields(system) if field.name != "name"}
    told = {"kind": system.kind, **settings, **facts, "diffmst": __version__}
    return json.dumps(told, sort_keys=True, default=content_of)


def content_of(path: Path) -> str:
    """SHA-256 of a file, read again only after it has changed.

    Raises:
        UserError: it cannot be read.
    """
    try:
        status = path.stat()
        return _content(path, status.st_size, status.st_mtime_ns)
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror or error}") from None


@lru_cache(maxsize=64)
def _content(path: Path, _size: int, _changed_ns: int) -> str:
    return file_sha256(path)
