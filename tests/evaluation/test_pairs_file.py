import csv

import pytest

from diffmst.errors import UserError
from diffmst.evaluation.pair import Pair
from diffmst.evaluation.pairs_file import COLUMNS, LONGEST_NAME, all_pairs, read_pairs, write_pairs
from diffmst.outputs import file_name

LONGEST_FILE_NAME_BYTES = 255  # on every file system in use, endings included


def table(folder, text, **kwargs):
    path = folder / "pairs.csv"
    path.write_text(text, encoding="utf-8", **kwargs)
    return path


def names(pairs):
    return [pair.name for pair in pairs]


@pytest.mark.parametrize("start", ["", "\ufeff"], ids=["plain", "with the mark that Excel writes"])
def test_paths_are_relative_to_the_file(tmp_path, start):
    first, second = read_pairs(table(tmp_path, f"{start}reference,stems\nr.wav,songs/a\n/b.wav,c\n"))
    assert first == Pair("a like r", "a", tmp_path / "songs" / "a", tmp_path / "r.wav")
    assert second.reference.as_posix() == "/b.wav"


def test_every_column_is_read_and_an_empty_one_is_as_one_left_out(tmp_path):
    line = "one,song,s,r.wav,t.json,ts,w.wav,same-song"
    full, empty = read_pairs(table(tmp_path, f"{','.join(COLUMNS)}\n{line}\n,,s,r.wav,,,,\n"))
    assert full == Pair(
        "one",
        "song",
        *(tmp_path / name for name in ("s", "r.wav", "t.json", "ts", "w.wav")),
        "same-song",
    )
    assert empty == Pair("s like r", "s", tmp_path / "s", tmp_path / "r.wav")


def test_a_song_is_called_by_its_folder_or_the_one_above(tmp_path):
    (tmp_path / "single.wav").touch()
    pairs = read_pairs(table(tmp_path, "stems,reference\nA/stems,r\nB/RAW,r\nC,r\nsub/../D/wav,r\nsingle.wav,r\n"))
    assert [pair.song for pair in pairs] == ["A", "B", "C", "D", tmp_path.name]


def test_a_song_behind_a_link_is_called_as_the_link(tmp_path):
    (tmp_path / "store" / "a1b2").mkdir(parents=True)
    (tmp_path / "Yesterday").symlink_to(tmp_path / "store" / "a1b2")
    (pair,) = read_pairs(table(tmp_path, "stems,reference\nYesterday,r.wav\n"))
    assert pair.name == "Yesterday like r"


def test_names_are_unique_and_those_that_were_given_are_kept(tmp_path):
    rows = ["a,x/r.wav,", "a,y/r.mp3,", "A,z/R.ogg,", "b,r.wav,a like r"]
    pairs = read_pairs(table(tmp_path, "stems,reference,name\n" + "\n".join(rows) + "\n"))
    assert names(pairs) == ["a like r 2", "a like r 3", "A like R 4", "a like r"]


def test_names_are_names_of_files_whatever_songs_are_called(tmp_path):
    songs = ["AC/DC: “Live?”", "é" * 300, "🎸" * 300, "🎸" * 300, "."]
    with table(tmp_path, "").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["song", "stems", "reference"], *([song, "s", "r.wav"] for song in songs)])
    made = names(pairs := read_pairs(tmp_path / "pairs.csv"))
    assert [pair.song for pair in pairs] == songs
    assert made[0] == "AC_DC_ “Live_” like r"
    assert len(set(made)) == len(made)
    for name in made:
        assert name == file_name(name) and len(name) <= LONGEST_NAME
        assert len(f"{name}.wrong.flac".encode()) <= LONGEST_FILE_NAME_BYTES
    assert names(read_pairs(tmp_path / "pairs.csv")) == made


def test_what_is_written_is_what_is_read(tmp_path):
    pairs = [
        Pair("one", 'a "song", quoted', tmp_path / "in" / "🎸, live", tmp_path / "r.wav", task="real"),
        Pair("two", "b", tmp_path / "out" / "b", tmp_path / "r.wav", *(tmp_path / "out" / "t" for _ in range(3))),
    ]
    (tmp_path / "out").mkdir()
    write_pairs(tmp_path / "out" / "pairs.csv", pairs)
    lines = csv.DictReader((tmp_path / "out" / "pairs.csv").read_text(encoding="utf-8").splitlines())
    assert [row["stems"] for row in lines] == ["../in/🎸, live", "b"]
    found = read_pairs(tmp_path / "out" / "pairs.csv")
    for pair, wanted in zip(found, pairs, strict=True):
        for column in COLUMNS:
            one, other = getattr(pair, column), getattr(wanted, column)
            assert one == other or one.resolve() == other.resolve(), column


