import json
import math
from dataclasses import asdict

import band_scenes
import pytest
import torch

from diffmst.excerpts import Excerpts
from diffmst.layout import DEFAULT
from diffmst.models.heads import eq_gains, gauged_db, sane_beliefs, sides
from diffmst.models.hearing_bands import band_batch
from diffmst.models.impression import impression
from diffmst.models.pair_features import FEATURE_NAMES, PairFeatures
from diffmst.models.scene import Scene, role_probabilities
from diffmst.models.style_transfer import StyleTransfer, StyleTransferConfig
from diffmst.prior import MASTER_LUFS, NOMINAL_LUFS, Stem, sane_prior
from diffmst.roles import BY_NAME, UNKNOWN

TOLERANCE = 1e-5  # of positions in single precision, whatever the order of the sums
SMALL = StyleTransferConfig(width=32, layers=2, heads=4)
FADER, PAN = map(list(DEFAULT.track.params).index, ("fader.gain_db", "panner.pan"))


@pytest.fixture
def model():
    """Small, and as if trained: its heads say something."""
    torch.manual_seed(1)
    model = StyleTransfer(SMALL).eval()
    for head in (model.track_head.head.linear, model.fx_head.linear, model.master_head.linear):
        torch.nn.init.normal_(head.weight, std=0.2)
    torch.nn.init.normal_(model.track_head.corrections.weight, std=0.1)
    return model


def predict(model, *scenes):
    with torch.no_grad():
        return model.predict_bands(band_batch(scenes))


def parts(prediction):
    return [*prediction.mean, *prediction.width, prediction.right]


def assert_alike(one, other, tolerance=TOLERANCE):
    for a, b in zip(parts(one), parts(other), strict=True):
        assert (a - b).abs().max() < tolerance


def test_permuted_tracks_are_mixed_alike(model, generator):
    scene = band_scenes.scene(generator, tracks=7)
    order = torch.randperm(7, generator=generator)
    one, other = predict(model, scene), predict(model, band_scenes.permuted(scene, order))
    tracks = [part[:, order] for part in (one.mean.tracks, one.width.tracks, one.right)]
    expected = one._replace(
        mean=one.mean._replace(tracks=tracks[0]), width=one.width._replace(tracks=tracks[1]), right=tracks[2]
    )
    assert_alike(expected, other)


def test_files_of_one_recording_stand_on_their_sides_further_out_than_others(generator):
    scene = band_scenes.scene(generator, tracks=4)
    model = StyleTransfer(SMALL).eval()
    nothing = torch.zeros(1, 4)
    fit = PairFeatures(nothing, nothing + 1e3, nothing, nothing + 1e3, torch.zeros(1, 4, len(FEATURE_NAMES)))
    heard = impression(band_batch([scene]))._replace(pair=fit)
    sides = torch.tensor([[1.0, 0, -1, 0]])
    with torch.no_grad():
        paired, single = (
            model.predict_heard(heard._replace(sides=sides * factor)).mean.tracks[0, :, PAN] for factor in (1, 0)
        )
    assert paired[0] > 0.5 > paired[2]
    assert ((paired - 0.5).abs() > (single - 0.5).abs())[[0, 2]].all()


def test_the_order_of_windows_does_not_matter(model, generator):
    heard = impression(band_batch([band_scenes.scene(generator)]))
    other = heard._replace(reference=heard.reference.flip(1), has_reference_window=heard.has_reference_window.flip(1))
    with torch.no_grad():
        assert_alike(model.predict_heard(heard), model.predict_heard(other))


def test_a_scene_is_heard_alike_alone_and_beside_larger_ones(model, generator):
    scene = band_scenes.scene(generator, tracks=3, windows=2, reference_windows=1)
    larger = band_scenes.scene(generator, tracks=6, windows=4, reference_windows=5)
    both = predict(model, larger, scene)
    assert_alike(predict(model, scene), both.song(1, 3))
    assert_alike(predict(model, larger), both.song(0, 6))


@pytest.mark.parametrize("tracks", [1, 2, 128])
def test_any_number_of_tracks_is_mixed(model, generator, tracks):
    prediction = predict(model, band_scenes.scene(generator, tracks=tracks, windows=1, reference_windows=1))
    assert prediction.mean.tracks.shape == (1, tracks, len(DEFAULT.track))
    for part in parts(prediction):
        assert part.isfinite().all()
    for mean in prediction.mean:
        assert (mean >= 0).all()
        assert (mean <= 1).all()


