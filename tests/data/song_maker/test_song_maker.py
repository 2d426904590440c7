import json
import shutil

import numpy as np
import pytest
import soundfile

from diffmst.cli import main
from diffmst.data.composition.arrangement import compose
from diffmst.data.composition.score import song_form
from diffmst.data.composition.variation import draw_style
from diffmst.data.datasets import recognise
from diffmst.data.datasets.folders import SIDECAR
from diffmst.data.song_maker.band import draw_band
from diffmst.data.song_maker.catalogue import DRUM_WORDS, KINDS, VOICE_WORDS
from diffmst.data.song_maker.make import Order, make_songs, write_stem
from diffmst.data.song_maker.naming import Convention, draw_convention, name_takes
from diffmst.data.song_maker.sheet import compose_sheet
from diffmst.data.song_maker.song import SHORTEST_S, Sources, make_song
from diffmst.data.song_maker.takes import Take
from diffmst.errors import UserError
from diffmst.roles import BY_NAME, role_of, side_of

RATE = 22_050
SEED = 3
SHORT = {"seconds": SHORTEST_S, "sample_rate": RATE}


@pytest.fixture(scope="module")
def songs():
    """Facts and stems of three songs."""
    return [(song.facts, list(song.stems)) for song in (make_song(SEED, number, **SHORT) for number in range(3))]


def take(kind="kick", names=("Kick",), side=""):
    return Take(np.zeros((1, 1), np.float32), kind, "kick", names, side, "", None, None, -6.0)


def test_stems_are_as_long_as_asked_for_finite_and_within_full_scale(songs):
    for _, stems in songs:
        assert len(stems) >= 3
        for stem in stems:
            assert stem.audio.shape[0] in (1, 2) and stem.audio.shape[1] == round(SHORTEST_S * RATE)
            assert stem.audio.dtype == np.float32 and np.isfinite(stem.audio).all()
            assert 0 < np.abs(stem.audio).max() <= 1, stem.name


def test_every_stem_has_a_role_of_the_mix_and_a_name_of_its_own(songs):
    for _, stems in songs:
        assert {stem.role for stem in stems} <= set(BY_NAME) - {""}
        assert len({stem.name.casefold() for stem in stems}) == len(stems)


def test_the_same_seed_and_number_make_the_same_samples(songs):
    again = make_song(SEED, 1, **SHORT)
    assert again.facts == songs[1][0]
    for first, second in zip(songs[1][1], again.stems, strict=True):
        assert first.name == second.name and first.audio.tobytes() == second.audio.tobytes()


def test_other_numbers_and_seeds_make_other_songs(songs):
    facts = [facts for facts, _ in songs] + [make_song(SEED + 1, 0, **SHORT).facts]
    assert len({(one.tempo_bpm, one.key, one.style) for one in facts}) == len(facts)


def test_too_short_a_song_is_refused():
    with pytest.raises(ValueError, match=r"seconds must be at least 8.0, got 3"):
        make_song(1, 1, seconds=3)


def test_names_tell_the_role_and_none_tells_a_wrong_one():
    listed = [(kind.role, name) for kind in KINDS for name in kind.names]
    for table in (DRUM_WORDS, VOICE_WORDS):
        listed += [(role, name.strip()) for role, words in table.values() for name in words.split(",")]
    wrong = [(role, name) for role, name in listed if role_of(name).name not in (role, "")]
    assert not wrong
    assert np.mean([role_of(name).name == role for role, name in listed]) > 0.95


def test_written_names_tell_the_role_in_nearly_every_convention():
    told = []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        convention = draw_convention(rng)
        kind = KINDS[seed % len(KINDS)]
        name = name_takes([take(kind.name, kind.names)], convention, rng)[0]
        if not convention.nameless:
            told.append(role_of(name).name == kind.role)
    # Words that are written together in small letters cannot be told apart.
    assert np.mean(told) > 0.88


def test_sides_are_found_again_and_equal_names_are_numbered():
    rng = np.random.default_rng(1)
    convention = Convention(" ", "as is", 2, "", "", ("L", "R"))
    left, right = name_takes([take(side="L"), take(side="R")], convention, rng)
    assert (side_of(left), side_of(right)) == (-1, 1)
    assert name_takes([take(), take()], convention, rng) == ["01 Kick 1", "02 Kick 2"]


@pytest.mark.parametrize("seed", range(12))
def test_drawn_styles_can_be_composed_and_cast(seed):
    rng = np.random.default_rng(seed)
    style = draw_style(rng)
    score = compose(style, 12, rng)
    assert {"lead", "bass"} <= set(score.parts)
    assert all(0 <= note.pitch <= 127 for notes in score.parts.values() for note in notes)
    band = draw_band(compose_sheet(20.0, rng), rng)
    assert band.players and all(player.role in BY_NAME for player in band.players)


def test_bands_differ_from_song_to_song():
    lineups = set()
    for seed in range(30):
        rng = np.random.default_rng(seed)
        band = draw_band(compose_sheet(20.0, rng), rng)
        lineups.add((tuple(player.name for player in band.players), band.drums is None or band.drums.live))
    assert len(lineups) > 25


def test_sections_of_a_made_song_are_those_of_its_form():
    rng = np.random.default_rng(5)
    sheet = compose_sheet(60.0, rng)
    beat_s = 60 / sheet.facts.tempo_bpm
    bars = round((sheet.facts.sections[-1][2] - sheet.facts.start_s) / beat_s / 4)
    assert [name for name, _, _ in sheet.facts.sections] == [section.name for section in song_form(bars)]
    assert sheet.facts.sections[-1][2] < 60


