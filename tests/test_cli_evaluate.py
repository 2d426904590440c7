"""`diffmst evaluate` and `paper-tables`, called as a user does."""

import csv
import json

import pytest
from evaluation.songs_to_pair import write_songs
from songs import write_reference, write_song

from diffmst import cli_evaluate
from diffmst.cli import main
from diffmst.evaluation import evaluate as evaluation
from diffmst.evaluation.pair import Pair
from diffmst.evaluation.pairs_file import write_pairs
from diffmst.evaluation.tables_csv import read_rows
from diffmst.listening_test.sources import read_sources

FILES = {"table.csv", "summary.csv", "comparisons.csv", "controls.csv", "table.md", "table.tex", "run.json"}


def run(*arguments):
    return main([str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def pairs_file(tmp_path_factory):
    """Two good pairs, and one whose stems are not there."""
    folder = tmp_path_factory.mktemp("pairs")
    pairs = [
        Pair(name, name, write_song(folder / name, 6.5), write_reference(folder / f"{name}.wav", 6.5))
        for name in ("one", "two")
    ]
    pairs.append(Pair("lost", "lost", folder / "lost", pairs[0].reference))
    write_pairs(folder / "pairs.csv", pairs)
    return folder / "pairs.csv"


def test_an_evaluation_leaves_tables_plots_a_page_and_the_mixes(pairs_file, tmp_path, capsys):
    out = tmp_path / "out"
    systems = "equal-loudness,plain=balanced"
    assert run("evaluate", "--pairs", pairs_file, "--systems", systems, "-o", out, "-j", 1, "--seed", 3) == 0
    assert {path.name for path in out.iterdir()} >= FILES | {"report.html", "mixes", "plots"}
    rows = read_rows(out / "table.csv")
    assert [(row.pair, row.system, bool(row.error)) for row in rows] == [
        (pair, system, pair == "lost") for pair in ("one", "two", "lost") for system in ("equal-loudness", "plain")
    ]
    assert all((out / row.mix).is_file() for row in rows if not row.error)
    assert json.loads((out / "run.json").read_text())["options"]["seed"] == 3
    assert "diffmst" in (out / "table.md").read_text()
    assert "<script src" not in (out / "report.html").read_text()
    captured = capsys.readouterr()
    assert "note: lost: " in captured.err and "no such file or folder" in captured.err
    assert "How near each system comes" in captured.out and "Whether its mixes are sane" in captured.out


def test_mixes_of_an_evaluation_are_heard_against_their_references(pairs_file, tmp_path):
    out, systems = tmp_path / "out", "equal-loudness,balanced"
    assert run("evaluate", "--pairs", pairs_file, "--systems", systems, "-o", out, "-j", 1, "--fad", "none") == 0
    trials = read_sources(out)
    assert [(trial.song, [mix.system for mix in trial.stimuli]) for trial in trials] == [
        (song, ["balanced", "equal-loudness"]) for song in ("one", "two")
    ]
    for trial in trials:
        assert trial.reference.path.samefile(pairs_file.with_name(f"{trial.song}.wav"))
    test = ("listen", "make", out, "-o", tmp_path / "test", "--seconds", 2)
    assert run(*test, "--kind", "preference", "--question", "style") == 0


def test_an_evaluation_is_neither_replaced_nor_mixed_with_another_unasked(pairs_file, tmp_path, capsys):
    arguments = ("evaluate", "--pairs", pairs_file, "--systems", "balanced", "--fad", "none", "--no-mixes", "-j", 1)
    assert run(*arguments, "-o", tmp_path) == 0
    before = (tmp_path / "table.csv").read_bytes()
    assert run(*arguments, "-o", tmp_path) == 2
    assert "--force" in capsys.readouterr().err
    assert run(*arguments, "-o", tmp_path, "--resume") == 0
    assert (tmp_path / "table.csv").read_bytes() == before


def test_a_file_of_the_users_is_not_replaced(pairs_file, tmp_path, capsys, monkeypatch):
    (tmp_path / "table.csv").write_text("mine")
    monkeypatch.setattr(evaluation, "run", pytest.fail)
    assert run("evaluate", "--pairs", pairs_file, "-o", tmp_path) == 2
    assert "table.csv: already exists" in capsys.readouterr().err
    assert (tmp_path / "table.csv").read_text() == "mine"


def test_nothing_but_pairs_that_cannot_be_used_is_an_error(tmp_path, capsys):
    write_pairs(tmp_path / "pairs.csv", [Pair("lost", "lost", tmp_path / "lost", tmp_path / "lost.wav")])
    assert run("evaluate", "--pairs", tmp_path / "pairs.csv", "-o", tmp_path / "out", "-j", 1) == 2
    assert "error: no pair could be used; the first: " in capsys.readouterr().err
    assert not (tmp_path / "out" / "table.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "give either --pairs, or both --songs and --references"),
        (("--songs", "a"), "give either --pairs, or both --songs and --references"),
        (("--external", "human"), "--external human: give NAME=FOLDER"),
        (("--external", "human=a", "--external", "human=b"), "human was given before"),
        (("--systems", "magic"), "magic"),
        (("--systems", "model:no.safetensors"), "no.safetensors: no such file"),
        (("--fad", "magic"), "magic"),
    ],
)
def test_what_cannot_be_done_is_said_before_the_work(arguments, words, pairs_file, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(evaluation, "run", pytest.fail)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    pairs = () if words.startswith("give either") else ("--pairs", pairs_file)
    assert run("evaluate", *pairs, *arguments) == 2
    assert words in capsys.readouterr().err


def test_songs_meet_references(tmp_path, capsys):
    write_song(tmp_path / "songs" / "one", 6.5)
    write_reference(tmp_path / "references" / "good.wav", 6.5)
    folders = ("--songs", tmp_path / "songs", "--references", tmp_path / "references")
    out = tmp_path / "out"
    assert run("evaluate", *folders, "--systems", "balanced", "--fad", "none", "-o", out, "-j", 1) == 0
    with (out / "table.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert (row["song"], row["reference"], row["system"]) == ("one", "good.wav", "balanced")


def test_an_interruption_says_what_is_kept(pairs_file, tmp_path, monkeypatch, capsys):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(evaluation, "run", interrupted)
    with pytest.raises(SystemExit) as ended:
        run("evaluate", "--pairs", pairs_file, "-o", tmp_path)
    assert ended.value.code == cli_evaluate.INTERRUPTED
    assert capsys.readouterr().err.splitlines() == [
        f"interrupted: what was done is kept in {tmp_path}; --resume goes on with it"
    ]


def test_the_table_of_the_paper_has_its_rows_and_ours(tmp_path, capsys):
    songs = write_songs(tmp_path / "songs", seconds=22.0)
    out = tmp_path / "paper"
    arguments = ("--songs", songs, "--systems", "equal-loudness", "--fad", "none", "-o", out, "-j", 1)
    assert run("paper-tables", *arguments) == 0
    text = (out / "paper.md").read_text()
    assert "Diff-MST AF-16" in text and "0.168" in text
    lines = [line for line in text.splitlines() if line.startswith("| equal-loudness")]
    assert len(lines) == 1 and (out / "paper.tex").is_file() and (out / "pairs" / "pairs.csv").is_file()
    assert "(published)" in capsys.readouterr().out
    assert run("paper-tables", *arguments) == 2
    assert run("paper-tables", *arguments, "--resume") == 0
    capsys.readouterr()
    assert run("paper-tables", *arguments, "--resume", "--seed", 5) == 2
    assert "was made of other songs or from another seed" in capsys.readouterr().err
