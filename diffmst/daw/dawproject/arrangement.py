"""The arrangement of a DAWproject: every track one clip from the beginning to the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from xml.etree.ElementTree import Element

from diffmst.daw.dawproject.parameters import Builder, child, number
from diffmst.daw.dawproject.structure import Lane
from diffmst.daw.dawproject.tags import Tag
from diffmst.daw.tempo import HIGHEST_BPM, LOWEST_BPM, Tempo


class Song(NamedTuple):
    """What all clips have in common.

    Attributes:
        frames: length of every file.
        sample_rate: of every file, Hz.
        tempo: of the session.
    """

    frames: int
    sample_rate: int
    tempo: Tempo


def add_transport(builder: Builder, project: Element, tempo: Tempo) -> None:
    """Writes tempo and metre."""
    transport = child(project, "Transport")
    builder.real(transport, "Tempo", tempo.bpm, "bpm", LOWEST_BPM, HIGHEST_BPM)
    builder.add(transport, "TimeSignature", denominator=str(tempo.beat_unit), numerator=str(tempo.beats))


def add_arrangement(builder: Builder, project: Element, lanes: Sequence[Lane], song: Song) -> None:
    """Writes a clip per track."""
    arrangement = builder.add(project, "Arrangement")
    all_lanes = builder.add(arrangement, "Lanes", timeUnit="beats")
    for lane in lanes:
        clips = builder.add(builder.add(all_lanes, "Lanes", track=lane.track_id), "Clips")
        _add_clip(builder, clips, lane.tag, song)


def audio_path(tag: Tag) -> str:
    """Where the audio of a track lies in the archive.

    >>> audio_path(Tag("track", "Kick.wav", "Kick", "01 Kick.wav"))
    'audio/01 Kick.wav'
    """
    return f"audio/{tag.file}"


def _add_clip(builder: Builder, clips: Element, tag: Tag, song: Song) -> None:
    """A file from 0:00, played as it is.

    It stands in two clips and a warp of two points, as Bitwig writes audio: not all readers take the shorter forms of
    the format. `raw` is the algorithm that does not stretch.
    """
    seconds = song.frames / song.sample_rate
    length, beats = number(seconds), number(song.tempo.beats_at(seconds))
    outer = child(clips, "Clip", time="0.0", duration=beats, playStart="0.0", name=tag.name)
    events = builder.add(outer, "Clips")
    event = child(events, "Clip", time="0.0", duration=beats, contentTimeUnit="beats", playStart="0.0")
    warps = builder.add(event, "Warps", contentTimeUnit="seconds", timeUnit="beats")
    rate = str(song.sample_rate)
    audio = builder.add(warps, "Audio", algorithm="raw", channels="2", duration=length, sampleRate=rate)
    child(audio, "File", path=audio_path(tag))
    child(warps, "Warp", time="0.0", contentTime="0.0")
    child(warps, "Warp", time=beats, contentTime=length)
