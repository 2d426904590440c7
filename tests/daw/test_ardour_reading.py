"""What is read from sessions of Ardour that were changed, as the program saves them; without the program."""

import math
import xml.etree.ElementTree as ElementTree

import pytest
from ardour_sessions import CLOSE, NAMES, changed, export, route, turn
from mixes import make_mix, write_mix

from diffmst.daw.ardour.format import FORMAT
from diffmst.daw.exporting import export_session
from diffmst.daw.naming import BUS_NAME, MASTER_NAME, RETURN_NAME
from diffmst.errors import UserError


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """The file of a session; tests change a copy."""
    exported, _ = export(tmp_path_factory.mktemp("ardour"), names=NAMES)
    return exported.path


def set_compressor(root, symbol, value):
    set_port(root, f"lv2/Port[@symbol='{symbol}']", value)


def set_equalizer(root, number, value):
    set_port(root, f"luaproc/Port[@id='{number}']", value)


def set_port(root, path, value):
    (port,) = route(root).findall(f"Processor/{path}")
    port.set("value", repr(value))


def only_key(values):
    return next(iter(values.tracks))


@pytest.mark.parametrize(
    ("control", "value", "turned"),
    [
        ("fader.gain_db", -3.5, lambda root: turn(route(root), "gaincontrol", 10 ** (-3.5 / 20))),
        ("input.gain_db", 4.0, lambda root: turn(route(root), "trimcontrol", 10 ** (4 / 20))),
        ("panner.pan", 1.0, lambda root: turn(route(root), "pan-azimuth", 1.0)),
        ("eq.peak_2.gain_db", 6.0, lambda root: set_equalizer(root, 7, 6.0)),
        ("eq.low_shelf.freq_hz", 77.0, lambda root: set_equalizer(root, 2, 77.0)),
        ("eq.high_shelf.q", 1.5, lambda root: set_equalizer(root, 18, 1.5)),
        ("compressor.ratio", 9.0, lambda root: set_compressor(root, "rat", 9.0)),
        ("compressor.knee_db", 12.01, lambda root: set_compressor(root, "kn", 2.0)),
        ("compressor.attack_ms", 3.0, lambda root: set_compressor(root, "att", 3.0)),
    ],
)
def test_what_is_turned_in_the_file_arrives(tmp_path, control, value, turned):
    neutral = make_mix(("a",))
    track = neutral.tracks[0].model_copy(update={"settings": {}})
    document = write_mix(tmp_path, neutral.model_copy(update={"tracks": (track,)}), seconds=0.1)
    (exported,) = export_session(document, "ardour")
    values = changed(exported.path, tmp_path, turned)
    assert values.tracks[only_key(values)][control] == pytest.approx(value, abs=0.02)  # of the law of pan, in dB


@pytest.mark.parametrize(
    "bypass",
    [
        lambda root: set_compressor(root, "enable", 0.0),  # as the button of Ardour does, where a plugin has a switch
        lambda root: route(root).find("Processor[@unique-id='urn:ardour:a-comp']").set("active", "0"),
    ],
)
def test_a_compressor_that_is_bypassed_takes_along_what_it_has_of_the_fader(tmp_path, bypass):
    loud = {"fader.gain_db": 10.0, "compressor.ratio": 4.0, "compressor.makeup_db": 3.0}
    mix = make_mix(("a",))
    track = mix.tracks[0].model_copy(update={"settings": loud})
    document = write_mix(tmp_path, mix.model_copy(update={"tracks": (track,)}), seconds=0.1)
    (exported,) = export_session(document, "ardour")
    (strip,) = changed(exported.path, tmp_path, bypass).tracks.values()
    assert (strip["compressor.ratio"], strip["compressor.makeup_db"]) == (1.0, 0.0)
    assert strip["fader.gain_db"] == pytest.approx(20 * math.log10(2), abs=0.02)  # its end, but for the law of pan


def test_a_send_that_is_turned_arrives_and_so_does_one_that_is_taken_away(session, tmp_path):
    def change(root):
        first, second = (route(root, number) for number in (0, 1))
        turn(first.find("Processor[@type='intsend']"), "gaincontrol", 0.5)
        second.remove(second.find("Processor[@type='intsend']"))

    (first, second, *_) = changed(session, tmp_path, change).tracks.values()
    assert first["send.gain_db"] == pytest.approx(20 * math.log10(0.5), abs=CLOSE)
    assert second["send.gain_db"] == -math.inf


def test_a_quieter_reverb_return_arrives(session, tmp_path):
    def change(root):
        turn(route(root, len(NAMES)), "gaincontrol", 0.5)

    assert changed(session, tmp_path, change).return_gain_db == pytest.approx(20 * math.log10(0.5), abs=CLOSE)


