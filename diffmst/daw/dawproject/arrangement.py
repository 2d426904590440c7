"""The arrangement of a DAWproject: every track one clip from the beginning to the end."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from diffmst.daw.dawproject.parameters import Builder, child, number
from diffmst.daw.dawproject.structure import Lane
from diffmst.daw.dawproject.tags import Tag

TEMPO_BPM = 120
"""Nothing is known of the song's own tempo; its audio does not follow any."""

_BEATS_PER_S = TEMPO_BPM / 60
_TEMPO_RANGE_BPM = (20, 666)


def add_transport(builder: Builder, project: Element) -> None:
    """Writes tempo and metre."""
    transport = child(project, "Transport")
    builder.real(transport, "Tempo", TEMPO_BPM, "bpm", *_TEMPO_RANGE_BPM)
    builder.add(transport, "TimeSignature", denominator="4", numerator="4")


def add_arrangement(builder: Builder, project: Element, lanes: Sequence[Lane], frames: int, sample_rate: int) -> None:
    """Writes a clip per track.

    Args:
        builder: of the document.
        project: its root.
        lanes: the tracks.
        frames: length of every file.
        sample_rate: of every file, Hz.
    """
    arrangement = builder.add(project, "Arrangement")
    all_lanes = builder.add(arrangement, "Lanes", timeUnit="beats")
    for lane in lanes:
        clips = builder.add(builder.add(all_lanes, "Lanes", track=lane.track_id), "Clips")
        _add_clip(builder, clips, lane.tag, frames, sample_rate)


def audio_path(tag: Tag) -> str:
    """Where the audio of a track lies in the archive.

    >>> audio_path(Tag("track", "Kick.wav", "Kick", "01 Kick.wav"))
    'audio/01 Kick.wav'
    """
    return f"audio/{tag.file}"


def _add_clip(builder: Builder, clips: Element, tag: Tag, frames: int, sample_rate: int) -> None:
    """A file from 0:00, played as it is.

    It stands in two clips and a warp of two points, as Bitwig writes audio: not all readers take the shorter forms of
    the format. `raw` is the algorithm that does not stretch.
    """
    seconds = frames / sample_rate
    length, beats = number(seconds), number(seconds * _BEATS_PER_S)
    outer = child(clips, "Clip", time="0.0", duration=beats, playStart="0.0", name=tag.name)
    events = builder.add(outer, "Clips")
    event = child(events, "Clip", time="0.0", duration=beats, contentTimeUnit="beats", playStart="0.0")
    warps = builder.add(event, "Warps", contentTimeUnit="seconds", timeUnit="beats")
    audio = builder.add(warps, "Audio", algorithm="raw", channels="2", duration=length, sampleRate=str(sample_rate))
    child(audio, "File", path=audio_path(tag))
    child(warps, "Warp", time="0.0", contentTime="0.0")
    child(warps, "Warp", time=beats, contentTime=length)
