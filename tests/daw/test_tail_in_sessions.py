"""The tail of a mix in its sessions: all audio has it, every program plays to its end, and it comes back."""

import re
import shutil
import zipfile

import numpy as np
import pytest
import soundfile
from mixes import make_mix, write_mix

from diffmst.daw.exporting import build_console_mix, export_session
from diffmst.daw.read_back import import_session, read_session
from diffmst.mix import Mix, RenderSettings

RATE = 32_000
SECONDS, TAIL_S = 0.5, 2.0
FRAMES = round((SECONDS + TAIL_S) * RATE)


def write_tailed(folder, tail_s=TAIL_S):
    mix = make_mix(["mono", "stereo"], rate=RATE)
    return write_mix(folder, mix.model_copy(update={"render": RenderSettings(tail_s=tail_s)}), SECONDS)


def audio(file):
    return soundfile.read(file.path, always_2d=True, dtype="float32")[0]


def test_all_audio_of_a_session_has_the_tail_of_the_mix(tmp_path):
    tailed = build_console_mix(write_tailed(tmp_path), tmp_path / "tailed", {"sources", "processed"})
    padded = write_tailed(tmp_path / "padded", tail_s=0.0)
    for number in range(2):
        stem = padded.parent / f"../song/{number:03d}.wav"
        x, _ = soundfile.read(stem, always_2d=True, dtype="float32")
        soundfile.write(stem, np.pad(x, ((0, FRAMES - len(x)), (0, 0))), RATE, "FLOAT")
    padded = build_console_mix(padded, tmp_path / "audio", {"sources", "processed"})
    assert tailed.frames == padded.frames == FRAMES
    pairs = [(tailed.reverb_return, padded.reverb_return)]
    for one, other in zip(tailed.tracks, padded.tracks, strict=True):
        pairs += [(one.audio, other.audio), (one.processed, other.processed)]
    for one, other in pairs:
        assert one.frames == FRAMES and np.array_equal(audio(one), audio(other))
    assert audio(tailed.reverb_return)[round(SECONDS * RATE) :].any()
    assert tailed.loudness_lufs == padded.loudness_lufs


@pytest.fixture(scope="module")
def sessions(tmp_path_factory):
    """By format; only to be read."""
    document = write_tailed(tmp_path_factory.mktemp("tailed"))
    return {session.format: session.path for session in export_session(document, "all")}


def test_ardour_ends_with_the_tail(sessions):
    (end,) = re.findall(r'flags="IsSessionRange"[^>]*end="a(\d+)"', sessions["ardour"].read_text())
    (clocks,) = set(re.findall(r'superclocks-per-second="(\d+)"', sessions["ardour"].read_text()))
    assert int(end) == int(clocks) * (SECONDS + TAIL_S)


def test_reaper_ends_with_the_tail(sessions):
    lengths = re.findall(r"^ *LENGTH (\S+)", sessions["reaper"].read_text(), re.MULTILINE)
    assert {float(length) for length in lengths} == {SECONDS + TAIL_S}


def test_a_dawproject_ends_with_the_tail(sessions):
    with zipfile.ZipFile(sessions["dawproject"]) as archive:
        text = archive.read("project.xml").decode()
    assert set(re.findall(r'<Audio [^>]*duration="([^"]*)"', text)) == {f"{SECONDS + TAIL_S}"}


def test_stems_end_with_the_tail(sessions):
    files = list(sessions["stems"].rglob("*.wav"))
    assert len(files) == 3 and {soundfile.info(path).frames for path in files} == {FRAMES}


def test_the_tail_goes_out_with_the_document_and_stays_where_changes_come_back(sessions, tmp_path):
    home = shutil.copytree(sessions["reaper"].parents[2].parent, tmp_path / "album")
    document, (session,) = home / "mix" / "mix.json", (home / "mix" / "daw" / "reaper").glob("*.rpp")
    assert Mix.read(session.parent / "mix.json").render.tail_s == TAIL_S
    assert not read_session(session).changes
    session.write_text(session.read_text().replace("NAME mono", "NAME other"))
    read = import_session(session, tmp_path / "changed", document)
    assert [change.after for change in read.changes] == ["other"]
    assert Mix.read(tmp_path / "changed" / "mix.json").render.tail_s == TAIL_S