ORDER = Order(SEED, SHORTEST_S)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two songs on disk."""
    place = tmp_path_factory.mktemp("made")
    made = make_songs(place, 2, ORDER)
    assert (made.songs, made.kept) == (2, 0) and made.stems > 5
    return place


def test_songs_lie_in_folders_with_a_sidecar_that_names_every_file(folder):
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["song-3-00000", "song-3-00001"]
    for song in folder.iterdir():
        document = json.loads((song / SIDECAR).read_text())
        assert {stem["file"] for stem in document["stems"]} == {path.name for path in song.glob("*.flac")}
        for stem in document["stems"]:
            info = soundfile.info(song / stem["file"])
            assert (info.samplerate, info.channels) == (44_100, stem["channels"])
            assert info.frames == round(SHORTEST_S * 44_100)


def test_the_library_reads_made_songs_with_their_roles(folder):
    ((dataset, place),) = recognise(folder)
    for song in dataset.songs(place):
        document = json.loads((place / song.name / SIDECAR).read_text())
        assert {stem.path.name: stem.role for stem in song.stems} == {
            stem["file"]: stem["role"] for stem in document["stems"]
        }


def test_a_sidecar_goes_before_the_names_and_a_broken_one_is_passed_over(tmp_path):
    song = tmp_path / "My Song"
    song.mkdir()
    for name in ("Kick.wav", "Bass.wav", "Odd.wav"):
        soundfile.write(song / name, np.full(100, 0.1), RATE)
    listed = [{"file": "Bass.wav", "role": "lead"}, {"file": "Odd.wav", "role": "no such role"}, "nonsense"]

    def roles():
        ((dataset, place),) = recognise(tmp_path)
        return {stem.name: stem.role for song in dataset.songs(place) for stem in song.stems}

    (song / SIDECAR).write_text(json.dumps({"stems": listed}))
    assert roles() == {"Kick": "kick", "Bass": "lead", "Odd": ""}
    (song / SIDECAR).write_text("{")
    assert roles() == {"Kick": "kick", "Bass": "bass", "Odd": ""}


def test_songs_of_nothing_but_synthesis_are_free_of_rights(folder):
    assert json.loads((folder / "song-3-00001" / SIDECAR).read_text())["licence"] == "CC0-1.0"


def test_files_hold_the_samples_of_the_song(folder):
    document = json.loads((folder / "song-3-00000" / SIDECAR).read_text())
    stems = make_song(SEED, 0, seconds=SHORTEST_S).stems
    stem, listed = next(stems), document["stems"][0]
    audio, _ = soundfile.read(folder / "song-3-00000" / listed["file"], always_2d=True)
    # Half a step of 16 bits, and a whole one at full scale.
    np.testing.assert_allclose(audio.T, stem.audio, atol=1.01 / (1 << 15))


def test_songs_that_are_there_are_kept_and_the_rest_is_made(folder):
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    made = make_songs(folder, 2, ORDER)
    assert (made.kept, made.stems) == (2, 0)
    assert before == {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_songs_from_before_sfz_was_played_are_kept(folder, tmp_path):
    song = shutil.copytree(folder / "song-3-00000", tmp_path / "song-3-00000")
    document = json.loads((song / SIDECAR).read_text())
    assert document["made"].pop("sfz") == []
    (song / SIDECAR).write_text(json.dumps(document))
    assert make_songs(tmp_path, 1, ORDER).kept == 1


def test_songs_made_otherwise_and_foreign_folders_are_refused(folder, tmp_path):
    how = f"seconds: {SHORTEST_S} then, {2 * SHORTEST_S} now; midi_files: 0 then, 1 now"
    what = (
        rf"song-3-00000: was made with other options \({how}\); give those again, choose another folder or remove it$"
    )
    with pytest.raises(UserError, match=what):
        make_songs(folder, 1, Order(SEED, 2 * SHORTEST_S, sources=Sources(midi=(tmp_path / "song.mid",))))
    (tmp_path / "song-3-00000").mkdir()
    with pytest.raises(UserError, match=r"song-3-00000: is no song of this command"):
        make_songs(tmp_path, 1, ORDER)


@pytest.mark.parametrize("form", ["flac", "opus"])
def test_stems_are_written_in_both_formats(tmp_path, form):
    time_s = np.arange(48_000 * 3) / 48_000
    audio = 0.5 * np.sin(2 * np.pi * np.outer([440, 330], time_s)).astype(np.float32)
    write_stem(tmp_path / f"stem.{form}", audio, 48_000, form)
    read, rate = soundfile.read(tmp_path / f"stem.{form}", always_2d=True)
    assert rate == 48_000 and read.shape == audio.T.shape
    # Opus is lossy: its error lies some 30 dB below a tone.
    assert np.std(read.T - audio) < (1e-4 if form == "flac" else 0.05) * np.std(audio)


def test_the_command_makes_songs_and_says_so(tmp_path, capsys):
    out = tmp_path / "songs"
    assert main(["data", "make", "-o", str(out), "--songs", "1", "--seed", "8", "--seconds", "8", "--jobs", "1"]) == 0
    assert "1 song made, with" in capsys.readouterr().out
    assert (out / "song-8-00000" / SIDECAR).is_file()
