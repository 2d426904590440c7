"""Sessions of Ardour as files, written and read without the program."""

import math
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
import soundfile
from mixes import make_mix, write_mix

from diffmst.daw.ardour.format import FORMAT
from diffmst.daw.exporting import export_session
from diffmst.daw.formats import format_named
from diffmst.daw.translation import check_translations
from diffmst.errors import UserError
from diffmst.layout import LAYOUTS
from diffmst.mix import Mix

CLOSE = 1e-6  # decimal digits of a double, through decibels and back
NAMES = ("a/b:c", '"q" & <x>', "🥁 kick", "x" * 200, "Master", "click")


def export(folder, kind="ardour", **parts):
    """A session of a drawn mix; returns its file and the document."""
    document = write_mix(folder, make_mix(**parts), seconds=0.25)
    (exported,) = export_session(document, kind, folder / "out")
    return exported, Mix.read(document)


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """A session that tests must not change, and its mix."""
    exported, mix = export(tmp_path_factory.mktemp("ardour"), names=NAMES, muted=(3,))
    return exported.path, mix


def changed(session, tmp_path, change):
    """The values of a session of which the XML was changed."""
    tree = ElementTree.parse(session)
    change(tree.getroot())
    path = tmp_path / "changed.ardour"
    tree.write(path)
    return FORMAT.read(path)


def route(root, number=0):
    return [found for found in root.findall("Routes/Route") if found.get("audio-playlist")][number]


def turn(element, control, value):
    element.find(f".//Controllable[@name='{control}']").set("value", repr(value))


def set_port(root, uri, symbol, value):
    for processor in route(root).findall("Processor"):
        if uri in processor.get("unique-id", ""):
            processor.find(f"lv2/Port[@symbol='{symbol}']").set("value", repr(value))


def only_key(values):
    return next(iter(values.tracks))


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
    ids = [element.get("id") for element in root.iter() if element.get("id")]
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


@pytest.mark.parametrize(
    ("control", "value", "turned"),
    [
        ("fader.gain_db", -3.5, lambda root: turn(route(root), "gaincontrol", 10 ** (-3.5 / 20))),
        ("input.gain_db", 4.0, lambda root: turn(route(root), "trimcontrol", 10 ** (4 / 20))),
        ("panner.pan", 1.0, lambda root: turn(route(root), "pan-azimuth", 1.0)),
        ("eq.peak_2.gain_db", 6.0, lambda root: set_port(root, "para_equalizer", "g_2", 10 ** (6 / 20))),
        ("eq.low_shelf.freq_hz", 77.0, lambda root: set_port(root, "para_equalizer", "f_0", 77.0)),
        ("eq.high_shelf.q", 1.5, lambda root: set_port(root, "para_equalizer", "q_5", 1.5)),
        ("compressor.ratio", 9.0, lambda root: set_port(root, "a-comp", "rat", 9.0)),
        ("compressor.knee_db", 12.01, lambda root: set_port(root, "a-comp", "kn", 2.0)),
        ("compressor.attack_ms", 3.0, lambda root: set_port(root, "a-comp", "att", 3.0)),
    ],
)
def test_what_is_turned_in_the_file_arrives(tmp_path, control, value, turned):
    neutral = make_mix(("a",))
    track = neutral.tracks[0].model_copy(update={"settings": {}})
    document = write_mix(tmp_path, neutral.model_copy(update={"tracks": (track,)}), seconds=0.1)
    (exported,) = export_session(document, "ardour")
    values = changed(exported.path, tmp_path, turned)
    assert values.tracks[only_key(values)][control] == pytest.approx(value, abs=0.02)  # of the law of pan, in dB


def test_a_send_that_is_turned_arrives_and_so_does_one_that_is_taken_away(session, tmp_path):
    def change(root):
        first, second = (route(root, number) for number in (0, 1))
        turn(first.find("Processor[@type='intsend']"), "gaincontrol", 0.5)
        second.remove(second.find("Processor[@type='intsend']"))

    (first, second, *_) = changed(session[0], tmp_path, change).tracks.values()
    assert first["send.gain_db"] == pytest.approx(20 * math.log10(0.5), abs=CLOSE)
    assert second["send.gain_db"] == -math.inf


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


