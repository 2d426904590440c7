import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import torch

from diffmst import mix as mix_module
from diffmst.aspects import ASPECTS
from diffmst.errors import UserError
from diffmst.layout import DEFAULT
from diffmst.mix import Mix, TrackMix, relative_path
from diffmst.mix_schema import json_schema

SHA = "0" * 64


def make_mix(**changes):
    tracks = (
        TrackMix(name="kick", path="stems/kick.wav", sha256=SHA, channels=1),
        TrackMix(name="ピアノ", path="stems/ピアノ.wav", sha256=SHA, channels=2, settings={"panner.pan": -0.25}),
    )
    return Mix(**({"sample_rate": 48_000, "tracks": tracks} | changes))


def edited(change):
    data = json.loads(make_mix().to_json())
    change(data)
    return json.dumps(data)


def test_a_document_survives_the_round_trip():
    mix = make_mix()
    again = Mix.from_json(mix.to_json())
    assert again.to_json() == mix.to_json()
    assert np.array_equal(again.settings.tracks, mix.settings.tracks)


def test_every_control_is_written_out():
    data = json.loads(make_mix().to_json())
    assert set(data["tracks"][0]["settings"]) == set(DEFAULT.track.params)
    assert set(data["fx"]) == set(DEFAULT.fx.params) and set(data["master"]) == set(DEFAULT.master.params)


def test_settings_are_rounded_once_and_then_stay():
    generator = torch.Generator().manual_seed(1)
    unit = DEFAULT.to_unit(DEFAULT.defaults(2))
    drawn = type(unit)(*(torch.rand(part.shape, generator=generator, dtype=torch.float64) for part in unit))
    first = make_mix().with_settings(DEFAULT.from_unit(drawn))
    second = first.with_settings(first.settings)
    assert first == second
    for exact, rounded in zip(DEFAULT.from_unit(drawn), first.settings, strict=True):
        np.testing.assert_allclose(rounded, exact, atol=1e-4, rtol=1e-4)


def test_rounding_never_leaves_the_range():
    high = DEFAULT.from_unit(type(DEFAULT.defaults(2))(*(torch.ones_like(part) for part in DEFAULT.defaults(2))))
    Mix.from_json(make_mix().with_settings(high).to_json())


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda d: d.update(colour="red"), "colour: there is no such key"),
        (lambda d: d["tracks"][0].update(gain=3), "track 'kick': gain: there is no such key"),
        (
            lambda d: d["tracks"][0]["settings"].update({"eq.peak_1.gain_db": 40}),
            "track 'kick': eq.peak_1.gain_db must lie in -12 .. 12 dB, got 40",
        ),
        (lambda d: d["master"].update({"eq.peak_9.gain_db": 0}), "master: there is no control 'eq.peak_9.gain_db'"),
        (
            lambda d: (
                d.update(layout="paper", tracks=[d["tracks"][0] | {"settings": {}}]),
                d.update(fx={}, master={"image.width": 1.0}),
            ),
            "master: there is no control 'image.width'; `diffmst effects --layout paper` lists all",
        ),
        (lambda d: d.update(version=99), "written for version 99 .* update diffmst"),
        (lambda d: d.update(version="one"), "version must be a whole number"),
        (lambda d: d.update(tracks=[]), "tracks: must have at least one entry"),
        (lambda d: d.update(sample_rate=8000), "sample_rate: should be greater than or equal to 22050, got 8000"),
        (lambda d: d["tracks"][0].pop("path"), "track 'kick': path: is missing"),
        (lambda d: d["tracks"][0].update(mute="yes"), "track 'kick': mute: should be true or false, got 'yes'$"),
        (lambda d: d["tracks"][0].update(mute=1), "track 'kick': mute: should be true or false, got 1$"),
        (lambda d: d["tracks"][0].update(channels="1"), "track 'kick': channels: should be a valid integer, got '1'$"),
        (lambda d: d["tracks"][0].update(role_confidence=True), "role_confidence: should be a valid number, got true$"),
        (
            lambda d: d["tracks"][0].update(role="kik"),
            "track 'kick': role: there is no role 'kik', did you mean kick\\? there are kick, snare, .* and unknown$",
        ),
        (
            lambda d: d["tracks"][0].update(role_from="me"),
            "track 'kick': role_from: should be 'name', 'ear', 'user', 'sidecar' or '', got 'me'$",
        ),
        (lambda d: d["render"].update(loudness_lufs="-9"), "render.loudness_lufs: should be a valid number, got '-9'$"),
        (lambda d: d["amounts"].update(tone="50"), "amounts.tone: should be a valid number, got '50'$"),
        (lambda d: d["fx"].update({"reverb.mix": float("nan")}), "fx.reverb.mix: should be a finite number"),
        (lambda d: d["tracks"][0].update(mute=None), "track 'kick': mute: should be true or false, got null$"),
        (
            lambda d: d["tracks"][0]["settings"].update({"panner.pan": None}),
            r"track 'kick': settings.panner.pan: should be a valid number, got null$",
        ),
        (lambda d: d["tracks"][0]["settings"].update({"panner.pan": True}), "should be a valid number, got true$"),
        (lambda d: d.update(sample_rate=None), "sample_rate: should be a valid integer, got null$"),
        (lambda d: d.update(version=None), "version must be a whole number from 1, got null$"),
        (lambda d: d["tracks"].__setitem__(0, None), "track number 1: should be an object, got null$"),
        (lambda d: d["tracks"].__setitem__(1, 3), "track number 2: should be an object, got 3"),
        (lambda d: d["tracks"][1].pop("name"), "track number 2: name: is missing"),
        (lambda d: d["render"].update(tail_s=31), r"render.tail_s: should be less than or equal to 30, got 31$"),
        (lambda d: d.pop("format"), "is no mix document; give the mix.json"),
    ],
)
def test_a_document_that_does_not_fit_is_refused_in_one_line(change, line):
    with pytest.raises(UserError, match=line) as caught:
        Mix.from_json(edited(change), "song.json")
    assert str(caught.value).startswith("song.json: ") and "\n" not in str(caught.value)


