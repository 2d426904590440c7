"""Documents that the user has changed or locked, matched again."""

import json
import shutil

import numpy as np
import pytest
from songs import noise, tone, write, write_reference, write_song

from diffmst.adjust import adjusted
from diffmst.amount import Amounts
from diffmst.errors import UserError
from diffmst.layout import DEFAULT
from diffmst.locking import lock_document
from diffmst.match import Options, match
from diffmst.mix import Mix
from diffmst.references import ReferenceChoice
from diffmst.rematch import options_of, rematch
from diffmst.render import render_document

STEPS = 4


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with a song, two references and a mix like the first."""
    home = tmp_path_factory.mktemp("home")
    write_song(home / "song", 2.0)
    write_reference(home / "reference.wav", 2.0)
    quiet = np.stack([noise(2.0, 5, level=0.02), noise(2.0, 6, level=0.02)]) + tone(500, 2.0, level=0.05)
    write(home / "other.wav", quiet)
    match([home / "song"], home / "reference.wav", home / "mix", Options(steps=STEPS))
    return home


@pytest.fixture
def document(home, tmp_path):
    """The document of a copy of it all."""
    return shutil.copytree(home, tmp_path / "moved") / "mix" / "mix.json"


def edit(document, change):
    """Changes the JSON of a document; tracks by name."""
    data = json.loads(document.read_text())
    change({track["name"]: track for track in data["tracks"]}, data)
    document.write_text(json.dumps(data))


def again(document, out="again", **options):
    """Matches it again with few steps into a folder beside it."""
    references = options.pop("references", ())
    keep_changes = options.pop("keep_changes", False)
    chosen = options_of(Mix.read(document), same_references=not references)
    chosen = Options(**(chosen.__dict__ | {"steps": STEPS} | options))
    return rematch(document, document.parent.parent / out, references, chosen, keep_changes=keep_changes).mix


def settings_of(mix, name):
    return next(track.settings for track in mix.tracks if track.name == name)


def test_an_untouched_document_gives_the_same_mix_again(document):
    found = again(document)
    before = Mix.read(document)
    assert found == before.model_copy(update={"comparison": found.comparison})
    folder = document.parent.parent / "again"
    assert (folder / "mix.wav").read_bytes() == (document.parent / "mix.wav").read_bytes()
    assert sorted(path.name for path in folder.iterdir()) == ["mix.json", "mix.wav", "report.html"]


@pytest.mark.parametrize("seed", range(2))
def test_what_is_locked_keeps_its_last_digit_while_the_rest_moves(document, seed):
    random = np.random.default_rng(seed)
    drawn = {}

    def change(tracks, data):
        for name, track in tracks.items():
            track["locks"] = [control for control in DEFAULT.track.params if random.random() < 0.4]
            drawn[name] = {control: _drawn(control, random) for control in track["locks"]}
            track["settings"] |= drawn[name]
        data["master_locks"] = ["eq.low_shelf", "input.gain_db"]
        data["master"] |= {"eq.low_shelf.gain_db": 1.23456789, "input.gain_db": -7.654321}

    edit(document, change)
    before, found = Mix.read(document), again(document)
    for name, locked in drawn.items():
        assert {control: settings_of(found, name)[control] for control in locked} == locked
    assert (found.master["eq.low_shelf.gain_db"], found.master["input.gain_db"]) == (1.23456789, -7.654321)
    free = [
        (track.settings[control], old.settings[control])
        for track, old in zip(found.tracks, before.tracks, strict=True)
        for control in ("eq.peak_2.gain_db", "eq.peak_3.gain_db", "fader.gain_db", "compressor.ratio", "panner.pan")
        if control not in track.locks
    ]
    assert any(after != before for after, before in free)
    assert (
        Mix.read(document.parent.parent / "again" / "mix.json").locked.tracks.tolist() == before.locked.tracks.tolist()
    )


def _drawn(control, random):
    param = DEFAULT.track.params[control]
    return float(param.from_unit(random.random(1))[0])


def test_the_locks_of_a_document_are_those_that_were_typed(document):
    lock_document(document, "keys", ["fader", "pan"])
    edit(document, lambda tracks, data: tracks["bass"].update(locks=["comp*"]))
    found = again(document)
    assert [track.locks for track in found.tracks] == [("comp*",), (), ("panner.pan", "fader.gain_db")]


def test_a_locked_track_is_the_same_and_amounts_leave_it_alone(document):
    lock_document(document, "bass", ["*"])
    before, found = (
        Mix.read(document),
        again(document, references=[ReferenceChoice(document.parent.parent / "other.wav")]),
    )
    assert settings_of(found, "bass") == settings_of(before, "bass")
    assert settings_of(found, "hats") != settings_of(before, "hats")
    assert settings_of(adjusted(found, Amounts(overall=0)).mix, "bass") == settings_of(before, "bass")


def test_changes_are_free_again_unless_they_are_to_be_kept(document):
    edit(document, lambda tracks, data: tracks["keys"]["settings"].update({"eq.peak_3.gain_db": -8.5}))
    assert settings_of(again(document), "keys")["eq.peak_3.gain_db"] != -8.5
    kept = again(document, "kept", keep_changes=True)
    assert settings_of(kept, "keys")["eq.peak_3.gain_db"] == -8.5
    assert [track.locks for track in kept.tracks] == [(), (), ("eq.peak_3.gain_db",)]


def test_a_muted_track_stays_as_it_is_and_is_not_listened_to(document):
    edit(document, lambda tracks, data: tracks["hats"].update(mute=True))
    found = again(document)
    before = Mix.read(document)
    assert [track.mute for track in found.tracks] == [False, True, False]
    assert settings_of(found, "hats") == settings_of(before, "hats")
    assert settings_of(found, "bass") != settings_of(before, "bass")
    folder = document.parent.parent
    render_document(folder / "again" / "mix.json", folder / "rendered.wav")
    assert (folder / "rendered.wav").read_bytes() == (folder / "again" / "mix.wav").read_bytes()


def test_the_role_that_the_user_wrote_counts(document):
    edit(document, lambda tracks, data: tracks["keys"].update(role="lead"))
    found = again(document, steps=0)
    roles = {track.name: (track.role, track.role_from) for track in found.tracks}
    assert roles == {"bass": ("bass", "name"), "hats": ("hats", "name"), "keys": ("lead", "user")}
    levels = [settings_of(mix, "keys")["fader.gain_db"] for mix in (again(document, "told", steps=0), found)]
    assert levels[0] == levels[1] > settings_of(Mix.read(document), "keys")["fader.gain_db"] + 2
    assert {track.name: track.role for track in again(document, "more", steps=0, roles={"hats": "pad"}).tracks} == {
        "bass": "bass", "hats": "pad", "keys": "lead"
    }  # fmt: skip


@pytest.fixture(scope="module")
def unnamed(tmp_path_factory):
    """A document of stems whose names tell nothing, but for one."""
    home = tmp_path_factory.mktemp("unnamed")
    write(home / "song" / "1.wav", tone(60, 2.0))
    write(home / "song" / "2.wav", np.diff(noise(2.0, 1), prepend=0))
    write(home / "song" / "keys.wav", tone(440, 2.0))
    write_reference(home / "reference.wav", 2.0)
    match([home / "song"], home / "reference.wav", home / "mix", Options(steps=0, roles={"keys": "unknown"}))
    return home / "mix" / "mix.json"


def roles_of(mix):
    return {track.name: (track.role, track.role_from) for track in mix.tracks}


def test_what_is_heard_is_heard_again(unnamed, tmp_path):
    before = Mix.read(unnamed)
    assert [roles_of(before)[name][1] for name in ("1", "keys")] == ["ear", "ear"]
    again = rematch(unnamed, tmp_path / "again", options=Options(steps=0)).mix
    assert roles_of(again) == roles_of(before)
    assert [track.role_confidence for track in again.tracks] == [track.role_confidence for track in before.tracks]


def test_a_role_by_ear_that_the_user_changed_counts(unnamed, tmp_path):
    document = shutil.copytree(unnamed.parent.parent, tmp_path / "copy") / "mix" / "mix.json"
    heard = roles_of(Mix.read(document))
    other = {name: "pad" if role != "pad" else "brass" for name, (role, _) in heard.items()}
    edit(document, lambda tracks, data: tracks["1"].update(role=other["1"]))
    edit(document, lambda tracks, data: tracks["keys"].update(role=other["keys"]))
    found = rematch(document, tmp_path / "again", options=Options(steps=0)).mix
    assert roles_of(found) == heard | {name: (other[name], "user") for name in ("1", "keys")}
    document = tmp_path / "again" / "mix.json"
    assert roles_of(rematch(document, tmp_path / "more", options=Options(steps=0)).mix) == roles_of(found)
    opened = Options(steps=0, roles={"1.wav": "unknown", "keys.wav": "unknown"})
    assert roles_of(rematch(document, tmp_path / "opened", options=opened).mix) == heard


def test_another_reference_gives_another_loudness_unless_one_was_asked_for(document):
    other = [ReferenceChoice(document.parent.parent / "other.wav")]
    before = Mix.read(document)
    found = again(document, references=other, steps=0)
    assert [reference.path for reference in found.references] == ["../other.wav"]
    assert found.render.loudness_lufs == found.references[0].loudness_lufs < before.render.loudness_lufs - 3
    edit(document, lambda tracks, data: data["render"].update(loudness_lufs=-15.5, ceiling_dbtp=-2.0, subtype="PCM_16"))
    asked = again(document, "asked", references=other, steps=0).render
    assert (asked.loudness_lufs, asked.ceiling_dbtp, asked.subtype) == (-15.5, -2.0, "PCM_16")


def test_the_amounts_of_a_document_stay(document):
    edit(document, lambda tracks, data: data.update(amounts={"tone": 50}))
    found = again(document)
    assert found.amounts == Amounts(tone=50)
    assert adjusted(found, Amounts()).mix.tracks == Mix.read(document).tracks


def test_a_changed_stem_is_told_of(document):
    write(document.parent.parent / "song" / "bass.wav", np.stack([tone(90, 2.0), tone(91, 2.0)]))
    notes = rematch(document, document.parent.parent / "again", options=Options(steps=0)).notes
    assert "bass.wav has changed since “bass” was mixed from it." in notes
    found = Mix.read(document.parent.parent / "again" / "mix.json")
    assert found.tracks[0].channels == 2 and found.tracks[0].sha256 != Mix.read(document).tracks[0].sha256


def _mute_all(tracks, data):
    for track in tracks.values():
        track["mute"] = True


def _lose(name):
    def change(tracks, data):
        for part in (*tracks.values(), *data["references"]):
            part["path"] = part["path"].replace(name, f"lost_{name}")

    return change


REFUSED = {
    "a stem is gone": (_lose("bass.wav"), r"lost_bass\.wav: no such file; track 'bass' was made from it"),
    "the reference is gone": (
        _lose("reference.wav"),
        r"lost_reference\.wav: no such file; .*mix\.json was matched to it",
    ),
    "no reference": (lambda tracks, data: data.update(references=[]), r"mix\.json: names no main reference"),
    "no main reference": (
        lambda tracks, data: data["references"][0].update(main=False),
        r"mix\.json: names no main reference; give one",
    ),
    "all muted": (_mute_all, "every track is muted"),
    "no such control": (
        lambda tracks, data: tracks["keys"].update(locks=["fader", "reverb"]),
        "track 'keys': locks: 'reverb' fits no control; there are input, eq",
    ),
    "no such role": (lambda tracks, data: tracks["keys"].update(role="gitar"), "did you mean guitar"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_matched_is_refused_in_one_line(document, case):
    change, line = REFUSED[case]
    edit(document, change)
    with pytest.raises(UserError, match=line) as caught:
        again(document)
    assert "\n" not in str(caught.value) and not (document.parent.parent / "again").exists()


def test_changes_to_what_is_not_remembered_cannot_be_kept(document):
    def forget(tracks, data):
        for part in (*tracks.values(), data):
            part.update({key: None for key in part if key.endswith("ends")})

    edit(document, forget)
    with pytest.raises(UserError, match=r"mix\.json: does not say what diffmst wrote; `diffmst lock`"):
        again(document, keep_changes=True)


def test_a_muted_stereo_stem_may_have_become_mono(document):
    edit(document, lambda tracks, data: tracks["keys"].update(mute=True))
    write(document.parent.parent / "song" / "keys.wav", tone(440, 2.0))
    assert [track.channels for track in again(document, steps=0).tracks] == [1, 1, 1]


def test_nothing_is_replaced_unless_that_is_said(document):
    with pytest.raises(UserError, match="already exists"):
        again(document, "mix")
    assert again(document, "mix", force=True) == Mix.read(document)


@pytest.mark.parametrize(
    ("part", "controls", "locked"),
    [
        ("keys", ["fader"], {"keys": ("fader.gain_db",)}),
        ("KEYS", ["eq", "pan"], {"keys": ("eq.*", "panner.pan")}),
        ("*s", ["*"], {"bass": ("*",), "hats": ("*",), "keys": ("*",)}),
        ("master", ["compressor.ratio"], {"master": ("compressor.ratio",)}),
        ("fx", ["*"], {"fx": ("*",)}),
    ],
)
def test_controls_are_locked_and_freed(document, part, controls, locked):
    before = document.read_text()
    assert lock_document(document, part, controls) == {name: (locks, locks) for name, locks in locked.items()}
    assert document.read_text() != before
    freed = lock_document(document, part, controls, unlock=True)
    assert freed == {name: (locks, ()) for name, locks in locked.items()}
    assert document.read_text() == before


def test_of_what_is_locked_a_part_can_be_freed(document):
    lock_document(document, "bass", ["*"])
    freed = lock_document(document, "bass", ["compressor", "fader"], unlock=True)
    left = ("input.gain_db", "eq.*", "panner.pan", "send.gain_db")
    assert freed == {"bass": (("compressor.*", "fader.gain_db"), left)}
    assert lock_document(document, "bass", ["compressor", "fader"], unlock=True) == {"bass": ((), left)}


@pytest.mark.parametrize(
    ("part", "control", "line"),
    [
        ("kez", "*", "there is no track 'kez'; did you mean 'keys'"),
        ("keys", "loudness", "keys: 'loudness' fits no control"),
    ],
)
def test_a_lock_on_nothing_is_refused(document, part, control, line):
    before = document.read_bytes()
    with pytest.raises(UserError, match=line):
        lock_document(document, part, [control])
    assert document.read_bytes() == before


def test_the_model_has_to_have_the_controls_of_the_document(document):
    with pytest.raises(UserError, match="layout paper, the mix has those of layout default"):
        rematch(document, document.parent.parent / "again", options=Options(layout="paper"))
