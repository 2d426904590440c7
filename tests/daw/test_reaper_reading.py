"""Sessions for REAPER read back: as they were written, as REAPER saves them, and as a musician changes them."""

import re

import numpy as np
import pytest
from mixes import make_mix
from reaper_sessions import RATE, exported

from diffmst.daw.decibels import to_amplitude, to_db
from diffmst.daw.read_back import read_session
from diffmst.daw.reaper.format import FORMAT
from diffmst.daw.reaper.sliders import IN_STRIP, reverb_sliders, strip_sliders
from diffmst.errors import UserError
from diffmst.layout import LAYOUTS
from diffmst.mix import Mix

SAME_VALUE = 1e-6
"""REAPER saves the values of scripts with six decimals."""


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_control_comes_back_as_it_was(tmp_path, layout):
    mix = make_mix(["mono", "stereo"], rate=RATE, layout=layout, muted=[1])
    read = FORMAT.read(exported(tmp_path, mix).path)
    console_layout, settings = mix.console_layout, mix.settings
    for key, values in zip(["000.wav", "001.wav"], settings.tracks[0], strict=True):
        expected = console_layout.track.named(values)
        assert {name: read.tracks[key][name] for name in expected} == pytest.approx(expected, abs=SAME_VALUE)
    assert read.fx == pytest.approx(console_layout.fx.named(settings.fx[0]), abs=SAME_VALUE)
    expected = console_layout.master.named(settings.master[0])
    assert {name: read.master[name] for name in expected} == pytest.approx(expected, abs=SAME_VALUE)
    assert read.muted == {"000.wav": False, "001.wav": True}
    assert read.names == {"000.wav": "mono", "001.wav": "stereo"}
    assert (read.return_gain_db, read.ignored) == (0, ())


def moved_by_hand(path, section, control, value, track=0):
    """Changes one control in the text of a project, as the musician would with the mouse."""
    text = path.read_text(encoding="utf-8")
    effect = control.partition(".")[0]
    head, *tracks = re.split(r"(?m)^(?=  <TRACK )", text)
    if effect in IN_STRIP:
        number = {slider.control: slider.number for slider in strip_sliders(section)}[control]
        tracks[track] = re.sub(
            rf"(<JS [^\n]*\n\s+)((?:\S+ ){{{number - 1}}})\S+", rf"\g<1>\g<2>{value:.6f}", tracks[track]
        )
    elif effect == "panner":
        tracks[track] = re.sub(r"(VOLPAN \S+) \S+", rf"\1 {value:.14f}", tracks[track], count=1)
    elif effect == "fader":
        tracks[track] = re.sub(r"VOLPAN \S+", f"VOLPAN {to_amplitude(value):.14f}", tracks[track], count=1)
    else:
        tracks[-2] = re.sub(rf"(AUXRECV {track} 0) \S+", rf"\1 {to_amplitude(value):.14f}", tracks[-2])
    path.write_text(head + "".join(tracks), encoding="utf-8")


def test_every_control_that_is_moved_by_hand_arrives(tmp_path):
    mix = make_mix(["kick", "pad"], rate=RATE)
    session, section = exported(tmp_path, mix), mix.console_layout.track
    written = FORMAT.read(session.path)
    for control, param in section.params.items():
        before = session.path.read_text(encoding="utf-8")
        value = float(param.from_unit(np.array([0.61]))[0])
        moved_by_hand(session.path, section, control, value)
        read = FORMAT.read(session.path)
        assert read.tracks["000.wav"][control] == pytest.approx(value, abs=SAME_VALUE), control
        assert read.tracks["000.wav"] | {control: 0} == written.tracks["000.wav"] | {control: 0}
        assert (read.tracks["001.wav"], read.master) == (written.tracks["001.wav"], written.master)
        session.path.write_text(before, encoding="utf-8")


