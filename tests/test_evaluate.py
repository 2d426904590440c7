import csv
import math

import pytest
from songs import noise, write

from diffmst import evaluate as evaluation
from diffmst.cli import main
from diffmst.errors import UserError
from diffmst.evaluate import Pair, Row, all_pairs, evaluate, evaluate_to_csv, read_pairs, to_csv
from diffmst.listening import listen
from diffmst.passages import Listening
from diffmst.progress import SILENT
from diffmst.task import prepare

SANITY = ("low_off_centre_db", "quietest_lu", "largest_eq_db", "largest_fader_db", "mono_loss_lu")


@pytest.fixture
def pair(song, reference):
    return Pair(song, reference)


@pytest.fixture(autouse=True)
def few_steps(monkeypatch):
    """Refinement with fewer steps, for the tests' sake."""
    solve = evaluation.solve
    monkeypatch.setattr(evaluation, "solve", lambda task: solve(task, steps=3))


def test_every_system_has_every_figure_of_every_pair(pair):
    systems = list(evaluation.SYSTEMS)
    rows = list(evaluate([pair, pair], systems))
    assert [(row.song, row.reference, row.system) for row in rows] == [
        ("song", "reference.wav", system) for system in systems * 2
    ]
    for row in rows:
        assert not row.error and all(map(math.isfinite, row.figures.values()))
        assert row.figures.keys() >= {"AF", "seconds", *SANITY}
        assert row.figures["AF"] == pytest.approx(
            sum(value for name, value in row.figures.items() if name.startswith("AF "))
        )


def test_refinement_comes_nearer_than_equal_loudness(pair):
    equal, refined = evaluate([pair], ["equal-loudness", "refine"])
    assert refined.figures["AF"] < equal.figures["AF"]
    assert equal.figures["largest_eq_db"] == 0


def test_a_song_is_nearest_to_itself(song, tmp_path):
    """The mix that a system makes, taken as the reference of the same system, is at no distance."""
    import soundfile

    task = prepare(heard := listen([song], song / "keys.wav", SILENT), evaluation.DEFAULT, Listening())
    mixed = evaluation.finished_mix(heard, evaluation.balanced(task), evaluation.DEFAULT)[0]
    soundfile.write(tmp_path / "itself.wav", 0.1 * mixed.numpy().T, heard.song.sample_rate, subtype="FLOAT")
    stems = tmp_path / "stems"
    stems.mkdir()
    for track in heard.song.tracks:
        (stems / track.path.name).symlink_to(track.path)
    (row,) = evaluate([Pair(stems, tmp_path / "itself.wav")], ["balanced"])
    assert row.figures["AF"] == pytest.approx(0, abs=1e-3)
    assert row.figures["style tone"] == pytest.approx(0, abs=1e-3)


def test_a_pair_that_cannot_be_used_is_a_row_that_says_why(pair, tmp_path):
    rows = list(evaluate([Pair(tmp_path / "no", pair.reference), pair], ["equal-loudness", "balanced"]))
    assert [bool(row.error) for row in rows] == [True, True, False, False]
    assert "no such file or folder" in rows[0].error and not rows[0].figures


def test_nothing_but_such_pairs_is_refused(pair, tmp_path):
    with pytest.raises(UserError, match=r"no pair could be used; the first: .*no such file"):
        evaluate_to_csv([Pair(tmp_path / "no", pair.reference)], ["balanced"], tmp_path / "figures.csv")
    assert not list(tmp_path.iterdir())


def test_an_unknown_system_is_refused_before_the_work(pair):
    with pytest.raises(UserError, match="'magic': there is no such system; known are equal-loudness, "):
        evaluate_to_csv([pair], ["balanced", "magic"])


def test_an_existing_file_is_refused_before_the_work_and_replaced_by_force(pair, tmp_path, monkeypatch):
    path = tmp_path / "figures.csv"
    path.write_text("mine")
    with monkeypatch.context() as patch, pytest.raises(UserError, match="already exists"):
        patch.setattr(evaluation, "evaluate", pytest.fail)
        evaluate_to_csv([pair], ["balanced"], path)
    rows = evaluate_to_csv([pair], ["balanced"], path, force=True)
    assert path.read_text() == to_csv(rows)


