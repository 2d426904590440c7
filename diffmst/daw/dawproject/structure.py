"""The tracks of a DAWproject and their channels."""

from __future__ import annotations

from typing import NamedTuple
from xml.etree.ElementTree import Element

from diffmst.daw.dawproject.devices import add_compressor, add_equalizer, add_limiter
from diffmst.daw.dawproject.gains import ChannelGains
from diffmst.daw.dawproject.parameters import Builder, child
from diffmst.daw.dawproject.plan import Plan, PlannedChannel
from diffmst.daw.dawproject.tags import Tag
from diffmst.daw.decibels import to_amplitude

_HIGHEST_VOLUME, _HIGHEST_SEND = 2.0, 1.0
_CENTRE = 0.5
_UNTOUCHED = ChannelGains(before_db=0.0, threshold_db=0.0, output_db=0.0, volume_db=0.0, pan=0.0)


class Lane(NamedTuple):
    """A track that plays audio: its id, and what tells it again."""

    track_id: str
    tag: Tag


def add_structure(builder: Builder, project: Element, plan: Plan) -> list[Lane]:
    """Writes all tracks.

    Args:
        builder: of the document.
        project: its root.
        plan: what there is to write.

    Returns:
        Those that play audio, in order.
    """
    structure = child(project, "Structure")
    bus_id, master_id = builder.new_id(), builder.new_id()
    lanes = []
    for group, members in plan.grouped():
        parent, destination = structure, master_id
        if group is not None:
            parent = _add_track(builder, structure, "tracks", group)
            submix = _add_channel(builder, parent, "submix", destination=master_id)
            _add_mixer(builder, submix, _UNTOUCHED)
            destination = submix.attrib["id"]
        lanes += [_add_member(builder, parent, member, destination, bus_id) for member in members]
    lanes.append(_add_return(builder, structure, plan.reverb_return, master_id))
    _add_bus(builder, structure, plan, bus_id, master_id)
    _add_master(builder, structure, plan, master_id)
    return lanes


def _add_member(builder: Builder, parent: Element, planned: PlannedChannel, destination: str, bus_id: str) -> Lane:
    """A track of the mix, in the structure or in a group."""
    track = _add_track(builder, parent, "audio", planned.tag.name, planned.comment, planned.tag)
    channel = _add_channel(builder, track, "regular", destination=destination)
    _add_devices(builder, channel, planned)
    _add_mixer(builder, channel, planned.gains, muted=planned.muted, send=(bus_id, planned.send_db))
    return Lane(track.attrib["id"], planned.tag)


def _add_return(builder: Builder, structure: Element, tag: Tag, master_id: str) -> Lane:
    """The track of the printed reverb."""
    track = _add_track(builder, structure, "audio", tag.name, tag=tag)
    _add_mixer(builder, _add_channel(builder, track, "regular", destination=master_id), _UNTOUCHED)
    return Lane(track.attrib["id"], tag)


def _add_bus(builder: Builder, structure: Element, plan: Plan, bus_id: str, master_id: str) -> None:
    """Where the sends go: muted, for without a reverb it would hand the tracks on to the master once more."""
    track = _add_track(builder, structure, "audio", plan.bus.name, tag=plan.bus)
    channel = _add_channel(builder, track, "effect", id=bus_id, destination=master_id)
    _add_mixer(builder, channel, _UNTOUCHED._replace(volume_db=plan.bus_volume_db), muted=True)


def _add_master(builder: Builder, structure: Element, plan: Plan, master_id: str) -> None:
    planned = plan.master
    track = _add_track(builder, structure, "audio notes", planned.tag.name, planned.comment, planned.tag)
    channel = _add_channel(builder, track, "master", id=master_id)
    devices = _add_devices(builder, channel, planned)
    add_limiter(builder, devices, plan.delivery_gain_db, plan.ceiling_db)
    _add_mixer(builder, channel, planned.gains)


def _add_track(
    builder: Builder, parent: Element, content: str, name: str, comment: str = "", tag: Tag | None = None
) -> Element:
    told_by = tag._replace(name="", file="").text() if tag else ""  # they stand in the track itself
    comments = {"comment": f"{comment} {told_by}".strip()} if comment or told_by else {}
    return builder.add(parent, "Track", contentType=content, loaded="true", name=name, **comments)


def _add_channel(builder: Builder, track: Element, role: str, **attributes: str) -> Element:
    return builder.add(track, "Channel", audioChannels="2", role=role, solo="false", **attributes)


def _add_devices(builder: Builder, channel: Element, planned: PlannedChannel) -> Element:
    devices = child(channel, "Devices")
    before_db = 0.0 if planned.tag.printed else planned.gains.before_db
    add_equalizer(builder, devices, planned.section, planned.values, before_db)
    levels = {"threshold_db": planned.gains.threshold_db, "output_db": planned.gains.output_db}
    add_compressor(builder, devices, planned.section, planned.values, **levels)
    return devices


def _add_mixer(
    builder: Builder,
    channel: Element,
    gains: ChannelGains,
    *,
    muted: bool = False,
    send: tuple[str, float | None] | None = None,
) -> None:
    """Mute, pan, the send to a bus (its id and level, none for off) and volume, in the order of the schema."""
    builder.boolean(channel, "Mute", muted)
    builder.real(channel, "Pan", (gains.pan + 1) / 2, "normalized", 0, 1)
    if send is not None:
        bus_id, send_db = send
        element = builder.add(child(channel, "Sends"), "Send", destination=bus_id, type="post")
        builder.boolean(element, "Enable", send_db is not None)
        builder.real(element, "Pan", _CENTRE, "normalized", 0, 1)
        level = 0.0 if send_db is None else to_amplitude(send_db)
        builder.real(element, "Volume", level, "linear", 0, _HIGHEST_SEND)
    builder.real(channel, "Volume", to_amplitude(gains.volume_db), "linear", 0, _HIGHEST_VOLUME)
