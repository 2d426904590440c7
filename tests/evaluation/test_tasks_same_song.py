"""Task 1: two sections of a song, mixed alike."""

import numpy as np
import pyloudnorm
import pytest
import torch
from evaluation.songs_to_pair import write_songs
from songs import RATE, write

from diffmst.audio import read
from diffmst.console import mix as console_mix
from diffmst.dsp.loudness import LoudnessMeter, normalize_loudness
from diffmst.errors import UserError
from diffmst.evaluation.pairs_file import read_pairs
from diffmst.evaluation.tasks.making import HARDEST_LIMITING_DB, LOUDNESS_LUFS, QUIETEST_LUFS, Making
from diffmst.evaluation.tasks.same_song import make_same_song
from diffmst.evaluation.tasks.sections import two_sections
from diffmst.evaluation.tasks.songs import find_songs, open_song
from diffmst.mix import Mix
from diffmst.render import render_document

SHORT = Making(mixes=1, section_s=6.0, seed=3)
SAME = 2e-6
"""Both were rounded to 24 bits, at most twice, and brought to one loudness by gains that differ in their last digit."""


def make(songs, out, making=SHORT):
    return make_same_song(find_songs([songs]), out, making)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("same-song")
    make(write_songs(home / "songs"), home / "pairs")
    return home


@pytest.fixture(scope="module")
def pair(home):
    return read_pairs(home / "pairs" / "pairs.csv")[0]


@pytest.fixture(scope="module")
def document(pair):
    return Mix.read(pair.truth)


def mixed(rows, document):
    """The console in one piece, on tensors: another way than that of the file that was written, [1, 2, time]."""
    settings, layout = document.settings.tensors(), document.console_layout
    audio = torch.from_numpy(np.concatenate(rows))[None]
    return console_mix(audio, document.sample_rate, settings, document.channels, layout=layout).float()


def furthest(path, expected):
    """The largest difference between a file and what it should be, at one loudness."""
    found = torch.from_numpy(read(path))[None]
    return float((normalize_loudness(found, RATE, -24.0) - normalize_loudness(expected, RATE, -24.0)).abs().max())


def sections_of_one(home, document):
    """Both sections of the first song by the files it was cut from, [tracks] of [channels, time] each."""
    song, _ = open_song(find_songs([home / "songs"])[0])
    sections = two_sections(song, SHORT.section_s)
    return [
        [read(home / "songs" / "one" / f"{track.name}.wav", start_s, sections.seconds) for track in document.tracks]
        for start_s in sections.starts_s
    ]


def test_stems_are_cut_to_the_sample_at_one_place(home, pair, document):
    _, later = sections_of_one(home, document)
    for track, expected in zip(document.tracks, later, strict=True):
        np.testing.assert_array_equal(read(pair.truth.parent / track.path), expected)


def test_stems_keep_their_names_and_channels(pair):
    channels = {path.name: len(read(path)) for path in pair.stems.iterdir()}
    assert channels == {"bass.flac": 1, "keys.flac": 2, "hats.flac": 1, "lead.flac": 1}


def test_the_truth_renders_to_what_its_settings_say(home, pair, document, tmp_path):
    _, later = sections_of_one(home, document)
    output = render_document(pair.truth, tmp_path / "truth.wav")
    assert output.limiting_db == 0, "a limiter would be heard in the difference"
    assert furthest(tmp_path / "truth.wav", mixed(later, document)) < SAME


def test_the_reference_is_the_other_section_with_the_settings_of_the_truth(home, pair, document):
    earlier, _ = sections_of_one(home, document)
    assert furthest(pair.reference, mixed(earlier, document)) < SAME


