"""Several references, and references for one aspect."""

import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from songs import RATE, noise, tone, write, write_reference, write_song

from diffmst.aspects import ASPECTS, aspect_of
from diffmst.cli import main
from diffmst.combined_prior import combined_prior
from diffmst.distance import DISTANCE_WEIGHTS, ReferenceDistance
from diffmst.errors import UserError
from diffmst.excerpts import Excerpts
from diffmst.layout import DEFAULT, Settings
from diffmst.listening import listen
from diffmst.match import Options, match
from diffmst.mix import Mix
from diffmst.prior import Prior
from diffmst.progress import SILENT
from diffmst.references import MOST_REFERENCES, ReferenceChoice, choose_references, parse_reference, shares
from diffmst.sanity import track_levels_lufs
from diffmst.shared_distance import distance_to
from diffmst.task import TaskReference

METER_LU = 0.1  # two meters of one signal
FLOAT32 = {"rtol": 1e-4, "atol": 1e-7}  # sums in another order


@pytest.mark.parametrize(
    ("text", "path", "weight"),
    [
        ("song.wav", "song.wav", 1.0),
        ("song.wav:0.5", "song.wav", 0.5),
        ("song.wav:2e1", "song.wav", 20.0),
        (r"C:\music\song.wav", r"C:\music\song.wav", 1.0),
        (r"C:\music\song.wav:3", r"C:\music\song.wav", 3.0),
        ("a:b: live.flac", "a:b: live.flac", 1.0),
        (":0.5", ":0.5", 1.0),
    ],
)
def test_a_weight_follows_the_last_colon(text, path, weight):
    assert parse_reference(text) == ReferenceChoice(Path(path), weight)


def test_a_file_that_is_called_like_a_weighted_one_is_that_file(tmp_path):
    (tmp_path / "4:3").touch()
    assert parse_reference(f"{tmp_path}/4:3") == ReferenceChoice(tmp_path / "4:3")
    assert parse_reference(f"{tmp_path}/4:3:2") == ReferenceChoice(tmp_path / "4:3", 2.0)


@pytest.mark.parametrize("weight", ["0", "-1", "nan", "inf"])
def test_a_weight_that_is_none_is_refused(weight):
    with pytest.raises(UserError, match=f"song.wav:{weight}: the weight must be a number above 0, got {weight}"):
        parse_reference(f"song.wav:{weight}")
    with pytest.raises(ValueError, match="must be above 0"):
        ReferenceChoice(Path("song.wav"), float(weight))


def touched(folder, *names):
    for name in names:
        (folder / name).touch()
    return [folder / name for name in names]


def test_an_aspect_with_a_reference_of_its_own_is_taken_from_no_other(tmp_path):
    a, b, c = touched(tmp_path, "a", "b", "c")
    chosen = choose_references([ReferenceChoice(a), ReferenceChoice(b, 0.5)], {"tone": c, "width": c, "space": b})
    assert [(choice.path, choice.weight, choice.main) for choice in chosen] == [
        (a, 1.0, True),
        (b, 0.5, True),
        (c, 1.0, False),
    ]
    assert [choice.aspects for choice in chosen] == [
        ("level", "dynamics"),
        ("level", "dynamics", "space"),
        ("tone", "width"),
    ]
    assert shares(chosen, "level") == pytest.approx([2 / 3, 1 / 3, 0])
    assert shares(chosen, "tone") == [0, 0, 1] and shares(chosen, "space") == [0, 1, 0]


def test_what_is_taken_from_none_is_taken_from_all():
    only_tone = [ReferenceChoice(Path("a"), 3.0, ("tone",)), ReferenceChoice(Path("b"), 1.0, ("tone",))]
    assert shares(only_tone, "width") == [0.75, 0.25]


def test_one_file_is_one_reference_whatever_it_is_called(tmp_path):
    (a,) = touched(tmp_path, "a")
    (tmp_path / "b").symlink_to(a)
    with pytest.raises(UserError, match=r"b: is given twice as a reference; give it once"):
        choose_references([ReferenceChoice(a), ReferenceChoice(tmp_path / "b")], {})
    (chosen,) = choose_references([ReferenceChoice(a)], {"tone": tmp_path / "b"})
    assert chosen.aspects == ASPECTS


def test_no_reference_and_too_many_are_refused():
    with pytest.raises(UserError, match="there is no reference"):
        choose_references([], {})
    many = [ReferenceChoice(Path(str(number))) for number in range(MOST_REFERENCES)]
    choose_references(many, {})
    with pytest.raises(UserError, match=f"there are {MOST_REFERENCES + 1} references; give {MOST_REFERENCES} at most"):
        choose_references(many, {"tone": Path("another")})


def windows(seed, width=0.5):
    generator = torch.Generator().manual_seed(seed)
    mid, side = 0.1 * torch.randn(2, 2, 2 * RATE, generator=generator).cumsum(-1).diff(dim=-1, n=2 - seed % 2)
    return torch.stack([mid + width * side, mid - width * side], 1)


