"""The format `stems`: what sounds, and what stands in its sheets."""

import csv
import re

import numpy as np
import pytest
import soundfile
import torch
from html_checks import Page
from mixes import make_mix, write_mix

from diffmst import console
from diffmst.daw.exporting import export_session
from diffmst.layout import LAYOUTS
from diffmst.mix import Mix
from diffmst.render import song_of

SAME_SOUND = 1e-6
"""Of full scale: sums of a handful of tracks in single precision, in another order, by other kernels."""


def exported(tmp_path, mix, seconds=0.5):
    (session,) = export_session(write_mix(tmp_path, mix, seconds), "stems")
    return session.path


def audio_files(folder):
    return {path.name: soundfile.read(path, always_2d=True) for path in sorted(folder.glob("*.wav"))}


def before_the_master(document):
    """What arrives at the master bus, by the differentiable console in one piece."""
    mix = Mix.read(document)
    with song_of(mix, document.parent).reader(10_000_000) as blocks:
        (rows,) = blocks
    bus = console.sum_tracks(
        torch.from_numpy(rows)[None],
        mix.sample_rate,
        mix.settings,
        mix.channels,
        layout=mix.console_layout,
        muted=torch.tensor(mix.muted),
    )
    return bus[0].numpy().T


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
def test_stems_and_return_add_up_to_the_mix_before_its_master(tmp_path, rate, layout):
    mix = make_mix(["kick", "pad", "vox", "keys"], rate=rate, layout=layout, muted=[2])
    folder = exported(tmp_path, mix)
    bus = before_the_master(tmp_path / "mix" / "mix.json")
    total = sum(audio for audio, _ in audio_files(folder).values())
    assert np.abs(bus).max() > 0.1
    assert np.abs(total - bus).max() < SAME_SOUND * max(1, np.abs(bus).max())


def test_all_files_begin_together_and_are_equally_long_at_the_rate_of_the_mix(tmp_path):
    mix = make_mix(["long", "short"], rate=48_000)
    document = write_mix(tmp_path, mix)
    short = tmp_path / "mix" / mix.tracks[1].path
    audio, rate = soundfile.read(short)
    soundfile.write(short, audio[: len(audio) // 3], rate)
    (session,) = export_session(document, "stems")
    files = audio_files(session.path)
    assert [rate for _, rate in files.values()] == [48_000] * 3
    assert {audio.shape for audio, _ in files.values()} == {(24_000, 2)}
    assert list(files) == ["01 long.wav", "02 short.wav", "03 Reverb return.wav"]
    assert {soundfile.info(path).subtype for path in session.path.glob("*.wav")} == {"FLOAT"}


def test_what_is_muted_is_no_stem_but_stands_in_the_sheet(tmp_path):
    (session,) = export_session(write_mix(tmp_path, make_mix(["kick", "pad"], muted=[0])), "stems")
    assert list(audio_files(session.path)) == ["02 pad.wav", "03 Reverb return.wav"]
    assert "left out, as they are muted: kick" in session.notes
    rows = read_sheet(session.path)
    assert {(row["track"], row["muted"], row["file"]) for row in rows if row["part"] == "track"} == {
        ("kick", "yes", ""),
        ("pad", "no", "02 pad.wav"),
    }


def read_sheet(folder):
    with (folder / "settings.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_table_has_every_control_of_every_part_with_its_exact_value(tmp_path, layout):
    mix = make_mix(["a", "b", 'say "c", so'], layout=layout)
    rows = read_sheet(exported(tmp_path, mix))
    found = {(row["track"], row["control"]): row for row in rows}
    assert len(found) == len(rows) == 3 * len(mix.console_layout.track) + len(mix.fx) + len(mix.master)
    for track in mix.tracks:
        for control, param in mix.console_layout.track.params.items():
            row = found[track.name, control]
            assert float(row["value"]) == pytest.approx(track.settings[control], rel=1e-9)  # ten digits
            assert row["unit"] == param.unit and float(row["default"]) == pytest.approx(param.default, rel=1e-9)


def test_the_page_is_complete_and_draws_a_strip_for_every_track(tmp_path):
    mix = make_mix(["a <b>", "c & d"], muted=[1])
    html = (exported(tmp_path, mix) / "settings.html").read_text(encoding="utf-8")
    page = Page(html)
    strips = [attributes["aria-label"] for tag, attributes in page.tags if tag == "article"]
    assert strips == ["a <b>", "c & d", "Effect bus", "Master"]
    assert not re.search(r"(src|href)=.?(http|//)", html) and "mute" in page.text


def test_the_instructions_name_the_rate_and_the_three_programs(tmp_path):
    lines = (exported(tmp_path, make_mix(rate=48_000)) / "README.txt").read_text(encoding="utf-8").splitlines()
    text = " ".join(" ".join(lines).split())
    assert max(map(len, lines)) <= 120
    assert "48000 Hz" in text and "03 Reverb return.wav" in text
    for program in ("Logic", "Pro Tools", "Live"):
        assert program in text


@pytest.mark.parametrize("gain_db", [-48, 20, None])
def test_the_instructions_say_how_loud_the_mix_is_and_to_limit_what_is_over_full_scale(tmp_path, gain_db):
    mix = make_mix(muted=(0, 1) if gain_db is None else ())
    folder = exported(tmp_path, mix.model_copy(update={"master": {**mix.master, "fader.gain_db": gain_db or 0}}))
    for name in ("README.txt", "settings.html"):
        text = " ".join((folder / name).read_text(encoding="utf-8").split())
        assert bool(re.search(r"as the console makes it, at \S+ LUFS and \S+ dBTP", text)) == (gain_db is not None)
        assert ("put a limiter last" in text) == (gain_db == 20)


def test_the_document_beside_the_stems_is_the_same_mix(tmp_path):
    mix = make_mix()
    copy = exported(tmp_path, mix) / "mix.json"
    assert all(np.array_equal(*pair) for pair in zip(Mix.read(copy).settings, mix.settings, strict=True))
    song_of(Mix.read(copy), copy.parent)