def test_a_table_can_move_with_its_files(tmp_path):
    (tmp_path / "here").mkdir()
    write_pairs(tmp_path / "here" / "pairs.csv", [Pair("p", "s", tmp_path / "here" / "s", tmp_path / "here" / "r")])
    (tmp_path / "here").rename(tmp_path / "there")
    (pair,) = read_pairs(tmp_path / "there" / "pairs.csv")
    assert pair.stems == tmp_path / "there" / "s"


def test_a_table_that_is_written_aside_is_right_where_it_will_lie(tmp_path):
    (tmp_path / "aside").mkdir()
    write_pairs(tmp_path / "aside" / "pairs.csv", [Pair("p", "s", tmp_path / "s", tmp_path / "r.wav")], folder=tmp_path)
    (tmp_path / "aside" / "pairs.csv").rename(tmp_path / "pairs.csv")
    assert read_pairs(tmp_path / "pairs.csv") == [Pair("p", "s", tmp_path / "s", tmp_path / "r.wav")]


def test_a_linked_reference_keeps_its_name_when_written(tmp_path):
    (tmp_path / "ab12").touch()
    (tmp_path / "r.wav").symlink_to(tmp_path / "ab12")
    write_pairs(tmp_path / "pairs.csv", [Pair("p", "s", tmp_path / "s", tmp_path / "r.wav")])
    assert read_pairs(tmp_path / "pairs.csv")[0].reference.name == "r.wav"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "has no column stems and reference; it needs stems,reference"),
        ("stems\na\n", "has no column reference"),
        ("stems;reference\na;b\n", "has no column stems and reference"),
        ("stems,reference\n", "has no pairs"),
        ("stems,reference\na,b\nc\n", "line 3: lacks reference"),
        ("stems,reference\n  ,b\n", "line 2: lacks stems"),
        ("stems,reference\na,b,c\n", "line 2: has more values than columns"),
        ("stems,reference,mine\na,b,1\n", f"there is no column 'mine'; known are {', '.join(COLUMNS)}"),
        ("stems,reference,stems\na,b,c\n", "has the column 'stems' more than once"),
        ('stems,reference\n"a,b\n', "line 2: is no CSV"),
        ("name,stems,reference\na/b,s,r\n", "line 2: no file can be called 'a/b'; 'a_b' would do"),
        ("name,stems,reference\n..,s,r\n", r"line 2: no file can be called '\.\.'"),
        ("name,stems,reference\nOne,s,r\none,s,q\n", "line 3: the name 'one' is that of line 2"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_line(tmp_path, text, words):
    with pytest.raises(UserError, match=words) as refusal:
        read_pairs(table(tmp_path, text))
    assert str(refusal.value).startswith(str(tmp_path / "pairs.csv"))
    assert "\n" not in str(refusal.value)


def test_what_is_no_text_is_refused(tmp_path):
    (tmp_path / "pairs.csv").write_bytes(b"\xff\xfe\x00stems")
    for path in (tmp_path / "pairs.csv", tmp_path):
        with pytest.raises(UserError, match="cannot be read as text"):
            read_pairs(path)
    with pytest.raises(UserError, match="no such file; give a CSV file"):
        read_pairs(tmp_path / "no.csv")


def test_every_song_meets_every_reference_in_natural_order(tmp_path):
    for folder in ("songs/song 10/stems", "songs/song 2", "songs/.hidden", "references/folder"):
        (tmp_path / folder).mkdir(parents=True)
    for file in ("references/x.wav", "references/y.MP3", "references/.DS_Store", "references/cover.jpg", "songs/a.txt"):
        (tmp_path / file).touch()
    assert names(all_pairs(tmp_path / "songs", tmp_path / "references")) == [
        "song 2 like x",
        "song 2 like y",
        "song 10 like x",
        "song 10 like y",
    ]


def test_folders_without_songs_or_references_are_refused(tmp_path):
    songs, references = tmp_path / "songs", tmp_path / "references"
    songs.mkdir()
    with pytest.raises(UserError, match="references: is not a folder"):
        all_pairs(songs, references)
    references.mkdir()
    (references / "notes.txt").touch()
    with pytest.raises(UserError, match="songs: holds no folders"):
        all_pairs(songs, references)
    (songs / "a").mkdir()
    with pytest.raises(UserError, match="references: holds no audio files"):
        all_pairs(songs, references)
