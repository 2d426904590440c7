"""diffmst: mix a song the way another song is mixed."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from diffmst.daw.exporting import export_session
    from diffmst.daw.read_back import import_session
    from diffmst.trained import TrainedModel, load_model

__all__ = ["TrainedModel", "export_session", "import_session", "load_model"]
__version__ = "0.1.0"

_HOMES = {
    "TrainedModel": "diffmst.trained",
    "export_session": "diffmst.daw.exporting",
    "import_session": "diffmst.daw.read_back",
    "load_model": "diffmst.trained",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """What the package offers, imported when it is asked for: torch takes its time."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
