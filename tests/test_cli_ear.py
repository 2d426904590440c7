import json

import pytest
import songs
from typer.testing import CliRunner

from diffmst.cli import app
from diffmst.ear.storage import read_ear_record


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two songs to learn from and one to be tested on."""
    folder = tmp_path_factory.mktemp("songs")
    for name in ("one", "two", "three"):
        songs.write_song(folder / "all" / name, seconds=7.0)
    splits = {"train": ["one", "two"], "validation": ["three"]}
    (folder / "splits.json").write_text(json.dumps(splits))
    return folder


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def train(folder, out, *more):
    cache = folder / "cache"
    return run("train-ear", "--songs", folder / "all", "--cache", cache, "--steps", 2, "--out", out, *more)


def test_an_ear_is_trained_tested_written_and_used(folder, tmp_path):
    out = tmp_path / "ear.safetensors"
    result = train(folder, out, "--splits", folder / "splits.json")
    assert result.exit_code == 0, result.output
    assert "real stems" in result.output and "family right" in result.output
    record = read_ear_record(out).training
    assert record.steps == 2
    assert record.data[0].songs == 2
    assert record.figures["stems (real songs)"] == 3
    heard = run("ear", folder / "all" / "three", "--weights", out)
    assert heard.exit_code == 0, heard.output
    assert all(name in heard.output for name in ("bass", "hats", "keys"))


def test_without_songs_for_validation_it_says_so(folder, tmp_path):
    splits = tmp_path / "splits.json"
    splits.write_text(json.dumps({"train": ["one", "two", "three"]}))
    result = train(folder, tmp_path / "ear.safetensors", "--splits", splits)
    assert result.exit_code == 0, result.output
    assert "no song was kept for validation" in " ".join(result.output.split())


def test_a_file_that_is_there_is_not_replaced_unasked(folder, tmp_path):
    out = tmp_path / "ear.safetensors"
    out.write_text("mine")
    result = train(folder, out)
    assert result.exit_code != 0
    assert out.read_text() == "mine"


def test_the_folder_of_the_file_must_be_there(folder, tmp_path):
    result = train(folder, tmp_path / "none" / "ear.safetensors")
    assert result.exit_code != 0
    assert not (tmp_path / "none").exists()
