"""The paper's table, and the songs for it."""

import pytest
from evaluation.songs_to_pair import write_songs, write_stems
from songs import RATE, write_reference

from diffmst.audio import read
from diffmst.errors import UserError
from diffmst.evaluation.frechet.declared import FAD
from diffmst.evaluation.metrics import METRICS, PUBLISHED_SCALES
from diffmst.evaluation.paper.pairs import DRAWN, LISTED, MUSDB18, PaperSongs, paper_pairs
from diffmst.evaluation.paper.published import COLUMNS, PUBLISHED
from diffmst.evaluation.paper.song_list import read_song_list
from diffmst.evaluation.paper.tables import paper_tables
from diffmst.evaluation.row import Row, SetFigure
from diffmst.evaluation.summary import summarize
from diffmst.evaluation.tables_markup import latex, markdown
from diffmst.evaluation.tasks.making import Making
from diffmst.evaluation.tasks.songs import find_songs

ROUNDED = 0.007
"""The terms are printed with two decimals, of which that of BS weighs 0.005; one published row is off by 0.0064."""

SHORT = Making(mixes=1, section_s=6.0)


def table_of(figures, task=DRAWN, fad=3.25):
    """The table of one system on two songs."""
    rows = [Row(f"p{song}", f"s{song}", "r", task, "refine", figures=figures) for song in "ab"]
    summary = summarize(rows, [SetFigure(task, "refine", wrong=False, key="fad", value=fad)], (*METRICS, FAD))
    (table,) = paper_tables(summary)
    return table


def test_published_terms_add_up_to_the_published_sum():
    for row in PUBLISHED:
        *terms, total = row.figures
        added = sum(term * scale for term, scale in zip(terms, PUBLISHED_SCALES.values(), strict=False))
        assert added == pytest.approx(total, abs=ROUNDED), row.method


def test_the_columns_are_those_of_the_paper_in_its_order():
    assert list(COLUMNS.values()) == ["RMS", "CF", "SW", "SI", "BS", "AF", "FAD"]
    assert list(COLUMNS)[:5] == [key for key in PUBLISHED_SCALES if key != "af"]


def test_the_table_holds_the_published_figures_as_printed():
    rows = dict(table_of({"af": 0.2}).rows)
    shown = [entry.text for entry in rows["Diff-MST AF-16 (published)"]]
    assert shown == ["2.39", "0.07", "1.60", "0.97", "0.13", "0.168", "–"]
    assert len(rows) == len(PUBLISHED) + 1


def test_our_figures_stand_beside_them_in_the_same_units():
    """A system that measures what the paper measured of a method gets the same row."""
    published = PUBLISHED[-1]
    keys = list(COLUMNS)[:6]
    figures = {key: value * PUBLISHED_SCALES.get(key, 1.0) for key, value in zip(keys, published.figures, strict=True)}
    rows = dict(table_of(figures).rows)
    theirs, ours = rows[f"{published.method} (published)"], rows["refine"]
    assert [float(entry.text) for entry in ours[:6]] == pytest.approx([float(entry.text) for entry in theirs[:6]])
    assert float(ours[6].text) == 3.25


def test_what_was_not_measured_is_left_open():
    rows = dict(table_of({"af": 0.2}).rows)
    assert [entry.text for entry in rows["refine"][:5]] == ["–"] * 5


@pytest.mark.parametrize(("task", "said"), [(LISTED, "song list"), (MUSDB18, "MUSDB18"), (DRAWN, "drawn styles")])
def test_the_caption_says_what_ours_were_measured_on(task, said):
    assert said in table_of({"af": 0.2}, task).caption


def test_the_table_can_be_laid_out():
    table = table_of({"af": 0.2})
    assert "| MST (Koo et al. 2022) (published) | 3.15 |" in markdown([table], title="paper", command="diffmst")
    assert "human mix 2" in latex([table], command="diffmst")


def test_sections_of_a_song_list_are_cut_where_it_says(tmp_path):
    write_stems(tmp_path / "one" / "stems", seconds=20.0)
    write_reference(tmp_path / "reference.wav", seconds=20.0)
    text = "stems,reference,stems_at_s,reference_at_s\none/stems,reference.wav,2,5\none/stems,reference.wav,8,\n"
    (tmp_path / "songs.csv").write_text(text)
    made = paper_pairs(tmp_path / "pairs", PaperSongs(song_list=tmp_path / "songs.csv"), SHORT)
    assert [(pair.name, pair.song, pair.task) for pair in made.pairs] == [
        ("one", "one", LISTED),
        ("one 2", "one", LISTED),
    ]
    for pair, start_s in zip(made.pairs, (2, 8), strict=True):
        expected = read(tmp_path / "one" / "stems" / "keys.wav", start_s, 6.0)
        assert (read(pair.stems / "keys.flac") == expected).all()
    assert (read(made.pairs[0].reference) == read(tmp_path / "reference.wav", 5.0, 6.0)).all()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stems\na\n", "needs the columns"),
        ("stems,reference,mood\na,b,c\n", "needs the columns"),
        ("stems,reference\na,\n", "line 2"),
        ("stems,reference\na,b,c\n", "line 2"),
        ("stems,reference,stems_at_s\na,b,-1\n", "stems_at_s must be a number"),
        ("stems,reference,stems_at_s\na,b,early\n", "stems_at_s must be a number"),
        ("stems,reference\n", "has no songs"),
    ],
)
def test_a_song_list_that_says_too_little_is_refused(tmp_path, text, said):
    (tmp_path / "songs.csv").write_text(text)
    with pytest.raises(UserError, match=said):
        read_song_list(tmp_path / "songs.csv")


def test_a_song_list_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        read_song_list(tmp_path / "songs.csv")


def test_test_mixes_of_musdb18_are_references(tmp_path):
    songs = write_songs(tmp_path / "songs", seconds=8.0)
    for part in ("train", "test"):
        folder = tmp_path / "musdb18hq" / part / f"Artist - {part} song"
        write_reference(folder / "mixture.wav", seconds=8.0)
    made = paper_pairs(tmp_path / "pairs", PaperSongs(songs=(songs,), musdb18=tmp_path / "musdb18hq"), SHORT)
    assert {(pair.reference.name, pair.task) for pair in made.pairs} == {("Artist - test song.flac", MUSDB18)}
    assert {read(pair.reference).shape[1] for pair in made.pairs} == {6 * RATE}


def test_without_anything_songs_and_references_are_generated(tmp_path, monkeypatch):
    """What is played is a test of its own: it takes seconds."""

    def generated(folder, count, *_):
        return find_songs([write_songs(folder, [f"generated {number + 1}" for number in range(count)], seconds=8.0)])

    monkeypatch.setattr("diffmst.evaluation.tasks.generated.generated_songs", generated)
    made = paper_pairs(tmp_path / "pairs", PaperSongs(generated=2), SHORT)
    assert [(pair.song, pair.task) for pair in made.pairs] == [("generated 1", DRAWN), ("generated 2", DRAWN)]
    assert all(pair.reference.is_file() and pair.reference != pair.wrong_reference for pair in made.pairs)
