"""What is told of sessions in more than one format."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from diffmst.daw.console_mix import ConsoleMix
from diffmst.daw.formats import Format
from diffmst.daw.naming import BUS_NAME
from diffmst.mix import RenderSettings

_NAMED = 3  # in a line


def delivery_note(mix: ConsoleMix) -> str:
    """What `diffmst render` does to the mix that no session does."""
    if not (level := mix.stated_level()):
        return "the mix is silent: its tracks are muted, at their lowest, or have no sound"
    return f"a session plays the mix as the console makes it, at {level}; {_delivery(mix.document.render)}"


def path_note(kind: Format, folder: Path) -> tuple[str, ...]:
    """That the programs of a format find no audio where a session goes; nothing where they do."""
    found = [character for character in kind.not_in_paths if character in str(folder.resolve())]
    return tuple(
        f"{kind.title}: finds no audio where the path of the session has “{character}”; move it before you open it"
        for character in found
    )


def printed_reverb_note(mix: ConsoleMix) -> tuple[str, ...]:
    """Where the reverb is in a session that cannot compute it; nothing where the mix has none."""
    if not mix.has_reverb():
        return ()
    return (
        f"the reverb is audio, on the track “{mix.reverb_name}”; for one of your own, put it on the bus “{BUS_NAME}”, "
        "where the sends end, unmute that and mute the track",
    )


def listed(names: Sequence[str]) -> str:
    """The first names, and how many more.

    >>> listed(["Kick", "Snare"]), listed(["Kick", "Snare", "Bass", "Keys", "Vox"])
    ('Kick, Snare', 'Kick, Snare, Bass and 2 more')
    """
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _delivery(asked: RenderSettings) -> str:
    ceiling = f"{asked.ceiling_dbtp:g} dBTP"
    if asked.loudness_lufs is None:
        return f"`diffmst render` then keeps it under {ceiling}"
    return f"`diffmst render` then aims at {asked.loudness_lufs:.1f} LUFS under {ceiling}"
