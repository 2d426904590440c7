"""The effects on a track as a project lists them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from diffmst.daw.reaper.chunks import Chunk, Line
from diffmst.daw.reaper.identity import base_name

_EFFECTS = ("JS", "VST", "AU", "CLAP", "LV2", "DX", "VIDEO_EFFECT", "CONTAINER")


class PlacedEffect(NamedTuple):
    """One effect of a chain.

    Attributes:
        chunk: as the project has it.
        is_heard: neither it nor the chain is bypassed or offline.
    """

    chunk: Chunk
    is_heard: bool

    def is_script(self, script: str) -> bool:
        """Whether it is a script of this file name, wherever that lies."""
        return self.chunk.tag == "JS" and len(self.chunk.head) > 1 and base_name(self.chunk.head[1]) == script

    @property
    def name(self) -> str:
        """For people."""
        return base_name(self.chunk.head[1]) if len(self.chunk.head) > 1 else self.chunk.tag

    @property
    def values(self) -> Line:
        """The values of a script's sliders."""
        return next((item for item in self.chunk.items if isinstance(item, tuple)), ())


def effects(chain: Chunk, *, is_on: bool) -> Iterator[PlacedEffect]:
    """The effects of a chain in order.

    Args:
        chain: an FXCHAIN or MASTERFXLIST.
        is_on: whether the track lets it be heard.
    """
    is_heard = is_on
    for item in chain.items:
        if isinstance(item, Chunk):
            if item.tag in _EFFECTS:
                yield PlacedEffect(item, is_heard)
        elif item[0] == "BYPASS":
            is_heard = is_on and all(token == "0" for token in item[1:3])
