"""DAWprojects read back: as written, and as changed by hand."""

import math
from xml.etree.ElementTree import Element, SubElement

import pytest
from dawproject_files import NAMES, assert_same_settings, channel, edited, export, export_grouped, key
from mixes import make_mix

from diffmst.daw.dawproject.format import FORMAT
from diffmst.daw.ranges import within_ranges
from diffmst.dsp.stereo import SEND_OFF_DB

WRITTEN = 1e-5  # relative: ten decimals of amplitudes down to -80 dB


@pytest.fixture(scope="module", params=["default", "paper"])
def any_session(request, tmp_path_factory):
    """Of either layout; mono and stereo in turn."""
    return export(tmp_path_factory.mktemp("layout"), make_mix(NAMES, layout=request.param))


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    return export_grouped(tmp_path_factory.mktemp("grouped"))


def test_every_control_comes_back(any_session):
    read = FORMAT.read(any_session.path)
    for strip in any_session.mix.tracks:
        told = read.tracks[strip.key]
        assert told == pytest.approx({name: strip.values[name] for name in told}, rel=WRITTEN, abs=WRITTEN)
    master = any_session.mix.master.values
    assert read.master == pytest.approx({name: master[name] for name in read.master}, rel=WRITTEN, abs=WRITTEN)
    assert_same_settings(any_session, read)


def test_what_was_written_has_nothing_that_is_ignored(any_session):
    read = FORMAT.read(any_session.path)
    assert read.ignored == ()
    assert read.return_gain_db == 0
    assert list(read.names.values()) == list(NAMES)


def test_mutes_come_back(session):
    read = FORMAT.read(session.path)
    assert [read.muted[strip.key] for strip in session.mix.tracks] == [False, False, False, True]


def test_every_control_may_stand_at_either_end_of_its_range(tmp_path):
    mix = make_mix(("low", "high"), channels=[1, 1])
    params = mix.console_layout.track.params
    ends = [{name: getattr(param, end) for name, param in params.items()} for end in ("low", "high")]
    tracks = [track.model_copy(update={"settings": end}) for track, end in zip(mix.tracks, ends, strict=True)]
    session = export(tmp_path, mix.model_copy(update={"tracks": tuple(tracks)}), seconds=0.02)
    assert_same_settings(session, FORMAT.read(session.path))


def parameter(root, name, path):
    return channel(root, name).find(path)


@pytest.mark.parametrize(
    ("path", "value", "control", "expected"),
    [
        ("Volume", "0.25", "fader.gain_db", 20 * math.log10(0.25)),
        ("Pan", "0.0", "panner.pan", -1),
        ("Pan", "0.5", "panner.pan", 0),
        ("Sends/Send/Volume", "0.1", "send.gain_db", -20),
        ("Devices/Equalizer/Band[1]/Gain", "-7.5", "eq.low_shelf.gain_db", -7.5),
        ("Devices/Equalizer/Band[2]/Freq", "345.0", "eq.peak_1.freq_hz", 345),
        ("Devices/Equalizer/Band[6]/Q", "1.25", "eq.high_shelf.q", 1.25),
        ("Devices/Compressor/Threshold", "-33", "compressor.threshold_db", -33),
        ("Devices/Compressor/Ratio", "80", "compressor.ratio", 5),
        ("Devices/Compressor/Attack", "0.005", "compressor.attack_ms", 5),
        ("Devices/Compressor/Release", "0.25", "compressor.release_ms", 250),
        ("Devices/Compressor/OutputGain", "4.5", "compressor.makeup_db", 4.5),
    ],
)
def test_a_change_of_one_control_arrives_alone(session, path, value, control, expected):
    """On a stereo track, whose volume is its fader."""
    before = FORMAT.read(session.path).tracks[key(session, "Pad")]
    read = edited(session, lambda root: parameter(root, "Pad", path).set("value", value))
    after = read.tracks[key(session, "Pad")]
    assert after[control] == pytest.approx(expected)
    assert {name for name in after if after[name] != before[name]} <= {control}


@pytest.mark.parametrize("path", ["Devices/Equalizer/InputGain", "Devices/Equalizer/OutputGain"])
def test_a_gain_before_the_compressor_is_input_gain(session, path):
    before = FORMAT.read(session.path).tracks[key(session, "Pad")]["input.gain_db"]
    read = edited(session, lambda root: parameter(root, "Pad", path).set("value", "-3.5"))
    assert read.tracks[key(session, "Pad")]["input.gain_db"] == pytest.approx(before - 3.5)


def test_the_fader_of_a_group_moves_its_tracks_but_not_what_they_send(session):
    before = FORMAT.read(session.path)
    read = edited(session, lambda root: parameter(root, "kick", "Volume").set("value", "0.5"))
    change_db = 20 * math.log10(0.5)
    for name, moved_db in (("Kick in", change_db), ("Kick out", change_db), ("Pad", 0)):
        track, was = read.tracks[key(session, name)], before.tracks[key(session, name)]
        assert track["fader.gain_db"] == pytest.approx(was["fader.gain_db"] + moved_db)
        # The send of the console is behind the fader: to send as much as before, it goes the other way.
        assert track["send.gain_db"] == pytest.approx(was["send.gain_db"] - moved_db)


def test_the_mute_of_a_group_mutes_its_tracks(session):
    read = edited(session, lambda root: parameter(root, "kick", "Mute").set("value", "true"))
    assert {name for name in NAMES if read.muted[key(session, name)]} == {"Kick in", "Kick out", "Keys"}


def test_the_fader_of_the_return_is_told(session):
    read = edited(session, lambda root: parameter(root, "Reverb return", "Volume").set("value", "0.5"))
    assert read.return_gain_db == pytest.approx(20 * math.log10(0.5))


