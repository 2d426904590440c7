"""How long work tells how far it is, whoever listens."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

Advance = Callable[[float], None]
"""Told by how much the work has gone on, in the unit of its total."""


class Progress(Protocol):
    """Something that shows progress: the command line's bars, a web page, or nothing."""

    def phase(self, description: str, total: float) -> AbstractContextManager[Advance]:
        """Opens a stretch of work of a known size; what it yields is called as the work goes on."""
        ...


class Silent:
    """Shows nothing."""

    @contextmanager
    def phase(self, description: str, total: float) -> Iterator[Advance]:
        """A stretch of work that nobody watches."""
        yield lambda amount: None


SILENT = Silent()
