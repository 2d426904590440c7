"""What is told of a DAWproject: to the musician, and to who reads it back."""

from __future__ import annotations

from collections.abc import Sequence

from diffmst.daw.dawproject.arrangement import TEMPO_BPM
from diffmst.daw.dawproject.plan import Plan

_LOWEST_THRESHOLD_DB = -60.0
_HIGHEST_MAKEUP_DB = 24.0


def notes(plan: Plan) -> tuple[str, ...]:
    """What the user should know of the session, a line each."""
    lines = [
        (
            any(track.send_db is not None for track in plan.tracks),
            f"the reverb is printed on the track “{plan.reverb_return.name}”; the sends go to “{plan.bus.name}”, which "
            "is muted: to use a reverb of your own, put it there, unmute it, and mute the printed one",
        ),
        (
            any(track.gains.before_db for track in plan.tracks),
            "input gains are in the audio files, since the format has no gain device; the comment of a track gives its "
            "own",
        ),
        (
            any(track.tag.channels == 1 for track in plan.tracks),
            "mono tracks have two equal channels, so that every program plays them equally loud in the middle; pans "
            "are set for a balance that turns the far side down",
        ),
        (
            any(channel.values["compressor.ratio"] > 1 for channel in (*plan.tracks, plan.master)),
            "every program has a compressor of its own, and the format knows no knee: compressed tracks come near, not "
            "exact; the format `stems` has them as they sound here",
        ),
        (True, f"the tempo of {TEMPO_BPM} bpm is a placeholder, which the audio does not follow"),
        (plan.clips, "the master exceeds full scale as it is: switch on the limiter at its end, or turn it down"),
    ]
    return (*(line for applies, line in lines if applies), *_warnings(plan))


def session_text(title: str, lines: Sequence[str], plan: Plan) -> str:
    """The comment on the song: the notes, and what `diffmst import` tells the tracks by."""
    told = "\n".join(f"- {line}" for line in lines)
    tags = "\n".join(tag.text() for tag in plan.tags())
    return f"{title}: mixed by diffmst.\n{told}\n\nFor `diffmst import`, please keep:\n{tags}\n"


def _warnings(plan: Plan) -> list[str]:
    """On values that some program may not take."""
    channels = (*plan.tracks, plan.master)
    low = [channel.tag.name for channel in channels if channel.gains.threshold_db < _LOWEST_THRESHOLD_DB]
    high = [channel.tag.name for channel in channels if channel.gains.output_db > _HIGHEST_MAKEUP_DB]
    lines = []
    if low:
        lines.append(f"thresholds below {_LOWEST_THRESHOLD_DB:g} dB, which few compressors reach: {', '.join(low)}")
    if high:
        lines.append(f"output gains above {_HIGHEST_MAKEUP_DB:g} dB, which few compressors reach: {', '.join(high)}")
    return lines
