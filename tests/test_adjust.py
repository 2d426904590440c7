"""More or less of what was matched: on documents, and on what is rendered from them."""

import json
import shutil

import numpy as np
import pytest
import soundfile
from songs import write_reference, write_song

from diffmst.adjust import (
    adjust,
    adjusted,
    changed_by_hand,
    contrary_width,
    held_by_locks,
    neutral_settings,
    with_ends,
)
from diffmst.amount import Amounts
from diffmst.errors import UserError
from diffmst.layout import DEFAULT, Settings
from diffmst.match import Options, match
from diffmst.mix import Mix, TrackMix
from diffmst.render import render_document

SHA = "0" * 64
SAME_SOUND = 1e-7


def drawn(seed):
    random = np.random.default_rng(seed)
    shapes = Settings((1, 2, len(DEFAULT.track)), (1, len(DEFAULT.fx)), (1, len(DEFAULT.master)))
    return DEFAULT.from_unit(Settings(*(random.random(shape) for shape in shapes)))


@pytest.fixture
def mix():
    """A document that remembers two drawn mixes."""
    tracks = tuple(TrackMix(name=name, path=f"{name}.wav", sha256=SHA, channels=1) for name in ("kick", "pad"))
    return with_ends(Mix(sample_rate=48_000, tracks=tracks), drawn(1), drawn(2))


def edited(mix, track=0, **values):
    """The document after the user has changed settings of a track; `__` stands for a dot."""
    data = json.loads(mix.to_json())
    data["tracks"][track]["settings"] |= {name.replace("__", "."): value for name, value in values.items()}
    return Mix.from_json(json.dumps(data))


def same(one, other):
    return all(map(np.array_equal, one, other))


def test_a_document_begins_as_matched_and_remembers_the_neutral_mix(mix):
    assert same(mix.settings, mix.with_settings(drawn(2)).settings) and mix.amounts == Amounts()
    assert same(neutral_settings(mix), mix.with_settings(drawn(1)).settings)


def test_both_ends_are_reached_exactly_from_anywhere(mix):
    somewhere = adjusted(mix, Amounts(overall=70, tone=20)).mix
    assert not same(somewhere.settings, mix.settings)
    assert same(adjusted(somewhere, Amounts()).mix.settings, mix.settings)
    assert same(adjusted(somewhere, Amounts(overall=0)).mix.settings, neutral_settings(mix))


def test_amounts_survive_the_document(mix):
    somewhere = adjusted(mix, Amounts(width=120)).mix
    again = Mix.from_json(somewhere.to_json())
    assert again.amounts == Amounts(width=120) and again.to_json() == somewhere.to_json()
    assert not any(part.any() for part in changed_by_hand(again))


def test_what_the_user_changed_stays_and_is_told(mix):
    changed = edited(mix, fader__gain_db=-3.14159265, compressor__ratio=7.5)
    found = adjusted(changed, Amounts(overall=30))
    assert found.kept == ["kick: compressor.ratio", "kick: fader.gain_db"]
    settings = found.mix.tracks[0].settings
    assert (settings["fader.gain_db"], settings["compressor.ratio"]) == (-3.14159265, 7.5)
    untouched = adjusted(mix, Amounts(overall=30)).mix
    assert found.mix.tracks[1] == untouched.tracks[1] and found.mix.master == untouched.master
    again = adjusted(Mix.from_json(found.mix.to_json()), Amounts())
    assert again.kept == found.kept and again.mix.tracks[0].settings["fader.gain_db"] == -3.14159265


def test_what_is_locked_stays_and_is_not_told_as_changed(mix):
    locked = mix.model_copy(update={"master_locks": ("*",), "tracks": (_locked(mix.tracks[0], "eq.*"), mix.tracks[1])})
    found = adjusted(locked, Amounts(overall=0))
    assert found.kept == [] and found.mix.master == mix.master
    kept, before = found.mix.tracks[0].settings, mix.tracks[0].settings
    assert all((kept[name] == before[name]) == (name.startswith("eq.")) for name in kept)


def test_only_locks_that_other_amounts_would_move_are_told(mix):
    locked = mix.model_copy(update={"master_locks": ("*",), "tracks": (_locked(mix.tracks[0], "eq"), mix.tracks[1])})
    held = held_by_locks(locked, Amounts(tone=50))
    assert held["kick"] == ("eq.*",) and all(name.startswith("eq.") for name in held["master"])
    assert list(held_by_locks(locked, Amounts(width=50)).items()) == [("master", ("image.width",))]
    assert held_by_locks(locked, Amounts(space=50)) == {} == held_by_locks(mix, Amounts(overall=50))


def test_width_is_contrary_only_where_its_amount_makes_it_so(mix):
    narrow = mix.model_copy(update={"master": mix.master | {"image.width": 0.7}})
    ends = mix.master_ends.model_copy(update={"neutral": {}, "matched": {"image.width": 0.7}})
    narrow = narrow.model_copy(update={"master_ends": ends})
    assert contrary_width(narrow) is None
    assert contrary_width(adjusted(narrow, Amounts(width=120)).mix) == (0.7, 0.64)
    assert contrary_width(adjusted(narrow, Amounts(overall=50, width=120)).mix) is None


def _locked(track, *patterns):
    return track.model_copy(update={"locks": patterns})


@pytest.mark.parametrize("seed", range(5))
def test_whatever_is_locked_nothing_else_is_held_back(mix, seed):
    """Locked controls at random, to the digit; the others as without locks, but for those that only they use."""
    random = np.random.default_rng(seed)
    names = [name for name in DEFAULT.track.params if random.random() < 0.4]
    locked = mix.model_copy(update={"tracks": (_locked(mix.tracks[0], *names), mix.tracks[1])})
    found, free = (adjusted(each, Amounts(overall=0)).mix for each in (locked, mix))
    for name, value in found.tracks[0].settings.items():
        assert value == (mix if name in names else free).tracks[0].settings[name]
    assert found.tracks[1] == free.tracks[1]


