"""What we write into a session to tell its tracks again, whatever they are called by then.

A tag is a flat JSON object. It stands in the comment of its track; those of all tracks stand in the comment on the song
(metadata.xml) and in a text beside the session, with name and audio file, because programs differ in what they keep.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Literal, NamedTuple, get_args
from urllib.parse import quote, unquote

from diffmst.daw.dawproject.gains import Offsets
from diffmst.layout import LAYOUTS, LayoutName

Part = Literal["track", "master", "return", "bus"]
"""What a channel of the session is: a track of the mix, its master, the printed reverb, or the bus of the sends."""

_TAG = re.compile(r'\{"diffmst":[^{}]*\}')


class Tag(NamedTuple):
    """A channel of a session as it was written.

    Attributes:
        part: what it is.
        key: of the track, see `Strip.key`; empty for the others.
        name: as it was shown.
        file: name of its audio file, without folder; empty where it has none.
        channels: of its audio in the mix.
        layout: of the console.
        moved: where its gains went.
    """

    part: Part
    key: str
    name: str
    file: str = ""
    channels: int = 2
    layout: LayoutName = "default"
    moved: Offsets = Offsets()

    @property
    def printed(self) -> bool:
        """Whether its audio file has the gain ahead of the equalizer."""
        return self.part == "track"

    def text(self) -> str:
        """The tag as `tags_in` finds it, with the values that are ASCII without braces and quotes."""
        texts = {"key": self.key, "name": quote(self.name), "file": quote(self.file)}
        fields = {"diffmst": self.part} | {name: text for name, text in texts.items() if text}
        gains = [round(gain_db, 6) for gain_db in self.moved]
        numbers = {"channels": self.channels, "layout": self.layout, "gains_db": gains}
        return json.dumps(fields | numbers, separators=(",", ":"))


def tags_in(text: str) -> list[Tag]:
    """The tags of a text, in order; what is no tag of ours is passed over."""
    found = (_tag(match.group()) for match in _TAG.finditer(text))
    return [tag for tag in found if tag is not None]


def _tag(text: str) -> Tag | None:
    try:
        fields: dict[str, Any] = json.loads(text)
        tag = Tag(
            fields["diffmst"],
            str(fields.get("key", "")),
            unquote(fields.get("name", "")),
            unquote(fields.get("file", "")),
            int(fields["channels"]),
            fields["layout"],
            Offsets(*map(float, fields["gains_db"])),
        )
        known = tag.part in get_args(Part) and tag.layout in LAYOUTS and tag.channels in (1, 2)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None
    return tag if known and all(map(math.isfinite, tag.moved)) else None