def test_silence_is_mixed_without_nan(model, generator):
    scene = band_scenes.scene(generator)
    scene.tracks[1] = 0
    silent = scene._replace(tracks=scene.tracks * 0, reference=scene.reference * 0)
    for prediction in (predict(model, scene), predict(model, silent)):
        assert all(part.isfinite().all() for part in parts(prediction))


def test_faders_add_up_to_0_db(model, generator):
    scenes = [band_scenes.scene(generator, tracks=tracks) for tracks in (1, 4, 9)]
    prediction = predict(model.double(), *(_double(scene) for scene in scenes))
    for index, scene in enumerate(scenes):
        settings = DEFAULT.from_unit(prediction.song(index, len(scene.mono)).mean)
        power = torch.pow(10, settings.tracks[0, :, FADER] / 10)
        assert float(power.sum()) == pytest.approx(1, abs=1e-9)


def test_no_level_leaves_the_range_of_the_fader():
    extreme = torch.linspace(-500, 500, 128)[None]
    fader_db = gauged_db(extreme, torch.ones(1, 128, dtype=torch.bool))
    assert fader_db.min() >= DEFAULT.track.params["fader.gain_db"].low
    assert fader_db.max() <= 0


def test_untrained_it_predicts_a_sane_mix(generator):
    names = ("kick", "pad", "lead")
    roles = role_probabilities([BY_NAME[name] for name in names])
    scene = band_scenes.scene(generator, tracks=3)._replace(roles=roles, sides=torch.zeros(3))
    torch.manual_seed(0)
    model, nothing_found = StyleTransfer(SMALL), torch.zeros(1, 3)
    features = torch.zeros(1, 3, len(FEATURE_NAMES))
    fit = PairFeatures(nothing_found, nothing_found + 1e3, nothing_found, nothing_found + 1e3, features)
    with torch.no_grad():
        heard = impression(band_batch([scene]))
        found = model.predict_heard(heard._replace(pair=fit))
    sane = sane_prior(DEFAULT, [Stem(NOMINAL_LUFS, 1, 0.0, BY_NAME[name]) for name in names])
    master = list(DEFAULT.master.params)
    gains = [master.index("input.gain_db"), master.index("fader.gain_db")]
    otherwise = {"tracks": [FADER, PAN], "master": gains}
    for section, mean in found.mean._asdict().items():
        off = (mean - getattr(sane.mean, section)).abs()
        if section in otherwise:
            off[..., otherwise[section]] = 0
        assert off.max() < 0.025, section  # a control at the end of its range starts 0.02 inside
    settings = DEFAULT.from_unit(found.mean)
    fader_db = settings.tracks[0, :, FADER]
    usual_pan = torch.tensor([BY_NAME[name].pan_width for name in names])
    assert torch.allclose(settings.tracks[0, :, PAN].abs(), usual_pan, atol=0.02)
    usual_db = torch.tensor([float(BY_NAME[name].level_lu) for name in names])
    assert torch.allclose(fader_db - fader_db.mean(), usual_db - usual_db.mean(), atol=0.3)
    into_the_bus_db, out_db = settings.master[0, gains].tolist()
    assert into_the_bus_db == pytest.approx(MASTER_LUFS - NOMINAL_LUFS, abs=0.3)
    assert out_db == pytest.approx(SMALL.hearing.reference_lufs - MASTER_LUFS, abs=0.3)


def test_widths_are_positive_where_the_control_is_the_models_to_set(model, generator):
    prediction = predict(model, band_scenes.scene(generator))
    sane = sane_beliefs(DEFAULT, SMALL.hearing)
    for width, belief in zip(prediction.width, sane, strict=True):
        free = belief.width > 0
        assert (width[..., free] > 0).all()
        assert (width[..., ~free] == 0).all()
    for name in ("input.gain_db", "compressor.makeup_db"):
        column = list(DEFAULT.track.params).index(name)
        fixed = prediction.mean.tracks[..., column]
        assert torch.allclose(fixed, DEFAULT.track.params[name].to_unit(torch.tensor(0.0)).expand_as(fixed))


def test_gradient_reaches_every_weight(generator):
    torch.manual_seed(0)
    model = StyleTransfer(SMALL)
    prediction = model.predict_bands(band_batch([band_scenes.scene(generator) for _ in range(2)]))
    sum(part.square().sum() for part in parts(prediction)).backward()
    for name, weight in model.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
        assert weight.grad.abs().max() > 0, name


