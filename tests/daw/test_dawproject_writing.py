"""What DAWprojects hold: their structure, names, routing and audio."""

import re
import shutil
import zipfile
from collections import Counter
from xml.etree.ElementTree import SubElement

import numpy as np
import pytest
import soundfile
from dawproject_files import channel, document, export, export_grouped, write
from dawproject_grammar import faults
from mixes import make_mix

from diffmst.daw.dawproject.archive import ArchiveWriter
from diffmst.daw.dawproject.format import FORMAT
from diffmst.daw.dawproject.tags import tags_in
from diffmst.daw.dawproject.wording import NOTES_NAME
from diffmst.daw.tempo import Tempo
from diffmst.errors import UserError

ODD_NAMES = (
    "AC/DC \\ Live?",
    "“Vox” <lead> & 'dbl' \"x\"",
    "🥁 Drums\u200d",
    "\x00\x1bctrl\n",
    "x" * 200,
    "...",
    "Kick",
    "Kick",
    "Master",
    "Reverb return",
    "</Track>]]>",
    "%s{0}",
)


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    return export_grouped(tmp_path_factory.mktemp("grouped"))


def track_names(parent):
    return [track.get("name") for track in parent.findall("Track")]


def test_both_documents_follow_the_rules_of_the_format(session):
    assert faults(document(session.path)) == []
    assert faults(document(session.path, "metadata.xml")) == []


def test_the_rules_find_what_is_wrong(session):
    root = document(session.path)
    SubElement(channel(root, "Pad"), "Devices")
    channel(root, "Keys").find("Volume").set("value", "1e-5")
    channel(root, "Pad").set("destination", "id999999")
    assert len(faults(root)) == 3


def test_a_group_stands_where_its_first_track_stood_and_feeds_the_master(session):
    root = document(session.path)
    structure = root.find("Structure")
    assert track_names(structure) == ["kick", "Pad", "Keys", "Reverb return", "Reverb", "Master"]
    group = structure.find("Track")
    assert track_names(group) == ["Kick in", "Kick out"]
    bus = group.find("Channel")
    assert {track.find("Channel").get("destination") for track in group.findall("Track")} == {bus.get("id")}
    assert bus.get("destination") == channel(root, "Master").get("id")
    assert (bus.find("Volume").get("value"), bus.find("Mute").get("value")) == ("1.0", "false")


def test_a_track_alone_in_its_group_has_no_bus(tmp_path):
    mix = make_mix(("a", "b"))
    tracks = tuple(track.model_copy(update={"group": track.name}) for track in mix.tracks)
    structure = document(export(tmp_path, mix.model_copy(update={"tracks": tracks})).path).find("Structure")
    assert track_names(structure) == ["a", "b", "Reverb return", "Reverb", "Master"]


def test_sends_go_to_a_muted_bus_beside_the_printed_return(session):
    root = document(session.path)
    bus = channel(root, "Reverb")
    assert (bus.get("role"), bus.find("Mute").get("value")) == ("effect", "true")
    assert {send.get("destination") for send in root.iter("Send")} == {bus.get("id")}
    assert channel(root, "Reverb return").find("Mute").get("value") == "false"


def test_only_the_muted_track_is_muted(session):
    root = document(session.path)
    assert [name for name in ("Kick in", "Pad", "Kick out", "Keys") if muted(root, name)] == ["Keys"]


def muted(root, name):
    return channel(root, name).find("Mute").get("value") == "true"


def test_every_track_plays_its_own_file_from_the_beginning_to_the_end(session):
    root = document(session.path)
    names = {track.get("id"): track.get("name") for track in root.iter("Track")}
    lanes = root.find("Arrangement/Lanes").findall("Lanes")
    played = {names[lane.get("track")]: lane.find(".//File").get("path") for lane in lanes}
    assert played == {
        "Kick in": "audio/01 Kick in.wav",
        "Kick out": "audio/03 Kick out.wav",
        "Pad": "audio/02 Pad.wav",
        "Keys": "audio/04 Keys.wav",
        "Reverb return": "audio/05 Reverb return.wav",
    }
    seconds = session.mix.frames / session.mix.sample_rate
    for lane in lanes:
        clip, audio = lane.find("Clips/Clip"), lane.find(".//Audio")
        assert (float(clip.get("time")), float(clip.get("duration"))) == pytest.approx((0, 2 * seconds))
        assert float(audio.get("duration")) == pytest.approx(seconds)
        assert [float(warp.get("contentTime")) for warp in lane.iter("Warp")] == pytest.approx([0, seconds])