def test_the_csv_is_one_that_others_read():
    rows = [
        Row("a, b", "x", "s", {"AF": 0.123456, "AF rms": 0.1}),
        Row("c", 'the "best"', "s", {}, "kick.wav: is empty, sadly"),
    ]
    read = list(csv.DictReader(to_csv(rows).splitlines()))
    assert read[0] == {"song": "a, b", "reference": "x", "system": "s", "AF": "0.12346", "AF rms": "0.1", "error": ""}
    assert (
        read[1]["reference"] == 'the "best"' and read[1]["AF"] == "" and read[1]["error"] == "kick.wav: is empty, sadly"
    )


@pytest.mark.parametrize("start", ["", "\ufeff"], ids=["plain", "with the mark that Excel writes"])
def test_paths_of_pairs_are_relative_to_their_file(tmp_path, start):
    (tmp_path / "pairs.csv").write_text(f"{start}reference,stems,mine\nr.wav,songs/a,1\n/b.wav,c,2\n", encoding="utf-8")
    first, second = read_pairs(tmp_path / "pairs.csv")
    assert first == Pair(tmp_path / "songs" / "a", tmp_path / "r.wav")
    assert second.reference.as_posix() == "/b.wav"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no column reference and stems"),
        ("stems\na\n", "no column reference"),
        ("stems,reference\n", "has no pairs"),
        ("stems,reference\na,b\nc\n", "line 3 lacks stems or reference"),
        ("stems,reference\n,b\n", "line 2 lacks stems or reference"),
    ],
)
def test_pairs_that_say_too_little_are_refused(tmp_path, text, words):
    (tmp_path / "pairs.csv").write_text(text)
    with pytest.raises(UserError, match=words):
        read_pairs(tmp_path / "pairs.csv")


def test_pairs_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "pairs.csv").write_bytes(b"\xff\xfe\x00stems")
    for path in (tmp_path / "pairs.csv", tmp_path, tmp_path / "no.csv"):
        with pytest.raises(UserError, match="cannot be read as text"):
            read_pairs(path)


def test_every_song_meets_every_reference(tmp_path):
    for folder in ("songs/a", "songs/b", "songs/.hidden", "references/folder"):
        (tmp_path / folder).mkdir(parents=True)
    for file in ("references/x.wav", "references/y.wav", "references/.DS_Store", "songs/readme.txt"):
        (tmp_path / file).touch()
    pairs = all_pairs(tmp_path / "songs", tmp_path / "references")
    assert [(pair.stems.name, pair.reference.name) for pair in pairs] == [
        ("a", "x.wav"),
        ("a", "y.wav"),
        ("b", "x.wav"),
        ("b", "y.wav"),
    ]


@pytest.mark.parametrize(("empty", "words"), [("songs", "holds no folders"), ("references", "holds no files")])
def test_folders_without_songs_or_references_are_refused(tmp_path, empty, words):
    (tmp_path / "songs" / "a").mkdir(parents=True)
    (tmp_path / "references").mkdir()
    (tmp_path / "references" / "x.wav").touch()
    target = tmp_path / empty
    (target / "a").rmdir() if empty == "songs" else (target / "x.wav").unlink()
    with pytest.raises(UserError, match=words):
        all_pairs(tmp_path / "songs", tmp_path / "references")


def test_the_command_prints_a_table_and_writes_the_figures(song, tmp_path, capsys):
    references = tmp_path / "references"
    write(references / "good.wav", noise(3.0))
    (references / "notes.txt").write_text("no music")
    arguments = ["--songs", song.parent, "--references", references, "--systems", "equal-loudness,balanced"]
    assert main(["evaluate", *map(str, arguments), "-o", str(tmp_path / "figures.csv")]) == 0
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert [line.split()[:3] for line in lines if "good.wav" in line] == [
        ["song", "good.wav", "equal-loudness"],
        ["song", "good.wav", "balanced"],
    ]
    assert sum("median" in line and "1 pairs" in line for line in lines) == 2
    assert captured.err.splitlines() == [
        "evaluating",
        f"note: song like notes.txt: {references / 'notes.txt'}: not an audio file, or in a format that cannot be read",
    ]
    with (tmp_path / "figures.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 4
