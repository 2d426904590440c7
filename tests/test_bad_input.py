"""What users give by mistake: one line that says what to do, exit code 2, and nothing left behind."""

import shutil

import numpy as np
import pytest
import soundfile
from songs import RATE, noise, tone, write, write_reference, write_song

from diffmst.cli import main


def run(capsys, *arguments):
    """Exit code, and the lines of stdout and stderr."""
    code = main([*map(str, arguments)])
    captured = capsys.readouterr()
    return code, captured.out.splitlines(), captured.err.splitlines()


def assert_refused(capsys, arguments, words):
    code, out, err = run(capsys, *arguments)
    assert code == 2 and not out, (code, out, err)
    assert err[-1].startswith("error: ") and words in err[-1], err
    assert sum(line.startswith("error: ") for line in err) == 1, err
    return err


def contents(folder):
    """All that lies in a folder, hidden files too."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def stem(folder, content):
    """A folder with one file that claims to be a stem."""
    folder.mkdir()
    (folder / "kick.wav").write_bytes(content)
    return folder


def empty(folder):
    folder.mkdir()
    return folder


def archive(folder):
    path = folder.with_suffix(".zip")
    path.write_bytes(b"PK\x03\x04")
    return path


def channels(folder, count):
    write(folder / "surround.wav", np.tile(tone(440, 1.0), (count, 1)))
    return folder


def constant(folder, value):
    write(folder / "kick.wav", np.full(2 * RATE, value))
    return folder


def samples(folder, value):
    write(folder / "kick.wav", np.full(2 * RATE, value, np.float32), subtype="FLOAT")
    return folder


def not_utf8(folder):
    folder.mkdir()
    name = b"caf\xe9.wav".decode(errors="surrogateescape")
    try:
        shutil.copy(write(folder.parent / "cafe.wav", tone(440, 2.0)), folder / name)
    except OSError:
        pytest.skip("this file system keeps names as text")
    return folder


STEMS = {
    "missing": (lambda path: path, "no such file or folder"),
    "empty folder": (empty, "no stems found"),
    "archive": (archive, "unpack it"),
    "no audio": (lambda path: stem(path, b"These are lyrics. " * 100), "kick.wav"),
    "zero bytes": (lambda path: stem(path, b""), "kick.wav: the file is empty"),
    "header only": (lambda path: write(path / "kick.wav", np.zeros(0)).parent, "kick.wav"),
    "32 channels": (lambda path: channels(path, 32), "32 channels"),
    "silence": (lambda path: constant(path, 0.0), "silent"),
    "only DC": (lambda path: constant(path, 0.3), "silent"),
    "only NaN": (lambda path: samples(path, np.nan), "silent"),
    "only infinity": (lambda path: samples(path, np.inf), "silent"),
    "name no JSON can hold": (not_utf8, "not valid UTF-8"),
}


@pytest.mark.parametrize("case", STEMS)
def test_stems_that_cannot_be_used_are_refused(case, tmp_path, capsys, reference):
    make, words = STEMS[case]
    stems = make(tmp_path / "stems")
    before = contents(tmp_path)
    assert_refused(capsys, ["mix", stems, "-r", reference, "-o", tmp_path / "out", "--steps", 1], words)
    assert contents(tmp_path) == before


REFERENCES = {
    "missing": (lambda path: path / "song.wav", "song.wav: no such file"),
    "folder": (empty, "is a folder"),
    "no audio": (lambda path: stem(path, b"These are lyrics. " * 100) / "kick.wav", "kick.wav"),
    "zero bytes": (lambda path: stem(path, b"") / "kick.wav", "the file is empty"),
    "32 channels": (lambda path: channels(path, 32) / "surround.wav", "32 channels"),
    "silence": (lambda path: constant(path, 0.0) / "kick.wav", "is silent"),
    "only DC": (lambda path: constant(path, 0.3) / "kick.wav", "is silent"),
    "only NaN": (lambda path: samples(path, np.nan) / "kick.wav", "is silent"),
}


@pytest.mark.parametrize("case", REFERENCES)
def test_references_that_cannot_be_used_are_refused(case, tmp_path, capsys, song):
    make, words = REFERENCES[case]
    reference = make(tmp_path / "reference")
    before = contents(tmp_path)
    err = assert_refused(capsys, ["mix", song, "-r", reference, "-o", tmp_path / "out", "--steps", 1], words)
    assert ("listening" in err) == (words == "is silent")  # all else is told before
    assert contents(tmp_path) == before


def test_the_only_stem_cannot_be_the_reference(tmp_path, capsys, reference):
    assert_refused(
        capsys, ["mix", reference, "-r", reference, "-o", tmp_path / "out"], "is the reference and the only stem"
    )
    assert contents(tmp_path) == []


def add_nan(folder):
    x = noise(3.0)
    x[1000:1010] = np.nan
    x[5000] = np.inf
    write(folder / "broken.wav", x, subtype="FLOAT")


def cut(folder):
    path = write(folder / "cut.wav", noise(3.0))
    path.write_bytes(path.read_bytes()[:-50_000])


ODD_STEMS = {
    "NaN and infinity": (add_nan, "no numbers were replaced by silence: “broken” (11)"),
    "truncated": (cut, "ends before it should: “cut”"),
    "DC": (lambda folder: write(folder / "offset.wav", np.full(3 * RATE, 0.3)), "Silent, and muted: “offset”"),
    "tone on DC": (
        lambda folder: write(folder / "offset.wav", 0.3 + tone(300, 3.0)),
        "Off centre (DC offset): “offset”",
    ),
    "silent": (lambda folder: write(folder / "quiet.wav", np.zeros(RATE)), "Silent, and muted: “quiet”"),
    "clipped": (lambda folder: write(folder / "hot.wav", (8 * tone(99, 3.0)).clip(-1, 1)), "Clipped: “hot”"),
    "one sample": (lambda folder: write(folder / "click.wav", np.array([0.5])), "Stems differ in length"),
    "anti-phase": (
        lambda folder: write(folder / "wide.wav", np.outer([1, -1], tone(500, 3.0))),
        "work against each other: “wide”",
    ),
}


@pytest.mark.parametrize("case", ODD_STEMS)
def test_odd_stems_are_mixed_with_a_note(case, tmp_path, capsys, reference):
    add, words = ODD_STEMS[case]
    add(write_song(tmp_path / "song", seconds=3.0))
    code, _, err = run(capsys, "mix", tmp_path / "song", "-r", reference, "-o", tmp_path / "out", "--steps", 1)
    assert code == 0 and any(line.startswith("note: ") and words in line for line in err), err
    assert np.isfinite(soundfile.read(tmp_path / "out" / "mix.wav")[0]).all()


ODD_REFERENCES = {
    "mono": (lambda path: write(path, noise(4.0)), "The reference is mono"),
    "1 s": (lambda path: write_reference(path, seconds=1.0), "lasts only 1.0 s"),
    "0.1 s": (lambda path: write_reference(path, seconds=0.1), "lasts only 0.1 s"),
    "beyond full scale": (lambda path: write(path, noise(4.0, level=3.0), subtype="FLOAT"), "louder than most"),
    "hardly audible": (lambda path: write(path, noise(4.0, level=1e-3), subtype="FLOAT"), "quieter than most"),
    "NaN": (
        lambda path: write(path, np.where(np.arange(RATE * 4) % 999, noise(4.0), np.nan), subtype="FLOAT"),
        "held 89",
    ),
    "one tone": (lambda path: write(path, tone(1000, 4.0)), "The reference is mono"),
    "left only": (lambda path: write(path, np.outer([1, 0], noise(4.0))), "lasts only 4.0 s"),
}


@pytest.mark.parametrize("case", ODD_REFERENCES)
def test_odd_references_are_matched_with_a_note(case, tmp_path, capsys, song):
    make, words = ODD_REFERENCES[case]
    reference = make(tmp_path / "reference.wav")
    code, _, err = run(capsys, "mix", song, "-r", reference, "-o", tmp_path / "out", "--steps", 2)
    assert code == 0 and any(line.startswith("note: ") and words in line for line in err), err
    audio, _ = soundfile.read(tmp_path / "out" / "mix.wav")
    assert np.isfinite(audio).all() and np.abs(audio).max() > 1e-3 * (case != "hardly audible")


def test_how_loud_a_reference_is_does_not_matter_where_another_loudness_is_asked_for(tmp_path, capsys, song):
    reference = write(tmp_path / "quiet.wav", noise(4.0, level=1e-3), subtype="FLOAT")
    options = ("-o", tmp_path / "out", "--steps", 0, "--loudness", -14)
    code, _, err = run(capsys, "mix", song, "-r", reference, *options)
    assert code == 0 and not any("quieter than most" in line for line in err), err


def test_a_reference_among_the_stems_is_left_out_with_a_note(tmp_path, capsys, song):
    stems = shutil.copytree(song, tmp_path / "stems")
    reference = write_reference(stems / "reference.wav", seconds=3.0)
    code, _, err = run(capsys, "mix", stems, "-r", reference, "-o", tmp_path / "out", "--steps", 1)
    assert code == 0 and "note: reference.wav is the reference, so it is not mixed as a stem." in err
    assert '"name": "reference"' not in (tmp_path / "out" / "mix.json").read_text()
