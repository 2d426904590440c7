"""Sessions of Ardour as files, written and read without the program."""

import math
import os
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
import soundfile
from ardour_sessions import CLOSE, NAMES, export
from mixes import make_mix, write_mix

from diffmst.daw.ardour import width_script
from diffmst.daw.ardour.format import FORMAT
from diffmst.daw.exporting import export_session
from diffmst.daw.formats import format_named
from diffmst.daw.translation import check_translations
from diffmst.layout import LAYOUTS


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """A session that tests must not change, and its mix."""
    exported, mix = export(tmp_path_factory.mktemp("ardour"), names=NAMES, muted=(3,))
    return exported.path, mix


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
def test_every_control_comes_back_from_the_file(tmp_path, layout, rate):
    exported, mix = export(tmp_path, names=("a", "b", "c"), layout=layout, rate=rate)
    values = FORMAT.read(exported.path)
    console = mix.console_layout
    parts = [*zip(values.tracks.values(), [t.settings for t in mix.tracks], [console.track] * 3, strict=True)]
    for found, expected, section in [*parts, (values.master, mix.master, console.master)]:
        assert found.keys() == section.params.keys()
        for control, value in found.items():
            assert value == pytest.approx(expected[control], rel=CLOSE, abs=CLOSE), control


def test_names_and_mutes_come_back(session):
    path, _ = session
    values = FORMAT.read(path)
    assert list(values.muted.values()) == [False, False, False, True, False, False]
    assert list(values.names.values())[:3] == ["a-b-c", '"q" & <x>', "🥁 kick"]
    assert values.return_gain_db == 0 and not values.ignored


def test_every_port_and_identifier_in_the_file_is_its_own(session):
    root = ElementTree.parse(session[0]).getroot()
    ids = [element.get("id") for element in root.iter() if element.get("id") and element.tag != "Port"]
    assert len(ids) == len(set(ids))
    assert int(root.get("id-counter")) > max(map(int, ids))
    ports = [port.get("name") for port in root.iter("Port") if port.get("name")]
    assert len(ports) == len(set(ports))
    slots = [processor.get("bitslot") for processor in root.iter("Processor") if processor.get("bitslot")]
    assert len(slots) == len(set(slots)) == len(NAMES)


