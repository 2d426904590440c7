"""`lock`, `match` and `adjust` as users meet them."""

import json
import shutil

import pytest
from songs import write_reference, write_song

from diffmst.cli_options import result_folder
from diffmst.match import Options, match
from diffmst.mix import Mix


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with a song, its reference and their mix."""
    home = tmp_path_factory.mktemp("home")
    write_song(home / "song", 2.0)
    write_reference(home / "reference.wav", 2.0)
    match([home / "song"], home / "reference.wav", home / "mix", Options(steps=3))
    return home


@pytest.fixture
def document(home, tmp_path):
    """The document of a copy of it all."""
    return shutil.copytree(home, tmp_path / "moved") / "mix" / "mix.json"


def test_lock_says_what_it_changed_and_what_is_locked_now(run, document):
    def said(*arguments):
        code, (line,), err = run("lock", document, *arguments)
        assert code == 0 and not err
        return line

    assert said("keys", "eq") == "keys: locked eq.*; locked in all: eq.*"
    assert said("keys", "fader", "eq") == "keys: locked fader.gain_db; locked in all: eq.*, fader.gain_db"
    assert said("k*", "eq", "--unlock") == "keys: freed eq.*; locked in all: fader.gain_db"
    assert said("keys", "--unlock") == "keys: freed fader.gain_db; nothing is locked"
    assert said("keys", "--unlock") == "keys: nothing to be freed; nothing is locked"
    assert said("master") == "master: locked *; locked in all: *"
    assert Mix.read(document).master_locks == ("*",)


def test_results_go_into_a_new_folder_beside_the_document(run, document):
    (document.parent.parent / "mix-2").mkdir()
    code, out, _ = run("match", document, "--steps", 1)
    folder = document.parent.parent / "mix-3"
    assert code == 0 and sorted(path.name for path in folder.iterdir()) == ["mix.json", "mix.wav", "report.html"]
    assert any(str(folder / "mix.wav") in line for line in out)
    assert run("adjust", document, "--tone", 50)[0] == 0
    assert sorted(path.name for path in (folder.parent / "mix-4").iterdir()) == ["mix.json", "mix.wav"]


@pytest.mark.parametrize(
    ("names", "new"),
    [(["mix", "mix-2"], "mix-3"), (["mix", "mix-3"], "mix-2"), (["album-2024"], "album-2024-2"), (["-2"], "-2-2")],
)
def test_results_of_results_count_on_where_the_first_lies_beside_them(tmp_path, names, new):
    for name in names:
        (tmp_path / name).mkdir()
    assert result_folder(tmp_path / names[-1] / "mix.json", None, in_place=False) == tmp_path / new


@pytest.mark.parametrize(
    ("folder", "name", "new"),
    [("", "mix/mix.json", "mix-2"), ("mix", "mix.json", "../mix-2"), ("song", "../mix/mix.json", "../mix-2")],
)
def test_paths_are_told_as_they_are_given(run, document, monkeypatch, folder, name, new):
    monkeypatch.chdir(document.parent.parent / folder)
    code, out, _ = run("adjust", name, "--amount", 50)
    assert code == 0 and out[-1] == f"{new}/mix.json: every setting"
    assert (document.parent.parent / "mix-2" / "mix.json").exists()


@pytest.mark.parametrize("command", [["match", "--steps", "1"], ["adjust", "--amount", "50"]])
def test_in_place_replaces_what_lies_there_under_the_name_of_the_document(run, document, command):
    song = document.rename(document.with_name("song.json"))
    before, (name, *options) = Mix.read(song), command
    assert run(name, song, *options, "--in-place")[0] == 0
    assert (song.parent / "song.wav").exists() and Mix.read(
        song
    ).settings.master.tolist() != before.settings.master.tolist()


def test_no_report_of_another_mix_stays_beside_what_was_adjusted_in_place(run, document):
    report = document.with_name("report.html")
    elsewhere = document.parent.parent / "elsewhere"
    assert run("adjust", document, "--amount", 60, "-o", elsewhere)[0] == 0 and report.exists()
    code, _, err = run("adjust", document, "--amount", 50, "--in-place")
    assert code == 0 and not report.exists()
    assert any("report.html showed the mix as it was before" in line for line in err)


def test_adjust_tells_the_amounts_and_what_it_left_alone(run, document):
    data = json.loads(document.read_text())
    data["tracks"][0]["settings"]["fader.gain_db"] = -9.87654321
    document.write_text(json.dumps(data))
    code, out, err = run("adjust", document, "--amount", 80, "--width", "120", "-o", document.parent / "less")
    assert code == 0 and out[0] == "overall 80 %, level 100 %, tone 100 %, dynamics 100 %, width 120 %, space 100 %"
    assert "note: Left as you changed it: bass: fader.gain_db." in err
    code, out, err = run("adjust", document.parent / "less" / "mix.json", "--amount", 0, "-o", document.parent / "none")
    assert "width 120 %" in out[0] and "note: Left as you changed it: bass: fader.gain_db." in err


def widened(document, matched):
    """The document as if the match had made the mix so wide."""
    data = json.loads(document.read_text())
    data["master"]["image.width"] = data["master_ends"]["matched"]["image.width"] = matched
    data["master_ends"]["neutral"].pop("image.width", None)
    document.write_text(json.dumps(data))


def test_adjust_tells_what_locks_hold_and_how_to_free_it(run, document, tmp_path):
    widened(document, 0.8)
    run("lock", document, "master", "image")
    code, _, err = run("adjust", document, "--width", 50, "-o", tmp_path / "out")
    held = (
        "note: Left as it is, since it is locked: master: image.width. "
        f"`diffmst lock {document} master image.width --unlock` frees it."
    )
    assert code == 0 and err.count(held) == 1
    run("lock", document, "bass", "fader")
    *_, err = run("adjust", document, "--amount", 50, "-o", tmp_path / "more")
    assert any(
        "locked: bass: fader.gain_db; master: image.width. " in line and "PART CONTROL --unlock` frees" in line
        for line in err
    )
    *_, err = run("adjust", document, "--tone", 50, "-o", tmp_path / "less")
    assert not any("locked" in line for line in err)


@pytest.mark.parametrize(
    ("matched", "amounts", "told"),
    [
        (0.8, ["--width", 150], "image.width is 0.8 at 100 %, 0.7 now"),
        (0.8, ["--width", 50], "image.width is 0.8 at 100 %, 0.9 now"),
        (1.2, ["--width", 150], None),
        (0.8, ["--amount", 150], None),
    ],
)
def test_that_more_width_of_a_narrower_mix_is_narrower_is_told(run, document, tmp_path, matched, amounts, told):
    widened(document, matched)
    code, _, err = run("adjust", document, *amounts, "-o", tmp_path / "out")
    notes = [line for line in err if "The match narrows the mix" in line]
    assert code == 0 and len(notes) == bool(told) and all(told in line for line in notes)


@pytest.mark.parametrize("command", [["adjust", "--amount", "50"], ["render"]])
def test_too_much_limiting_is_told(run, document, command):
    data = json.loads(document.read_text())
    data["render"]["loudness_lufs"] = -4.0
    document.write_text(json.dumps(data))
    name, *options = command
    code, _, err = run(name, document, *options, "-o", document.parent / "loud.wav")
    notes = [line for line in err if line.startswith("note: The limiter")]
    assert code == 0 and "A lower loudness leaves" in notes[0]


def test_mix_takes_amounts_too(run, home, tmp_path):
    options = ("--steps", 1, "--amount", 80, "--level", 100, "--tone", 50, "--dynamics", 0, "--width", 120)
    assert run("mix", home / "song", "-r", home / "reference.wav", "-o", tmp_path / "out", *options)[0] == 0
    mix = Mix.read(tmp_path / "out" / "mix.json")
    assert mix.amounts.model_dump() == {
        "overall": 80, "level": 100, "tone": 50, "dynamics": 0, "width": 120, "space": 100
    }  # fmt: skip
    assert all(track.settings["compressor.ratio"] == 1 for track in mix.tracks)


def test_match_takes_an_aspect_from_another_song_and_the_rest_as_before(run, document):
    home = document.parent.parent
    other = shutil.copy(home / "song" / "keys.wav", home / "other.wav")
    assert run("match", document, "--steps", 1, "--tone-from", other, "-o", home / "out")[0] == 0
    chosen = {reference.path: reference.aspects for reference in Mix.read(home / "out" / "mix.json").references}
    assert chosen == {"../reference.wav": ("level", "dynamics", "width", "space"), "../other.wav": ("tone",)}
    document = home / "out" / "mix.json"
    assert run("match", document, "--steps", 1, "--space-from", other, "-o", home / "more")[0] == 0
    chosen = {reference.path: reference.aspects for reference in Mix.read(home / "more" / "mix.json").references}
    assert chosen == {"../reference.wav": ("level", "dynamics", "width"), "../other.wav": ("tone", "space")}


def test_match_keeps_changes_if_told(run, document):
    data = json.loads(document.read_text())
    data["master"]["eq.peak_2.gain_db"] = 5.4321
    document.write_text(json.dumps(data))
    out = document.parent / "out"
    assert run("match", document, "--steps", 1, "--keep-changes", "--loudness", "-20", "-o", out)[0] == 0
    mix = Mix.read(out / "mix.json")
    assert mix.master["eq.peak_2.gain_db"] == 5.4321 and mix.master_locks == ("eq.peak_2.gain_db",)
    assert mix.render.loudness_lufs == -20


REFUSED = {
    "both places": (["adjust", "--in-place", "-o", "x"], "--in-place and --out exclude each other"),
    "too much": (["adjust", "--tone", "151"], "'--tone'"),
    "no number": (["adjust", "--amount", "nan"], "'--amount'"),
    "no track": (["lock", "kezs"], "there is no track 'kezs'; did you mean 'keys'?"),
    "no control": (["lock", "keys", "loudness"], "keys: 'loudness' fits no control"),
    "no reference": (["match", "-r", "nowhere.wav"], "nowhere.wav"),
    "no amount": (["adjust"], "there is nothing to adjust; give an amount, such as --amount 70"),
    "no role": (["match", "--role", "keys=organ grinder"], "role"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_done_is_one_line(run, document, case):
    (name, *options), line = REFUSED[case]
    before = document.read_bytes()
    code, out, err = run(name, document, *options)
    assert code == 2 and not out and line in err[-1] and document.read_bytes() == before


def test_no_document_is_one_line(run, tmp_path):
    for command in (["match"], ["adjust"], ["lock"]):
        arguments = [*command, tmp_path / "mix.json", *(["keys"] if command == ["lock"] else [])]
        code, _, err = run(*arguments)
        assert code == 2 and "no such file" in err[-1]


@pytest.mark.parametrize("content", [b"RIFF\x00\x00\x00\x00WAVE", b"\xff\xfe\x80", b"no JSON", b"{}"])
@pytest.mark.parametrize("command", ["match", "adjust", "lock"])
def test_other_files_than_documents_are_told_as_such(run, tmp_path, command, content):
    (tmp_path / "bad.wav").write_bytes(content)
    code, _, err = run(command, tmp_path / "bad.wav", *(["keys"] if command == "lock" else []))
    assert code == 2 and "bad.wav: is no mix document; give the mix.json that `diffmst mix` wrote" in err[-1]
