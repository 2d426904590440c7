import csv
import io
import re
from importlib.resources import files

import numpy as np
import pytest
from listening_sources import SYSTEMS, honest, lines_of, make_key, save

from diffmst.errors import UserError
from diffmst.listening_test.results import read_results


@pytest.fixture
def key():
    return make_key(songs=2)


def test_scores_come_back_by_song_and_system(tmp_path, key):
    def opinion(trial, system, repeat):
        return 10 * int(trial.id) + list(key.conditions).index(system)

    (listener,) = read_results([save(tmp_path / "a.csv", lines_of(key, "abc", opinion, name="Ann"))], key)
    assert listener.name == "Ann"
    assert list(key.conditions)[:3] == list(SYSTEMS)
    np.testing.assert_array_equal(listener.table(key), [[10, 11, 12, 13, 14, 15], [20, 21, 22, 23, 24, 25]])
    assert listener.about["remarks"] == 'quite "even"; really'
    assert listener.page_seconds == {("01", 0): 60.0, ("02", 0): 60.0}


def test_the_page_writes_the_columns_that_are_read(key):
    """Those of the program, as far as its text tells."""
    program = (files("diffmst.listening_test") / "assets" / "session.js").read_text()
    block = program[program.index("get csv()") :]
    assert list(lines_of(key, "abc", honest(0))[0]) == re.findall(r"^        (\w+):", block, re.M)


def test_repeats_are_kept_apart(tmp_path):
    key = make_key("preference", songs=2, repeats=1)
    path = save(tmp_path / "a.csv", lines_of(key, "abc", lambda trial, system, repeat: 30 + repeat))
    (listener,) = read_results([path], key)
    assert set(listener.table(key).ravel()) == {30.0}
    again = listener.table(key, repeat=1)
    assert set(again[0]) == {31.0} and np.isnan(again[1]).all()


def test_what_a_spreadsheet_made_of_it_is_read_too(tmp_path, key):
    """Semicolons, a byte order mark, and page names that became numbers."""
    lines = [{**line, "trial": str(int(line["trial"]))} for line in lines_of(key, "abc", honest(0))]
    path = save(tmp_path / "a.csv", lines, delimiter=";")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    (listener,) = read_results([path], key)
    assert not np.isnan(listener.table(key)).any()


def test_the_same_session_saved_twice_counts_once(tmp_path, key):
    for name in ("a.csv", "a (1).csv"):
        save(tmp_path / name, lines_of(key, "abc", honest(0)))
    save(tmp_path / "b.csv", lines_of(key, "def", honest(1)))
    assert [listener.session for listener in read_results([tmp_path], key)] == ["abc", "def"]


def test_results_in_one_file_are_told_apart(tmp_path, key):
    lines = [*lines_of(key, "abc", honest(0)), *lines_of(key, "def", honest(1))]
    assert len(read_results([save(tmp_path / "all.csv", lines)], key)) == 2


def test_other_tables_in_a_folder_are_passed_over(tmp_path, key):
    (tmp_path / "pairs.csv").write_text("better,worse\na,b\n")
    (tmp_path / "empty.csv").write_text("")
    save(tmp_path / "a.csv", lines_of(key, "abc", honest(0)))
    assert len(read_results([tmp_path], key)) == 1


def webmushra(key, session, *, uuid=True):
    """Results as its service writes them: a rated reference by that name, times in milliseconds."""
    text = io.StringIO()
    writer = csv.writer(text)
    person = ["session_test_id", "participant", "device", *(["session_uuid"] if uuid else [])]
    writer.writerow([*person, "trial_id", "rating_stimulus", "rating_score", "rating_time", "rating_comment"])
    for trial in key.trials:
        for stimulus in trial.stimuli:
            name = "reference" if stimulus.role == "reference" else stimulus.id
            score = honest(0, spread=0)(trial, stimulus.system, 0)
            start = [key.test, "Bob", "headphones", *([session] if uuid else [])]
            writer.writerow([*start, trial.id, name, score, 90_000, ""])
    return text.getvalue()


@pytest.mark.parametrize("uuid", [True, False])
def test_webmushra_results_are_read_with_the_same_key(tmp_path, key, uuid):
    (tmp_path / "mushra.csv").write_text(webmushra(key, "u-1", uuid=uuid))
    (listener,) = read_results([tmp_path], key)
    assert (listener.session, listener.name) == ("u-1" if uuid else "Bob", "Bob")
    np.testing.assert_array_equal(listener.table(key), [[80, 60, 45, 100, 15, 40]] * 2)
    assert listener.page_seconds["01", 0] == 90.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"test": "ffffffff"}, "is a result of test ffffffff"),
        ({"score": "101"}, r"line 2: the score is 101; it must lie in 0 \.\. 100"),
        ({"score": "nan"}, "line 2: the score is nan"),
        ({"score": "good"}, "line 2: could not convert"),
        ({"stimulus": "zzz"}, "line 2: the key knows no sound 'zzz' on page '01'"),
        ({"trial": "17"}, "line 2: the key knows no sound"),
    ],
)
def test_lines_that_cannot_be_say_which_and_why(tmp_path, key, change, message):
    lines = lines_of(key, "abc", honest(0))
    lines[0] |= change
    with pytest.raises(UserError, match=message):
        read_results([save(tmp_path / "a.csv", lines)], key)


def test_files_that_are_no_results_are_refused(tmp_path, key):
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00\x80")
    (tmp_path / "nobody.csv").write_text("session_test_id,trial_id,rating_stimulus,rating_score\nx,01,s00,5\n")
    places = {
        "other.csv": "is no result",
        "binary.csv": "cannot be read",
        "none.csv": "no such file",
        "nobody.csv": "says neither",
    }
    for name, message in places.items():
        with pytest.raises(UserError, match=message):
            read_results([tmp_path / name], key)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(UserError, match="no results found"):
        read_results([empty], key)