def test_audio_is_the_stem_with_its_input_gain_on_two_channels(session):
    with zipfile.ZipFile(session.path) as archive:
        for strip in session.mix.tracks:
            with archive.open(f"audio/{strip.audio.path.name}") as file:
                written, rate = soundfile.read(file, dtype="float32", always_2d=True)
            source, _ = soundfile.read(strip.audio.path, dtype="float32", always_2d=True)
            assert rate == session.mix.sample_rate
            expected = np.broadcast_to(source, written.shape) * np.float32(10 ** (strip.values["input.gain_db"] / 20))
            np.testing.assert_allclose(written, expected, rtol=2e-7)  # one rounding of float32


def test_the_return_is_copied_to_the_bit(session):
    with zipfile.ZipFile(session.path) as archive, archive.open("audio/05 Reverb return.wav") as file:
        written, _ = soundfile.read(file, dtype="float32")
    printed, _ = soundfile.read(session.mix.reverb_return.path, dtype="float32")
    assert np.array_equal(written, printed)


def test_the_same_mix_gives_the_same_bytes(session, tmp_path):
    assert write(tmp_path, session.mix).path.read_bytes() == session.path.read_bytes()


def test_nothing_but_session_and_notes_is_left(session):
    assert {path.name for path in session.path.parent.iterdir()} == {session.path.name, "About this session.txt"}


def test_notes_and_tags_stand_in_the_song_and_beside_it(session):
    comment = document(session.path, "metadata.xml").findtext("Comment")
    beside = (session.path.parent / "About this session.txt").read_text(encoding="utf-8")
    for text in (comment, beside):
        assert session.notes[0] in text and "the format `stems` has them as they sound here" in text
        assert "the tempo is 120 bpm, 4/4" in text and session.mix.stated_level() in text
        assert Counter(tag.part for tag in tags_in(text)) == {"track": 4, "return": 1, "bus": 1, "master": 1}


def test_comments_say_what_the_format_cannot(session):
    root, strip = document(session.path), session.mix.tracks[0]
    comment = next(track for track in root.iter("Track") if track.get("name") == strip.name).get("comment")
    assert f"Input gain {strip.values['input.gain_db']:+.1f} dB (in the audio file)" in comment
    assert f"Compressor knee {strip.values['compressor.knee_db']:.1f} dB" in comment
    of_master = next(track for track in root.iter("Track") if track.get("name") == "Master").get("comment")
    assert f"Width {100 * session.mix.master.values['image.width']:.0f} % (behind the compressor" in of_master


@pytest.mark.parametrize(("width", "words"), [(0.5, "plays 50 %"), (1.25, "plays 125 %"), (1.0, None), (1.004, None)])
def test_a_width_that_the_format_cannot_hold_is_told(tmp_path, width, words):
    mix = make_mix()
    session = export(tmp_path, mix.model_copy(update={"master": mix.master | {"image.width": width}}))
    told = [note for note in session.notes if "of the side of the mix" in note]
    assert len(told) == (words is not None) and all(words in note for note in told)


def test_progress_is_told_to_the_end(session, tmp_path):
    told = []
    FORMAT.write(session.mix, tmp_path, told.append)
    assert sum(told) == pytest.approx(1)


def test_neutral_devices_are_off_and_others_on(tmp_path):
    mix = make_mix(("neutral", "treated"))
    tracks = (mix.tracks[0].model_copy(update={"settings": {}}), mix.tracks[1])
    root = document(export(tmp_path, mix.model_copy(update={"tracks": tracks})).path)
    for name, on in (("neutral", "false"), ("treated", "true")):
        devices = channel(root, name).find("Devices")
        assert {device.find("Enabled").get("value") for device in devices} == {on}, name


def test_the_master_ends_in_a_limiter_that_is_off_and_would_deliver(session):
    *_, limiter = channel(document(session.path), "Master").find("Devices")
    asked = session.mix.document.render
    values = {name: float(limiter.find(name).get("value")) for name in ("InputGain", "Threshold")}
    assert (limiter.tag, limiter.find("Enabled").get("value")) == ("Limiter", "false")
    gain_db = asked.loudness_lufs - session.mix.loudness_lufs
    assert values == pytest.approx({"InputGain": gain_db, "Threshold": asked.ceiling_dbtp})