def test_everything_the_file_refers_to_is_there(session):
    path, mix = session
    root = ElementTree.parse(path).getroot()
    ids = {element.get("id") for element in root.iter()}
    targets = [processor.get("target") for processor in root.iter("Processor") if processor.get("type") == "intsend"]
    playlists = [found.get("audio-playlist") for found in root.iter("Route") if found.get("audio-playlist")]
    sources = [value for region in root.iter("Region") for key, value in region.items() if "source-" in key]
    assert ids.issuperset([*targets, *playlists, *sources])
    ports = {port.get("name") for port in root.iter("Port")}
    for connection in root.iter("Connection"):
        assert connection.get("other") in ports or connection.get("other").startswith("system:")
    audio = path.parent / "interchange" / path.stem / "audiofiles"
    lengths = {soundfile.info(audio / source.get("name")).frames for source in root.iter("Source")}
    assert lengths == {mix.sample_rate // 4}


def test_times_are_whole_superclocks(session):
    root = ElementTree.parse(session[0]).getroot()
    length = root.find("Locations/Location").get("end")
    assert length == f"a{282_240_000 // 4}"
    assert {region.get("length") for region in root.iter("Region")} == {f"{length}@a0"}


def test_the_bus_is_muted_and_the_printed_return_is_not(session):
    root = ElementTree.parse(session[0]).getroot()
    muted = {found.get("name"): found.find("MuteMaster").get("muted") for found in root.iter("Route")}
    assert (muted["Reverb"], muted["Reverb return"], muted["Master"]) == ("1", "0", "0")


def test_sends_above_the_end_of_the_fader_are_all_lowered_and_come_back(tmp_path):
    mix = make_mix(("a", "b"))
    loud = [
        track.model_copy(update={"settings": track.settings | {"send.gain_db": gain_db}})
        for track, gain_db in zip(mix.tracks, (12.0, -80.0), strict=True)
    ]
    document = write_mix(tmp_path, mix.model_copy(update={"tracks": tuple(loud)}), seconds=0.1)
    (exported,) = export_session(document, "ardour")
    (first, second) = FORMAT.read(exported.path).tracks.values()
    assert first["send.gain_db"] == pytest.approx(12.0, abs=CLOSE) and second["send.gain_db"] <= -80
    root = ElementTree.parse(exported.path).getroot()
    gains = [float(found.get("value")) for found in root.findall(".//Processor[@type='intsend']/Controllable")]
    assert gains == pytest.approx([2.0, 0.0], abs=CLOSE)


def test_what_is_folded_or_beyond_a_knob_is_told(tmp_path):
    mix = make_mix(("a", "b"))
    loud = {"fader.gain_db": 10.0, "compressor.attack_ms": 200.0, "compressor.release_ms": 100.0}
    tracks = tuple(track.model_copy(update={"settings": track.settings | loud}) for track in mix.tracks)
    master = mix.master | {"fader.gain_db": 48.0, "compressor.makeup_db": 0.0}
    document = write_mix(tmp_path, mix.model_copy(update={"tracks": tracks, "master": master}), seconds=0.1)
    (exported,) = export_session(document, "ardour")
    notes = "\n".join(exported.notes)
    assert "the fader ends at 6 dB, the rest is in the make-up gain of the compressor: a, b, Master" in notes
    assert "the attack of the compressor plays, but is beyond the end of its knob, 100 ms; leave that alone" in notes
    assert "makeup of the compressor plays, but is beyond the end of its knob, 30.0 dB; leave that alone" in notes


@pytest.mark.parametrize(("name", "told"), [("a b", 0), (f"a{os.pathsep}b", 1)])
def test_a_path_in_which_ardour_finds_no_audio_is_told_before_it_exists(tmp_path, name, told):
    document = write_mix(tmp_path, make_mix(("a",)), seconds=0.1)
    (exported,) = export_session(document, "ardour", tmp_path / name)
    assert len([note for note in exported.notes if "finds no audio" in note]) == told


def test_how_far_the_shelves_of_ace_eq_are_off_is_told(tmp_path):
    steep, gentle = ({"eq.low_shelf.gain_db": 9.0, "eq.low_shelf.q": q} for q in (3.0, math.sqrt(0.5)))
    mix = make_mix(("steep", "gentle"))
    tracks = tuple(
        track.model_copy(update={"settings": settings})
        for track, settings in zip(mix.tracks, (steep, gentle), strict=True)
    )
    document = write_mix(tmp_path, mix.model_copy(update={"tracks": tracks, "master": {}}), seconds=0.1)
    (exported,) = export_session(document, "ardour-ace")
    (line,) = (note for note in exported.notes if "one steepness" in note)
    assert re.search(r": steep \(\d\.\d dB\)$", line)


def test_what_ace_eq_does_not_reach_is_told(tmp_path):
    far = {"eq.peak_2.q": 0.2, "input.gain_db": 48.0}
    mix = make_mix(("a", "b"))
    first = mix.tracks[0].model_copy(update={"settings": far})
    document = write_mix(tmp_path, mix.model_copy(update={"tracks": (first, mix.tracks[1])}), seconds=0.1)
    told = {kind: export_session(document, kind)[0].notes for kind in ("ardour", "ardour-ace")}
    assert "input.gain_db is held at +40.0 dB: a" in told["ardour-ace"]
    assert any(re.fullmatch(r"eq\.peak_2\.q is held at 0\.27: a(, .*)?", note) for note in told["ardour-ace"])
    assert not any("is held at" in note for note in told["ardour"])


def test_ace_sessions_name_no_plugin_but_those_of_ardour(tmp_path):
    exported, _ = export(tmp_path, "ardour-ace", names=("a", "b"))
    root = ElementTree.parse(exported.path).getroot()
    plugins = {found.get("unique-id") for found in root.iter("Processor") if found.get("unique-id")}
    scripts = {found.get("unique-id") for found in root.iter("Processor") if found.get("type") == "luaproc"}
    assert plugins - scripts == {"urn:ardour:a-eq", "urn:ardour:a-comp", "urn:ardour:a-comp#stereo"}
    assert [found.get("name") for found in root.iter("Processor") if found.get("type") == "luaproc"] == [
        width_script.NAME
    ]
    check_translations("ardour-ace", format_named("ardour-ace").translations)


def test_a_hundred_tracks_of_one_name_are_a_hundred_tracks(tmp_path):
    exported, _ = export(tmp_path, names=("same",) * 100)
    values = FORMAT.read(exported.path)
    assert len(values.tracks) == 100 and len(set(values.names.values())) == 100


def test_tracks_of_one_source_are_a_group(tmp_path):
    mix = make_mix(("in", "out", "bass"))
    tracks = [track.model_copy(update={"group": "kick"}) for track in mix.tracks[:2]]
    document = write_mix(tmp_path, mix.model_copy(update={"tracks": (*tracks, mix.tracks[2])}), seconds=0.1)
    (exported,) = export_session(document, "ardour")
    root = ElementTree.parse(exported.path).getroot()
    (group,) = root.findall("RouteGroups/RouteGroup")
    names = {found.get("id"): found.get("name") for found in root.iter("Route")}
    assert group.get("name") == "kick" and [names[one] for one in group.get("routes").split()] == ["in", "out"]


def test_audio_is_the_stem_to_the_bit(session):
    path, _ = session
    audio = path.parent / "interchange" / path.stem / "audiofiles" / "01 a_b_c.wav"
    stem = path.parents[2] / "song" / "000.wav"
    assert np.array_equal(soundfile.read(audio)[0], soundfile.read(stem)[0])
