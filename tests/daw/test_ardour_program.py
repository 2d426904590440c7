"""Sessions of Ardour in Ardour itself, which renders them without a screen: skipped where it is not installed.

Ours is what the console makes of the mix, before its delivery.
"""

import math
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from ardour_program import difference, needs, save_again
from mixes import make_mix, write_mix
from songs import noise, tone

from bench.ardour import console
from diffmst.audio import AudioWriter
from diffmst.daw.ardour.format import FORMAT
from diffmst.daw.exporting import export_session

SECONDS = 3.0
SAME = 1e-4  # of full scale; half of it is what single precision leaves of the compressors, all the rest is 1e-6
ACE_SAME = 0.03  # of the peak: 0.05 dB are 0.6 %, in each of six bands, on tracks and master
SINGLE = 3e-7  # what Ardour saves of a value, relative
NAMES = ("AC/DC: \\", "\"q\" & <x> 'y'", "🥁 kick", "x" * 200, "Master", "click", "...a", "b")

# Whatever ranges allow but releases of seconds, which single precision does not hold; see docs/daw-ardour.md.
EXTREMES = [
    {"input.gain_db": -48.0, "fader.gain_db": 12.0, "compressor.makeup_db": 24.0, "panner.pan": -1.0},
    {"input.gain_db": 32.0, "compressor.threshold_db": -60.0, "compressor.ratio": 20.0, "panner.pan": 1.0},
    {"compressor.attack_ms": 250.0, "compressor.release_ms": 250.0, "compressor.knee_db": 0.0, "panner.pan": 0.99},
    {"compressor.attack_ms": 0.1, "compressor.release_ms": 5.0, "compressor.knee_db": 24.0, "eq.low_shelf.q": 6.0},
    {"send.gain_db": 12.0, "panner.pan": 0.0, "eq.high_shelf.gain_db": 12.0, "eq.high_shelf.q": 6.0},
    {"send.gain_db": -80.0},
    {"fader.gain_db": -60.0, "compressor.ratio": 1.0, "panner.pan": -0.4, "eq.peak_3.q": 0.2},
    {"panner.pan": 0.5, "eq.high_shelf.freq_hz": 18_000.0, "eq.peak_1.freq_hz": 40.0, "eq.peak_1.q": 6.0},
]
HELD = {"compressor.release_ms": 200.0}
PEAK = 1.0  # of the mixes
MUTED = 5

# Ardour turns its controls between two blocks of audio, a while after it was asked to.
TURNED = """
    local function turn (control, value)
      control:set_value (value, PBD.GroupControlDisposition.NoGroup)
      for _ = 1, 500 do
        if control:get_value () == value then return end
        ARDOUR.LuaAPI.usleep (10000)
      end
      error ("the control stays where it was")
    end
    local route = s:route_by_name ("b")
    turn (route:gain_control (), 0.5)
    turn (route:mute_control (), 1)
    ARDOUR.LuaAPI.set_processor_param (route:nth_plugin (0), 4, 3.25)
    turn (s:route_by_name ("click 2"):mute_control (), 0)
"""


@pytest.fixture(scope="module", autouse=True)
def _skipped_without_ardour():
    needs("export")


def write_song(folder, mix):
    """The document of a mix that peaks at `PEAK`, and stems for it that have tones, noise and dynamics."""
    document = write_mix(folder, mix)
    for number, track in enumerate(mix.tracks):
        rows = [
            tone(70 * (number + 1), SECONDS, mix.sample_rate) + noise(SECONDS, 9 * number + side, mix.sample_rate, 0.05)
            for side in range(track.channels)
        ]
        path = document.parent / track.path
        path.unlink()
        with AudioWriter(path, mix.sample_rate, track.channels, "FLOAT") as writer:
            writer.write(np.stack(rows))
    fader_db = mix.master["fader.gain_db"] + 20 * math.log10(PEAK / np.abs(console(document)).max())
    level = mix.model_copy(update={"master": {**mix.master, "fader.gain_db": fader_db}})
    document.write_text(level.to_json(), encoding="utf-8")
    return document