def test_the_wrong_reference_is_the_same_section_in_another_mix(home, pair, document):
    right, wrong = read(pair.reference), read(pair.wrong_reference)
    assert right.shape == wrong.shape
    envelopes = [np.abs(x.sum(0)).reshape(-1, RATE // 10).mean(1) for x in (right, wrong)]
    assert np.corrcoef(envelopes)[0, 1] > 0.9, "the music is the same"
    earlier, _ = sections_of_one(home, document)
    assert furthest(pair.wrong_reference, mixed(earlier, document)) > 1e-2, "the mix is not"


def test_references_are_finished(pair, document):
    audio = read(pair.reference)
    meter = LoudnessMeter(RATE, channels=2)
    meter.add(audio)
    assert meter.integrated_lufs == pytest.approx(document.render.loudness_lufs, abs=0.05)
    assert QUIETEST_LUFS <= document.render.loudness_lufs <= LOUDNESS_LUFS[1]
    assert meter.true_peak_dbtp <= document.render.ceiling_dbtp


def test_the_same_seed_makes_the_same_bytes_whatever_songs_there_are_besides(home, tmp_path):
    make_same_song(find_songs([home / "songs"])[:1], tmp_path / "again", SHORT)
    folder = tmp_path / "again" / "one"
    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    assert len(files) == 4 + 3
    for file in files:
        assert (folder / file).read_bytes() == (home / "pairs" / "one" / file).read_bytes(), file


def test_another_seed_makes_other_mixes(home, pair, tmp_path):
    made = make_same_song(find_songs([home / "songs"])[:1], tmp_path / "other", Making(mixes=1, section_s=6.0, seed=4))
    assert made.pairs[0].stems.joinpath("bass.flac").read_bytes() == (pair.stems / "bass.flac").read_bytes()
    assert made.pairs[0].reference.read_bytes() != pair.reference.read_bytes()


def test_uniform_mixes_have_the_published_controls_and_no_reverb(home, tmp_path):
    made = make_same_song(find_songs([home / "songs"])[:1], tmp_path / "pairs", Making(1, 6.0, kind="uniform"))
    mix = Mix.read(made.pairs[0].truth)
    off_db = mix.console_layout.track.params["send.gain_db"].default
    assert mix.layout == "paper"
    assert {track.settings["send.gain_db"] for track in mix.tracks} == {off_db}
    assert max(abs(track.settings["panner.pan"]) for track in mix.tracks) > 0.5


def test_only_the_loudest_stems_are_kept(home, tmp_path):
    made = make_same_song(find_songs([home / "songs"])[:1], tmp_path / "pairs", Making(1, 6.0, tracks=2))
    meter, folder = pyloudnorm.Meter(RATE), home / "songs" / "one"
    by_loudness = sorted(folder.iterdir(), key=lambda path: meter.integrated_loudness(read(path).T))
    assert {path.stem for path in made.pairs[0].stems.iterdir()} == {path.stem for path in by_loudness[-2:]}


def test_what_cannot_be_used_is_noted_and_the_rest_is_made(home, tmp_path):
    songs = tmp_path / "songs"
    write_songs(songs, ['a "quoted" 🎵, one'])
    for name in ("keys", "hats"):
        (songs / "mute").mkdir(parents=True, exist_ok=True)
        (songs / "mute" / f"{name}.wav").write_bytes(b"no sound")
    (songs / next(songs.glob("a*")).name / "noise.wav").write_bytes(b"no sound")
    made = make(songs, tmp_path / "pairs")
    assert [pair.song for pair in made.pairs] == ["a _quoted_ 🎵, one"]
    assert read_pairs(tmp_path / "pairs" / "pairs.csv") == made.pairs
    assert len(made.notes) == 2 and "mute" in made.notes[1] and "noise.wav" in made.notes[0]


def test_songs_too_short_for_two_sections_are_refused(tmp_path):
    write_songs(tmp_path / "songs", ["short"], seconds=11.0)
    with pytest.raises(UserError, match=r"short: left out: lasts 11\.0 s; it takes 12 s"):
        make(tmp_path / "songs", tmp_path / "pairs")
    assert not (tmp_path / "pairs").exists()


def test_what_is_there_is_only_replaced_when_told(home):
    with pytest.raises(UserError, match="already exists"):
        make(home / "songs", home / "pairs")


@pytest.mark.parametrize("wrong", [{"mixes": 0}, {"tracks": 1}])
def test_options_that_make_no_sense_are_refused(wrong):
    with pytest.raises(UserError, match=f"--{next(iter(wrong))}"):
        Making(**wrong)


def test_a_peaky_song_is_finished_less_loud(home, tmp_path):
    """What the limiter takes off is bounded, by a loudness that every section reaches."""
    for name in ("keys", "hats"):
        x = read(home / "songs" / "one" / f"{name}.wav")
        clicks = np.arange(x.shape[1]) % (RATE // 2) < RATE // 48
        write(tmp_path / "songs" / "one" / f"{name}.wav", x * (clicks if name == "hats" else 1))
    (pair,) = make(tmp_path / "songs", tmp_path / "pairs").pairs
    output = render_document(pair.truth, tmp_path / "truth.wav")
    assert QUIETEST_LUFS < Mix.read(pair.truth).render.loudness_lufs < LOUDNESS_LUFS[0]
    assert HARDEST_LIMITING_DB - 3 < output.limiting_db < HARDEST_LIMITING_DB + 1, "peaks between samples, and of A"
