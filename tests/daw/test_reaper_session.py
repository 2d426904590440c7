"""Sessions for REAPER: what is written, and how it plays."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from mixes import make_mix
from reaper_playback import load, play, sliders
from reaper_sessions import RATE, exported, with_values

from diffmst import console
from diffmst.audio import probe
from diffmst.daw.decibels import to_db
from diffmst.daw.reaper.format import FORMAT
from diffmst.daw.reaper.jsfx import NOISE_NAME
from diffmst.daw.reaper.mixer import HIGHEST_FADER_DB, pan_knob, panned
from diffmst.daw.reaper.sliders import OUTPUT_GAIN, strip_sliders
from diffmst.dsp import reverb, stereo
from diffmst.layout import LAYOUTS
from diffmst.mix import Mix
from diffmst.render import song_of

SAME_SOUND = 2e-6
"""Of the peak: the console renders in single precision, its reverb too."""


def with_short_reverb(mix, longest_s=0.4):
    params = mix.console_layout.fx.params
    fx = {
        name: max(params[name].low, min(value, longest_s)) if name.endswith("rt60_s") else value
        for name, value in mix.fx.items()
    }
    return mix.model_copy(update={"fx": fx})


def console_output(document):
    """The mix before delivery, by the differentiable console in one piece, [2, time]."""
    mix = Mix.read(document)
    with song_of(mix, document.parent).reader(10_000_000) as blocks:
        (rows,) = blocks
    muted = torch.tensor(mix.muted)
    made = console.mix(
        torch.from_numpy(rows)[None],
        mix.sample_rate,
        mix.settings,
        mix.channels,
        layout=mix.console_layout,
        muted=muted,
    )
    return made[0].numpy()


@pytest.mark.parametrize(("layout", "rate"), [("default", 32_000), ("paper", 22_050)])
def test_the_session_plays_what_the_console_makes(tmp_path, layout, rate):
    mix = with_short_reverb(make_mix(["kick", "pad", "vox", "keys"], rate=rate, layout=layout, muted=[2]))
    session = exported(tmp_path, mix, seconds=0.04, noise=True)
    expected = console_output(tmp_path / "mix" / "mix.json")
    played = play(session.path)
    peak = np.abs(expected).max()
    assert peak > 0.05
    assert np.abs(played - expected).max() < SAME_SOUND * peak


@pytest.mark.parametrize("channels", [1, 2])
def test_pan_knobs_do_what_the_panner_does(channels):
    law = stereo.pan_gains if channels == 1 else stereo.balance_gains
    for pan in np.linspace(-1, 1, 41):
        knob = pan_knob(float(pan), channels)
        if channels == 1:
            angle = (knob.position + 1) * np.pi / 4
            sides = np.array([np.cos(angle), np.sin(angle)])
            assert (knob.taper, knob.law) == (0, pytest.approx(np.sqrt(0.5)))
        else:
            sides = np.minimum(1, [1 - knob.position, 1 + knob.position])
            assert (knob.taper, knob.law) == (2, 1)
        np.testing.assert_allclose(sides, law(pan), atol=1e-12)
        assert panned(knob.position, channels) == pytest.approx(
            pan, abs=1e-7
        )  # steep in the middle: acos near 1 / sqrt 2


def test_a_fader_past_its_end_goes_on_in_the_strip(tmp_path):
    mix = make_mix(["kick"], rate=RATE).model_copy(update={"master": {"fader.gain_db": 30.0}})
    session = exported(tmp_path, mix)
    project = load(session.path)
    strip = {
        s.control: sliders(project.find("MASTERFXLIST"))[s.number] for s in strip_sliders(mix.console_layout.master)
    }
    assert to_db(float(project.find("MASTER_VOLUME")[1])) == pytest.approx(HIGHEST_FADER_DB)
    assert strip[OUTPUT_GAIN] == pytest.approx(30 - HIGHEST_FADER_DB)
    assert any(re.match(r"Master: the fader ends at \+12 dB; the other 18\.0 dB are", note) for note in session.notes)
    assert FORMAT.read(session.path).master["fader.gain_db"] == pytest.approx(30)


def test_a_send_that_is_off_is_there_at_zero_and_silence_is_not_printed(tmp_path):
    mix = with_values(make_mix(["a", "b"], rate=RATE), send__gain_db=stereo.SEND_OFF_DB)
    session = exported(tmp_path, mix, noise=True)
    project = load(session.path)
    *_, bus = project.findall("TRACK")
    assert [line[3] for line in bus.findall("AUXRECV")] == ["0", "0"]
    assert len(project.findall("TRACK")) == 3


def test_a_reverb_that_nothing_is_sent_to_has_noise_for_its_decays_as_they_are(tmp_path):
    decays = dict.fromkeys((f"reverb.{band}.rt60_s" for band in reverb.BAND_NAMES), 0.7)
    mix = make_mix(["a"], rate=RATE)
    mix = mix.model_copy(update={"fx": {**mix.fx, **decays, "reverb.1khz.rt60_s": 1.3}})
    dry = exported(tmp_path / "dry", with_values(mix, send__gain_db=stereo.SEND_OFF_DB), noise=True)
    assert noise_seconds(dry) == 1.5  # lengths are multiples of half a second
    told = "nothing is sent to the reverb, so that it came with decays of up to 1.5 s alone"
    assert any(note.startswith(told) for note in dry.notes)


def test_a_reverb_that_is_sent_to_has_noise_for_every_decay_that_can_be_set(tmp_path):
    """A muted track sends too, once it is heard again."""
    mix = with_values(make_mix(["a"], rate=RATE, muted=[0]), send__gain_db=-6.0)
    session = exported(tmp_path, mix, noise=True)
    assert noise_seconds(session) == LAYOUTS["default"].fx.params["reverb.1khz.rt60_s"].high
    assert len(load(session.path).findall("TRACK")) == 2


def noise_seconds(session):
    """For how long a response there is noise: its file has a frame for each of twelve bands."""
    return probe(session.path.parent / "Effects" / NOISE_NAME).frames / len(reverb.BAND_NAMES) / RATE


def test_odd_names_and_a_hundred_tracks_go_out_and_come_back(tmp_path):
    odd = ['AC/DC: "Live?"', "it's `x`", "\"'`", "🎸", "..", "x" * 200, "new\nline", "Reverb", "kick", "Kick"]
    mix = with_values(make_mix([*odd, *map(str, range(90))], rate=RATE), compressor__ratio=2.0)
    path = exported(tmp_path, mix, seconds=0.01).path
    project, read = load(path), FORMAT.read(path)
    names = [track.find("NAME")[1] for track in project.findall("TRACK")]
    assert len(names) == len({name.casefold() for name in names}) == 102
    assert list(read.tracks) == [f"{number:03d}.wav" for number in range(100)]
    assert names[:2] == ['AC/DC: "Live?"', "it's `x`"] and names[3] == "🎸"
    files = [
        track.find("ITEM").find("SOURCE").find("FILE")[1] for track in project.findall("TRACK") if track.find("ITEM")
    ]
    assert all(not Path(file).is_absolute() and (path.parent / file).is_file() for file in files)
    assert len(set(files)) == 101


def test_the_same_mix_gives_the_same_bytes(tmp_path):
    mix = make_mix(["kick", "pad"], rate=RATE)
    one, other = (exported(tmp_path / name, mix).path for name in ("one", "other"))
    assert one.read_bytes() == other.read_bytes()


def test_a_session_is_complete_and_moves_as_a_whole(tmp_path):
    path = exported(tmp_path, make_mix(["kick", "pad"], rate=RATE), noise=True).path
    (path.parent).rename(tmp_path / "elsewhere")
    files = {file.relative_to(tmp_path / "elsewhere").as_posix() for file in (tmp_path / "elsewhere").rglob("*.*")}
    effects = {f"Effects/{name}" for name in ("track.jsfx", "master.jsfx", "reverb.jsfx", "reverb-noise.wav")}
    assert files >= effects | {"song.rpp", "Media/01 kick.wav", "Media/02 pad.wav"}
    text = (tmp_path / "elsewhere" / "song.rpp").read_text(encoding="utf-8")
    assert str(tmp_path) not in text and set(re.findall(r'<JS "<Project>/(.*?)"', text)) < {
        Path(f).name for f in effects
    }
