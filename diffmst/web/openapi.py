"""`python -m diffmst.web.openapi` writes the description of the API that the page's types are made from."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from diffmst.outputs import write_text_atomically
from diffmst.web.app import create_app
from diffmst.web.store import Store

PLACE = Path(__file__).parent / "openapi.json"


def description() -> str:
    """The API as OpenAPI, in a fixed order."""
    with tempfile.TemporaryDirectory() as folder:
        api = create_app(Store(Path(folder)), static=None).openapi()
    api["info"].pop("version")  # that of the package; else every release would change the file
    api["info"]["version"] = ""
    return json.dumps(api, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    write_text_atomically(PLACE, description())
