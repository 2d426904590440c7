"""The roles of the tracks of a song on disk, from all who tell them."""

import json

import numpy as np
import pytest
from songs import noise, tone, write, write_reference

from diffmst.errors import UserError
from diffmst.evaluation.systems.console_system import without_names
from diffmst.listening import listen
from diffmst.match import Options, match
from diffmst.mix import Mix
from diffmst.progress import SILENT

SECONDS = 3.0


@pytest.fixture(scope="module")
def song(tmp_path_factory):
    """Two sides of a guitar, a bass by its folder, a lead that a sidecar names, and one of which nothing tells."""
    folder = tmp_path_factory.mktemp("song")
    hits = noise(SECONDS, 1) * (np.random.default_rng(2).random(round(SECONDS * 10)) > 0.5).repeat(2205)
    write(folder / "Gtr L.wav", hits + noise(SECONDS, 3, level=0.002))
    write(folder / "Gtr R.wav", 0.7 * hits + noise(SECONDS, 4, level=0.002))
    write(folder / "Bass" / "01.wav", tone(60, SECONDS))
    write(folder / "Piano.wav", tone(440, SECONDS))
    write(folder / "x.wav", tone(880, SECONDS))
    (folder / "song.json").write_text(json.dumps({"stems": [{"file": "Piano.wav", "role": "lead"}]}))
    return folder


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    return write_reference(tmp_path_factory.mktemp("reference") / "reference.wav", SECONDS)


def roles(heard):
    return {
        track.name: (known.role.name, known.source) for track, known in zip(heard.song.tracks, heard.roles, strict=True)
    }


def test_names_folders_and_the_sidecar_tell_roles(song, reference):
    assert roles(listen([song], reference, SILENT)) == {
        "01": ("bass", "name"),
        "Gtr L": ("guitar", "name"),
        "Gtr R": ("guitar", "name"),
        "Piano": ("lead", "sidecar"),
        "x": ("", ""),
    }


def test_the_user_comes_first(song, reference):
    heard = listen([song], reference, SILENT, {"Piano.wav": "keys", "x": "pad", "01": "unknown"})
    assert roles(heard) | {"Gtr L": 0, "Gtr R": 0} == {
        "01": ("", "user"),
        "Gtr L": 0,
        "Gtr R": 0,
        "Piano": ("keys", "user"),
        "x": ("pad", "user"),
    }
    assert [stem.role.name for stem in heard.stems] == [known.role.name for known in heard.roles]


def test_a_role_of_no_stem_is_refused_before_anything_is_heard(song, reference):
    with pytest.raises(UserError, match=r"--role Pianos\.wav=keys: no stem is called so; did you mean Piano\.wav"):
        listen([song], reference, SILENT, {"Pianos.wav": "keys"})


def test_without_names_no_folder_or_sidecar_tells_a_role(song, reference):
    heard = without_names(listen([song], reference, SILENT))
    assert {known.role.name for known in heard.roles} == {""}


def test_the_document_says_roles_what_told_them_and_groups_and_the_sides_are_one(song, reference, tmp_path):
    match([song], reference, tmp_path, Options(steps=3, roles={"x*": "pad"}))
    tracks = {track.name: track for track in Mix.read(tmp_path / "mix.json").tracks}
    left, right = tracks["Gtr L"], tracks["Gtr R"]
    assert (left.role, left.role_from, left.group, right.group) == ("guitar", "name", "gtr", "gtr")
    assert 0.9 < left.role_confidence < 1
    assert left.role_origin == f"name, {left.role_confidence * 100:.0f} %" and not left.role_is_guess
    assert (tracks["x"].role, tracks["x"].role_from, tracks["x"].role_confidence) == ("pad", "user", 1)
    assert tracks["x"].role_origin == "you"
    assert left.settings["panner.pan"] == -right.settings["panner.pan"] < 0
    others = [name for name in left.settings if name != "panner.pan"]
    assert [left.settings[name] for name in others] == [right.settings[name] for name in others]
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert f"guitar · gtr <small>(by {left.role_origin})</small>" in page