def settled(mix, tracks=(), **parts):
    """A drawn mix with these settings of tracks on top of some that single precision holds."""
    own = [*tracks, *[{}] * (len(mix.tracks) - len(tracks))]
    settled = tuple(
        track.model_copy(update={"settings": {**track.settings, **HELD, **settings}})
        for track, settings in zip(mix.tracks, own, strict=True)
    )
    return mix.model_copy(update={"tracks": settled, "master": {**mix.master, **HELD}, **parts})


def edit(session, change):
    tree = ElementTree.parse(session)
    change(tree.getroot())
    tree.write(session, encoding="UTF-8", xml_declaration=True)


def mute(root, name, muted):
    root.find(f"Routes/Route[@name='{name}']/MuteMaster").set("muted", str(int(muted)))


def test_ardour_plays_what_the_console_makes(tmp_path):
    mix = settled(make_mix(NAMES, rate=48_000, muted=(MUTED,)), EXTREMES)
    document = write_song(tmp_path, mix)
    (exported,) = export_session(document, "ardour")
    expected = console(document)
    assert np.abs(expected).max() == pytest.approx(PEAK, rel=1e-3)
    assert difference(exported.path, tmp_path, expected, SAME) < SAME


def test_a_session_that_ardour_has_saved_plays_the_same_and_its_sends_are_live(tmp_path):
    """The reverb of this mix returns what it gets, so the bus does the same as the printed return in its place."""
    mix = settled(make_mix([*"abcdef"], rate=44_100, layout="paper"), fx={"reverb.mix": 0.0})
    document = write_song(tmp_path, mix)
    (exported,) = export_session(document, "ardour")
    edit(exported.path, lambda root: (mute(root, "Reverb", False), mute(root, "Reverb return", True)))
    save_again(exported.path, tmp_path)
    expected = console(document)
    assert np.abs(expected).max() == pytest.approx(PEAK, rel=1e-3)
    assert difference(exported.path, tmp_path, expected, SAME) < SAME


def test_ardour_keeps_every_value_and_what_is_turned_in_it_arrives(tmp_path):
    document = write_song(tmp_path, settled(make_mix(NAMES, muted=(MUTED,)), EXTREMES))
    (exported,) = export_session(document, "ardour")
    before = FORMAT.read(exported.path)
    save_again(exported.path, tmp_path, TURNED)
    after = FORMAT.read(exported.path)
    assert [*before.muted.values()] == [False] * MUTED + [True, False, False]
    assert [*after.muted.values()] == [False] * (len(NAMES) - 1) + [True]
    assert (after.names, after.ignored) == (before.names, ())
    *untouched, (_, changed) = after.tracks.items()
    for name, values in [*untouched, ("master", after.master)]:
        expected = before.master if name == "master" else before.tracks[name]
        assert values == pytest.approx(expected, rel=SINGLE, abs=20 * SINGLE), name
    assert changed["fader.gain_db"] == pytest.approx(20 * math.log10(0.5), abs=0.1)  # less the correction of the pan
    assert changed["eq.peak_1.gain_db"] == 3.25


def test_ace_eq_comes_near_where_shelves_have_its_steepness(tmp_path):
    mix = settled(make_mix([*"abcdef"], rate=44_100))
    shelves = {f"eq.{end}_shelf.q": math.sqrt(0.5) for end in ("low", "high")}
    tracks = tuple(track.model_copy(update={"settings": track.settings | shelves}) for track in mix.tracks)
    document = write_song(tmp_path, mix.model_copy(update={"tracks": tracks, "master": mix.master | shelves}))
    (exported,) = export_session(document, "ardour-ace")
    assert difference(exported.path, tmp_path, console(document), ACE_SAME * PEAK) < ACE_SAME * PEAK
