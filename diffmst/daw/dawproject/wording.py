"""What is told of a DAWproject: to the musician, and to who reads it back."""

from __future__ import annotations

import re
from collections.abc import Iterator

from diffmst.daw.console_mix import ConsoleMix
from diffmst.daw.dawproject.plan import Plan, width_text
from diffmst.daw.notes import listed, printed_reverb_note

NOTES_NAME = "About this session.txt"
"""Beside the session."""

_LOWEST_THRESHOLD_DB = -60.0
_HIGHEST_MAKEUP_DB = 24.0


def notes(mix: ConsoleMix, plan: Plan) -> tuple[str, ...]:
    """What the user should know of the session, a line each; the details are left to the text beside it."""
    near = (
        "comes near, not exact, as every program has an equalizer and a compressor of its own; "
        f"“{NOTES_NAME}” says more"
    )
    return (*printed_reverb_note(mix), *([near] if _is_treated(plan) else []), *_warnings(plan))


def session_text(mix: ConsoleMix, plan: Plan) -> str:
    """The comment on the song: all that is to know of it, and what `diffmst import` tells the tracks by."""
    told = "\n".join(f"- {line}" for line in (*printed_reverb_note(mix), *_details(mix, plan), *_warnings(plan)))
    tags = "\n".join(tag.text() for tag in plan.tags())
    return f"{mix.title}: mixed by diffmst.\n{told}\n\nFor `diffmst import`, please keep:\n{tags}\n"


def _details(mix: ConsoleMix, plan: Plan) -> Iterator[str]:
    if _is_treated(plan):
        yield (
            "every program has an equalizer and a compressor of its own, and the format knows no knee: tracks come "
            "near, not exact; the format `stems` has them as they sound here"
        )
    if any(track.gains.before_db for track in plan.tracks):
        yield (
            "input gains are in the audio files, since the format has no gain device; the comment of a track gives its "
            "own"
        )
    if any(track.tag.channels == 1 for track in plan.tracks):
        yield (
            "mono tracks have two equal channels, so that every program plays them equally loud in the middle; pans "
            "are set for a balance that turns the far side down"
        )
    yield f"the tempo is {mix.tempo}, which the audio does not follow; `diffmst export --tempo` sets another"
    if level := mix.stated_level():
        yield f"as it is here, the mix is at {level}"
    yield "the limiter at the end of the master, which is switched off, is set to what `diffmst render` delivers"


def _is_treated(plan: Plan) -> bool:
    """Whether any equalizer or compressor does anything."""
    values = [channel.values for channel in (*plan.tracks, plan.master)]
    gains_db = (value for each in values for name, value in each.items() if re.fullmatch(r"eq\..*gain_db", name))
    return any(gains_db) or any(each["compressor.ratio"] > 1 for each in values)


def _warnings(plan: Plan) -> Iterator[str]:
    """On values that some program may not take."""
    channels = (*plan.tracks, plan.master)
    low = [channel.tag.name for channel in channels if channel.gains.threshold_db < _LOWEST_THRESHOLD_DB]
    high = [channel.tag.name for channel in channels if channel.gains.output_db > _HIGHEST_MAKEUP_DB]
    if width := width_text(plan.master.values):
        yield (
            f"the master plays {width} of the side of the mix, for which the format has no device: put a plug-in that "
            "makes it as wide behind the compressor"
        )
    if low:
        yield f"thresholds below {_LOWEST_THRESHOLD_DB:g} dB, which few compressors reach: {listed(low)}"
    if high:
        yield f"output gains above {_HIGHEST_MAKEUP_DB:g} dB, which few compressors reach: {listed(high)}"
