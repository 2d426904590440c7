"""A mix on its way into a DAWproject: which channels there will be, and where every gain goes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import NamedTuple

from diffmst.daw.console_mix import ConsoleMix, Strip
from diffmst.daw.dawproject.gains import ChannelGains, Offsets, offsets, to_channel
from diffmst.daw.dawproject.tags import Tag
from diffmst.daw.naming import BUS_NAME, shown_names
from diffmst.dsp.stereo import SEND_OFF_DB
from diffmst.layout import Section
from diffmst.report.words import percent

_HEARD_DB = 0.05  # gains below it are 0.0 to who reads


class PlannedChannel(NamedTuple):
    """A channel that has the settings of a strip.

    Attributes:
        tag: what tells it again.
        gains: where its gains go.
        values: settings of the strip.
        section: declares them.
        comment: what the format has no place for, for people.
        muted: whether nothing of it is heard.
        group: name of its bus; none where it goes to the master.
        send_db: level into the reverb; none for off.
    """

    tag: Tag
    gains: ChannelGains
    values: Mapping[str, float]
    section: Section
    comment: str
    muted: bool = False
    group: str | None = None
    send_db: float | None = None


class Plan(NamedTuple):
    """A session before it is written.

    Attributes:
        tracks: in order.
        reverb_return: plays the printed reverb.
        bus: takes the sends, for a reverb of the musician's own.
        bus_volume_db: what was taken off all sends, none of which is above 0 dB.
        master: of the mix.
        delivery_gain_db: what would bring the mix to the loudness that is delivered.
        ceiling_db: that is delivered.
    """

    tracks: tuple[PlannedChannel, ...]
    reverb_return: Tag
    bus: Tag
    bus_volume_db: float
    master: PlannedChannel
    delivery_gain_db: float
    ceiling_db: float

    def tags(self) -> tuple[Tag, ...]:
        """Of all channels but the buses of groups."""
        return (*(track.tag for track in self.tracks), self.reverb_return, self.bus, self.master.tag)

    def grouped(self) -> Iterator[tuple[str | None, tuple[PlannedChannel, ...]]]:
        """The tracks by their group, each where its first member stands; none for a track that has no bus."""
        first = {track.group: place for place, track in reversed(list(enumerate(self.tracks)))}
        order = sorted(enumerate(self.tracks), key=lambda item: first[item[1].group] if item[1].group else item[0])
        for group, members in groupby((track for _, track in order), key=lambda track: track.group):
            if group is None:
                yield from ((None, (member,)) for member in members)
            else:
                yield group, tuple(members)


def plan(mix: ConsoleMix) -> Plan:
    """Where all of a mix goes."""
    groups = [group for group, count in Counter(track.group for track in mix.tracks).items() if group and count > 1]
    names = shown_names([*(track.name for track in mix.tracks), *groups])
    shown = dict(zip(groups, names[len(mix.tracks) :], strict=True))
    bus_volume_db = max(0.0, *(_send_db(track) for track in mix.tracks))
    return Plan(
        tuple(_planned_track(track, mix, shown.get(track.group or ""), bus_volume_db) for track in mix.tracks),
        reverb_return=Tag("return", "", mix.reverb_name, mix.reverb_return.path.name, layout=mix.layout.name),
        bus=Tag("bus", "", BUS_NAME, layout=mix.layout.name),
        bus_volume_db=bus_volume_db,
        master=_planned_master(mix),
        delivery_gain_db=_delivery_gain_db(mix),
        ceiling_db=mix.document.render.ceiling_dbtp,
    )


def _planned_track(strip: Strip, mix: ConsoleMix, group: str | None, bus_volume_db: float) -> PlannedChannel:
    assert strip.audio is not None, "tracks of this format have their source"
    channels, send_db = strip.audio.channels, _send_db(strip)
    moved = offsets(strip.values, channels, printed=True)._replace(send_db=bus_volume_db)
    return PlannedChannel(
        Tag("track", strip.key, strip.name, strip.audio.path.name, channels, mix.layout.name, moved),
        to_channel(strip.values, channels, moved),
        strip.values,
        mix.layout.track,
        _comment(strip.values, moved, printed=True),
        strip.muted,
        group,
        None if send_db <= SEND_OFF_DB else send_db - bus_volume_db,
    )


def _planned_master(mix: ConsoleMix) -> PlannedChannel:
    strip = mix.master
    moved = offsets(strip.values, channels=2, printed=False)
    return PlannedChannel(
        Tag("master", "", strip.name, layout=mix.layout.name, moved=moved),
        to_channel(strip.values, 2, moved),
        strip.values,
        mix.layout.master,
        _comment(strip.values, moved, printed=False),
    )


def _delivery_gain_db(mix: ConsoleMix) -> float:
    asked_lufs = mix.document.render.loudness_lufs
    if asked_lufs is None or not math.isfinite(mix.loudness_lufs):
        return 0.0
    return asked_lufs - mix.loudness_lufs


def _send_db(strip: Strip) -> float:
    return strip.values.get("send.gain_db", SEND_OFF_DB)


def width_text(values: Mapping[str, float]) -> str | None:
    """How wide a strip makes what it plays, as `120 %`; none where it is as it was."""
    text = percent(values.get("image.width", 1.0))
    return None if text == percent(1.0) else text


def _comment(values: Mapping[str, float], moved: Offsets, *, printed: bool) -> str:
    """What the channel of a strip cannot say, for the comment of its track."""
    input_db = moved.before_db + moved.threshold_db
    said = []
    if abs(input_db) > _HEARD_DB:
        where = "in the audio file" if printed else "in threshold and volume"
        said.append(f"Input gain {input_db:+.1f} dB ({where}).")
    if moved.output_db > _HEARD_DB:
        said.append(f"{moved.output_db:+.1f} dB of the fader are in the output gain of the compressor.")
    if values["compressor.ratio"] > 1:
        said.append(f"Compressor knee {values['compressor.knee_db']:.1f} dB.")
    if width := width_text(values):
        said.append(f"Width {width} (behind the compressor; not in this session).")
    return " ".join(said)