def compared(seed, width=0.5, weight=1.0, aspects=ASPECTS):
    audio = windows(seed, width)
    return TaskReference(audio, (0.0, 1.0), 2.0, weight, aspects)


def test_one_reference_is_compared_as_ever():
    reference, mix = compared(1), windows(3)
    assert distance_to([reference], RATE)(mix) == ReferenceDistance(reference.audio, RATE)(mix)


def test_the_distance_is_the_weighted_mean_over_references():
    one, other, mix = compared(1, weight=3.0), compared(2), windows(3)
    apart = [ReferenceDistance(reference.audio, RATE)(mix) for reference in (one, other)]
    together = distance_to([one, other], RATE)(mix)
    assert list(together) == list(DISTANCE_WEIGHTS)
    for name, term in together.items():
        torch.testing.assert_close(term, 0.75 * apart[0][name] + 0.25 * apart[1][name], **FLOAT32)


def test_an_aspect_is_compared_with_its_own_reference_alone():
    main, own, mix = (
        compared(1, aspects=("level", "dynamics", "width", "space")),
        compared(2, aspects=("tone",)),
        windows(3),
    )
    of_main, of_own = (ReferenceDistance(reference.audio, RATE)(mix) for reference in (main, own))
    together = distance_to([main, own], RATE)(mix)
    for name, term in together.items():
        expected = of_own if name in ("tone", "af.bark_spectrum") else of_main
        torch.testing.assert_close(term, expected[name], **FLOAT32)


def test_a_mono_reference_says_nothing_of_width_beside_a_stereo_one():
    stereo, mono, mix = compared(1), compared(2, width=0.0), windows(3)
    together, alone = distance_to([mono, stereo], RATE)(mix), ReferenceDistance(stereo.audio, RATE)(mix)
    torch.testing.assert_close(together["width"], alone["width"], **FLOAT32)
    assert not torch.isclose(together["tone"], alone["tone"], rtol=1e-2)


def song_excerpts(tracks=3):
    audio = 0.1 * torch.randn(1, tracks, RATE, generator=torch.Generator().manual_seed(0))
    return Excerpts(audio, (1,) * tracks, 0, RATE)


def drawn_prior(seed, tracks=3, width=0.05):
    generator = torch.Generator().manual_seed(seed)
    shapes = DEFAULT.to_unit(DEFAULT.defaults(tracks))
    mean = Settings(*(0.3 + 0.4 * torch.rand(part.shape, generator=generator, dtype=torch.float64) for part in shapes))
    return Prior(mean, Settings(*(torch.full_like(part, width) for part in mean)), mean)


def columns_of(section, aspect):
    return [column for column, name in enumerate(section.params) if aspect_of(name) == aspect]


def said(weight=1.0, aspects=ASPECTS):
    return SimpleNamespace(weight=weight, aspects=aspects)


def test_one_prediction_is_taken_as_it_is():
    prior = drawn_prior(1)
    assert combined_prior([prior], [said()], song_excerpts(), DEFAULT) is prior


