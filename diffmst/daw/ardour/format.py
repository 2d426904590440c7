"""Sessions of Ardour as a format."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from diffmst.daw.ardour.channel import EqualizerName
from diffmst.daw.ardour.notes import notes
from diffmst.daw.ardour.reading import read_session
from diffmst.daw.ardour.translations import translations
from diffmst.daw.ardour.writing import SessionWriter, to_strips
from diffmst.daw.console_mix import ConsoleMix
from diffmst.daw.formats import Part, SessionValues
from diffmst.daw.translation import Translation
from diffmst.progress import Advance

_NAMES: dict[EqualizerName, tuple[str, str]] = {
    "own": ("ardour", "Ardour 7 and later"),
    "ace": ("ardour-ace", "Ardour 7 and later, its own equalizer"),
}


class ArdourFormat:
    """Folders that Ardour opens; see `Format`.

    Args:
        equalizer: the plugin that stands for ours.
    """

    suffix = ".ardour"
    parts: frozenset[Part] = frozenset(("sources",))
    saves = ("*.ardour", "*.ardour.bak", "*.pending")
    caches = ("*.peak", "*.history", "*.history.bak", "instant.xml", "instant.xml.bak")
    not_in_paths = os.pathsep  # Ardour keeps its paths in a list with these between them

    def __init__(self, equalizer: EqualizerName) -> None:
        self._equalizer = equalizer
        self.name, self.title = _NAMES[equalizer]
        self.translations: Mapping[str, Translation] = translations(equalizer)

    def write(self, mix: ConsoleMix, folder: Path, advance: Advance) -> tuple[str, ...]:
        """See `Format.write`."""
        strips = to_strips(mix, self._equalizer)
        SessionWriter(mix, strips, folder).write(advance)
        return notes(mix, strips, self._equalizer)

    def read(self, path: Path) -> SessionValues:
        """See `Format.read`."""
        return read_session(path)


FORMAT = ArdourFormat("own")