def test_tracks_that_were_deleted_added_muted_or_named_anew_are_told_apart(session, tmp_path):
    def change(root):
        route(root, 1).find("MuteMaster").set("muted", "1")
        route(root, 2).set("name", "Kick")
        routes = root.find("Routes")
        routes.remove(route(root, 0))
        ElementTree.SubElement(routes, "Route", {"id": "77777", "name": "Tambourine"})

    values = changed(session, tmp_path, change)
    assert len(values.tracks) == len(NAMES) - 1
    assert [*values.muted.values()][:1] == [True] and [*values.names.values()][1] == "Kick"
    assert values.ignored == ("“Tambourine” is no track of the mix; it is left out",)


def test_automation_vcas_and_panners_switched_off_are_told(session, tmp_path):
    def change(root):
        first = route(root)
        automation = ElementTree.SubElement(first, "AutomationList", {"state": "Play"})
        ElementTree.SubElement(automation, "events").text = "0 1"
        ElementTree.SubElement(ElementTree.SubElement(first, "Slavable"), "Master", {"number": "1"})
        first.find(".//PannerShell").set("bypassed", "1")

    ignored = changed(session, tmp_path, change).ignored
    assert len(ignored) == 3 and all(line.startswith("“a-b-c” has ") for line in ignored)


@pytest.mark.parametrize(
    ("told", "change"),
    [
        ("its phase turned", lambda root: add_control(root, "phase", "phase-invert", "10")),
        ("a solo; the mix", lambda root: add_control(root, "solo", "self-solo", "1")),
        ("diffmst Equalizer behind the fader", lambda root: route(root).append(first_plugin(root))),
        ("audio that was cut", lambda root: region(root).set("start", "a5880")),
        ("audio that was cut", lambda root: region(root).set("length", "a5880@a0")),
        ("a region that was muted", lambda root: region(root).set("scale-amplitude", "0.5")),
        ("a region that was muted", lambda root: region(root).set("muted", "1")),
    ],
)
def test_what_the_console_cannot_say_is_told(session, tmp_path, told, change):
    (line,) = changed(session, tmp_path, change).ignored
    assert line.startswith(f"“a-b-c” has {told}")


@pytest.mark.parametrize("name", [MASTER_NAME, BUS_NAME, RETURN_NAME])
def test_a_pan_where_the_console_has_none_is_told(session, tmp_path, name):
    def change(root):
        turn(root.find(f"Routes/Route[@name='{name}']"), "pan-azimuth", 0.25)

    assert changed(session, tmp_path, change).ignored == (f"“{name}” has a pan, which the console cannot do there",)


def add_control(root, name, attribute, value):
    ElementTree.SubElement(route(root), "Controllable", {"name": name, "value": "1", attribute: value})


def test_a_plugin_of_another_kind_is_left_out_and_told_unless_it_is_bypassed(session, tmp_path):
    def change(root):
        for name, active in (("Delay", "1"), ("Chorus", "0")):
            plugin = {"type": "lv2", "name": name, "unique-id": f"urn:{name}", "active": active}
            ElementTree.SubElement(route(root), "Processor", plugin)

    assert changed(session, tmp_path, change).ignored == ("“a-b-c” has a further plugin, “Delay”, which is left out",)


def test_a_reverb_of_the_musicians_own_is_told_and_so_is_the_mute_of_the_printed_one(session, tmp_path):
    def change(root):
        plugin = {"type": "lv2", "name": "Hall", "unique-id": "urn:hall", "active": "1"}
        ElementTree.SubElement(root.find(f"Routes/Route[@name='{BUS_NAME}']"), "Processor", plugin)
        route(root, len(NAMES)).find("MuteMaster").set("muted", "1")

    assert changed(session, tmp_path, change).ignored == (
        f"“{RETURN_NAME}” has its mute on; the mix plays the reverb as it was",
        f"“{BUS_NAME}” has a plugin, “Hall”, which is left out",
    )


def first_plugin(root):
    found = route(root).find("Processor[@type='luaproc']")
    route(root).remove(found)
    return found


def region(root):
    return root.find(f"Playlists/Playlist[@id='{route(root).get('audio-playlist')}']/Region")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<Session", "is no Ardour session"),
        ("<Project/>", "is no Ardour session"),
        ('<Session sample-rate="48000"><Extra/></Session>', "was not written by `diffmst export`"),
        ('<Session><Extra><DiffMST version="2"/></Extra></Session>', "is damaged"),
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