def test_a_role_is_read_as_options_are():
    mix = Mix.from_json(
        edited(
            lambda d: [track.update(role=role) for track, role in zip(d["tracks"], ("Kick", "unknown"), strict=True)]
        )
    )
    assert [track.role for track in mix.tracks] == ["kick", ""]


def test_broken_json_is_refused_with_its_place():
    with pytest.raises(UserError, match="line 2, column 1"):
        Mix.from_json('{"format":\n}')


def test_a_missing_document_is_named(tmp_path):
    with pytest.raises(UserError, match=r"nowhere\.json: no such file"):
        Mix.read(tmp_path / "nowhere.json")


def test_an_older_document_is_migrated_step_by_step(monkeypatch):
    """The document is at its first version; an invented version 0 of it runs the real steps."""
    monkeypatch.setattr(mix_module, "_OLDEST", 0)
    monkeypatch.setitem(mix_module._MIGRATIONS, 0, lambda data: data | {"sample_rate": data.pop("rate")})

    def to_version_0(data):
        data["version"] = 0
        data["rate"] = data.pop("sample_rate")

    assert Mix.from_json(edited(to_version_0)).sample_rate == 48_000


def test_what_is_written_fits_the_published_schema():
    validator = jsonschema.Draft202012Validator(json_schema())
    validator.validate(json.loads(make_mix().to_json()))
    wrong = json.loads(make_mix().to_json())
    wrong["tracks"][0]["settings"]["panner.pan"] = 2
    assert not validator.is_valid(wrong)


def test_the_published_schema_is_the_one_in_the_docs():
    published = Path(__file__).parent.parent / "docs" / "mix.schema.json"
    assert json.loads(published.read_text()) == json_schema()


def test_paths_are_relative_with_forward_slashes(tmp_path):
    assert relative_path(tmp_path / "stems" / "a.wav", tmp_path / "out") == "../stems/a.wav"


def test_a_document_of_version_1_goes_on_to_be_read():
    """Its one reference held what was compared too."""
    heard = {"song_window_s": 6.0, "song_windows_at_s": [0.5], "distance_before": {"tone": 2.0}}
    reference = {"path": "their.wav", "sha256": SHA, "loudness_lufs": -9.0, "window_s": 5.0, "windows_at_s": [1.0]}

    def to_version_1(data):
        data["version"] = 1
        del data["references"], data["comparison"]
        data["reference"] = reference | heard | {"distance_after": {"tone": 1.0}}

    mix = Mix.from_json(edited(to_version_1))
    (again,) = mix.references
    assert (again.path, again.weight, again.aspects, again.main) == ("their.wav", 1.0, ASPECTS, True)
    assert (again.window_s, again.windows_at_s) == (5.0, (1.0,))
    assert mix.comparison.model_dump() == heard | {"song_windows_at_s": (0.5,), "distance_after": {"tone": 1.0}}
    assert json.loads(mix.to_json())["version"] == 2


def test_a_document_of_version_1_without_a_reference_goes_on_to_be_read():
    def to_version_1(data):
        data["version"], data["reference"] = 1, None
        del data["references"], data["comparison"]

    assert Mix.from_json(edited(to_version_1)) == Mix.from_json(make_mix().to_json())