@pytest.mark.parametrize("by", ["hand", "lock"])
def test_other_amounts_leave_a_band_where_it_is_whoever_set_its_gain(mix, by):
    """At half the tone of a band that neutral has not, its frequency is as matched, and no other amount moves it."""
    flat = drawn(1)
    flat.tracks[..., DEFAULT.track.column("eq.peak_2.gain_db")] = 0
    half = adjusted(with_ends(mix, flat, drawn(2)), Amounts(tone=50)).mix
    if by == "hand":
        changed = edited(half, eq__peak_2__gain_db=1.2345)
    else:
        changed = half.model_copy(update={"tracks": (_locked(half.tracks[0], "eq.peak_2.gain_db"), half.tracks[1])})
    found = adjusted(changed, Amounts(tone=50, width=120))
    assert found.kept == (["kick: eq.peak_2.gain_db"] if by == "hand" else [])
    for name in ("eq.peak_2.gain_db", "eq.peak_2.freq_hz", "eq.peak_2.q"):
        assert found.mix.tracks[0].settings[name] == changed.tracks[0].settings[name]


def test_a_track_that_was_added_by_hand_stays_as_it_is(mix):
    added = TrackMix(name="new", path="new.wav", sha256=SHA, channels=1, settings={"fader.gain_db": -7.0})
    wider = mix.model_copy(update={"tracks": (added, *mix.tracks)})
    found = adjusted(wider, Amounts(overall=0)).mix
    assert found.settings.tracks[0, 0].tolist() == wider.settings.tracks[0, 0].tolist()
    assert np.array_equal(found.settings.tracks[:, 1:], neutral_settings(mix).tracks)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with a song, its reference and their mix."""
    home = tmp_path_factory.mktemp("home")
    write_song(home / "song", 3.0)
    write_reference(home / "reference.wav", 3.0)
    match([home / "song"], home / "reference.wav", home / "mix", Options(steps=8, subtype="FLOAT"))
    return home


@pytest.fixture
def copy(home, tmp_path):
    return shutil.copytree(home, tmp_path / "moved")


def heard(path):
    return soundfile.read(path, dtype="float64")[0]


def test_all_of_it_sounds_as_matched_to_the_byte(copy):
    adjust(copy / "mix" / "mix.json", Amounts(overall=40), copy / "less")
    adjust(copy / "less" / "mix.json", Amounts(), copy / "deep" / "again")
    assert (copy / "deep" / "again" / "mix.wav").read_bytes() == (copy / "mix" / "mix.wav").read_bytes()
    assert (copy / "less" / "mix.wav").read_bytes() != (copy / "mix" / "mix.wav").read_bytes()


def test_nothing_of_it_sounds_as_the_balanced_neutral_mix(copy):
    document = copy / "mix" / "mix.json"
    adjust(document, Amounts(overall=0), copy / "none")
    mix = Mix.read(document)
    neutral = copy / "mix" / "neutral.json"
    neutral.write_text(mix.with_settings(neutral_settings(mix)).to_json())
    render_document(neutral, copy / "neutral.wav")
    assert np.abs(heard(copy / "none" / "mix.wav") - heard(copy / "neutral.wav")).max() <= SAME_SOUND
    settings = Mix.read(copy / "none" / "mix.json").tracks[1].settings
    assert all(value == 0 for name, value in settings.items() if name.startswith("eq.") and name.endswith("gain_db"))
    assert settings["compressor.ratio"] == 1 and settings["panner.pan"] == 0


def test_amounts_at_once_are_those_of_later(home, tmp_path):
    amounts = Amounts(tone=50, width=120)
    options = Options(steps=8, subtype="FLOAT", amounts=amounts)
    at_once = match([home / "song"], home / "reference.wav", tmp_path / "at once", options).mix
    later, _ = adjust(home / "mix" / "mix.json", amounts, tmp_path / "later")
    assert same(at_once.settings, later.mix.settings) and at_once.amounts == amounts
    assert (tmp_path / "at once" / "mix.wav").read_bytes() == (tmp_path / "later" / "mix.wav").read_bytes()


def test_the_document_names_its_files_from_where_it_lies(copy):
    found, _ = adjust(copy / "mix" / "mix.json", Amounts(), copy / "deep" / "down", stems=True)
    assert found.mix.tracks[0].path == "../../song/bass.wav" and found.mix.references[0].path == "../../reference.wav"
    assert len(list((copy / "deep" / "down" / "mix_stems").iterdir())) == 4
    assert found.mix == Mix.read(copy / "deep" / "down" / "mix.json")


def test_outputs_are_not_replaced_unless_that_is_said(copy):
    document = copy / "mix" / "mix.json"
    before = document.read_bytes()
    with pytest.raises(UserError, match="already exists"):
        adjust(document, Amounts(overall=0), copy / "mix")
    assert document.read_bytes() == before
    adjust(document, Amounts(overall=0), copy / "mix", force=True)
    assert Mix.read(document).amounts.overall == 0


def test_a_document_of_no_match_is_refused(copy):
    data = json.loads((copy / "mix" / "mix.json").read_text())
    for part in (*data["tracks"], data):
        part.update({key: None for key in part if key.endswith("ends")})
    (copy / "mix" / "bare.json").write_text(json.dumps(data))
    with pytest.raises(UserError, match=r"bare\.json: does not say what was matched"):
        adjust(copy / "mix" / "bare.json", Amounts(), copy / "out")