def test_a_reverb_that_is_changed_comes_back(tmp_path):
    mix = make_mix(["kick"], rate=RATE)
    path = exported(tmp_path, mix).path
    text = path.read_text(encoding="utf-8")
    row = re.search(r'reverb\.jsfx" ""\n\s+(.*)\n', text)[1]
    names = [slider.control for slider in reverb_sliders(mix.console_layout.fx)]
    changed = [f"{0.2 + number / 100:.6f}" for number in range(len(names))]
    text = text.replace(row, " ".join([*changed, *["-"] * (64 - len(names))]))
    bus = text.index("NAME Reverb\n")
    text = text[:bus] + text[bus:].replace("VOLPAN 1 0", "VOLPAN 0.5 0", 1)
    path.write_text(text, encoding="utf-8")
    read = FORMAT.read(path)
    assert read.fx == pytest.approx({name: 0.2 + number / 100 for number, name in enumerate(names)})
    assert read.return_gain_db == pytest.approx(to_db(0.5))


def test_a_slider_of_the_reverb_that_was_moved_reaches_the_mix_and_is_locked(tmp_path):
    path = exported(tmp_path, make_mix(["kick"], rate=RATE)).path
    text = path.read_text(encoding="utf-8")
    before = Mix.read(tmp_path / "mix" / "mix.json")
    number = list(before.console_layout.fx.params).index("reverb.mix")
    row = rf'(reverb\.jsfx" ""\n\s+)((?:\S+ ){{{number}}})\S+'
    path.write_text(re.sub(row, r"\g<1>\g<2>0.250000", text), encoding="utf-8")
    read = read_session(path)
    assert [(change.part, change.control) for change in read.changes] == [("fx", "reverb.mix")]
    assert read.mix.fx == {**before.fx, "reverb.mix": 0.25}
    assert read.mix.fx_locks == ("reverb.mix",)


def saved_by_reaper(text):
    """A project as REAPER might save it: more lines, more chunks, another order, its own quotes and digits."""
    text = re.sub(r"(?m)^  <NOTES.*?^  >\n", "", text, flags=re.DOTALL)
    state = re.search(r"(?m)^  <EXTSTATE\n.*?^  >\n", text, re.DOTALL)[0]
    text = text.replace(state, "").replace(
        "  PANLAW 1\n", state + "  RIPPLE 0\n  PANLAW 1\n  <RECORD_CFG\n    ZXZhdw==\n  >\n"
    )
    text = re.sub(r"(?m)^    TRACKID.*\n", "", text).replace("    NCHAN 2\n", "    BEAT -1\n    NCHAN 2\n    PERF 0\n")
    text = re.sub(r'<JS "(<Project>/\w+\.jsfx)" ""', r"<JS \1 ''", text)
    text = re.sub(r"(?m)^    (VOLPAN|AUXRECV) .*$", lambda line: re.sub(r"\d+\.\d{5,}", _short, line[0]), text)
    row = r"(?m)^(        )((?:[-\d.]+ )+-)$"
    text = re.sub(row, lambda line: line[1] + re.sub(r"-?\d+(\.\d+)?", lambda n: f"{float(n[0]):.6f}", line[2]), text)
    text = text.replace('NAME "my pad"', "NAME 'my pad'").replace("      BYPASS", "      WNDRECT 1 2 3 4\n      BYPASS")
    return text.replace("\n", "\r\n")


def _short(number):
    return f"{float(number[0]):.14f}"


def test_a_project_that_reaper_has_saved_again_says_the_same(tmp_path):
    path = exported(tmp_path, make_mix(["kick", "my pad", "a b"], rate=RATE, muted=[2])).path
    written, text = FORMAT.read(path), path.read_text(encoding="utf-8")
    path.write_text(saved_by_reaper(text), encoding="utf-8", newline="")
    assert path.read_bytes().count(b"\r\n") > 100
    read = FORMAT.read(path)
    for key, values in written.tracks.items():
        assert read.tracks[key] == pytest.approx(values, abs=SAME_VALUE)
    assert read.fx == pytest.approx(written.fx, abs=SAME_VALUE)
    assert read.master == pytest.approx(written.master, abs=SAME_VALUE)
    assert read[3:6] == written[3:6] and not read.ignored