def test_a_quieter_reverb_return_arrives(session, tmp_path):
    def change(root):
        turn(route(root, len(NAMES)), "gaincontrol", 0.5)

    assert changed(session[0], tmp_path, change).return_gain_db == pytest.approx(20 * math.log10(0.5), abs=CLOSE)


def test_tracks_that_were_deleted_added_muted_or_named_anew_are_told_apart(session, tmp_path):
    def change(root):
        route(root, 1).find("MuteMaster").set("muted", "1")
        route(root, 2).set("name", "Kick")
        routes = root.find("Routes")
        routes.remove(route(root, 0))
        ElementTree.SubElement(routes, "Route", {"id": "77777", "name": "Tambourine"})

    values = changed(session[0], tmp_path, change)
    assert len(values.tracks) == len(NAMES) - 1
    assert [*values.muted.values()][:1] == [True] and [*values.names.values()][1] == "Kick"
    assert values.ignored == ("'Tambourine' is not of the mix",)


def test_automation_vcas_and_panners_switched_off_are_told(session, tmp_path):
    def change(root):
        first = route(root)
        automation = ElementTree.SubElement(first, "AutomationList", {"state": "Play"})
        ElementTree.SubElement(automation, "events").text = "0 1"
        ElementTree.SubElement(ElementTree.SubElement(first, "Slavable"), "Master", {"number": "1"})
        first.find(".//PannerShell").set("bypassed", "1")

    ignored = changed(session[0], tmp_path, change).ignored
    assert len(ignored) == 3 and all(line.startswith("'a-b-c' has ") for line in ignored)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<Session", "is no Ardour session"),
        ("<Project/>", "is no Ardour session"),
        ('<Session sample-rate="48000"><Extra/></Session>', "was not written by `diffmst export`"),
        ('<Session><Extra><DiffMST version="1"/></Extra></Session>', "is damaged"),
    ],
)
def test_what_is_no_session_of_ours_is_refused(tmp_path, text, message):
    path = tmp_path / "x.ardour"
    path.write_text(text)
    with pytest.raises(UserError, match=f"x.ardour: {message}"):
        FORMAT.read(path)


def test_a_session_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        FORMAT.read(tmp_path / "x.ardour")


def test_what_is_folded_held_or_beyond_a_knob_is_told(tmp_path):
    mix = make_mix(("a", "b"))
    loud = {"fader.gain_db": 10.0, "compressor.attack_ms": 200.0, "compressor.release_ms": 100.0}
    tracks = tuple(track.model_copy(update={"settings": track.settings | loud}) for track in mix.tracks)
    master = mix.master | {"fader.gain_db": 48.0, "compressor.makeup_db": 0.0}
    document = write_mix(tmp_path, mix.model_copy(update={"tracks": tracks, "master": master}), seconds=0.1)
    (exported,) = export_session(document, "ardour")
    notes = "\n".join(exported.notes)
    assert "the fader ends at 6 dB, the rest is in the make-up gain of the compressor: a, b, Master" in notes
    assert "attack_ms plays, but beyond the end of the knob, 100 ms: leave it, or lose it: a, b" in notes
    assert "fader.gain_db is held at 36.02 dB: Master" in notes


def test_ace_sessions_name_no_plugin_but_those_of_ardour(tmp_path):
    exported, _ = export(tmp_path, "ardour-ace", names=("a", "b"))
    root = ElementTree.parse(exported.path).getroot()
    plugins = {found.get("unique-id") for found in root.iter("Processor") if found.get("unique-id")}
    assert plugins == {"urn:ardour:a-eq", "urn:ardour:a-comp", "urn:ardour:a-comp#stereo"}
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
