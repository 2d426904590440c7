from functools import partial

import numpy as np
import pyloudnorm
import pytest
import soundfile

from diffmst import demo
from diffmst.data.demo_song import make_song
from diffmst.demo import engineer_settings, run_demo
from diffmst.errors import UserError
from diffmst.layout import DEFAULT
from diffmst.match import Options
from diffmst.mix import Mix
from diffmst.passages import Listening
from diffmst.render import render_document

SHORT = {"seconds": 8.0, "sample_rate": 22_050}


@pytest.fixture(scope="module")
def song():
    return make_song(1, style=demo.SONG_STYLE, **SHORT)


@pytest.fixture
def short_songs(monkeypatch):
    monkeypatch.setattr(demo, "make_song", partial(make_song, **SHORT))


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_demo_makes_a_song_a_reference_and_a_mix(monkeypatch, tmp_path):
    """The songs as users get them but for the rate, and a quick mix."""
    monkeypatch.setattr(demo, "make_song", partial(make_song, sample_rate=22_050))
    folder = tmp_path / "demo"
    matched = run_demo(folder, 1, Options(steps=2, where=Listening(seconds=2.0)))
    stems = sorted((folder / "stems").iterdir())
    assert len(stems) >= 8 and {soundfile.info(path).channels for path in stems} == {1, 2}
    assert {soundfile.info(path).duration for path in stems} == {30.0}
    assert sorted(path.name for path in folder.iterdir()) == ["mix", "reference.wav", "stems"]
    reference, rate = soundfile.read(folder / "reference.wav")
    assert reference.shape == (30 * rate, 2)
    assert pyloudnorm.Meter(rate).integrated_loudness(reference) == pytest.approx(-11, abs=0.5)
    assert sum(matched.refined.after.values()) <= sum(matched.refined.before.values())
    mix = Mix.read(folder / "mix" / "mix.json")
    assert [f"../stems/{path.name}" for path in stems] == [track.path for track in mix.tracks]
    render_document(folder / "mix" / "mix.json", folder / "again.wav")
    assert (folder / "again.wav").read_bytes() == (folder / "mix" / "mix.wav").read_bytes()


def test_a_second_demo_is_refused_and_by_force_replaces_only_its_own(short_songs, tmp_path):
    folder = tmp_path / "demo"
    (folder / "stems").mkdir(parents=True)
    (folder / "stems" / "99 Theremin.wav").write_text("no stem of the demo's song")
    (folder / "lyrics.txt").write_text("mine")
    run_demo(folder, 1, Options(steps=0))
    first = contents(folder)
    with pytest.raises(UserError, match=r"already exists; use --force"):
        run_demo(folder, 1, Options(steps=0))
    assert contents(folder) == first
    run_demo(folder, 2, Options(steps=0, force=True))
    second = contents(folder)
    assert second["lyrics.txt"] == b"mine" and second["mix/mix.wav"] != first["mix/mix.wav"]


def test_the_engineer_mixes_within_the_controls_and_pairs_stand_opposite(song):
    settings = engineer_settings(song)
    tracks = settings.tracks[0]
    low, high = (np.array([getattr(param, end) for param in DEFAULT.track.params.values()]) for end in ("low", "high"))
    assert (tracks >= low).all() and (tracks <= high).all()
    pans = tracks[:, list(DEFAULT.track.params).index("panner.pan")]
    guitars = [pan for stem, pan in zip(song.stems, pans, strict=True) if stem.role == "guitar"]
    assert len(guitars) == 2 and guitars[0] == -guitars[1] != 0
