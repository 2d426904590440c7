"""The command line as users meet it: commands, options, what is printed, and what lies in the folder afterwards."""

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from songs import write, write_song

from diffmst import __version__, cli, match, terminal
from diffmst.cli import main
from diffmst.layout import LAYOUTS
from diffmst.mix_schema import json_schema
from diffmst.models.shipped import shipped_model
from diffmst.references import ReferenceChoice


@pytest.fixture
def mix(run, song, reference):
    """Mixes into a folder with further options."""
    return lambda out, *options: run("mix", song, "-r", reference, "-o", out, "--steps", 1, *options)


def contents(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_the_version(run):
    assert run("--version") == (0, [f"diffmst {__version__}"], [])


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], *([name, "-h"] for name in ("mix", "render", "evaluate"))])
def test_help(run, arguments):
    code, out, err = run(*arguments)
    assert code == 0 and not err and any("Usage: " in line for line in out)


def test_without_a_command_the_help_is_shown(run):
    code, out, err = run()
    assert code == 2 and any("evaluate" in line for line in out + err)


def test_the_help_loads_nothing_heavy():
    check = "import sys, diffmst.cli; print({'torch', 'numpy', 'numba'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", check], text=True) == "set()\n"


USAGE = [
    (["mxi"], "No such command 'mxi'"),
    (["mix"], "Missing argument"),
    (["mix", "song"], "Missing option '--reference'"),
    (["mix", "song", "-r"], "requires an argument"),
    (["mix", "song", "-r", "x", "--bogus"], "No such option: --bogus"),
    (["mix", "song", "-r", "x", "--ceiling", "3"], "'--ceiling'"),
    (["mix", "song", "-r", "x", "--ceiling", "nan"], "'--ceiling'"),
    (["mix", "song", "-r", "x", "--time", "nan"], "'--time'"),
    (["mix", "song", "-r", "x", "--start", "nan"], "'--start'"),
    (["mix", "song", "-r", "x", "--start", "-1"], "'--start'"),
    (["mix", "song", "-r", "x", "--seconds", "0.5"], "'--seconds'"),
    (["mix", "song", "-r", "x", "--steps", "many"], "'--steps'"),
    (["mix", "song", "-r", "x", "--format", "32"], "'32'"),
    (["mix", "song", "-r", "x", "--layout", "mine"], "'mine'"),
    (["mix", "song", "-r", "x", "--loudness", "loud"], "--loudness loud: give"),
    (["mix", "song", "-r", "x", "--loudness", "3"], "must lie in -70 .. 0 LUFS"),
    (["mix", "song", "-r", "x", "--loudness", "nan"], "must lie in -70 .. 0 LUFS"),
    (["render"], "Missing argument"),
    (["render", "no.json"], "no.json: no such file"),
    (["render", "."], "no mix document; give the mix.json"),
    (["evaluate"], "either --pairs, or both --songs and --references"),
    (["evaluate", "--songs", "x"], "either --pairs, or both --songs and --references"),
    (["evaluate", "--pairs", "no.csv"], "no.csv: no such file"),
    (["evaluate", "--songs", "no", "--references", "no"], "no: is not a folder"),
    (["demo", "--seed", "-1"], "'--seed'"),
    (["effects", "--layout", "mine"], "'mine'"),
]