def test_only_what_concerns_the_mix_is_noted(tmp_path):
    mix = make_mix(("one", "two"), channels=[2, 2])
    neutral = tuple(track.model_copy(update={"settings": {}}) for track in mix.tracks)
    session = export(tmp_path, mix.model_copy(update={"tracks": neutral, "master": {}}))
    assert session.notes == ()
    assert not re.search("reverb|compressor|mono|input gains", session.path.with_name(NOTES_NAME).read_text("utf-8"))


def test_the_grid_is_that_which_is_asked_for_and_the_audio_lasts_as_long_as_ever(session, tmp_path):
    root = document(write(tmp_path, session.mix._replace(tempo=Tempo(90.5, 6, 8))).path)
    assert faults(root) == []
    assert float(root.find("Transport/Tempo").get("value")) == 90.5
    meter = root.find("Transport/TimeSignature")
    assert (meter.get("numerator"), meter.get("denominator")) == ("6", "8")
    seconds = session.mix.frames / session.mix.sample_rate
    for lane in root.find("Arrangement/Lanes").findall("Lanes"):
        assert float(lane.find("Clips/Clip").get("duration")) * 60 / 90.5 == pytest.approx(seconds)
        assert float(lane.find(".//Audio").get("duration")) == pytest.approx(seconds)
        times = [(float(warp.get("time")), float(warp.get("contentTime"))) for warp in lane.iter("Warp")]
        assert [beats * 60 / 90.5 for beats, _ in times] == pytest.approx([time_s for _, time_s in times])


def test_no_send_is_above_0_db_and_the_bus_makes_up_for_it(tmp_path):
    mix = make_mix(("loud", "soft"))
    sends = ({"send.gain_db": 9.0}, {"send.gain_db": -11.0})
    tracks = tuple(track.model_copy(update={"settings": send}) for track, send in zip(mix.tracks, sends, strict=True))
    root = document(export(tmp_path, mix.model_copy(update={"tracks": tracks})).path)
    levels = [float(channel(root, name).find("Sends/Send/Volume").get("value")) for name in ("loud", "soft")]
    bus = float(channel(root, "Reverb").find("Volume").get("value"))
    assert 20 * np.log10(np.array([*levels, bus])) == pytest.approx([0, -20, 9])


@pytest.mark.parametrize(("rate", "layout"), [(44_100, "paper"), (48_000, "default"), (96_000, "default")])
def test_every_rate_and_layout_is_written_by_the_rules(tmp_path, rate, layout):
    root = document(export(tmp_path, make_mix(rate=rate, layout=layout), seconds=0.05).path)
    assert faults(root) == []
    assert {audio.get("sampleRate") for audio in root.iter("Audio")} == {str(rate)}


def test_odd_names_arrive_as_they_are_shown(tmp_path):
    session = export(tmp_path, make_mix(ODD_NAMES), seconds=0.02)
    root = document(session.path)
    assert faults(root) == []
    shown = [track.get("name") for track in root.iter("Track")]
    assert [strip.name for strip in session.mix.tracks] == shown[: len(ODD_NAMES)]
    assert len(set(shown)) == len(shown)
    with zipfile.ZipFile(session.path) as archive:
        names = archive.namelist()
    assert {file.get("path") for file in root.iter("File")} == set(names) - {"project.xml", "metadata.xml"}
    assert len(names) == len(set(names)) == len(ODD_NAMES) + 3


def test_a_hundred_tracks_are_written_and_read(session, tmp_path):
    strips = [numbered(session.mix.tracks[number % 4], number, tmp_path) for number in range(100)]
    written = write(tmp_path, session.mix._replace(tracks=tuple(strips)))
    assert faults(document(written.path)) == []
    assert FORMAT.read(written.path).tracks.keys() == {strip.key for strip in strips}


def numbered(strip, number, folder):
    """A copy of a strip with audio of its own."""
    path = folder / f"{number}.wav"
    shutil.copyfile(strip.audio.path, path)
    return strip._replace(key=f"{number}.wav", name=f"track {number}", audio=strip.audio._replace(path=path))


def test_files_beyond_4_gib_are_announced_as_such(tmp_path, monkeypatch):
    """The limit is lowered: the entry of a longer file has the long header, and reads back."""
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 1000)
    session = export(tmp_path, make_mix(), seconds=0.05)
    with zipfile.ZipFile(session.path) as archive:
        audio = [info for info in archive.infolist() if info.filename.startswith("audio/")]
        assert {info.extract_version for info in audio} == {zipfile.ZIP64_VERSION}
        assert archive.testzip() is None


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(UserError, match=r"nowhere.*no such folder"):
        ArchiveWriter(tmp_path / "nowhere" / "song.dawproject")
