import pytest
from listening_sources import SONGS, SYSTEMS, write_mixes

from diffmst.errors import UserError
from diffmst.listening_test.sources import read_sources


@pytest.fixture(scope="module")
def mixes(tmp_path_factory):
    return write_mixes(tmp_path_factory.mktemp("mixes"), seconds=0.1)


def table(path, *lines):
    path.write_text("\n".join(("song,system,path,role,start_s", *lines)) + "\n", encoding="utf-8")
    return path


def test_folder_holds_a_song_per_folder_and_a_system_per_file(mixes):
    trials = read_sources(mixes)
    assert [trial.song for trial in trials] == list(SONGS)
    for trial in trials:
        assert [stimulus.system for stimulus in trial.stimuli] == list(SYSTEMS)
        assert trial.reference.path.name == "reference.flac"


def test_files_named_anchor_are_anchors(tmp_path):
    write_mixes(tmp_path, systems=("a", "anchor mono", "b"), seconds=0.1)
    roles = {stimulus.system: stimulus.role for stimulus in read_sources(tmp_path)[0].stimuli}
    assert roles == {"a": "system", "b": "system", "anchor mono": "anchor"}


def test_table_names_files_roles_and_starts(tmp_path):
    lines = [
        "one,b,x/b.wav,,",
        "one,a,x/a.wav,system,12.5",
        "one,original,x/o.wav,reference,",
        "one,dull,d.wav,anchor,",
    ]
    (trial,) = read_sources(table(tmp_path / "test.csv", *lines))
    assert [(s.system, s.role) for s in trial.stimuli] == [("a", "system"), ("b", "system"), ("dull", "anchor")]
    assert trial.reference.path == tmp_path / "x" / "o.wav"
    assert trial.start_s == 12.5


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "no lines"),
        (["one,a,"], "line 2 lacks song, system or path"),
        (["one,a,a.wav,judge"], "the role is 'judge'"),
        (["one,a,a.wav,,soon"], "start_s is 'soon'"),
        (["one,a,a.wav,,nan"], "start_s is 'nan'"),
        (["one,a,a.wav", "one,a,b.wav"], "'a' more than once"),
        (["one,a,a.wav", "one,b,b.wav", "two,a,c.wav"], "two has no 'b'"),
        (["one,a,a.wav", "two,a,c.wav", "two,b,b.wav"], "one has no 'b'"),
        (["one,r,a.wav,reference", "one,q,b.wav,reference"], "2 references"),
        (["one,r,a.wav,reference"], "no audio to rate"),
    ],
)
def test_tables_that_cannot_be_used_say_why(tmp_path, lines, message):
    with pytest.raises(UserError, match=message):
        read_sources(table(tmp_path / "test.csv", *lines))


def test_table_without_a_column_names_it(tmp_path):
    (tmp_path / "test.csv").write_text("song,path\na,b\n")
    with pytest.raises(UserError, match="no column system"):
        read_sources(tmp_path / "test.csv")


def test_places_without_sounds_say_what_is_needed(tmp_path):
    for place, message in ((tmp_path / "none", "no such folder"), (tmp_path, "holds no folders")):
        with pytest.raises(UserError, match=message):
            read_sources(place)
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(UserError, match="cannot be read as text"):
        read_sources(tmp_path / "binary.csv")
