"""What is said of a project that holds what the console cannot say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from diffmst.daw.reaper.chains import PlacedEffect
from diffmst.daw.reaper.chunks import Chunk, Line, number_at
from diffmst.daw.reaper.identity import Table, played_files

NO_BUS = "the bus of the reverb is gone; the sends and the reverb are left as they were"

_ENVELOPES = ("VOLENV", "VOLENV2", "VOLENV3", "PANENV", "PANENV2", "MUTEENV", "AUXVOLENV", "PARMENV", "WIDTHENV2")
_PAN_MODES_OF_OURS = ("0", "3")  # both balance
_BEGINS = ("POSITION", "SOFFS")  # of a clip, in the project and in its file
_SAME_S = 1e-3  # of a time that REAPER has saved with fewer digits


def on_script(name: str, script: str, ours: Sequence[PlacedEffect]) -> Iterator[str]:
    """On a strip whose effect is gone, bypassed, or there more than once."""
    if not ours:
        yield f"{name}: {script} is gone; what it was set to is left as it was"
    elif not any(effect.is_heard for effect in ours):
        yield f"{name}: {script} is bypassed; it is read as if it were not"
    elif len(ours) > 1:
        yield f"{name}: {script} is there {len(ours)} times; the first that is heard is read"


def on_effects(name: str, chain: Sequence[PlacedEffect], script: str) -> Iterator[str]:
    """On effects that are not ours."""
    others = [effect.name for effect in chain if effect.is_heard and not effect.is_script(script)]
    if others:
        yield f"{name}: the console has no {', '.join(others)}"


def on_track(name: str, track: Chunk, length_s: float) -> Iterator[str]:
    """On a track's automation, phase, pan mode and clips, of which it had one of this length."""
    if _is_automated(track):
        yield f"{name}: automation is not read, what the knobs stand at is"
    if number_at(track.line("MUTESOLO"), 1, 0.0) != 0:
        yield f"{name}: is soloed; the mix plays all tracks that are not muted"
    if track.line("IPHASE")[:1] == ("1",):
        yield f"{name}: the console cannot turn the phase"
    if (mode := track.line("PANMODE")[:1]) and mode[0] not in _PAN_MODES_OF_OURS:
        yield f"{name}: the pan mode was changed; only the position of the pan knob is read"
    items = list(track.chunks("ITEM"))
    if len(items) != 1 or _is_cut(items[0], length_s):
        yield f"{name}: the audio was cut or moved; the mix plays the stem as it was"
    elif any(_is_louder(item) for item in items):
        yield f"{name}: the volume of the clip is not read; the input gain of the strip does the same"


def on_bus(name: str, track: Chunk) -> Iterator[str]:
    """On what the bus of the reverb on the console cannot do."""
    if number_at(track.line("MUTESOLO"), 0, 0.0) != 0:
        yield f"{name}: the console cannot mute the reverb; its sends and levels are read as if it were heard"
    if number_at(track.line("VOLPAN"), 1, 0.0) != 0:
        yield f"{name}: the console has no pan there"


def on_printed(name: str, track: Chunk | None) -> Iterator[str]:
    """On the printed reverb, whose fader says nothing of the reverb itself."""
    if track is not None and number_at(track.line("MUTESOLO"), 0, 0.0) == 0:
        yield f"{name}: is heard; its fader is not read, that of the bus of the reverb is"


def on_master(project: Chunk) -> Iterator[str]:
    """On what the master bus of the console cannot do."""
    if number_at(project.line("MASTER_VOLUME"), 1, 0.0) != 0:
        yield "master: the console has no pan there"
    if number_at(project.line("MASTERMUTESOLO"), 0, 0.0) != 0:
        yield "master: the console has no mute there"


def on_send(name: str, line: Line) -> Iterator[str]:
    """On a send of another kind than ours."""
    if number_at(line, 1, 0.0) != 0:
        yield f"{name}: the send to the reverb is before the fader; it is read as if it were behind it"
    if number_at(line, 3, 0.0) != 0:
        yield f"{name}: the console has no pan in the send"


def on_strangers(tracks: Sequence[Chunk], table: Table, known: Sequence[Chunk]) -> Iterator[str]:
    """On tracks that are not of the mix."""
    files = {told.file for told in table.tracks}
    for number, track in enumerate(tracks, 1):
        if any(track is other for other in known):
            continue
        name = next(iter(track.line("NAME")), "") or f"track {number}"
        what = "a copy of a track" if files & set(played_files(track)) else "no track"
        yield f"{name}: is {what} of the mix; it is not read"


def _is_automated(track: Chunk) -> bool:
    chains = [track, *track.chunks("FXCHAIN")]
    envelopes = [chunk for chain in chains for tag in _ENVELOPES for chunk in chain.chunks(tag)]
    return any(envelope.line("ACT")[:1] == ("1",) and len(list(envelope.lines("PT"))) > 0 for envelope in envelopes)


def _is_cut(item: Chunk, length_s: float) -> bool:
    """Whether a clip begins elsewhere or later in its file, or ends earlier than it did."""
    begins_late = any(number_at(item.line(name), 0, 0.0) != 0 for name in _BEGINS)
    return begins_late or number_at(item.line("LENGTH"), 0, length_s) < length_s - _SAME_S


def _is_louder(item: Chunk) -> bool:
    line = item.line("VOLPAN")
    return number_at(line, 0, 1.0) * number_at(line, 2, 1.0) != 1