def test_predictions_combine_to_the_moments_of_their_mixture():
    one, other = drawn_prior(1), drawn_prior(2, width=0.1)
    both = combined_prior([one, other], [said(3.0), said()], song_excerpts(), DEFAULT)
    mean = 0.75 * one.mean.master + 0.25 * other.mean.master
    draws = torch.randn(2, 200_000, mean.shape[-1], generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    mixture = torch.cat([one.mean.master + 0.05 * draws[0], (other.mean.master + 0.1 * draws[1])[: len(draws[1]) // 3]])
    torch.testing.assert_close(both.mean.master, mean)
    torch.testing.assert_close(both.width.master[0], mixture.std(0), rtol=0.02, atol=0)  # of 270,000 draws


def test_a_control_that_none_would_move_is_not_moved():
    both = combined_prior(
        [drawn_prior(1, width=0.0), drawn_prior(2, width=0.0)], [said()] * 2, song_excerpts(), DEFAULT
    )
    assert not any(part.any() for part in both.width)


def test_controls_come_from_the_reference_of_their_aspect():
    one, other = drawn_prior(1), drawn_prior(2)
    main, own = said(aspects=("level", "dynamics", "width", "space")), said(aspects=("tone",))
    both = combined_prior([one, other], [main, own], song_excerpts(), DEFAULT)
    for aspect, source in (("tone", other), ("dynamics", one), ("width", one), ("space", one)):
        for name, section in (("tracks", DEFAULT.track), ("fx", DEFAULT.fx), ("master", DEFAULT.master)):
            columns = columns_of(section, aspect)
            got, wanted = (getattr(settings, name)[..., columns] for settings in (both.mean, source.mean))
            torch.testing.assert_close(got, wanted)


def test_tracks_keep_their_levels_when_their_strips_come_from_another_reference():
    one, other = drawn_prior(1), drawn_prior(2)
    main, own = said(aspects=("level", "width", "space")), said(aspects=("tone", "dynamics"))
    excerpts = song_excerpts()
    both = combined_prior([one, other], [main, own], excerpts, DEFAULT)
    wanted, got = (track_levels_lufs(excerpts, DEFAULT.from_unit(prior.mean), DEFAULT) for prior in (one, both))
    torch.testing.assert_close(got, wanted, rtol=0, atol=1e-3)
    faders = columns_of(DEFAULT.track, "level")[-1:]
    assert not torch.allclose(both.mean.tracks[..., faders], one.mean.tracks[..., faders], atol=1e-3)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("references")
    write_song(home / "song", 4.0)
    write_reference(home / "one.wav", 4.0)
    bright, dark = noise(4.0, seed=5), tone(100, 4.0)
    write(home / "bright.wav", [bright + 0.2 * dark, 0.3 * bright + 0.2 * dark])
    return home


def test_every_reference_is_named_in_the_document_with_what_is_taken_from_it(home, tmp_path):
    references = choose_references(
        [ReferenceChoice(home / "one.wav"), ReferenceChoice(home / "bright.wav", 0.5)], {"tone": home / "bright.wav"}
    )
    mix = match([home / "song"], references, tmp_path / "mix", Options(steps=1)).mix
    assert mix == Mix.read(tmp_path / "mix" / "mix.json")
    assert [(one.weight, one.main) for one in mix.references] == [(1.0, True), (0.5, True)]
    assert [one.aspects for one in mix.references] == [("level", "dynamics", "width", "space"), ASPECTS]
    one_lufs, bright_lufs = (one.loudness_lufs for one in mix.references)
    assert mix.render.loudness_lufs == pytest.approx((one_lufs + 0.5 * bright_lufs) / 1.5, abs=0.01)
    assert [(tmp_path / "mix" / one.path).resolve() for one in mix.references] == [
        home / "one.wav",
        home / "bright.wav",
    ]
    page = (tmp_path / "mix" / "report.html").read_text()
    assert "one.wav + bright.wav" in page and "level, dynamics, width, space" in page


def test_the_tone_is_compared_with_where_it_is_asked_from(home, tmp_path):
    found = {}
    for name, own in (("own", {"tone": home / "bright.wav"}), ("none", {})):
        references = choose_references([ReferenceChoice(home / "one.wav")], own)
        comparison = match([home / "song"], references, tmp_path / name, Options(steps=4)).mix.comparison
        found[name] = comparison.distance_before
    assert found["own"]["tone"] != found["none"]["tone"]
    assert found["own"]["width"] == pytest.approx(found["none"]["width"], rel=1e-4)


def test_a_reference_that_is_among_the_stems_is_not_mixed(home, tmp_path):
    write_song(tmp_path / "song", 2.0)
    existing = sorted(path.name for path in (tmp_path / "song").iterdir())
    references = [ReferenceChoice(tmp_path / "song" / name) for name in existing[:2]]
    heard = listen([tmp_path / "song"], references, SILENT)
    assert sorted(track.path.name for track in heard.song.tracks) == existing[2:]
    assert [re.sub(" is a .*", "", note) for note in heard.notes] == existing[:2]


def test_the_loudness_is_that_of_the_main_references_alone(home):
    references = choose_references([ReferenceChoice(home / "one.wav")], {"space": home / "bright.wav"})
    heard = listen([home / "song"], references, SILENT)
    assert heard.reference_loudness_lufs == pytest.approx(
        listen([home / "song"], home / "one.wav", SILENT).reference_loudness_lufs, abs=METER_LU
    )
    assert heard.reference_of("space").info.path == home / "bright.wav"


def test_the_command_takes_several_references(home, tmp_path, capsys):
    options = ["-r", home / "one.wav", "--reference", f"{home / 'bright.wav'}:0.25", "--width-from", home / "one.wav"]
    assert main(["mix", str(home / "song"), *map(str, options), "-o", str(tmp_path / "mix"), "--steps", "0"]) == 0
    document = json.loads((tmp_path / "mix" / "mix.json").read_text())
    assert [(one["weight"], "width" in one["aspects"]) for one in document["references"]] == [
        (1.0, True),
        (0.25, False),
    ]


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["-r", "one.wav", "-r", "one.wav:2"], "one.wav: is given twice as a reference"),
        (["-r", "one.wav:0"], "the weight must be a number above 0"),
        (["-r", "one.wav", "--tone-from", "no.wav"], "no.wav: no such file"),
        (["-r", "one.wav", "-r", "bright.wav", "--reference-start", "1"], "says where in one reference"),
    ],
)
def test_references_that_do_not_fit_are_refused_in_one_line(home, tmp_path, monkeypatch, capsys, options, line):
    monkeypatch.chdir(home)
    assert main(["mix", "song", *options, "-o", str(tmp_path / "mix")]) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("error: ") and line in last