def test_on_which_side_a_track_stands_is_told_by_the_comparison_or_else_by_turns():
    away, level_db, there = torch.tensor([[0.5, 0.4, 0.3, 0.2]]), torch.zeros(1, 4), torch.ones(1, 4, dtype=torch.bool)
    sure = sides(away, torch.tensor([[0.9, 0.8, 0.7, 0.2]]), level_db, there)
    assert sure.tolist() == [[1, 1, 1, -1]]
    unsure = sides(away, torch.tensor([[0.55, 0.55, 0.55, 0.45]]), level_db, there)
    assert abs(float((unsure * away).sum())) <= 0.2
    assert set(unsure.flatten().tolist()) == {-1, 1}
    half = sides(away, torch.tensor([[0.9, 0.5, 0.5, 0.5]]), level_db, there)
    assert half.tolist() == [[1, -1, -1, 1]]


def test_gains_of_an_equalizer_follow_the_tone_alone(model, generator):
    scene = band_scenes.scene(generator, tracks=4)
    torch.nn.init.normal_(model.track_head.tone.gains.weight, generator=generator)
    gains = torch.tensor(eq_gains(model.layout.track))
    before = predict(model, scene).mean.tracks[..., gains]
    torch.nn.init.normal_(model.track_head.head.linear.weight, generator=generator)
    assert torch.equal(before, predict(model, scene).mean.tracks[..., gains])
    bass = scene._replace(roles=role_probabilities([BY_NAME["bass"]] * 4))
    assert torch.equal(before, predict(model, bass).mean.tracks[..., gains])
    model.track_head.tone.gains.weight.data *= 2
    assert not torch.equal(before, predict(model, scene).mean.tracks[..., gains])


def test_it_runs_in_double_precision(model, generator):
    scene = band_scenes.scene(generator)
    single = predict(model, scene)
    double = predict(model.double(), _double(scene))
    assert double.mean.tracks.dtype == torch.float64
    for a, b in zip(parts(single), parts(double), strict=True):
        assert (a - b).abs().max() < 1e-3  # band powers are compared in single precision too


def test_it_runs_where_a_trainer_wants_half_precision(model, generator):
    scene = band_scenes.scene(generator)
    single = predict(model, scene)
    with torch.autocast("cpu", torch.bfloat16):
        half = predict(model, scene)
    for a, b in zip(parts(single), parts(half), strict=True):
        assert b.dtype == torch.float32  # a console needs more than the 8 bits of bfloat16
        assert (a - b).abs().max() < 0.1  # states of 8 bits through two layers of attention and heads that say much


def test_the_same_scene_is_mixed_the_same_twice(generator):
    scene = band_scenes.scene(generator)
    predictions = []
    for _ in range(2):
        torch.manual_seed(3)
        predictions.append(predict(StyleTransfer(SMALL), scene))
    for one, other in zip(*map(parts, predictions), strict=True):
        assert torch.equal(one, other)


def test_audio_is_heard_as_its_band_powers(model, generator):
    rate = 22_050
    audio = 0.05 * torch.randn(2, 3, rate, generator=generator)
    excerpts = Excerpts(audio, (1, 2), rate // 2, rate)
    reference = 0.1 * torch.randn(3, 2, rate // 2, generator=generator)
    scene = Scene(excerpts, role_probabilities([BY_NAME["kick"], UNKNOWN]), torch.zeros(2), reference)
    prediction = model([scene, scene])
    assert prediction.mean.tracks.shape == (2, 2, len(DEFAULT.track))
    assert torch.allclose(prediction.mean.tracks[0], prediction.mean.tracks[1], atol=TOLERANCE)
    louder = scene._replace(reference=reference * 2)
    assert not torch.allclose(prediction.mean.master[:1], model([louder]).mean.master, atol=1e-4)


def test_a_configuration_makes_the_same_model_again(model, generator):
    config = asdict(SMALL)
    written = json.loads(json.dumps(config | {"hearing": SMALL.hearing._asdict()}))
    hearing = type(SMALL.hearing)(**written.pop("hearing"))
    again = StyleTransfer(StyleTransferConfig(**written, hearing=hearing)).eval()
    again.load_state_dict(model.state_dict())
    scene = band_scenes.scene(generator)
    assert again.config == SMALL
    assert_alike(predict(model, scene), predict(again, scene), tolerance=math.ulp(1.0))


def test_the_default_is_small_enough_to_ship():
    weights = sum(weight.numel() for weight in StyleTransfer().parameters())
    assert weights * 4 < 25e6


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"heads": 3}, "divide"),
        ({"layers": 0}, "at least 1"),
        ({"hearing": SMALL.hearing._replace(split_stereo=True)}, "split_stereo"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(changes, said):
    with pytest.raises(ValueError, match=said):
        StyleTransferConfig(**changes)


def _double(scene):
    return scene._replace(tracks=scene.tracks.double(), reference=scene.reference.double(), roles=scene.roles.double())
