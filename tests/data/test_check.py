import datasets_on_disk as disk
import pytest

from diffmst.data.check import check
from diffmst.data.index import Index
from diffmst.errors import UserError


def test_it_says_what_there_is(tmp_path):
    disk.musdb18_hq(tmp_path / "musdb")
    disk.references(tmp_path / "references")
    report = check([tmp_path / "musdb", tmp_path / "references"], cache=tmp_path / "cache")
    musdb, references = report.datasets
    assert (musdb.dataset.name, musdb.songs, musdb.stems, musdb.references) == ("musdb18-hq", 3, 12, 3)
    assert musdb.stem_hours == pytest.approx(12 * disk.SECONDS / 3600, rel=1e-3)
    assert musdb.roles == {"drums": 3, "bass": 3, "lead": 3, "": 3}
    assert musdb.splits == {"train": (1, 1), "validation": (1, 1), "test": (1, 1)}
    assert (references.songs, references.references) == (0, 2)
    assert report.usable and not report.problems()
    rows = dict(musdb.rows())
    assert rows["roles"] == "drums 3, bass 3, lead 3, unknown 3"
    assert "CC BY-NC-SA" in rows["licence"] and "Rafii" in rows["cite"]
    assert "songs" in dict(references.rows()) and "cite" not in dict(references.rows())


def test_it_says_what_is_wrong_song_by_song(tmp_path):
    disk.stems(tmp_path)
    (tmp_path / "Song 2" / "Kick.wav").write_text("words")
    (tmp_path / "Song 10" / "takes" / "Audio 1.flac").unlink()
    report = check([tmp_path], cache=tmp_path / "cache")
    assert report.problems() == [
        ("Song 2", "Song 2/Kick.wav", "not an audio file, or in a format that cannot be read; export it again"),
        ("Song 10", "", "fewer than two stems that can be heard, left out"),
    ]


def test_it_reports_where_nothing_can_be_used(tmp_path):
    disk.sound(tmp_path / "Song" / "kick.wav")
    report = check([tmp_path], cache=tmp_path / "cache")
    assert not report.usable and len(report.problems()) == 1


def test_what_it_listened_to_is_known_afterwards(tmp_path, monkeypatch):
    check([disk.stems(tmp_path)], cache=tmp_path / "cache")
    monkeypatch.setattr(Index, "_listen", lambda self, paths, progress: pytest.fail("listens") if paths else ())
    check([tmp_path], cache=tmp_path / "cache")


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UserError, match="no such folder"):
        check([tmp_path / "nowhere"], cache=tmp_path / "cache")


def test_it_tells_which_parts_have_no_song(tmp_path):
    """By its name alone the one song with two stems is trained on."""
    disk.sound(tmp_path / "one" / "Song" / "kick.wav")
    disk.sound(tmp_path / "one" / "Song" / "bass.wav")
    assert check([tmp_path / "one"], cache=tmp_path / "cache").empty_splits == ("validation",)
    disk.musdb18_hq(tmp_path / "musdb")
    assert check([tmp_path / "musdb"], cache=tmp_path / "cache").empty_splits == ()