def shuffled(path):
    """The same tracks from last to first, with their sends."""
    head, *tracks = re.split(r"(?m)^(?=  <TRACK )", path.read_text(encoding="utf-8"))
    end = tracks[-1].index("  <EXTSTATE")
    tracks[-1], tail = tracks[-1][:end], tracks[-1][end:]
    last = len(tracks) - 1
    moved = [re.sub(r"AUXRECV (\d+)", lambda found: f"AUXRECV {last - int(found[1])}", track) for track in tracks]
    return head + "".join(moved[::-1]) + tail


def test_tracks_are_told_by_their_ids_then_their_files_then_their_names(tmp_path):
    path = exported(tmp_path, make_mix(["kick", "pad", "vox"], rate=RATE)).path
    written = FORMAT.read(path)
    text = shuffled(path).replace("NAME kick\n    TRACKID", "NAME drums\n    TRACKID")
    ids = re.findall(r"<TRACK (\{.*?\})\n    NAME (?:pad|vox)", text)
    for number, track_id in enumerate(ids):  # pasted into a project: new ids, but not in the table
        body, table = text.split("  <EXTSTATE")
        text = f"{body.replace(track_id, f'{{NEW-{number}}}')}  <EXTSTATE{table}"
    text = text.replace('FILE "Media/03 vox.wav"', 'FILE "Media/03-glued.wav"')
    path.write_text(text, encoding="utf-8")
    read = FORMAT.read(path)
    assert (read.tracks, read.fx) == (written.tracks, written.fx)
    assert read.names == written.names | {"000.wav": "drums"}
    assert not read.ignored


def test_a_track_that_is_gone_is_left_out_and_a_copy_is_told(tmp_path):
    path = exported(tmp_path, make_mix(["kick", "pad"], rate=RATE)).path
    head, _, pad, *rest = re.split(r"(?m)^(?=  <TRACK )", path.read_text(encoding="utf-8"))
    copy = re.sub(r"\{[^}]*\}", "{COPY}", pad).replace("NAME pad", 'NAME "pad again"')
    strange = "  <TRACK {X}\n    NAME click\n  >\n"
    path.write_text(head + pad + copy + strange + "".join(rest), encoding="utf-8")
    read = FORMAT.read(path)
    assert set(read.tracks) == {"001.wav"}
    assert "pad again: is a copy of a track of the mix; it is not read" in read.ignored
    assert "click: is no track of the mix; it is not read" in read.ignored


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'BYPASS 0 0 0\n      <JS "<Project>/track',
            'BYPASS 1 0 0\n      <JS "<Project>/track',
            "kick: track.jsfx is bypassed",
        ),
        ('"<Project>/track.jsfx"', "other.jsfx", "kick: track.jsfx is gone"),
        (
            "      <JS",
            '      <VST "VST: ReaEQ (Cockos)" reaeq.dll 0\n        ZXE=\n      >\n      <JS',
            "has no VST: ReaEQ",
        ),
        ("    NCHAN 2\n", "    NCHAN 2\n    IPHASE 1\n", "kick: the console cannot turn the phase"),
        ("    NCHAN 2\n", "    NCHAN 2\n    PANMODE 5\n", "kick: the pan mode was changed"),
        ("    MUTESOLO 0 0 0\n", "    MUTESOLO 0 2 0\n", "kick: is soloed"),
        (
            "    NCHAN 2\n",
            "    NCHAN 2\n    <VOLENV2\n      ACT 1 -1\n      PT 0 1 0\n    >\n",
            "kick: automation is not",
        ),
        ("      POSITION 0\n", "      POSITION 2.5\n", "kick: the audio was cut or moved"),
        ("      SOFFS 0\n", "      SOFFS 0.25\n", "kick: the audio was cut or moved"),
        ("      LENGTH 0.", "      LENGTH 0.0", "kick: the audio was cut or moved"),
        ("      VOLPAN 1 0 1 -1\n", "      VOLPAN 0.5 0 1 -1\n", "kick: the volume of the clip is not read"),
        ("AUXRECV 0 0", "AUXRECV 0 3", "kick: the send to the reverb is before the fader"),
        (
            "    MUTESOLO 0 0 0\n    NCHAN 2\n    FX 1\n    MAINSEND 1 0\n    AUXRECV",
            None,
            "Reverb: the console cannot mute",
        ),
        (
            "VOLPAN 1 0 -1 -1 1\n    MUTESOLO 0",
            "VOLPAN 1 0.5 -1 -1 1\n    MUTESOLO 0",
            "Reverb: the console has no pan",
        ),
        ("MUTESOLO 1 0 0", "MUTESOLO 0 0 0", "Reverb return: is heard; its fader is not read"),
        ("MASTER_VOLUME 1 0", "MASTER_VOLUME 1 0.2", "master: the console has no pan there"),
        ("MASTERMUTESOLO 0", "MASTERMUTESOLO 1", "master: the console has no mute there"),
    ],
)
def test_what_the_console_cannot_say_is_told(tmp_path, old, new, message):
    mix = make_mix(["kick"], rate=RATE).model_copy(update={"master": {}})
    path = exported(tmp_path, mix).path
    text = path.read_text(encoding="utf-8")
    head, rest = ("", text) if old.startswith(("MASTER", "AUX")) else text.split("  <TRACK", 1)
    assert old in rest
    new = new or old.replace("MUTESOLO 0", "MUTESOLO 1")
    path.write_text(f"{head}{'  <TRACK' if head else ''}{rest.replace(old, new, 1)}", encoding="utf-8")
    assert any(message in remark for remark in FORMAT.read(path).ignored)