@pytest.mark.parametrize(("arguments", "words"), USAGE, ids=[" ".join(arguments) for arguments, _ in USAGE])
def test_misuse_is_refused_in_one_line(run, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(*arguments)
    assert code == 2 and not out
    assert len(err) == 1 and err[0].startswith("error: ") and words in err[0]
    assert contents(tmp_path) == []


def test_options_left_out_are_those_of_the_library(monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(match, "match", lambda *arguments: asked.extend(arguments))
    monkeypatch.setattr(terminal, "report_match", lambda matched, folder: None)
    assert main(["mix", "stems", "more", "-r", "song.wav"]) == 0
    references = (ReferenceChoice(Path("song.wav")),)
    assert asked[:4] == [[Path("stems"), Path("more")], references, Path("mix"), match.Options(model=shipped_model())]


def test_a_mix_leaves_three_files_and_says_so(mix, tmp_path):
    code, out, err = mix(tmp_path / "mix")
    assert code == 0
    assert contents(tmp_path / "mix") == ["mix.json", "mix.wav", "report.html"]
    assert out[0].startswith("distance to the reference: ")
    assert [line.split(":")[0] for line in out[1:4]] == [
        str(tmp_path / "mix" / name) for name in ("mix.wav", "mix.json", "report.html")
    ]
    assert out[4].strip() == "what the stems are"
    phases = ["listening", "choosing passages", "predicting", "matching", "rendering", "finishing", "drawing"]
    assert err[: len(phases)] == phases
    assert all(line.startswith("note: ") for line in err[len(phases) :])


@pytest.mark.parametrize(("name", "subtype"), [("16", "PCM_16"), ("24", "PCM_24"), ("float", "FLOAT")])
def test_the_sample_format(mix, tmp_path, name, subtype):
    assert mix(tmp_path / "mix", "--format", name)[0] == 0
    assert soundfile.info(tmp_path / "mix" / "mix.wav").subtype == subtype


def test_the_paper_layout(mix, tmp_path):
    assert mix(tmp_path / "mix", "--layout", "paper")[0] == 0
    document = json.loads((tmp_path / "mix" / "mix.json").read_text())
    assert document["layout"] == "paper" and len(document["tracks"][0]["settings"]) == 27


def test_the_user_says_where_to_listen(mix, tmp_path):
    assert mix(tmp_path / "mix", "--start", 0.5, "--reference-start", 1.5, "--seconds", 2)[0] == 0
    made = json.loads((tmp_path / "mix" / "mix.json").read_text())
    (reference,) = made["references"]
    windows = made["comparison"]["song_windows_at_s"], reference["windows_at_s"], reference["window_s"]
    assert windows == ([0.5], [1.5], 2.0)


@pytest.mark.parametrize(("option", "what"), [("--start", "the song"), ("--reference-start", "the reference")])
def test_listening_past_the_end_is_refused(mix, tmp_path, option, what):
    code, _, err = mix(tmp_path / "mix", option, "inf")
    assert code == 2 and err[-1].startswith(f"error: {option} inf: {what} lasts ") and contents(tmp_path) == []


def test_render_writes_beside_the_document(mix, run, tmp_path):
    mix(tmp_path / "mix")
    document = (tmp_path / "mix" / "mix.json").rename(tmp_path / "mix" / "louder.json")
    code, _, err = run("render", document, "-o", tmp_path / "mix.mp3")
    assert code == 2 and "must end in .wav" in err[-1]
    code, out, _ = run("render", document)
    assert code == 0 and out[0].startswith(f"{tmp_path / 'mix' / 'louder.wav'}: ")
    assert (tmp_path / "mix" / "louder.wav").read_bytes() == (tmp_path / "mix" / "mix.wav").read_bytes()


def test_existing_outputs_are_kept_without_force_and_replaced_with_it(mix, tmp_path):
    out = tmp_path / "mix"
    out.mkdir()
    (out / "mix.json").write_text("mine")
    (out / "lyrics.txt").write_text("mine too")
    code, _, err = mix(out)
    assert code == 2 and "mix.json: already exists; use --force" in err[0] and len(err) == 1
    assert contents(out) == ["lyrics.txt", "mix.json"] and (out / "mix.json").read_text() == "mine"
    assert mix(out, "--force")[0] == 0
    assert contents(out) == ["lyrics.txt", "mix.json", "mix.wav", "report.html"]
    assert (out / "mix.json").read_text() != "mine" and (out / "lyrics.txt").read_text() == "mine too"


def test_existing_processed_stems_are_noticed_before_the_work(mix, tmp_path):
    stems = tmp_path / "mix" / "mix_stems"
    stems.mkdir(parents=True)
    (stems / "01 bass.wav").write_text("mine")
    code, _, err = mix(tmp_path / "mix", "--stems")
    assert code == 2 and "01 bass.wav: already exists" in err[-1] and "matching" not in err


@pytest.mark.parametrize("place", ["file", "file/below", "file/far/below"])
def test_a_folder_that_cannot_be_made_is_refused(mix, tmp_path, place):
    (tmp_path / "file").write_text("mine")
    code, _, err = mix(tmp_path / place)
    assert code == 2 and len(err) == 1 and err[0].startswith("error: ")
    assert contents(tmp_path) == ["file"] and (tmp_path / "file").read_text() == "mine"


def test_a_disk_that_is_nearly_full_is_told_before_listening(mix, tmp_path, nearly_full):
    """The song has 3 s and three tracks: the mix of 24 bits, and it and four stems in float on the way there."""
    frames = 3 * 22_050
    for options, frame_bytes in (((), 2 * (3 + 4)), (("--stems", "--format", "16"), 2 * (2 + 5 * 4))):
        nearly_full(frames * frame_bytes - 1)
        code, _, err = mix(tmp_path / "mix", *options)
        (line,) = err
        assert code == 2 and line.startswith(f"error: {tmp_path / 'mix'}: takes ") and "MB free" in line
        assert not contents(tmp_path)
    nearly_full(frames * 2 * (3 + 4))
    assert mix(tmp_path / "mix")[0] == 0


@pytest.mark.parametrize("command", ["render", "adjust", "match"])
def test_what_makes_a_mix_anew_looks_for_room_first(run, mix, tmp_path, nearly_full, command):
    assert mix(tmp_path / "mix")[0] == 0
    nearly_full(0)
    options = {"render": ["-o", tmp_path / "new" / "mix.wav"], "adjust": ["--tone", 50], "match": []}
    code, _, err = run(command, tmp_path / "mix" / "mix.json", *options[command])
    assert code == 2 and len(err) == 1 and "takes 1 MB to write, and its disk has 0 MB free" in err[0]


def test_recall_looks_for_room_first(run, song, reference, tmp_path, nearly_full):
    nearly_full(0)
    code, _, err = run("recall", song, "--mix", reference, "-o", tmp_path / "recalled")
    assert code == 2 and len(err) == 1 and "takes 1 MB to write, and its disk has 0 MB free" in err[0]
    assert not contents(tmp_path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_refused(mix, tmp_path):
    tmp_path.chmod(0o500)
    code, _, err = mix(tmp_path / "mix")
    tmp_path.chmod(0o700)
    assert code == 2 and err == [
        f"error: {tmp_path / 'mix'}: cannot be written: permission denied; choose another folder"
    ]


def test_an_input_is_never_replaced(run, tmp_path, reference):
    """Not by force either."""
    song = write_song(tmp_path / "song", seconds=2.0)
    stem = (song / "bass.wav").rename(song / "mix.wav")
    before = stem.read_bytes()
    code, _, err = run("mix", song, "-r", reference, "-o", song, "--steps", 0, "--force")
    assert code == 2 and "mix.wav: is one of the inputs" in err[-1]
    assert run("mix", song, "-r", reference, "-o", tmp_path / "out", "--steps", 0)[0] == 0
    code, _, err = run("render", tmp_path / "out" / "mix.json", "-o", stem, "--force")
    assert code == 2 and "mix.wav: is one of the inputs" in err[-1]
    assert stem.read_bytes() == before and len(contents(song)) == 3


def test_an_earlier_mix_among_the_stems_is_left_out(run, tmp_path, reference):
    song = write_song(tmp_path / "song", seconds=2.0)
    command = ("mix", song, "-r", reference, "-o", song / "mix", "--steps", 0, "--stems")
    assert run(*command)[0] == 0
    first = (song / "mix" / "mix.json").read_bytes()
    code, _, err = run(*command, "--force")
    assert code == 0 and any(
        line.startswith("note: Left out, as an earlier mix left them there: mix.wav, ") for line in err
    )
    assert (song / "mix" / "mix.json").read_bytes() == first


def test_nothing_but_an_earlier_mix_is_refused(run, mix, tmp_path, reference):
    mix(tmp_path / "mix")
    code, _, err = run("mix", tmp_path / "mix", "-r", reference, "-o", tmp_path / "out")
    assert code == 2 and "nothing but an earlier mix" in err[-1]
    assert run("mix", tmp_path / "mix" / "mix.wav", "-r", reference, "-o", tmp_path / "out", "--steps", 0)[0] == 0


NAMES = {
    "Arabic": "طبلة",
    "emoji": "🥁 👩‍🎤",
    "long": "x" * 200,
    "markup": "[bold]kick[red] [link :smile:",
    "quotes": 'it\'s "mine" & <b>yours $HOME %s {0}',
    "spaces": "  two  spaces  ",
    "dots": "kick..",
    "control": "a\nb\x1b[2J",
}


@pytest.mark.skipif(os.name == "nt", reason="Windows has rules of its own")
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_any_name_will_do(run, tmp_path, reference, name):
    song = write_song(tmp_path / name / "song", seconds=2.0)
    write(song / f"{name}.wav", np.zeros(1000))
    reference = shutil.copy(reference, tmp_path / f"{name}.wav")
    out = tmp_path / name / "mix"
    code, lines, err = run("mix", song, "-r", reference, "-o", out, "--steps", 0, "--stems")
    assert code == 0
    assert lines[1].startswith(terminal.one_line(f"{out / 'mix.wav'}: "))
    assert (
        "note: " + terminal.one_line(f"Silent, and muted: “{name}”. Nothing to do, unless you expected to hear it.")
        in err
    )
    assert {track["name"] for track in json.loads((out / "mix.json").read_text())["tracks"]} > {name}
    assert run("render", out / "mix.json", "-o", out / f"{name}.wav")[0] == 0
    code, _, err = run("render", out / "mix.json", "-o", out / f"{name}.wav")
    assert code == 2 and err[-1].startswith(terminal.one_line(f"error: {out / name}.wav: already exists"))


def test_a_terminal_of_another_script_gets_question_marks(monkeypatch):
    sent = io.BytesIO()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(sent, encoding="ascii", write_through=True))
    monkeypatch.setattr(sys, "argv", ["diffmst", "mix", "طبلة", "-r", "x.wav"])
    monkeypatch.setattr(cli, "_clean_up_when_ended", lambda: None)
    with pytest.raises(SystemExit) as end:
        cli.run()
    assert (
        end.value.code == 2
        and sent.getvalue() == b"error: ????: no such file or folder; give files, or folders of them\n"
    )


def test_effects_prints_every_control(run):
    for name, layout in LAYOUTS.items():
        code, out, _ = run("effects", "--layout", name)
        first_words = {line.split()[1] for line in out if line.startswith("│")}
        assert code == 0 and first_words == {control for _, section in layout.sections() for control in section.params}


def test_effects_prints_the_schema(run):
    code, out, _ = run("effects", "--schema")
    assert code == 0 and json.loads("\n".join(out)) == json_schema()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has such a device")
def test_a_full_disk_behind_the_output_is_one_line(monkeypatch, capsys):
    with contextlib.suppress(OSError), Path("/dev/full").open("w") as full:  # closing it fails again
        monkeypatch.setattr(sys, "stdout", full)
        assert main(["effects"]) == 2
        assert capsys.readouterr().err == "error: No space left on device\n"
