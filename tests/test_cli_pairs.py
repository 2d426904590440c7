"""`diffmst pairs`, called as a user does."""

import dataclasses
import shutil

import pytest
import typer
from evaluation.songs_to_pair import write_songs
from songs import write_reference

from diffmst.cli_pairs import app
from diffmst.errors import UserError
from diffmst.evaluation.pairs_file import read_pairs
from diffmst.evaluation.tasks.generated import generated_songs
from diffmst.evaluation.tasks.songs import find_songs

SHORT = ("--mixes", "1", "--section-s", "6")


def run(*arguments):
    typer.main.get_command(app).main(list(map(str, arguments)), standalone_mode=False)


@pytest.fixture(scope="module")
def songs(tmp_path_factory):
    return write_songs(tmp_path_factory.mktemp("songs"), seconds=13.0)


def test_same_song_pairs_are_made_and_told_of(songs, tmp_path, capsys):
    run("same-song", "--songs", songs, "-o", tmp_path / "pairs", "--limit", "1", "--tracks", "3", *SHORT)
    (pair,) = read_pairs(tmp_path / "pairs" / "pairs.csv")
    assert (pair.task, pair.song, len(list(pair.stems.iterdir()))) == ("same-song", "one", 3)
    assert "1 pair to `diffmst evaluate --pairs`" in capsys.readouterr().out


def test_same_style_pairs_are_made(songs, tmp_path):
    run("same-style", "--songs", songs, "-o", tmp_path / "pairs", *SHORT)
    assert [pair.task for pair in read_pairs(tmp_path / "pairs" / "pairs.csv")] == ["same-style"] * 2


def test_real_pairs_are_made(songs, tmp_path):
    write_reference(tmp_path / "references" / "jazz.wav")
    run("real", "--songs", songs, "-r", tmp_path / "references", "-o", tmp_path / "pairs")
    assert [pair.task for pair in read_pairs(tmp_path / "pairs" / "pairs.csv")] == ["real"] * 2


def test_foreign_pairs_want_their_layout(songs, tmp_path):
    with pytest.raises(UserError, match="holds no SONG/stems"):
        run("foreign", songs, "-o", tmp_path / "pairs")


@pytest.mark.parametrize("given", [(), ("--songs", "here", "--generated", "2")])
def test_songs_are_either_given_or_generated(given, tmp_path):
    with pytest.raises(UserError, match="give either --songs FOLDER or --generated COUNT"):
        run("same-song", "-o", tmp_path / "pairs", *given)


def test_generated_songs_take_the_place_of_songs(songs, tmp_path, monkeypatch):
    """Which songs they are, and that they need no files, is a test of their own: they take seconds to play."""
    asked = []

    def generated(folder, count, seed, seconds, progress):
        asked.append((count, seed, seconds))
        return find_songs([songs])[:count]

    monkeypatch.setattr("diffmst.evaluation.tasks.generated.generated_songs", generated)
    run("same-song", "--generated", "1", "--seed", "7", "-o", tmp_path / "pairs", *SHORT)
    assert asked == [(1, 7, 18.0)]
    assert len(read_pairs(tmp_path / "pairs" / "pairs.csv")) == 1


def test_the_stems_of_generated_songs_are_there_when_the_command_is_over(songs, tmp_path, monkeypatch):
    def generated(folder, count, seed, seconds, progress):
        shutil.copytree(songs, folder / "made")
        return [dataclasses.replace(song, lasting=False) for song in find_songs([folder / "made"])[:count]]

    monkeypatch.setattr("diffmst.evaluation.tasks.generated.generated_songs", generated)
    write_reference(tmp_path / "references" / "jazz.wav")
    run("real", "--generated", "1", "-r", tmp_path / "references", "-o", tmp_path / "pairs")
    (pair,) = read_pairs(tmp_path / "pairs" / "pairs.csv")
    assert len(list(pair.stems.iterdir())) > 1
    assert not generated_songs(tmp_path / "one", 1, 0, 8.0)[0].lasting