def test_a_strip_that_is_bypassed_keeps_its_controls_and_one_that_is_gone_says_nothing_of_them(tmp_path):
    path = exported(tmp_path, make_mix(["kick"], rate=RATE)).path
    text, written = path.read_text(encoding="utf-8"), FORMAT.read(path).tracks
    path.write_text(text.replace("    FX 1\n", "    FX 0\n", 1), encoding="utf-8")
    assert FORMAT.read(path).tracks == written
    path.write_text(text.replace("track.jsfx", "other.jsfx", 1), encoding="utf-8")
    assert set(FORMAT.read(path).tracks["000.wav"]) == {"fader.gain_db", "panner.pan", "send.gain_db"}


def test_a_fader_that_the_console_lacks_goes_into_the_makeup_gain(tmp_path):
    mix = make_mix(["kick"], rate=RATE, layout="paper")
    path = exported(tmp_path, mix).path
    makeup_db = FORMAT.read(path).tracks["000.wav"]["compressor.makeup_db"]
    path.write_text(path.read_text(encoding="utf-8").replace("    VOLPAN 1 ", "    VOLPAN 0.5 ", 1), encoding="utf-8")
    track = FORMAT.read(path).tracks["000.wav"]
    assert track["compressor.makeup_db"] == pytest.approx(makeup_db + to_db(0.5))
    assert "fader.gain_db" not in track


def test_sends_that_are_gone_muted_or_off_are_off(tmp_path):
    path = exported(tmp_path, make_mix(["a", "b", "c", "d"], rate=RATE)).path
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"    AUXRECV 0 .*\n", "", text)
    text = re.sub(r"(AUXRECV 1 0 \S+ 0) 0", r"\1 1", text)
    text = re.sub(r"(AUXRECV 2 0) \S+", r"\1 0", text)
    path.write_text(text, encoding="utf-8")
    sends = [values["send.gain_db"] for values in FORMAT.read(path).tracks.values()]
    assert sends[:3] == [-np.inf] * 3 and sends[3] > -13


@pytest.mark.parametrize("text", ["", "<REAPER_PROJECT 0.1\n", "<OTHER\n>\n"])
def test_what_is_no_project_is_refused(tmp_path, text):
    path = tmp_path / "x.rpp"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"x\.rpp: is no REAPER project, or not all of one"):
        FORMAT.read(path)


def test_a_project_of_something_else_is_refused(tmp_path):
    path = tmp_path / "x.rpp"
    path.write_text('<REAPER_PROJECT 0.1 "7.0" 0\n  <TRACK\n  >\n>\n', encoding="utf-8")
    with pytest.raises(UserError, match=r"x\.rpp: says nothing of a mix; give a project that"):
        FORMAT.read(path)
    with pytest.raises(UserError, match=r"y\.rpp: no such file"):
        FORMAT.read(tmp_path / "y.rpp")
