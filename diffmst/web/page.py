"""The built page, as files."""

from __future__ import annotations

from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_FOREVER = "public, max-age=31536000, immutable"
_HASHED = "assets/"


class _Page(StaticFiles):
    """Files whose names hold their checksums never change; all others are asked for again."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        hashed = path.replace("\\", "/").startswith(_HASHED) and response.status_code in (200, 304)
        response.headers["cache-control"] = _FOREVER if hashed else "no-cache"
        return response


def page(folder: Path) -> StaticFiles:
    """The files in a folder, index.html for the folder itself; no link leads out of it."""
    return _Page(directory=folder, html=True, check_dir=False)
