"""diffmst: mix a song the way another song is mixed."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from diffmst.trained import TrainedModel, load_model

__all__ = ["TrainedModel", "load_model"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """What the package offers, imported when it is asked for: torch takes its time."""
    if name in __all__:
        from diffmst import trained

        return getattr(trained, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