def test_a_send_switched_off_is_off(session):
    read = edited(session, lambda root: parameter(root, "Pad", "Sends/Send/Enable").set("value", "false"))
    held = within_ranges(read, session.mix.layout)
    assert held.tracks[key(session, "Pad")]["send.gain_db"] == SEND_OFF_DB


@pytest.mark.parametrize("how", ["switched off", "removed"])
def test_devices_that_do_nothing_any_more_are_neutral(session, how):
    def edit(root):
        devices = parameter(root, "Pad", "Devices")
        for device in list(devices):
            if how == "removed":
                devices.remove(device)
            else:
                device.find("Enabled").set("value", "false")

    read = edited(session, edit)
    track = read.tracks[key(session, "Pad")]
    assert track["compressor.ratio"] == 1
    assert all(value == 0 for name, value in track.items() if name.startswith("eq.") and name.endswith("gain_db"))
    assert track["compressor.makeup_db"] == 0


def test_devices_of_which_a_program_saves_none_keep_their_settings(session):
    def edit(root):
        for devices in root.iter("Devices"):
            devices.clear()
            SubElement(devices, "BuiltinDevice", deviceName="Pro EQ³", deviceRole="audioFX")

    read = edited(session, edit)
    told = {name.split(".")[0] for track in read.tracks.values() for name in track}
    assert told == {"panner", "fader", "send"}
    assert "“Pad”: the device “Pro EQ³” is left out" in read.ignored


def test_a_deleted_band_has_no_gain(session):
    def edit(root):
        equalizer = parameter(root, "Pad", "Devices/Equalizer")
        equalizer.remove(equalizer.find("Band[@order='2']"))

    read, before = edited(session, edit), FORMAT.read(session.path)
    after, was = read.tracks[key(session, "Pad")], before.tracks[key(session, "Pad")]
    gains = {name for name in after if name.startswith("eq.") and name.endswith("gain_db")}
    assert sum(after[name] == 0 for name in gains) == 1
    assert sorted(after[name] for name in gains if after[name]) == pytest.approx(
        sorted(was[name] for name in gains if name != "eq.peak_2.gain_db")
    )


def test_bells_that_were_pulled_past_each_other_take_the_bands_that_reach_them(session):
    def edit(root):
        for order, freq_hz in ((1, "9000"), (4, "60")):  # beyond peak_1 and below peak_4
            parameter(root, "Pad", f"Devices/Equalizer/Band[@order='{order}']/Freq").set("value", freq_hz)

    read = edited(session, edit)
    track, params = read.tracks[key(session, "Pad")], session.mix.layout.track.params
    for name in (f"eq.peak_{number}.freq_hz" for number in (1, 2, 3, 4)):
        assert params[name].low <= track[name] <= params[name].high
    assert {track[f"eq.peak_{number}.freq_hz"] for number in (1, 2, 3, 4)} >= {9000, 60}


def test_what_the_console_cannot_say_is_told(session):
    def edit(root):
        SubElement(parameter(root, "Pad", "Devices"), "Vst3Plugin", deviceName="Saturator", deviceRole="audioFX")
        SubElement(parameter(root, "Pad", "Devices/Equalizer"), "Band", type="highPass")
        parameter(root, "Keys", "Sends/Send").set("type", "pre")
        parameter(root, "Reverb return", "Mute").set("value", "true")
        parameter(root, "Master", "Pan").set("value", "0.7")
        parameter(root, "kick", "Pan").set("value", "0.2")
        channel(root, "Keys").set("solo", "true")
        SubElement(root.find("Structure"), "Track", name="Shaker").append(Element("Channel", role="regular"))
        lanes = root.find("Arrangement/Lanes")
        points = SubElement(lanes[0], "Points")
        SubElement(points, "Target", parameter=parameter(root, "Kick in", "Volume").get("id"))
        lanes.find(f"Lanes[@track='{track_id(root, 'Kick out')}']/Clips/Clip").set("time", "4.0")

    ignored = edited(session, edit).ignored
    for line in (
        "“Pad”: the device “Saturator” is left out",
        "“Pad”: a highPass band is left out",
        "“Keys”: its send is before the fader; it is read as if it were behind it",
        "“Keys”: is soloed; the mix plays all tracks that are not muted",
        "“Reverb return”: its mute is left out",
        "“Master”: its pan is left out",
        "bus “kick”: its devices and pan are left out",
        "“Shaker”: is no track of the mix; it is left out",
        "“Kick in”: its automation is left out; what its controls stand at is read",
        "“Kick out”: its audio was cut or moved; the mix plays the stem as it was",
    ):
        assert line in ignored
    assert len(ignored) == 10


def track_id(root, name):
    return next(track.get("id") for track in root.iter("Track") if track.get("name") == name)


def test_a_copy_of_a_track_is_not_of_the_mix(session):
    def edit(root):
        structure = root.find("Structure")
        pad = next(track for track in structure if track.get("name") == "Pad")
        copy = SubElement(structure, "Track", pad.attrib | {"name": "Pad copy", "id": "copy"})
        SubElement(SubElement(copy, "Channel", role="regular"), "Volume", unit="linear", value="0.001")

    read = edited(session, edit)
    assert read.tracks == FORMAT.read(session.path).tracks
    assert read.ignored == ("“Pad copy”: is no track of the mix; it is left out",)


def test_a_deleted_track_is_not_told(session):
    def edit(root):
        structure = root.find("Structure")
        structure.remove(next(track for track in structure if track.get("name") == "Pad"))

    assert edited(session, edit).tracks.keys() == FORMAT.read(session.path).tracks.keys() - {key(session, "Pad")}


# --- other programs ---------------------------------------------------------------------------------------------------
